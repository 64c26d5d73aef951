"""What a run can do with videos whose EF nobody knows yet: all stages up to the selection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from infomotion_lib.data.sources import NONE
from infomotion_lib.errors import ParameterError
from infomotion_lib.parameters import StageParameters
from infomotion_lib.representations.registry import PAPER, REPRESENTATIONS
from infomotion_lib.selection.registry import SELECTORS
from infomotion_lib.stage_table import TABLE

LAST = "graph_selection"
"""Stage after which every other learns from EF."""


def require_labels(values: Mapping[str, Any], *, last: str = "all") -> None:
    """Nothing, unless a run that knows no EF is asked for something that needs it.

    Parameters
    ----------
    values, last
        As of :func:`without_labels`.

    Raises
    ------
    ParameterError
        If ``classes`` is ``"none"``, and a stage, a selector or the synthetic source needs EF.
    """
    if refusal := without_labels(values, last=last):
        raise refusal


def without_labels(values: Mapping[str, Any], *, last: str = "all") -> ParameterError | None:
    """Why a run that knows no EF cannot do what is asked for; None where it can, or where EF is known.

    Parameters
    ----------
    values : mapping
        Of the profile and its overrides.
    last : str
        The last stage to run; ``"all"`` or ``"book"`` for all of them.
    """
    if values.get("classes", "ef") != "none":
        return None
    names = list(TABLE)
    if last not in names or names.index(last) > names.index(LAST):
        first = TABLE[last].label if last in names else TABLE[names[names.index(LAST) + 1]].label
        return ParameterError(
            f"The parameter classes is none: no EF is known, and stage {first} learns from EF.",
            remedy="Stop after the selection (--until 03). Label the chosen videos, then give a list with"
            " their EF.",
        )
    if values.get("synthetic_data", StageParameters.model_fields["synthetic_data"].default) != NONE:
        return ParameterError(
            "The parameter classes is none: no EF is known, and relabelling synthetic videos learns from EF.",
            remedy="Set synthetic_data: none.",
        )
    for name in values.get("methods", ()):
        if name in SELECTORS and (SELECTORS[name].ef or learning_from_ef(SELECTORS[name].on)):
            what = "EF" if SELECTORS[name].ef else f"{SELECTORS[name].feature} vectors, learnt from EF"
            return ParameterError(
                f"The parameter classes is none: no EF is known, and the selector {name} looks at {what}.",
                remedy="Choose another one, such as infomotion, kmeans_motion or random.",
            )
    if learnt := learning_from_ef(values.get("representations", PAPER)):
        return ParameterError(
            f"The parameter classes is none: no EF is known, and the {learnt[0]} vectors are learnt from EF.",
            remedy="Set representations: [motion].",
        )
    return None


def learning_from_ef(representations: Iterable[str]) -> list[str]:
    """Those of some representations that are learnt from the EF of TRAIN videos."""
    return [name for name in representations if name in REPRESENTATIONS and REPRESENTATIONS[name].ef]
