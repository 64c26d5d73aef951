"""Every way to turn an echo video into a vector: one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from infomotion_lib.registry import Entry, Registry


@dataclass(frozen=True, kw_only=True)
class Representation(Entry):
    """One representation; its module follows :mod:`infomotion_lib.representations.base`.

    Attributes
    ----------
    needs : {"phases", "video"}
        Whether a video must have its ED and ES frames, or any readable video will do.
    files : tuple of str
        What fitting leaves in the folder of stage 02 besides the vectors.
    """

    needs: Literal["phases", "video"] = "video"
    files: tuple[str, ...] = ()


REPRESENTATIONS = Registry(
    "representation",
    (
        Representation(
            name="motion",
            label="motion",
            colour="#D55E00",
            module="infomotion_lib.representations.ifa.motion",
            parameters="infomotion_lib.representations.ifa.parameters:IfaParameters",
            needs="phases",
            files=("ifa.safetensors", "training_log.csv"),
        ),
        Representation(
            name="appearance",
            label="appearance",
            colour="#0072B2",
            module="infomotion_lib.representations.appearance.frames",
            parameters="infomotion_lib.representations.appearance.parameters:AppearanceParameters",
            files=("appearance.safetensors",),
        ),
    ),
)
