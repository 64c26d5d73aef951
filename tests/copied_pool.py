"""A pool as another machine drew it, without the stage that made it."""

from __future__ import annotations

import shutil
from pathlib import Path

from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import write_json

STAGE = "latte_pool"


def copied_pool(copy: Path) -> Path:
    """The Latte stage of a run's copy with nothing in it but a pool, as another machine drew it."""
    folder = RunPaths(copy.name, copy).stage(STAGE)
    pool = shutil.copytree(folder / "pool", copy / "pool")
    shutil.rmtree(folder)
    shutil.move(str(pool), folder / "pool")
    write_json({"gpu": "a card", "weights": 7, "seconds": {"latte": 3.0}}, folder / "pool" / "drawing.json")
    return folder
