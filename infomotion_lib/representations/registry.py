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
    in_blocks : bool
        Whether several jobs may make its vectors: what was fitted is
        :class:`~infomotion_lib.representations.base.Shareable`, and what :func:`fit` has left is fitted again
        in no time. Of no use where vectors cost little beside the start of a job: of a video of 175 frames of
        112 x 112 pixels, dense flow takes 0.006 s of one processor and appearance 0.012 s, reading the frames
        included, which is two and four minutes for both data sets of the paper.
    oracle : bool
        Whether it knows what no encoder can: a bound, never a winner.
    files : tuple of str
        What fitting leaves in the folder of stage 02 besides the vectors; tables among them hold no row per
        video.
    refused_by : str
        ``"module:function"`` that gives the reasons why it cannot learn from TRAIN and VAL rows, before any
        is decoded; empty where it takes whatever there is. The module must be light.
    shown_by : str
        ``"module:function"`` that draws figures of its own, called with what was fitted, the frame index with
        paths, a ``folder``, the ``parameters`` and what the ``data`` are called, which its figures say; it
        returns a list of what is shown. Empty where there is none.
    """

    described: str = ""
    needs: Literal["phases", "video"] = "video"
    ef: bool = False
    portable: bool = True
    in_blocks: bool = False
    oracle: bool = False
    files: tuple[str, ...] = ()
    refused_by: str = ""
    shown_by: str = ""

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
            in_blocks=True,
            parameters="infomotion_lib.representations.ifa.parameters:IfaParameters",
            needs="phases",
            files=("ifa.safetensors", "training_log.csv"),
            refused_by="infomotion_lib.representations.ifa.outlook:refusals",
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
            refused_by="infomotion_lib.representations.appearance.outlook:refusals",
        ),
        Representation(
            name="dense_flow",
            label="dense flow",
            described="dense optical flow",
            colour="#009E73",
            module="infomotion_lib.representations.flow.dense",
            parameters="infomotion_lib.representations.flow.parameters:FlowParameters",
            needs="phases",
        ),
        Representation(
            name="motion_untrained",
            label="untrained motion",
            described="motion network, random weights",
            colour="#8C6D31",
            module="infomotion_lib.representations.ifa.untrained",
            in_blocks=True,
            parameters="infomotion_lib.representations.ifa.parameters:IfaParameters",
            needs="phases",
        ),
        Representation(
            name="truth",
            label="true factors",
            described="true factors (oracle)",
            colour="#222222",
            module="infomotion_lib.representations.truth.factors",
            portable=False,
            oracle=True,
        ),
        Representation(
            name="own",
            label="own vectors",
            colour="#A0522D",
            module="infomotion_lib.representations.own.file",
            parameters="infomotion_lib.representations.own.parameters:OwnParameters",
            portable=False,
        ),
        Representation(
            name="discovr",
            label="DISCOVR",
            described="DISCOVR, self-supervised video",
            colour="#117733",
            module="infomotion_lib.representations.discovr.video",
            in_blocks=True,
            parameters="infomotion_lib.representations.discovr.parameters:DiscovrParameters",
            files=("discovr.safetensors", "discovr_training_log.csv"),
            shown_by="infomotion_lib.reporting.figures.discovr:show",
        ),
        Representation(
            name="mafe",
            label="MAFE",
            described="MAFE, motion with more teachers",
            colour="#882255",
            module="infomotion_lib.representations.mafe.taught",
            in_blocks=True,
            parameters="infomotion_lib.representations.mafe.parameters:MafeParameters",
            needs="phases",
            files=("mafe.safetensors", "mafe_training_log.csv"),
            refused_by="infomotion_lib.representations.ifa.outlook:refusals",
            shown_by="infomotion_lib.reporting.figures.mafe:show",
        ),
    ),
)
