"""What DISCOVR learnt at CPU size under each setting that was tried, from the frozen rows of that study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.results import records
from infomotion_lib.studies.discovr_sweep import TABLE, UNTRAINED

LEAST_R2 = 0.1
"""R2 on VAL from which we say that EF is read: the few VAL videos move it by some hundredths."""


def find_sweep(folder: Path = FROZEN / "studies") -> dict[str, Any] | None:
    """What the frozen rows say; None where the study has not run.

    ``rows``: trained networks, the best reader of EF first, then the one with random weights; those that are
    ``trained``, how many of these raised an alarm (``alarmed``), and whether one is ``useful``: it reads EF,
    and better than random weights do.
    """
    file = folder / TABLE
    if not file.is_file():
        return None
    table = pd.read_csv(file, keep_default_na=False, na_values={"last_loss": [""], "prototypes_used": [""]})
    ordered = table.assign(trained=table["setting"] != UNTRAINED)
    rows = records(ordered.sort_values(["trained", "ridge_r2"], ascending=False))
    trained = [row for row in rows if row["trained"]]
    floor = max([LEAST_R2, *(row["ridge_r2"] for row in rows if not row["trained"])])
    return {
        "rows": rows,
        "trained": trained,
        "useful": any(row["ridge_r2"] > floor for row in trained),
        "alarmed": sum(bool(row["alarms"]) for row in trained),
    }
