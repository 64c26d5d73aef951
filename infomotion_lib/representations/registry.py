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
    described : str
        As a figure that compares many features calls it; its label if empty.
    needs : {"phases", "video"}
        Whether a video must have its ED and ES frames, or any readable video will do.
    ef : bool
        Whether it learns from the EF of TRAIN videos.
    portable : bool
        Whether it can be applied to videos of another data set, such as a generated pool.
    files : tuple of str
        What fitting leaves in the folder of stage 02 besides the vectors.
    """

    described: str = ""
    needs: Literal["phases", "video"] = "video"
    ef: bool = False
    portable: bool = True
    files: tuple[str, ...] = ()

    @property
    def phrase(self) -> str:
        """As a figure that compares many features calls it."""
        return self.described or self.label


PAPER = ("motion", "appearance")
"""What the paper selects by."""

REPRESENTATIONS = Registry(
    "representation",
    (
        Representation(
            name="motion",
            label="motion",
            described="motion (the paper's)",
            colour="#D55E00",
            module="infomotion_lib.representations.ifa.motion",
            parameters="infomotion_lib.representations.ifa.parameters:IfaParameters",
            needs="phases",
            files=("ifa.safetensors", "training_log.csv"),
        ),
        Representation(
            name="appearance",
            label="appearance",
            described="appearance, one frame",
            colour="#0072B2",
            module="infomotion_lib.representations.appearance.frames",
            parameters="infomotion_lib.representations.appearance.parameters:AppearanceParameters",
            ef=True,
            files=("appearance.safetensors",),
        ),
        Representation(
            name="own",
            label="own vectors",
            colour="#A0522D",
            module="infomotion_lib.representations.own.file",
            parameters="infomotion_lib.representations.own.parameters:OwnParameters",
            portable=False,
        ),
    ),
)
