"""The command that shows what a machine computes: the same short trainings in each arithmetic, and their
hashes.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infomotion_lib.errors import StageError
from infomotion_lib.processes import die_with_parent

if TYPE_CHECKING:
    import pandas as pd

    from infomotion_lib.arithmetic import Arithmetic

KEYS = ["machine", "arithmetic", "piece"]


def machine(
    arithmetic: Annotated[str, typer.Option(help="portable, native, or both.")] = "both",
    piece: Annotated[
        list[str] | None, typer.Option(help="One short training; may be given several times. Default: all.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV to write to; rows of this machine are replaced, others stay.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    under: Annotated[
        str, typer.Option(help="Emulator to run them in, such as 'qemu-x86_64-static -cpu Haswell'.")
    ] = "",
    called: Annotated[
        str,
        typer.Option(
            help="Name of the machine in the table; default: maker, family and model of its processor."
        ),
    ] = "",
) -> None:
    """What this machine computes: the hash of a short training of each network, in portable arithmetic and in
    its own.
    """
    from infomotion_lib.arithmetic import PORTABLE, obstacle, processor_kind
    from infomotion_lib.errors import ParameterError, did_you_mean
    from infomotion_lib.studies.small_trainings import PIECES

    if arithmetic not in ("portable", "native", "both"):
        raise ParameterError(f"Unknown arithmetic: {arithmetic}", remedy="It is portable, native or both.")
    for name in piece or []:
        if name not in PIECES:
            raise ParameterError(f"Unknown piece: {name}", remedy=did_you_mean(name, PIECES))
    label = called or (f"emulated: {under}" if under else processor_kind())
    modes: list[Arithmetic] = (
        ["portable"]
        if arithmetic == "portable"
        else ["native"]
        if arithmetic == "native"
        else ["portable", "native"]
    )
    if "portable" in modes and (reason := obstacle()):
        typer.echo(f"Portable arithmetic is not to be had: {reason}.", err=True)
        modes.remove("portable")
    results = {mode: compute(mode, piece or list(PIECES), under=shlex.split(under)) for mode in modes}
    rows = table(label, results)
    if out is not None and len(rows):
        save(rows, out)
    if as_json:
        facts = {
            "machine": label,
            "variables": {name: os.environ[name] for name in PORTABLE if name in os.environ},
            "arithmetic": results,
        }
        typer.echo(json.dumps(facts, indent=1))
        return
    variables = [f"{name}={os.environ[name]}" for name in PORTABLE if name in os.environ]
    typer.echo(
        f"{label}\nVariables in force outside of portable arithmetic: {', '.join(variables) or 'none'}"
    )
    if len(rows):
        typer.echo(
            rows.assign(sha256=rows["sha256"].str[:12])[[*KEYS[1:], "sha256", "ms_a_step"]].to_string(
                index=False
            )
        )


def compute(mode: Arithmetic, pieces: list[str], *, under: list[str]) -> dict[str, Any]:
    """Hashes of the pieces, computed in a child process of that arithmetic.

    Raises
    ------
    StageError
        If the child fails.
    """
    from infomotion_lib.arithmetic import variables

    command = [
        *under,
        sys.executable,
        "-m",
        "infomotion_lib.studies.small_trainings",
        *([] if under else ["--timed"]),
        *pieces,
    ]
    environment = {
        **os.environ,
        **variables(mode),
        "OMP_WAIT_POLICY": "PASSIVE",
    }  # spinning threads starve a busy machine
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, preexec_fn=die_with_parent
    )
    if done.returncode:
        end = "\n".join(done.stderr.rstrip().splitlines()[-3:])
        raise StageError(
            f"The short trainings in {mode} arithmetic failed: exit code {done.returncode}.", where=end
        )
    return json.loads(done.stdout.splitlines()[-1])


def table(label: str, results: dict[Arithmetic, dict[str, Any]]) -> pd.DataFrame:
    """Rows ``machine, arithmetic, piece, sha256, ms_a_step, versions``, one row per piece and arithmetic."""
    import pandas as pd

    rows = []
    for mode, pieces in results.items():
        versions = ", ".join(f"{name} {number}" for name, number in pieces["versions"].items())
        rows += [
            [label, mode, piece, seen["sha256"], seen["ms_a_step"], versions]
            for piece, seen in pieces["pieces"].items()
        ]
    return pd.DataFrame(rows, columns=[*KEYS, "sha256", "ms_a_step", "versions"])


def save(rows: pd.DataFrame, out: Path) -> None:
    """Write the rows to a CSV; those of other machines, arithmetics or pieces that it holds stay."""
    import pandas as pd

    from infomotion_lib.provenance import write_csv

    if out.is_file():
        before = pd.read_csv(out)
        new = set(rows[KEYS].itertuples(index=False, name=None))
        kept = [key not in new for key in before[KEYS].itertuples(index=False, name=None)]
        rows = pd.concat([before[kept], rows], ignore_index=True)
    write_csv(rows.sort_values(["machine", "arithmetic"], kind="stable"), out)
