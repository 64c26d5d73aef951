"""Drawn profiles that are accepted run to their end, or stop with one message that the project foresaw.

Each starts from a copy of one finished smoke run, so that only what its parameters change is done again. What
has been tried is kept in a file: the same command goes on from there. ``INFOMOTION_DRILL_PROFILES`` says how
many (12), ``INFOMOTION_DRILL_FOLDER`` where.
"""

from __future__ import annotations

import inspect
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from drawn_profiles import drawn

from infomotion_lib import errors
from infomotion_lib.errors import InfoMotionError
from infomotion_lib.json_lines import append_line, read_lines
from infomotion_lib.paths import PROJECT
from infomotion_lib.run.prepare import prepare

PROFILES = int(os.environ.get("INFOMOTION_DRILL_PROFILES", "12"))
FOLDER = Path(os.environ.get("INFOMOTION_DRILL_FOLDER", f"{tempfile.gettempdir()}/infomotion-drill-profiles"))
MINUTES = 30
FORESEEN = {
    name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, InfoMotionError)
}


def test_accepted_profiles_run() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    base, record = FOLDER / "base", FOLDER / "tried.jsonl"
    if not (base / "finished").is_file():
        assert (answer := run_all(base, {})).returncode == 0, answer.stderr[-3000:]
        (base / "finished").touch()
    tried = {row["seed"]: row for row in read_lines(record)}
    for seed in range(PROFILES):
        if seed not in tried:
            tried[seed] = one(seed, base)
            append_line(record, tried[seed])
            print(
                f"\n{seed}: {tried[seed]['outcome']} in {tried[seed]['seconds']} s: {tried[seed]['values']}"
            )
    wrong = [row for row in tried.values() if row["outcome"] == "wrong"]
    assert not wrong, "\n\n".join(f"{row['seed']} {row['values']}\n{row['message']}" for row in wrong)
    assert any(row["outcome"] == "ran" for row in tried.values())


def one(seed: int, base: Path) -> dict[str, Any]:
    """What became of one drawn profile: ``refused`` at once, ``ran``, ``stopped`` in words, or ``wrong``."""
    values = drawn(random.Random(seed), wild=False, here=Path(__file__))
    began, runs = time.monotonic(), FOLDER / f"runs-{seed}"
    shutil.rmtree(runs, ignore_errors=True)

    def row(outcome: str, message: str = "") -> dict[str, Any]:
        seconds = round(time.monotonic() - began)
        return {"seed": seed, "values": values, "outcome": outcome, "seconds": seconds, "message": message}

    try:
        prepare("smoke", overrides={**values, "runs_dir": str(runs)})
    except InfoMotionError as error:
        return row("refused", str(error))
    shutil.copytree(base, runs)
    answer = run_all(runs, values)
    printed = answer.stdout + answer.stderr
    outcome = "ran" if answer.returncode == 0 else "stopped" if in_words(answer) else "wrong"
    if outcome != "wrong":
        shutil.rmtree(runs)
    return row(outcome, "" if outcome == "ran" else printed[-3000:])


def in_words(answer: subprocess.CompletedProcess[str]) -> bool:
    """Whether a run ended with one message, and, where a notebook failed, by an error of this project's."""
    if answer.returncode != 2 or "Traceback" in answer.stderr:
        return False
    failed = re.search(r"failed in cell .*?: (\w+):", answer.stderr)
    return failed is None or failed[1] in FORESEEN


def run_all(runs: Path, values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    words = [word for name, value in values.items() for word in ("-p", f"{name}={json.dumps(value)}")]
    command = [sys.executable, "-m", "infomotion_lib.run.cli", "run", "all", "--profile", "smoke"]
    return subprocess.run(
        [*command, "-p", f"runs_dir={runs}", *words],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=60 * MINUTES,
    )
