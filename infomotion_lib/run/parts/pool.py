"""The pool of a generator, drawn by several jobs once it is trained: clips that the stage takes up."""

from __future__ import annotations

from pathlib import Path

from infomotion_lib.data.videos import open_sources
from infomotion_lib.device import resolve_device
from infomotion_lib.generators.parameters import PoolParameters
from infomotion_lib.generators.pool import POOL, REQUEST, draw_share
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.generators.stage import open_lessons, start_pool
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_json
from infomotion_lib.share import Share
from infomotion_lib.stage_table import pool_stage


def prepare(parameters: PoolParameters, paths: RunPaths) -> None:
    """Train the generator, and the privacy filter where one is asked for; begin the pool."""
    start_pool(
        open_lessons(open_sources(parameters, paths), parameters=parameters, paths=paths),
        folder=paths.stage(pool_stage(parameters.generator)),
        parameters=parameters,
        device=resolve_device(parameters.device).type,
    )


def part(share: Share, parameters: PoolParameters, paths: RunPaths) -> None:
    """Draw one share of the clips; those that the privacy filter asks for anew are left to the stage."""
    folder = paths.stage(pool_stage(parameters.generator))
    fitted = (
        GENERATORS[parameters.generator]
        .load()
        .load(
            folder,
            parameters=parameters,
            device=resolve_device(parameters.device).type,
            side=read_json(folder / POOL / REQUEST)["side"],
        )
    )
    draw_share(fitted, folder / POOL, share)


def take_up(folder: Path) -> None:
    """Nothing: clips are drawn where the pool has them."""
