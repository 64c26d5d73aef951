"""Parameters of the stage that fits representations: which ones, and those of every registered one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from infomotion_lib.parameter_types import Distinct
from infomotion_lib.parameters import StageParameters, composed
from infomotion_lib.registry import imported, known
from infomotion_lib.representations.registry import PAPER, REPRESENTATIONS

if TYPE_CHECKING:
    RepresentationName = str
else:
    RepresentationName = known(REPRESENTATIONS)


class RepresentationChoice(StageParameters):
    """The kinds of vectors of a run."""

    representations: Annotated[tuple[RepresentationName, ...], Distinct] = Field(
        PAPER, min_length=1, description="kinds of vectors to make and to select on"
    )


class FitParameters(RepresentationChoice):
    """Stage 02: fit the representations and extract the vectors of all videos."""

    shards: int = Field(
        1, ge=1, le=1000, description="jobs that share vectors and clips to make; 1: the stage"
    )


def stage_model() -> type[StageParameters]:
    """Model of stage 02: which representations, and the parameters of every registered one."""
    named = dict.fromkeys(entry.parameters for entry in REPRESENTATIONS.values() if entry.parameters)
    return composed(FitParameters, tuple(map(imported, named)))
