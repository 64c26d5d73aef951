"""Progress bars that reach the terminal, from a notebook's kernel too."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO, TypeVar

from tqdm import tqdm

TERMINAL_VARIABLE = "INFOMOTION_TERMINAL"
"""Environment variable that tells a kernel which terminal its runner was started from."""

_held: dict[str, TextIO] = {}

T = TypeVar("T")


def terminal() -> TextIO | None:
    """Stream of the terminal that watches this process, or None (a log file, continuous integration, the
    book).

    A kernel has no terminal of its own: its runner names one in ``$INFOMOTION_TERMINAL``. Of stages that run
    side by side, one at a time has it: two bars would overwrite each other.
    """
    if sys.stderr is not None and sys.stderr.isatty():
        return sys.stderr
    name = os.environ.get(TERMINAL_VARIABLE, "")
    if name in _held:
        return _held[name]
    try:
        import fcntl  # of systems that have such terminals

        stream = open(name, "w", encoding="utf-8")  # noqa: PTH123, SIM115  # a device, open until the process ends
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (OSError, ImportError):
        return None
    _held[name] = stream
    return stream


def terminal_name() -> str:
    """Device of the terminal that watches this process, to hand on to a child; empty if there is none."""
    if name := os.environ.get(TERMINAL_VARIABLE, ""):
        return name
    try:
        return os.ttyname(sys.stderr.fileno()) if sys.stderr.isatty() else ""
    except (OSError, AttributeError, ValueError):
        return ""


def track(
    items: Iterable[T] | None = None, *, label: str, total: int | None = None, unit: str = "it"
) -> tqdm[T]:
    """Bar with an estimate of the time left over ``items`` (or to be moved by hand); silent where no terminal
    watches.

    Parameters
    ----------
    items : iterable, optional
        What to walk through; without it, call ``.update()``.
    label : str
        What is going on, in a few words.
    total : int, optional
        How many; needed where ``items`` has no length.
    unit : str, default "it"
        What one is: "video", "step".
    """
    stream = terminal()
    source: Iterable[T] = range(total or 0) if items is None else items  # type: ignore[assignment]  # a bar moved by hand yields nothing
    return tqdm(
        source,
        desc=label,
        total=total,
        unit=unit,
        file=stream or sys.stderr,
        disable=stream is None,
        leave=False,
        dynamic_ncols=True,
    )
