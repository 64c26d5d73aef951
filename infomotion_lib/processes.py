"""Child processes that never outlive the run they work for."""

from __future__ import annotations

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel to kill this process as soon as its parent is gone; does nothing where that cannot be asked (outside Linux).

    Call it first thing in a child: as ``initializer`` of a pool, or as ``preexec_fn``. Without it, a run killed from outside leaves
    workers behind that go on writing into its folder.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
