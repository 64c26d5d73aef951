"""When a stage loses too many of its videos: it stops, or goes on and says so."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from infomotion_lib.errors import DataError
from infomotion_lib.outlook import first_names

MOST_LOST = 0.25
"""Share of its videos that a stage may lose without being told to go on."""


def losses(lost: pd.DataFrame, total: int, *, of: str, allowed: bool) -> str:
    """What was lost in a sentence, for the reader; empty where that is at most :data:`MOST_LOST`.

    Parameters
    ----------
    lost : DataFrame
        ``file_name`` and ``status``, the reason, of each lost video.
    total : int
        Videos that there were.
    of : str
        Which ones, such as ``real videos have no phases``.
    allowed : bool
        Parameter ``allow_losses``.

    Raises
    ------
    DataError
        If more are lost and that is not allowed, with the reasons counted.
    """
    if len(lost) <= MOST_LOST * total:
        return ""
    reasons = "; ".join(f"{count} {why}" for why, count in lost["status"].value_counts().items())
    told = f"{len(lost)} of {total} {of}: {reasons}."
    if allowed:
        return f"{told} First of them: {first_names(lost)}"
    raise DataError(
        told,
        where=f"First of them: {first_names(lost)}",
        remedy=(
            f"More than {MOST_LOST:.0%} are lost: look at these videos; -p allow_losses=true goes on without"
            " them."
        ),
    )


def joined(sentences: Iterable[str]) -> str:
    """Sentences that are not empty, as one text."""
    return " ".join(sentence for sentence in sentences if sentence)
