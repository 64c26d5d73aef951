"""All stages of a profile in their order, by Snakemake; unchanged stages are not run again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from infomotion_lib.data.outside import names_outside, sampled_sha256, state_outside
from infomotion_lib.errors import ParameterError, StageError, did_you_mean
from infomotion_lib.parameters import (
    StageParameters,
    stage_name,
)
from infomotion_lib.paths import BOOK, PROJECT, RESOLVED, RunPaths, notebook_of
from infomotion_lib.processes import caches, die_with_parent
from infomotion_lib.progress import TERMINAL_VARIABLE, terminal_name
from infomotion_lib.provenance import atomic, read_run_card, sha256
from infomotion_lib.run.cluster import ClusterJobs
from infomotion_lib.run.code import code_hash
from infomotion_lib.run.fingerprint import record_of, science
from infomotion_lib.run.lock import claim, only_run
from infomotion_lib.run.parts.marks import without_empty
from infomotion_lib.run.prepare import prepare
from infomotion_lib.run.verify_outside import files_outside
from infomotion_lib.stage_table import RUN_CARD, TABLE, Stage

MARK = "infomotion| "
"""Begins a line of a stage that is meant for the reader; all else that the workflow engine prints goes to a
log file.
"""

FAILED = "infomotion! "
"""Begins a line that says why a stage cannot go on."""

MEANWHILE = "Failed, and what runs beside it goes on to its end: "
"""Begins what is told at once of a failure that the engine itself tells only when all else has ended."""

_BEGUN = re.compile(r"^(?:local)?rule \w+:$")
_ENDED = re.compile(r"^(?:Finished jobid: \d+|Error in (?:local)?rule \w+:)")

BOOK_INDEX = BOOK / "_build" / "html" / "index.html"
BOOK_SHOWS = BOOK / "_build" / "shows.txt"


def run_all(
    profile: str,
    *,
    overrides: Mapping[str, Any] | None = None,
    limit: int | None = None,
    cluster: str = "",
    book: bool = False,
    until: str = "",
    wait: bool = False,
    say: Callable[[str], None] = print,
) -> RunPaths:
    """Folders of a profile's run, every stage finished and up to date.

    Parameters
    ----------
    profile : str
        Name of a profile, or path of a ``.yml`` file.
    overrides : mapping, optional
        Parameters that differ from the profile; each goes to the stages that know it.
    limit : int, optional
        Use the first ``limit`` videos of each class and split.
    cluster : str, optional
        Name of a folder under ``cluster/``, such as ``"slurm"``, or path of another one, that says how stages
        become jobs.
    book : bool, default False
        Render the book too, with this profile's notebooks.
    until : str, optional
        Last stage to run, such as ``"03"``: it and what it reads; all of them by default.
    wait : bool, default False
        Wait for another run of this profile instead of refusing.
    say : callable
        Takes each line meant for the reader.

    Raises
    ------
    ParameterError
        Unknown profile, parameter or cluster, a wrong value, or a file or device that is not there; nothing
        has run then.
    StageError
        A stage failed; the message names it.
    """
    values, stages, paths = prepare(profile, overrides=overrides, limit=limit, until=until)
    target = "book" if book else stage_name(until) if until else "all"
    with only_run(paths, wait=wait):
        claim(paths, profile)
        _write_resolved(values, paths.resolved)
        _follow(
            _snakemake(paths, stages=stages, cluster=cluster, target=target),
            log=paths.root / "workflow.log",
            say=say,
            jobs=ClusterJobs(_settings_of(cluster)) if cluster else None,
        )
        for stage in stages:
            without_empty(paths.stage(stage))
    return paths


def what_would_run(
    profile: str,
    *,
    overrides: Mapping[str, Any] | None = None,
    limit: int | None = None,
    book: bool = False,
    until: str = "",
) -> dict[str, int]:
    """Stages that :func:`run_all` would run now, in their order, and ``book``, with the number of jobs that
    each becomes; nothing runs.

    Where a stage runs again but gives the same files as before, those after it will be spared though they are
    named here.

    Parameters
    ----------
    profile, overrides, limit, book, until
        As of :func:`run_all`.

    Raises
    ------
    ParameterError
        Unknown profile or parameter, or a wrong value.
    StageError
        Another run of the profile is going on, or the workflow cannot be planned.
    """
    values, stages, paths = prepare(profile, overrides=overrides, limit=limit, until=until)
    with only_run(paths), tempfile.TemporaryDirectory(prefix="infomotion-") as folder:
        _write_resolved(values, Path(folder) / RESOLVED)
        target = "book" if book else stage_name(until) if until else "all"
        command = [*_snakemake(paths, stages=stages, cluster="", target=target), "--dry-run"]
        surroundings: dict[str, Any] = {
            "cwd": folder,
            "env": {**os.environ, **caches(Path(folder))},
            "text": True,
            "errors": "replace",
        }
        done = subprocess.run(command, **surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise StageError("The workflow cannot be planned.", where=_end(done.stdout))
    return _jobs_by_stage(done.stdout)


def _jobs_by_stage(plan: str) -> dict[str, int]:
    """Jobs of each stage in what the engine's dry run printed."""
    stages = {stage.folder: name for name, stage in TABLE.items()}
    jobs = re.findall(r"^(?:local)?rule (\w+):\n((?: .*\n)*)", plan, flags=re.MULTILINE)
    counts: dict[str, int] = {}
    for rule, about in jobs:
        within = re.search(r"^ +wildcards: folder=([^,\n]+)", about, flags=re.MULTILINE)
        name = stages[within[1]] if within else rule
        counts[name] = counts.get(name, 0) + 1
    return {name: counts[name] for name in (*TABLE, "book") if name in counts}


