"""One-off: frozen results of the stage ``05_latte_ablation`` into the folders of the two stages it became.

    python tests/tools/carry_over_ablation.py COMMIT

Nothing is computed. What the Latte left goes to ``05_generators/latte``, all else to ``06_ablation``. Either
card keeps what the old one said, its parameters, notes and files divided between the two, and says where it was
carried from; ``COMMIT`` is the last one that has the old folders.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from infomotion_lib.frozen import FROZEN, FROZEN_FILES, frozen_hashes
from infomotion_lib.parameters import STAGES
from infomotion_lib.provenance import write_json
from infomotion_lib.stage_table import RUN_CARD, TABLE

OLD = "05_latte_ablation"
POOL_FILES = ("latte.safetensors", "manifest.csv", "losses.csv")
POOL_NOTES = ("seconds", "weights", "psnr", "ssim", "val_loss", "drawn_elsewhere")


def carry(profile: Path, commit: str) -> None:
    """Divide one profile's folder in two."""
    old = profile / OLD
    card = json.loads((old / RUN_CARD).read_text(encoding="utf-8"))
    pool, ablation = (profile / TABLE[name].folder for name in ("latte_pool", "ablation"))
    pool.mkdir(parents=True)
    for name in POOL_FILES:
        if (old / name).is_file():
            (old / name).rename(pool / name)
    (old / RUN_CARD).unlink()
    shutil.move(str(old), ablation)
    known = {name: STAGES[name].model_fields for name in ("latte_pool", "ablation")}
    lost = [name for name in card["parameters"] if not any(name in fields for fields in known.values())]
    assert not lost, lost
    for stage, is_pool in (("latte_pool", True), ("ablation", False)):
        write_json(
            part(card, stage, known[stage], is_pool=is_pool, commit=commit),
            profile / TABLE[stage].folder / RUN_CARD,
        )
    (profile / FROZEN_FILES).unlink()
    write_json(frozen_hashes(profile), profile / FROZEN_FILES)


def part(card: dict[str, Any], stage: str, known: Any, *, is_pool: bool, commit: str) -> dict[str, Any]:
    """The old card as far as it speaks of one of the two stages."""
    carried = {"stage": card["stage"], "folder": OLD, "commit": commit, "seconds": "of both parts together"}
    outputs = {
        shown.replace(OLD, TABLE[stage].folder): value
        for shown, value in card["outputs"].items()
        if (Path(shown).name in POOL_FILES) == is_pool
    }
    changes = {
        "stage": stage,
        "parameters": {name: value for name, value in card["parameters"].items() if name in known},
        "outputs": outputs,
        "notes": {name: value for name, value in card["notes"].items() if (name in POOL_NOTES) == is_pool},
    }
    for name in ("figures", "executed"):  # the executed notebook shows them all
        if name in card and is_pool:
            changes[name] = {}
    return {**card, **changes, "carried_over": carried}


if __name__ == "__main__":
    for folder in sorted(FROZEN.glob(f"*/{OLD}")):
        carry(folder.parent, sys.argv[1])
