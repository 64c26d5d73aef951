"""Parameters of the inter-frame-attention network."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infomotion_lib.arithmetic import variables
from infomotion_lib.parameter_types import Count, LocatedFile, Pairs, Rate, Seed
from infomotion_lib.training.parameters import TrainingParameters

Depth = Literal[1, 2, 4]


class IfaParameters(TrainingParameters):
    """How the inter-frame-attention network is trained, and its motion vectors are made."""

    ifa_width: Literal[4, 8, 16, 32] = Field(
        8, description="F of EMA-VFI: 32 base (paper), 16 small, 8 for CPUs"
    )
    ifa_depths: tuple[Depth, Depth, Depth, Depth, Depth] = Field(
        (2, 2, 2, 2, 2), description="blocks per scale; base (2, 2, 2, 4, 4)"
    )
    ifa_weights: LocatedFile = Field(
        "", description="published or earlier weights to start from; empty: random"
    )
    ifa_steps: int = Field(
        600, ge=0, le=10_000_000, description="training steps; 0: extract with the given weights"
    )
    ifa_batch_size: Count = Field(8, description="triplets per step (authors' code: 8)")
    ifa_learning_rate: Rate = Field(1e-3, description="peak; 2e-4 at full size (EMA-VFI)")
    ifa_warmup_steps: int = Field(50, ge=0, description="linear warm-up; 2000 at full size")
    ifa_loss: Literal["infomotion", "ema_vfi"] = Field(
        "infomotion", description="MSE + lambda Laplacian, or the published form"
    )
    ifa_lambda: float = Field(0.5, ge=0, le=1000, description="weight of the Laplacian term (EMA-VFI's 0.5)")
    ifa_refine: bool = Field(
        False, description="train the refinement U-Net too; false: loss on the warps alone"
    )
    ifa_flips: bool = Field(True, description="random flips and rotations of the published augmentation")
    ifa_seed: Seed = Field(0, description="seed of weights, batches and augmentation")
    ifa_precision: Literal["32-true", "bf16-mixed", "auto"] = Field(
        "32-true",
        description="Lightning Fabric precision; auto: bf16-mixed where the processor has its instructions",
    )
    ifa_vector_precision: Literal["32-true", "bf16-mixed"] = Field(
        "32-true",
        description="of the vectors; bf16-mixed: faster, distances in nearly the same order",
    )
    ifa_vector_engine: Literal["torch", "openvino"] = Field(
        "torch", description="what computes the vectors; openvino: faster on a CPU, in native arithmetic"
    )
    pairs: Pairs = Field(2, description="motions per video: filling and emptying, or (1) emptying alone")
    pooling: Literal["mean", "grid", "flow"] = Field(
        "mean", description="motion map to vector; mean is the paper's"
    )

    def require_machine(self) -> None:
        """Refuse bfloat16 where the processor, or the arithmetic asked for, has none, and OpenVINO where it
        cannot be.
        """
        super().require_machine()
        if self.ifa_vector_engine == "openvino":
            from infomotion_lib.device import resolve_device
            from infomotion_lib.representations.ifa.engine import require_openvino

            require_openvino(
                pooling=self.pooling,
                precision=self.ifa_vector_precision,
                device=resolve_device(self.device).type,
                arithmetic=self.arithmetic,
            )
        for name in ("ifa_precision", "ifa_vector_precision"):
            if getattr(self, name) == "bf16-mixed":
                from infomotion_lib.training.placement import resolve_precision

                asked = variables(self.arithmetic, threads=self.workers)
                resolve_precision("bf16-mixed", self.device, environment=asked, name=name)
