"""Parameters of MAFE; the defaults are the CPU size and schedule of the paper's network."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from infomotion_lib.parameter_types import Count, LocatedFile, Pairs, Rate, Seed
from infomotion_lib.representations.mafe.choices import Choices, FlowTeacher, Method
from infomotion_lib.training.parameters import TrainingParameters

Depth = Literal[1, 2, 4]
Weight = Annotated[float, Field(ge=0, le=1000)]

_OURS = Choices()


class MafeParameters(TrainingParameters):
    """How MAFE is trained, and its vectors are made."""

    mafe_method: Method = Field(
        "flow", description="what teaches beside the middle frame: flow (as MCDM's shipped run), reid, both"
    )
    mafe_width: Literal[4, 8, 16, 32] = Field(8, description="F of EMA-VFI; published: 32")
    mafe_depths: tuple[Depth, Depth, Depth, Depth, Depth] = Field(
        (2, 2, 2, 2, 2), description="blocks per scale; published: (2, 2, 2, 4, 4)"
    )
    mafe_weights: LocatedFile = Field("", description="EMA-VFI weights to start from; empty: random")
    mafe_steps: int = Field(
        600, ge=0, le=10_000_000, description="training steps; 0: extract with the given weights"
    )
    mafe_batch_size: Count = Field(8, description="triplets per step (published: 8)")
    mafe_learning_rate: Rate = Field(1e-3, description="peak; published: 2e-4")
    mafe_warmup_steps: int = Field(50, ge=0, description="linear warm-up; published: 2000")
    mafe_refine: bool = Field(False, description="train the refinement U-Net too, as published")
    mafe_flips: bool = Field(True, description="random flips and rotations of the published augmentation")
    mafe_flow_weight: Weight = Field(0.01, description="of the flow loss (published)")
    mafe_reid_weight: Weight = Field(1.0, description="of the re-identification loss (published)")
    mafe_reid_steps: int = Field(300, ge=0, description="training steps of the re-identification teacher")
    mafe_reid_size: int = Field(64, ge=32, le=512, description="side of its input frame, pixels")
    mafe_reconstruction: Literal["ema_vfi", "infomotion"] = Field(
        _OURS.reconstruction, description="loss of the middle frame"
    )
    mafe_targets_follow: bool = Field(
        _OURS.targets_follow, description="flips and swaps move the targets too; false: as published"
    )
    mafe_flow_teacher: FlowTeacher = Field(
        _OURS.flow_teacher, description="dis: OpenCV's; exact: true flow, on drawn hearts alone"
    )
    mafe_flow_stages: Literal["last", "both"] = Field(
        _OURS.flow_stages, description="which stages of the network's flow are compared"
    )
    mafe_flow_norm: Literal["scale", "direction"] = Field(
        _OURS.flow_norm, description="what the methods with norm do to flows"
    )
    mafe_reid_reduction: Literal["mean", "sum"] = Field(
        _OURS.reid_reduction, description="over the numbers of an identity vector"
    )
    mafe_pair: Literal["emptying", "filling"] = Field(_OURS.pair, description="motion whose vector is taken")
    mafe_seed: Seed = Field(0, description="seed of weights, batches, augmentation and teacher")
    pairs: Pairs = Field(2, description="motions per video: filling and emptying, or (1) emptying alone")


def choices_of(parameters: Any) -> Choices:
    """The switches among the parameters of a run."""
    return Choices(
        reconstruction=parameters.mafe_reconstruction,
        targets_follow=parameters.mafe_targets_follow,
        flow_teacher=parameters.mafe_flow_teacher,
        flow_stages=parameters.mafe_flow_stages,
        flow_norm=parameters.mafe_flow_norm,
        reid_reduction=parameters.mafe_reid_reduction,
        pair=parameters.mafe_pair,
    )