def _write_resolved(values: Mapping[str, Any], path: Path) -> None:
    with atomic(path) as temporary:
        temporary.write_text(
            yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True), encoding="utf-8"
        )


def _snakemake(
    paths: RunPaths, *, stages: Mapping[str, StageParameters], cluster: str, target: str
) -> list[str]:
    """Our lock replaces Snakemake's, and what a killed run left incomplete is run again without
    asking.
    """
    command = [sys.executable, "-m", "snakemake", target, "--snakefile", str(PROJECT / "Snakefile")]
    command += [
        "--config",
        f"resolved={RESOLVED}",
    ]  # in the folder where the engine starts; a whole path would be read as YAML
    if cluster:
        command += ["--profile", str(_settings_of(cluster).parent)]
    else:
        # cores by name only: a stage is often busy on one, so two of them share the machine's
        cores = max(parameters.workers * parameters.stages_at_once for parameters in stages.values())
        command += ["--cores", str(cores)]
    command += ["--nolock", "--rerun-incomplete", "--keep-incomplete", "--max-checksum-file-size", "1GB"]
    command += ["--rerun-triggers", "mtime", "params", "input"]
    stale = [
        name for name, parameters in stages.items() if _was_run_otherwise(TABLE[name], parameters, paths)
    ]
    stale += ["book"] if target == "book" and book_shows() != str(paths.root) else []
    return command + (["--forcerun", *stale] if stale else [])


def _settings_of(cluster: str) -> Path:
    """File that says how stages become jobs of a cluster."""
    folder = Path(cluster) if (Path(cluster) / "config.yaml").is_file() else PROJECT / "cluster" / cluster
    if not (folder / "config.yaml").is_file():
        known = [path.parent.name for path in folder.parent.glob("*/config.yaml")]
        raise ParameterError(
            f"Unknown cluster: {cluster}", where=f"Looked for: {folder}", remedy=did_you_mean(cluster, known)
        )
    return (folder / "config.yaml").resolve()


def outputs(stage: str, parameters: Mapping[str, StageParameters]) -> tuple[str, ...]:
    """Files of a stage that later stages may read, for the parameters of every stage."""
    return TABLE[stage].outputs_of(parameters[stage].model_dump())


