"""What test processes share: folders filled once, and a run of the command line in a copy of the project that
nobody edits meanwhile.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NoReturn

import pytest
from filelock import FileLock

from infomotion_lib.paths import PROJECT, RunPaths, run_paths
from infomotion_lib.processes import die_with_parent
from infomotion_lib.provenance import sha256
from infomotion_lib.run.workflow import what_would_run
from infomotion_lib.stage_table import TABLE


@dataclass(frozen=True)
class FinishedRun:
    """The smoke profile, run once by the command line; tests read it, and copy it before they change
    anything.
    """

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

    def copy(self, folder: Path) -> RunPaths:
        """Copy of this run under ``folder``, made if it is not there yet."""
        copy = run_paths(self.paths.profile, folder / "runs")
        if not copy.root.exists():
            shutil.copytree(self.paths.root, copy.root)
        return copy

    def again(self, folder: Path, *words: str) -> tuple[str, RunPaths]:
        """What ``infomotion run all`` prints on a copy of this run under ``folder``, and that copy."""
        copy = self.copy(folder)
        return self.run("all", copy, *words), copy

    def run(self, stage: str, copy: RunPaths, *words: str) -> str:
        """What ``infomotion run STAGE`` prints on a copy of this run."""
        return self.infomotion(
            "run", stage, "--profile", "smoke", "-p", f"runs_dir={copy.root.parent}", *words
        )

    def would_run(self, copy: RunPaths, **changes: Any) -> list[str]:
        """Stages that ``infomotion run all`` would run on a copy of this run, with some values changed."""
        return list(what_would_run("smoke", overrides={"runs_dir": str(copy.root.parent), **changes}))

    def start(self, copy: Path, *words: str, **options: Any) -> subprocess.Popen[str]:
        """``infomotion run all`` on a copy of this run, started and not waited for; what it prints can be
        read from it.
        """
        command = [
            sys.executable,
            "-m",
            "infomotion_lib.run.cli",
            "run",
            "all",
            "--profile",
            "smoke",
            "-p",
            f"runs_dir={copy.parent}",
            *words,
        ]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, **surroundings(self.project), **pipes, **options)


def started(output: str) -> list[str]:
    """Stages that ran, in their order."""
    titles = {stage.label: name for name, stage in TABLE.items()}
    return [titles[match] for match in re.findall(r"^(.*): started$", output, flags=re.MULTILINE)]


def tables(folder: Path, kinds: Sequence[str] = ("*.csv",)) -> dict[str, str]:
    """Hash of every table below a folder, or of files of other kinds, by its path; no table holds a time of
    day or a duration.
    """
    files = sorted({file for kind in kinds for file in folder.rglob(kind) if file.is_file()})
    return {file.relative_to(folder).as_posix(): sha256(file) for file in files}


def processes_of(folder: Path) -> list[str]:
    """Command lines of live processes that name this run's folder or have a file of it open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if state != "Z" and (str(folder) in command or str(folder).encode() in environment):
            found.append(command)
    return found


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
    command = [sys.executable, "-m", "infomotion_book.cli", *words]
    done = subprocess.run(
        command,
        **surroundings(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=die_with_parent,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def surroundings(project: Path) -> dict[str, Any]:
    """Working folder and environment in which both packages are those of ``project``, in children too;
    there is no home to write to.
    """
    path = os.pathsep.join(str(folder) for folder in (project, project / "book"))
    return {"cwd": project, "env": {**os.environ, "PYTHONPATH": path, "HOME": f"{os.devnull}/home"}}


def project_files() -> list[str]:
    """Every file that git knows or would add; in a project that was downloaded without git, every file that
    git would not ignore.
    """
    if (PROJECT / ".git").exists():
        words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listing = subprocess.run(words, cwd=PROJECT, capture_output=True, check=True).stdout.decode()
        return [name for name in listing.split("\0") if name and (PROJECT / name).is_file()]
    ignored = [line.strip("/") for line in (PROJECT / ".gitignore").read_text(encoding="utf-8").split()]
    found = []
    for folder, inside, files in os.walk(PROJECT):
        here = Path(folder).relative_to(PROJECT)
        inside[:] = [
            name
            for name in inside
            if not any(fnmatch(name, word) or (here / name).as_posix() == word for word in ignored)
        ]
        found += [(here / name).as_posix() for name in files]
    return sorted(found)


def not_here(reason: str) -> NoReturn:
    """Skip what this machine cannot show; fail in continuous integration, which must be able to."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason)
    pytest.skip(reason)


def copy_project(folder: Path) -> Path:
    """The project as a fresh clone of the working tree would have it."""
    for name in project_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, folder / name)
    return folder


def project_hashes(folder: Path) -> dict[str, str]:
    """Hash of each file of a project, what runs and caches generate left out."""
    generated = {"runs", "__pycache__", "_build", "_extra"}
    files = [
        path
        for path in folder.rglob("*")
        if path.is_file() and not generated & set(path.relative_to(folder).parts)
    ]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
