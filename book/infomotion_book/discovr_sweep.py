"""What DISCOVR learnt at CPU size under each setting that was tried, from the frozen rows of that study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.results import records
from infomotion_lib.studies.discovr_sweep import TABLE, UNTRAINED

LEAST_R2 = 0.1
"""R2 on VAL from which we say that EF is read: the few VAL videos move it by some hundredths."""


@dataclass(frozen=True)
class Sweep:
    """Trained networks, the best reader of EF first, then the one with random weights."""

    rows: list[dict[str, Any]]

    @property
    def trained(self) -> list[dict[str, Any]]:
        """Those that have learnt."""
        return [row for row in self.rows if row["setting"] != UNTRAINED]

    @property
    def useful(self) -> bool:
        """Whether some setting reads EF, and better than random weights do."""
        floor = max([LEAST_R2, *(row["ridge_r2"] for row in self.rows if row["setting"] == UNTRAINED)])
        return any(row["ridge_r2"] > floor for row in self.trained)

    @property
    def alarmed(self) -> int:
        """Trained networks with an alarm."""
        return sum(bool(row["alarms"]) for row in self.trained)


def find_sweep(folder: Path = FROZEN / "studies") -> Sweep | None:
    """The frozen rows, or None where the study has not run."""
    file = folder / TABLE
    if not file.is_file():
        return None
    table = pd.read_csv(file, keep_default_na=False, na_values={"last_loss": [""], "prototypes_used": [""]})
    trained = table["setting"] != UNTRAINED
    ordered = table.assign(trained=trained).sort_values(["trained", "ridge_r2"], ascending=False)
    return Sweep(records(ordered))
