"""Where frozen results lie, and the hashes that tell whether a frozen file is still as it was frozen."""

from __future__ import annotations

from pathlib import Path

from infomotion_lib.paths import BOOK
from infomotion_lib.provenance import sha256

FROZEN = BOOK / "results"
"""Folder of the frozen results of every profile."""

FROZEN_FILES = "frozen.json"
"""File beside the frozen stages: SHA-256 of every other frozen file, as it left the freeze."""

STUDY = "evidence"
"""Folder beside the frozen stages that holds the rows of a study, published by a command of its own; a freeze
leaves it.
"""

EXPLORE = "explore"
"""Folder of the files that the controls to play with need, beside the stages."""

EVALUATION_FIGURES = ("accuracy_by_vpc.svg", "paired_differences.svg", "confusion.svg")
"""Figures of stage 04 that the results page shows for every profile."""

ABLATION_FIGURES = (
    *("side_by_side.svg", "side_by_side.webp"),
    *("label_consistency.svg", "fidelity.svg", "table2.svg"),
)
ABLATION_LOOPS = "loops.webp"
"""Figures of stage 06 that it shows for every profile, one of them made of pixels in runs of older editions;
and clips in motion, on demand, since nothing on a page may move unasked.
"""

SHOWN = {"evaluation": EVALUATION_FIGURES, "ablation": (*ABLATION_FIGURES, ABLATION_LOOPS)}
"""All that a book shows of a profile which is not its leading one, besides tables and run cards."""


def frozen_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in the frozen copy of a run, by its path from there; rows of a study beside it
    are none of the run's.
    """
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.is_file() and file.name != FROZEN_FILES and folder / STUDY not in file.parents
    )
    return {file.relative_to(folder).as_posix(): sha256(file) for file in files}
