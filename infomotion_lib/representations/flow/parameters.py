"""Parameters of dense flow."""

from __future__ import annotations

from pydantic import Field

from infomotion_lib.parameter_types import Pairs
from infomotion_lib.parameters import StageParameters


class FlowParameters(StageParameters):
    """Which motions dense flow is taken of."""

    pairs: Pairs = Field(2, description="motions per video: filling and emptying, or (1) emptying alone")
