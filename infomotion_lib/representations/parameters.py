"""Parameters of the stage that fits representations: those of every registered one."""

from __future__ import annotations

from functools import cache

from pydantic import create_model

from infomotion_lib.parameters import StageParameters
from infomotion_lib.registry import imported
from infomotion_lib.representations.registry import REPRESENTATIONS


def stage_model() -> type[StageParameters]:
    """Model of stage 02: what every stage takes, and the parameters of every registered representation."""
    return _composed(
        tuple(imported(entry.parameters) for entry in REPRESENTATIONS.values() if entry.parameters)
    )


@cache
def _composed(models: tuple[type[StageParameters], ...]) -> type[StageParameters]:
    """One model with the fields of all, in their order."""
    return create_model(
        "RepresentationParameters",
        __doc__="Stage 02: fit the representations and extract the vectors of all videos.",
        __base__=(*reversed(models), StageParameters),
    )
