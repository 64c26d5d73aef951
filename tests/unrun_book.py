"""A project in which nothing has been run, on a machine that reaches no npm registry, and its book."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from finished_run import copy_project, surroundings

CLOSED = "http://127.0.0.1:9/"
"""A port where nobody listens."""


def unrun_project(folder: Path) -> Path:
    """Copy of the project under ``folder``, without frozen results of a profile."""
    project = copy_project(folder)
    for profile in (project / "book/results").iterdir():
        if profile.name != "studies":
            shutil.rmtree(profile)
    return project


def run_book(project: Path, *words: str) -> str:
    """What Python prints, given these words, in a project whose registry is closed."""
    around = surroundings(project)
    around["env"] |= {"npm_config_registry": CLOSED}
    done = subprocess.run([sys.executable, *words], **around, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
