"""Child processes that never outlive the run they work for; what they do without locks to share, or a home to
live in.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from functools import cache
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel to kill this process as soon as its parent is gone; does nothing where that cannot be
    asked (outside Linux).

    Call it first thing in a child: as ``initializer`` of a pool, or as ``preexec_fn``. Without it, a run
    killed from outside leaves workers behind that go on writing into its folder. A worker of a pool whose
    parent died while it was starting ends here.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    parent = multiprocessing.parent_process()
    if parent is not None and os.getppid() != parent.pid:
        os._exit(1)


ALONE = (
    "Processes get no locks here (may this user write to /dev/shm?), so one process does the work of several:"
    " slower, the same results."
)


@cache
def can_share_work() -> bool:
    """Whether processes get locks to share work by: a user who may not write to ``/dev/shm`` gets none."""
    try:
        multiprocessing.get_context("fork").Lock()
    except OSError:
        return False
    return True


def pool_size(workers: int) -> int:
    """Processes that do the work meant for ``workers``: as many, or 1 where they could not share it."""
    return workers if can_share_work() else 1


def joblib_settings() -> dict[str, str]:
    """Environment variables that let joblib work in one process, without a warning, where it must; else none.

    They count before joblib is imported (scikit-learn imports it too): it looks for locks, and warns, right
    then.
    """
    return {} if can_share_work() else {"JOBLIB_MULTIPROCESSING": "0"}


def caches(folder: Path) -> dict[str, str]:
    """Environment variables that keep the caches of a child's tools in ``folder`` where the user's own cannot
    be written; else none.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    try:
        home.mkdir(parents=True, exist_ok=True)
        writable = os.access(home, os.W_OK)
    except OSError:
        writable = False
    return {} if writable else {"XDG_CACHE_HOME": str(folder), "MPLCONFIGDIR": str(folder / "matplotlib")}
