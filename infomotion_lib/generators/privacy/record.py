"""What the filter leaves beside a pool, read back as a few numbers; torch-free."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from infomotion_lib.generators.privacy.clips import ClipFilter

CLIPS, PLANTED, OF_REAL = "privacy.csv", "privacy_planted.csv", "privacy_real.csv"
"""Every clip that was drawn; training hearts that were planted among others; VAL hearts."""

OTHERS = "other hearts"
"""Among planted hearts, real ones of VAL, which nobody has learnt from: they should be kept."""

FILES = (CLIPS, PLANTED, OF_REAL)


def of_real_hearts(judge: ClipFilter) -> pd.DataFrame:
    """Rows of ``privacy_real.csv``: ``closest``, largest correlation of each VAL heart with a TRAIN heart,
    whether it would be ``kept``, and ``tau``.
    """
    report = judge.of_real()
    return pd.DataFrame({"closest": report.closest, "kept": report.kept}).assign(tau=report.tau)


def summary(pool: Path) -> dict[str, Any]:
    """Numbers of one pool from its files: ``tau``; clips ``drawn``, ``dropped`` and ``left_out`` (dropped and
    not replaced); ``dropped_percent`` of all that were drawn; medians of ``closest`` for drawn clips and for
    ``real_closest``; ``real_dropped_percent``, share of VAL hearts that the rule would drop. Empty where no
    filter ran.
    """
    if not (pool / CLIPS).is_file():
        return {}
    clips, real = (pd.read_csv(pool / name) for name in (CLIPS, OF_REAL))
    wanted = int((clips["round"] == 0).sum())
    return {
        "tau": round(float(real["tau"].iloc[0]), 4),
        "drawn": len(clips),
        "dropped": int((~clips["kept"]).sum()),
        "left_out": wanted - int(clips["kept"].sum()),
        "dropped_percent": round(100 * float((~clips["kept"]).mean()), 1),
        "closest": round(float(clips["closest"].median()), 4),
        "real_closest": round(float(real["closest"].median()), 4),
        "real_dropped_percent": round(100 * float((~real["kept"]).mean()), 1),
    }


def roc_areas(table: pd.DataFrame) -> pd.DataFrame:
    """Of each kind of copy: ``n``, ``auc`` against other hearts (1: all more alike than any other heart, 0.5:
    none), ``caught``, share that is left out; and in the row of other hearts the share left out of these.
    """
    others = table.loc[table["kind"] == OTHERS, "closest"].to_numpy()
    rows = []
    for kind, part in table.groupby("kind", sort=False):
        closest = part["closest"].to_numpy()
        above = (closest[:, None] > others).mean() + (closest[:, None] == others).mean() / 2
        area = float(above) if kind != OTHERS else float("nan")
        rows.append((kind, len(part), area, float(1 - part["kept"].mean())))
    return pd.DataFrame(rows, columns=["kind", "n", "auc", "caught"])
