"""Parameters of the study of all selectors."""

from __future__ import annotations

from pydantic import Field

from infomotion_lib.data.parameters import OpenClipsParameters
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.parameter_types import Count, Seed
from infomotion_lib.phantom.parameters import PhantomParameters
from infomotion_lib.representations.appearance.parameters import AppearanceParameters
from infomotion_lib.representations.ifa.parameters import IfaParameters
from infomotion_lib.selection.parameters import SelectionParameters


class EvidenceParameters(
    OpenClipsParameters,
    PhantomParameters,
    FrameIndexParameters,
    IfaParameters,
    AppearanceParameters,
    SelectionParameters,
    EvaluationParameters,
):
    """Study of all selectors over many phantom pools (`infomotion study selectors`); stages do not read its
    own values.
    """

    study_pools: Count = Field(12, description="independent pools; pool i is drawn with seed study_seed + i")
    study_seed: Seed = Field(60_000, description="seed of the first pool, away from those of all profiles")
    study_render_size: int = Field(
        56, ge=28, description="side at which clips are drawn before they are reduced to clip_size, pixels"
    )
    study_random_draws: Count = Field(4, description="Random sets of each pool and budget")
    study_stratified_draws: Count = Field(2, description="EF-stratified sets of each pool and budget")
    study_training_seeds: Count = Field(2, description="networks trained on each selected set")
    study_whole_seeds: Count = Field(1, description="networks trained on each whole pool")
