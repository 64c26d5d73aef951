"""What each kind of vector of a run has to show of itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_lib.registry import imported
from infomotion_lib.representations.registry import REPRESENTATIONS

NOTHING = "Nothing: no kind of vector of this run has more to show."


def show_each(
    fitted: Mapping[str, Any],
    rows: pd.DataFrame,
    *,
    folder: Path,
    parameters: Any,
    data: str = "",
) -> list[Any]:
    """What to display, in order: of each representation that has figures of its own how it works, and these.

    Parameters
    ----------
    fitted : mapping of str to Fitted
        By name of the representation.
    rows : DataFrame
        Frame index with a ``path`` column.
    folder : path
        Where figures go.
    parameters : StageParameters
        Of stage 02.
    data : str, optional
        What the videos are called; titles and alt texts name them.
    """
    from IPython.display import Markdown

    shown: list[Any] = []
    for name, one in fitted.items():
        entry = REPRESENTATIONS[name]
        if entry.shown_by:
            about = getattr(entry.load(), "ABOUT", None)
            told = about.read_text(encoding="utf-8") if about else ""
            shown.append(Markdown(f"### {entry.label}\n\n{told}"))
            shown += imported(entry.shown_by)(one, rows, folder=folder, parameters=parameters, data=data)
    return shown or [Markdown(NOTHING)]
