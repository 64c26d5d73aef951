"""Drawing under the filter: a clip too like a training heart is drawn again, and left out if that does not
help.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from infomotion_lib.generators.privacy.filter import PrivacyReport

COLUMNS = (
    "FileName",
    "requested_class",
    "requested_ef",
    "round",
    "closest",
    "nearest_video",
    "kept",
)
"""Of ``privacy.csv``: a row per clip that was ever drawn. ``closest`` is its largest correlation with a TRAIN
heart, ``nearest_video`` whose heart that is.
"""


def filtered(
    first: pd.DataFrame,
    *,
    again: Callable[[int], pd.DataFrame],
    draw: Callable[[pd.DataFrame], None],
    judge: Callable[[pd.DataFrame], PrivacyReport],
    names: tuple[str, ...],
    redraws: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the manifest that are kept, in the order of ``first``, and the rows of ``privacy.csv``.

    Parameters
    ----------
    first : DataFrame
        Requests of the first round, see :class:`~infomotion_lib.generators.base.Fitted`.
    again : callable
        Requests of a later round, by its number; a row that asks for the very same clip is not drawn again.
    draw : callable
        Writes the clips of some requests.
    judge : callable
        What the filter says of them.
    names : tuple of str
        Video of each training heart.
    redraws : int
        Rounds after the first.
    """
    wanted = first.assign(place=np.arange(len(first)))
    kept, judged = [], []
    for number in range(redraws + 1):
        draw(wanted.drop(columns="place"))
        report = judge(wanted)
        nearest = [names[row] for row in report.nearest]
        asked = wanted[["FileName", "requested_class", "requested_ef"]]
        judged.append(
            asked.assign(round=number, closest=report.closest, nearest_video=nearest, kept=report.kept)
        )
        kept.append(wanted[report.kept])
        dropped = wanted[~report.kept]
        if number == redraws or dropped.empty:
            break
        wanted = _next_round(dropped, again(number + 1), number + 1)
        if wanted.empty:
            break
    rows = pd.concat(kept).sort_values("place", kind="stable").drop(columns="place")
    return rows.reset_index(drop=True), pd.concat(judged, ignore_index=True)[list(COLUMNS)]


def _next_round(dropped: pd.DataFrame, requests: pd.DataFrame, number: int) -> pd.DataFrame:
    """Requests in the places of those that were dropped, named by their round; none where they ask for the
    same again.
    """
    rows = requests.iloc[dropped["place"].to_numpy()].reset_index(drop=True)
    before = dropped.drop(columns=["place", "FileName"]).reset_index(drop=True)
    new = (rows.drop(columns="FileName") != before).any(axis=1).to_numpy()
    stems = dropped["FileName"].str.replace(r"_again\d+$", "", regex=True).to_numpy()
    named = rows.assign(
        FileName=[f"{stem}_again{number}" for stem in stems], place=dropped["place"].to_numpy()
    )
    return named[new].reset_index(drop=True)