def rule_parameters(stage: Stage, parameters: StageParameters) -> dict[str, Any]:
    """What makes Snakemake run a stage again when it changes: parameters that decide results, its notebook,
    the code behind it; and what own data are called, where figures say so. Another name alone leaves what the
    stage keeps: checkpoints, trained rows and pools are used again.

    The notebook counts by its content, not as an input file: a project that has moved is still the same.
    """
    notebook = notebook_of(stage)
    content = sha256(notebook) if notebook and notebook.is_file() else ""
    values = parameters.model_dump()
    outside: dict[str, Any] = {"outside": state_outside(parameters)} if stage.name == "data" else {}
    if notebook and (called := names_outside(parameters)):
        outside["called"] = called
    if files := {name: sampled_sha256(file) for name, file in files_outside(parameters).items()}:
        outside["files"] = files
    return {
        **science(parameters),
        **outside,
        "code": [*(code_hash(stage, kind, values) for kind in ("science", "figures")), content],
    }


def _was_run_otherwise(stage: Stage, parameters: StageParameters, paths: RunPaths) -> bool:
    """Whether the stage was last run with other parameters or other code, be it alone, where the workflow did
    not see it.
    """
    folder = paths.stage(stage.name)
    if not (folder / RUN_CARD).is_file() or not (record := record_of(folder)):
        return False  # it has not finished, and runs again anyway
    code = read_run_card(folder).get("code", {}).get("science")
    now = code_hash(stage, "science", parameters.model_dump())
    return (record["parameters"], code) != (science(parameters), now)


def book_shows() -> str:
    """Run whose notebooks the rendered book shows, as a folder; empty if there is none."""
    return BOOK_SHOWS.read_text(encoding="utf-8") if BOOK_SHOWS.is_file() else ""


def _follow(
    command: list[str], *, log: Path, say: Callable[[str], None], jobs: ClusterJobs | None = None
) -> None:
    """Run the workflow engine, its output in ``log``; pass on the stages' own lines, or what becomes of the
    jobs of a cluster. Why a stage has failed is told at once where others still run, and by the error.
    """
    reasons: list[str] = []
    running = 0
    with log.open("w", encoding="utf-8", buffering=1) as stream:
        process = subprocess.Popen(
            command,
            cwd=log.parent,
            env={**os.environ, **caches(log.parent / ".cache"), TERMINAL_VARIABLE: terminal_name()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=die_with_parent,
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                stream.write(line)
                running += bool(_BEGUN.match(line)) - bool(_ENDED.match(line))
                if line.startswith(MARK):
                    say(line.removeprefix(MARK).rstrip("\n"))
                elif line.startswith(FAILED):
                    reasons.append(line.removeprefix(FAILED).rstrip("\n"))
                    if running > 1 and reasons[-1].startswith("Error: "):
                        say(MEANWHILE + reasons[-1].removeprefix("Error: "))
                elif jobs and (told := jobs.hear(line)):
                    say(told)
                if jobs and jobs.lost:
                    process.kill()  # asked politely, it would cancel them
        except BaseException:
            _stop(process)
            raise
    if process.wait() != 0:
        whole = f"The whole log: {log}"
        if jobs and (jobs.failed or jobs.lost):
            what, where, remedy = jobs.what_failed(reason=FAILED)
            raise StageError(what, where=f"{where}\n{whole}".strip(), remedy=remedy)
        raise StageError(
            "\n".join(reasons).removeprefix("Error: ")
            or f"The workflow stopped before its end.\n{_end(log.read_text(encoding='utf-8'))}",
            where=whole,
            remedy="Mend this and give the same command again; finished work is kept.",
        )


def _stop(engine: subprocess.Popen[str], *, patience: float = 10.0) -> None:
    """End the engine and all that it runs: asked politely, then as Ctrl-C asks it (cluster jobs are
    cancelled), then by force.
    """
    for how in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        engine.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            engine.wait(patience)
            return


def book_sources() -> list[str]:
    """Pages and settings the book is made of, and the code that renders it; generated folders left out."""
    code = list((PROJECT / "infomotion_lib" / "reporting").rglob("*.py"))
    generated = {"_build", "_extra", "results", "notebooks", "__pycache__"}
    files = [
        file
        for file in BOOK.rglob("*")
        if file.is_file() and not generated & set(file.relative_to(BOOK).parts)
    ]
    return sorted(str(file) for file in files + code if not file.name.startswith("."))


def _end(output: str, lines: int = 12) -> str:
    """End of what the engine said, for the case that no stage has said what went wrong."""
    return "\n".join(output.rstrip().splitlines()[-lines:])
