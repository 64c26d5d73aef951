"""Parameters of the drawn hearts."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from infomotion_lib.parameter_types import Seed
from infomotion_lib.parameters import StageParameters
from infomotion_lib.phantom.nuisance import check_shares

Hearts = Annotated[int, Field(ge=1, le=10_000)]
Shares = Annotated[tuple[float, float, float, float, float], AfterValidator(check_shares)]


class PhantomParameters(StageParameters):
    """How the phantom pools are drawn."""

    phantom_train_per_class: Hearts = Field(
        60, description="TRAIN videos per class (facts: a study's pool size)"
    )
    phantom_val_per_class: Hearts = Field(10, description="VAL videos per class")
    phantom_test_counts: tuple[Hearts, Hearts, Hearts, Hearts, Hearts] = Field(
        (24, 24, 32, 96, 24), description="TEST videos of each class, a clinical mix"
    )
    phantom_frames: int = Field(64, ge=16, le=10_000, description="frames per video, at phantom_fps")
    phantom_fps: float = Field(50.0, ge=10, le=500, description="frames per second (EchoNet's usual rate)")
    phantom_size: int = Field(112, ge=32, le=1024, multiple_of=16, description="side of a frame, pixels")
    nuisance_level: float = Field(
        0.4, ge=0, le=1, description="0 the easy phantom, 1 the extreme one; 0.4 leaves selection room"
    )
    machine_shares: Shares = Field(
        (0.52, 0.20, 0.13, 0.09, 0.06), description="shares of the five machine styles"
    )
    requested_ef_error: float = Field(
        6.0, ge=0, description="sd of delivered minus requested EF, synthetic pool, points"
    )
    phantom_seed: Seed = Field(0, description="seed of the real pool; the synthetic pool uses the next one")
