"""A run of all stages, killed where a test wants it; nothing of it may be left running."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from finished_run import FinishedRun, processes_of

PATIENCE = 20.0
"""Seconds within which the children of a killed run must have gone; a busy machine takes a while."""


def kill_when(run: FinishedRun, copy: Path, half_way: Callable[[], bool]) -> None:
    """Start all stages on ``copy``, kill the command once ``half_way()`` holds, and see its children go."""
    victim = run.start(copy)
    while not half_way() and victim.poll() is None:
        time.sleep(0.05)
    assert kill(victim, copy), "the stage ended before it could be killed"


def kill(victim: subprocess.Popen[str], copy: Path) -> bool:
    """Whether the command still ran when it was killed: the command alone, its children must notice by
    themselves.
    """
    running = victim.poll() is None
    victim.kill()
    victim.wait()
    end = time.monotonic() + PATIENCE
    while (left := processes_of(copy)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not left, "a killed run leaves no process behind"
    return running


def grid_rows(folder: Path) -> int:
    """Networks that stage 04 has finished so far."""
    rows = folder / "grid.jsonl"
    return len(rows.read_text(encoding="utf-8").splitlines()) if rows.is_file() else 0
