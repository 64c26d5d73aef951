"""What test processes share: folders filled once, and a run of the command line in a copy of the project that nobody edits meanwhile."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from infomotion_lib.paths import PROJECT, RunPaths, run_paths
from infomotion_lib.processes import die_with_parent


@dataclass(frozen=True)
class FinishedRun:
    """The smoke profile, run once by the command line; tests read it, and copy it before they change anything."""

    paths: RunPaths
    output: str
    changed_files: list[str]

    @property
    def project(self) -> Path:
        """Copy of the project in which it ran."""
        return self.paths.root.parent.parent

    def infomotion(self, *words: str) -> str:
        """What the command prints in that copy."""
        return infomotion(*words, project=self.project)

    def again(self, folder: Path, *words: str) -> tuple[str, RunPaths]:
        """What ``infomotion run all`` prints on a copy of this run in ``folder``, and that copy."""
        copy = folder / "runs" / self.paths.profile
        if not copy.exists():
            shutil.copytree(self.paths.root, copy)
        return self.infomotion("run", "all", "--profile", "smoke", "-p", f"runs_dir={copy.parent}", *words), run_paths("smoke", copy.parent)


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """``folder``, filled by ``make(folder)`` in whichever test process asks first."""
    done = folder.with_name(folder.name + ".done")
    with FileLock(folder.with_name(folder.name + ".lock")):
        if not done.exists():
            make(folder)
            done.touch()
    return folder


def infomotion(*words: str, project: Path = PROJECT) -> str:
    """What the command prints; it must succeed."""
    return infomotion_fails(*words, project=project, code=0)


def infomotion_fails(*words: str, project: Path = PROJECT, code: int = 2) -> str:
    """What the command prints, its last words on stderr too; it must end with this exit code."""
    command = [sys.executable, "-m", "infomotion_lib.cli", *words]
    done = subprocess.run(
        command, **surroundings(project), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=die_with_parent
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def surroundings(project: Path) -> dict[str, object]:
    """Working folder and environment in which ``infomotion_lib`` is that of ``project``, in children too."""
    return {"cwd": project, "env": {**os.environ, "PYTHONPATH": str(project)}}


def copy_project(folder: Path) -> Path:
    """Every file that git knows or would add, as a fresh clone of the working tree would have it."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=PROJECT, capture_output=True, check=True
    )
    for name in filter(None, listing.stdout.decode().split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    return folder


def project_hashes(folder: Path) -> dict[str, str]:
    """Hash of each file of a project, what runs and caches generate left out."""
    generated = {"runs", "__pycache__", "_build", "_extra"}
    files = [path for path in folder.rglob("*") if path.is_file() and not generated & set(path.relative_to(folder).parts)]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
