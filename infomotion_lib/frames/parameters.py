"""Parameters of the search for key frames."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infomotion_lib.parameter_types import Pairs, Share
from infomotion_lib.parameters import ClassParameters


class FrameIndexParameters(ClassParameters):
    """Stage 01: the ED, ES and middle frames of every video."""

    phase_rule: Literal["area", "temporal"] = Field(
        "area", description="area: by traced LV area; temporal: authors' loader"
    )
    diastole_fraction: Share = Field(
        2 / 3, description="share of diastole in the cycle (paper: systole is a third)"
    )
    next_es: Literal["rule", "detect"] = Field(
        "rule", description="next ES by the paper's fraction rule or by the detector"
    )
    pairs: Pairs = Field(2, description="motions per video: filling and emptying, or (1) emptying alone")
    residual_gate: float = Field(
        0.40, gt=0, description="largest flow-compensated residual of a trusted clip"
    )
