"""Parameters of the stage that provides the data sets: those of every registered one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infomotion_lib.data.sources import SOURCES
from infomotion_lib.parameter_types import Seed
from infomotion_lib.parameters import ClassParameters, StageParameters, composed
from infomotion_lib.registry import imported


class OpenClipsParameters(StageParameters):
    """How the published open clips are labelled and split."""

    ef_label: Literal["relabelled", "requested"] = Field("relabelled", description="label of the open clips")
    open_split_seed: Seed = Field(0, description="seed of the open clips' stratified split")


class DataParameters(ClassParameters):
    """Data stage: draw, fetch or check the data sets of a run."""


def stage_model() -> type[StageParameters]:
    """Model of the data stage: the parameters of every registered data set."""
    models = [imported(source.parameters) for source in SOURCES.values() if source.parameters]
    return composed(DataParameters, tuple(dict.fromkeys(models)))
