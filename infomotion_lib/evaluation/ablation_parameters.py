"""Parameters of the comparison of generators."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from infomotion_lib.errors import ParameterError
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.parameter_types import Count, Distinct, LocatedFile, Seed
from infomotion_lib.parameters import StageParameters
from infomotion_lib.registry import known
from infomotion_lib.selection.parameters import Method

if TYPE_CHECKING:
    GeneratorName = str
else:
    GeneratorName = known(GENERATORS)


class AblationParameters(StageParameters):
    """Stage 06: put every pool through one pipeline.

    Settings of phases, graphs and regressors are those of stages 01 to 04 of the same run.
    """

    generators: Annotated[tuple[GeneratorName, ...], Distinct] = Field(
        ("echosyn", "latte"), min_length=1, description="pools to compare, the first the one to compare with"
    )
    pool_methods: Annotated[tuple[Method, ...], Distinct] = Field(
        ("random", "infomotion"),
        min_length=1,
        description="selectors to compare pools by (paper: InfoMotion)",
    )
    pool_seed: Seed = Field(0, description="seed of the sampled pools")
    steps_pool: Count = Field(
        600, description="training steps on a whole pool (half those of a pool of twice the size)"
    )
    grid_jobs: int = Field(
        1, ge=1, le=1000, description="jobs that share the networks to train; 1: the stage"
    )
    fidelity_resamples: Count = Field(100, description="subsamples of each interval of a distance")
    inception_weights: LocatedFile = Field(
        "", description="TorchScript Inception for FID; empty: our own encoders alone"
    )
    inception_sha256: str = Field("", description="its hash")
    i3d_weights: LocatedFile = Field("", description="TorchScript I3D for FVD; empty: our own encoders alone")
    i3d_sha256: str = Field("", description="its hash")

    def require_machine(self) -> None:
        """Refuse encoder files whose hash is not given."""
        super().require_machine()
        for name in ("inception", "i3d"):
            file, digest = getattr(self, f"{name}_weights"), getattr(self, f"{name}_sha256")
            if file and not re.fullmatch("[0-9a-f]{64}", digest):
                raise ParameterError(
                    f"{name}_weights needs {name}_sha256, 64 digits 0-9 and a-f, not {digest!r}.",
                    remedy="Give the SHA-256 that the file was published with.",
                )
