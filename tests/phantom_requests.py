"""The phantom pools of the profiles, as the data stage asks for them."""

from __future__ import annotations

from typing import Literal

from infomotion_lib.data.sources import SOURCES
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.phantom.parameters import PhantomParameters
from infomotion_lib.phantom.plan import PhantomRequest, phantom_request


def request_of(profile: str, source: Literal["real", "synthetic"]) -> PhantomRequest | None:
    """Request of the pool of a profile that plays ``source``; None where another data set plays it."""
    used = stage_parameters("data", read_profile(profile))
    assert isinstance(used, PhantomParameters)
    name = used.sources.get(source, "")
    return phantom_request(used, role=source) if name and SOURCES[name].drawn_here else None
