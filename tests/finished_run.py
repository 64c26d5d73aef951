"""Runs of the command line that tests share."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from infomotion_lib.paths import PROJECT, RunPaths, run_paths


@dataclass(frozen=True)
class FinishedRun:
    """The smoke profile, run once by the command line; tests read it, and copy it before they change anything."""

    paths: RunPaths
    output: str
    changed_files: list[str]

    def again(self, folder: Path, *words: str) -> tuple[str, RunPaths]:
        """What ``infomotion run all`` prints on a copy of this run in ``folder``, and that copy."""
        copy = folder / "runs" / self.paths.profile
        if not copy.exists():
            shutil.copytree(self.paths.root, copy)
        return infomotion("run", "all", "--profile", "smoke", "-p", f"runs_dir={copy.parent}", *words), run_paths("smoke", copy.parent)


def infomotion(*words: str) -> str:
    """What the command prints; it must succeed."""
    command = [sys.executable, "-m", "infomotion_lib.cli", *words]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def state_of_tracked_files() -> str:
    """Commit and every difference of tracked files from it."""
    commands = (["git", "rev-parse", "HEAD"], ["git", "diff", "HEAD", "--no-color"])
    return "".join(subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout for command in commands)
