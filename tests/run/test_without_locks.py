"""Where a user may not write to ``/dev/shm``, processes get no locks: one does the work, in silence, with the
same results.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from finished_run import FinishedRun, surroundings, tables

from infomotion_lib.paths import PROJECT
from infomotion_lib.processes import ALONE, can_share_work

CUT_OFF = 'mount -t tmpfs -o ro none /dev/shm && exec "$0" "$@"'

TAKE_A_LOCK = """
import multiprocessing
try:
    multiprocessing.get_context("fork").Lock()
except OSError:
    print("no lock")
"""


def without_locks(*words: str) -> list[str]:
    """Command that runs Python where ``/dev/shm`` cannot be written: here, if it is so; skips where it cannot
    be made so.
    """
    if not can_share_work():
        return [sys.executable, *words]
    prefix = ["unshare", "--mount", "--map-root-user", "sh", "-c", CUT_OFF]
    try:
        tried = subprocess.run([*prefix, "true"], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("unshare is not installed, so /dev/shm cannot be taken away")
    if tried.returncode:
        pytest.skip(f"this user may not mount over /dev/shm: {tried.stderr.strip()}")
    return [*prefix, sys.executable, *words]


def test_python_gets_no_lock_there() -> None:
    done = subprocess.run(without_locks("-c", TAKE_A_LOCK), capture_output=True, text=True)
    assert done.stdout == "no lock\n", "else the tests below show nothing"


def said(stderr: str) -> list[str]:
    """Lines of the command itself; OpenCV says on its own that it was told to use fewer instructions."""
    return [line for line in stderr.splitlines() if "IPP was disabled by OPENCV_IPP" not in line]


def test_a_command_draws_the_same_hearts_in_silence(tmp_path: Path) -> None:
    sizes = [
        "--train-per-class",
        "1",
        "--val-per-class",
        "1",
        "--test-counts",
        "1,1,1,1,1",
        "--frames",
        "32",
        "--workers",
        "2",
    ]
    words = ["-m", "infomotion_lib.run.cli", "phantom", *sizes, "--out"]
    here = subprocess.run(
        [sys.executable, *words, tmp_path / "here"], **surroundings(PROJECT), capture_output=True, text=True
    )
    there = subprocess.run(
        without_locks(*words, str(tmp_path / "there")),
        **surroundings(PROJECT),
        capture_output=True,
        text=True,
    )
    assert here.returncode == there.returncode == 0, there.stderr
    assert said(there.stderr) == said(here.stderr) == []
    videos = {name: sorted((tmp_path / name).rglob("*.avi")) for name in ("here", "there")}
    assert [file.read_bytes() for file in videos["here"]] == [file.read_bytes() for file in videos["there"]]
    assert len(videos["there"]) == 15


def test_a_network_is_trained_and_no_notebook_shows_a_warning(smoke_run: FinishedRun, tmp_path: Path) -> None:
    copy = smoke_run.copy(tmp_path)
    folder = copy.stage("evaluation")
    rows = (folder / "grid.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "grid.jsonl").write_text("".join(rows[:-2]), encoding="utf-8")
    (folder / "run_card.json").unlink()
    words = ["run", "04", "--profile", "smoke", "-p", f"runs_dir={copy.root.parent}", "-p", "workers=2"]
    command = without_locks("-m", "infomotion_lib.run.cli", *words)
    done = subprocess.run(command, **surroundings(smoke_run.project), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(ALONE) and "joblib" not in done.stderr
    assert len((folder / "grid.jsonl").read_text(encoding="utf-8").splitlines()) == len(rows), (
        "two networks trained again"
    )
    assert tables(folder) == tables(smoke_run.paths.stage("evaluation"))
    (notebook,) = folder.glob("04_*.ipynb")
    said = [
        output for cell in nbformat.read(notebook, as_version=4).cells for output in cell.get("outputs", [])
    ]
    assert not [output.text for output in said if output.output_type == "stream" and output.name == "stderr"]
