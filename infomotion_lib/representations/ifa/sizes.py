"""Which frames the motion network takes; light, so that a data set can be checked without torch."""

from __future__ import annotations

from infomotion_lib.errors import ParameterError

SIDE_MULTIPLE = 16
"""Sides of a frame are multiples of it: the network halves them four times."""

LEAST_SIDE = 32


def size_refusal(height: int, width: int) -> ParameterError | None:
    """Why the network does not take frames of this size; None where it does."""
    if not (height % SIDE_MULTIPLE or width % SIDE_MULTIPLE):
        return None
    up, across = (max(LEAST_SIDE, -(-side // SIDE_MULTIPLE) * SIDE_MULTIPLE) for side in (height, width))
    return ParameterError(
        f"Frames (height x width) of {height} x {width} pixels: both sides must be multiples of"
        f" {SIDE_MULTIPLE}.",
        remedy=(
            f"Pad or resize them, for instance to {up} x {across}; `infomotion distill --size 112` does it"
            " for your own videos."
        ),
    )
