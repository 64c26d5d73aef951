"""Child processes that never outlive the run they work for, and need no home to live in."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel to kill this process as soon as its parent is gone; does nothing where that cannot be asked (outside Linux).

    Call it first thing in a child: as ``initializer`` of a pool, or as ``preexec_fn``. Without it, a run killed from outside leaves
    workers behind that go on writing into its folder. A worker of a pool whose parent died while it was starting ends here.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    parent = multiprocessing.parent_process()
    if parent is not None and os.getppid() != parent.pid:
        os._exit(1)


def caches(folder: Path) -> dict[str, str]:
    """Environment variables that keep the caches of a child's tools in ``folder`` where the user's own cannot be written; else none."""
    own = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    try:
        own.mkdir(parents=True, exist_ok=True)
        writable = os.access(own, os.W_OK)
    except OSError:
        writable = False
    return {} if writable else {"XDG_CACHE_HOME": str(folder), "MPLCONFIGDIR": str(folder / "matplotlib")}
