"""Parameters of the synthetic pools: what every generator's pool has, composed with the generator's own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, create_model

from infomotion_lib.generators.registry import GENERATORS, IN_NOTEBOOK, Generator
from infomotion_lib.parameter_types import Count, Seed
from infomotion_lib.parameters import StageParameters
from infomotion_lib.registry import imported, known

if TYPE_CHECKING:
    GeneratorName = str
else:
    GeneratorName = known(GENERATORS)


class PoolParameters(StageParameters):
    """Stage 05: learn from real videos and draw a pool, or take one; one job per generator."""

    generator: GeneratorName = Field(IN_NOTEBOOK, description="whose pool this job makes; the runner sets it")
    shards: int = Field(
        1, ge=1, le=1000, description="jobs that share vectors and clips to make; 1: the stage"
    )
    latte_frames: int = Field(
        16, ge=8, le=64, description="frames per clip, in every pool (published Latte: 16)"
    )
    latte_fps: float = Field(
        12.5, gt=0, description="frames per second, in every pool; the phantom's regressor looks at this rate"
    )
    pool_per_class: Count = Field(30, description="clips of each requested class in every pool")
    pool_seed: Seed = Field(0, description="seed of the sampled pools")
    privacy_filter: Literal["none", "closest"] = Field(
        "none", description="closest: leave out clips too like the training heart closest to them"
    )
    privacy_percentile: float = Field(
        95, ge=0, le=100, description="how like is too like, of the likeness between real hearts (published)"
    )
    privacy_scaling: Literal["each", "published"] = Field(
        "each", description="scale a drawn clip by itself, as real ones are; published: by the whole set"
    )
    privacy_steps: Count = Field(300, description="training steps of the network that knows hearts again")
    privacy_side: int = Field(
        64, ge=32, le=256, multiple_of=2, description="side of the frames that it sees, pixels"
    )
    privacy_redraws: int = Field(3, ge=0, le=20, description="how often a dropped clip is drawn again")


def pool_parameters(generator: str) -> type[PoolParameters]:
    """Model of the parameters of one generator's job: those of every pool, and the generator's own."""
    entry = GENERATORS[generator]
    return _pool_model(entry, (imported(entry.parameters),) if entry.parameters else ())


@cache
def _pool_model(entry: Generator, models: tuple[Any, ...]) -> type[PoolParameters]:
    text = PoolParameters.model_fields["generator"].description
    made = create_model(
        f"{entry.label}PoolParameters",
        __base__=(*models, PoolParameters),
        generator=(Literal[entry.name], Field(entry.name, description=text)),  # type: ignore[arg-type]  # one value
    )
    made.of_entries = frozenset(name for model in models for name in model.model_fields) - set(
        PoolParameters.model_fields
    )
    return made
