"""Parameters of the data sets themselves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infomotion_lib.parameters import Seed, StageParameters


class OpenClipsParameters(StageParameters):
    """How the published open clips are labelled and split."""

    ef_label: Literal["relabelled", "requested"] = Field("relabelled", description="label of the open clips")
    open_split_seed: Seed = Field(0, description="seed of the open clips' stratified split")
