"""Children that end with their parent, also when it dies while they start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infomotion_lib.processes import can_share_work

PARENT = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import getpid
from pathlib import Path
from infomotion_lib.processes import die_with_parent

def start(folder, seconds):
    (Path(folder) / str(getpid())).touch()
    time.sleep(seconds)
    die_with_parent()
    (Path(folder) / f"{getpid()}.ready").touch()

if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=start, initargs=(sys.argv[1], float(sys.argv[2]))) as pool:
        list(pool.map(time.sleep, [600, 600]))
"""


def appear(folder: Path, pattern: str) -> list[Path]:
    """Two files of this pattern, waited for."""
    for _ in range(600):
        if len(found := list(folder.glob(pattern))) == 2:
            return found
        time.sleep(0.1)
    raise AssertionError(f"The workers did not start: {sorted(folder.iterdir())}")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death"
)
@pytest.mark.skipif(not can_share_work(), reason="processes get no locks here, so there is no pool to kill")
@pytest.mark.parametrize("seconds", [0, 3], ids=["at work", "starting"])
def test_a_killed_parent_takes_its_workers_along(tmp_path: Path, seconds: int) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    pids = tmp_path / "pids"
    pids.mkdir()
    parent = subprocess.Popen([sys.executable, script, pids, str(seconds)])
    workers = [int(file.stem) for file in appear(pids, "*[0-9]" if seconds else "*.ready")]
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    for _ in range(300):
        if not any(map(alive, workers)):
            break
        time.sleep(0.1)
    left = [pid for pid in workers if alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left
    assert seconds == 0 or not list(pids.glob("*.ready")), "they were still starting"
