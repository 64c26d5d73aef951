"""Every error a reader can meet: what failed, where we looked, what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InfoMotionError(Exception):
    """Base of all errors that end a command with exit code 2 and one message.

    Parameters
    ----------
    what : str
        What failed, naming the offending file or value.
    where : str, optional
        Where we looked.
    remedy : str, optional
        What to do next.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__("\n".join(line for line in (what, where, remedy) if line))


class DataError(InfoMotionError):
    """A data set folder is not what its layout promises (wrong folder, missing column, bad labels)."""


class VideoError(DataError):
    """One video file cannot be read; in a data set this becomes a status, not a stop.

    Parameters
    ----------
    what, where, remedy : str
        As in :class:`InfoMotionError`.
    fault : str, optional
        The status a data set gives such a video: ``"missing"``, ``"empty_file"``, ``"truncated"`` or
        ``"unreadable"``.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "", fault: str = "unreadable") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.fault = fault


class ParameterError(InfoMotionError):
    """A parameter, stage or profile is unknown, mistyped or out of range."""


class StageError(InfoMotionError):
    """A stage cannot run: its inputs are missing, or its notebook failed."""


class CheckpointError(InfoMotionError):
    """A weights file does not fit the network it is loaded into, or is not a weights file."""


class FetchError(InfoMotionError):
    """A download failed, is incomplete, or has the wrong hash."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Sentence with the nearest known names, or the list of all of them.

    >>> did_you_mean("vcp", ["vpc", "seed"])
    'Did you mean vpc?'
    """
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(names)}."
