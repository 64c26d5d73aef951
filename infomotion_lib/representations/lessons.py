"""What stage 02 learns from the frame index: labels of the videos that teach, frames of all."""

from __future__ import annotations

import hashlib

import pandas as pd

from infomotion_lib.parameters import StageParameters
from infomotion_lib.paths import RunPaths


def seen_of_index(parameters: StageParameters, paths: RunPaths) -> dict[str, str]:
    """Hash of the frame index without EF and class of the sources that do not teach, in place of the file's.

    Their EF is relabelled: another regressor gives another frame index, and the same vectors.
    """
    table = pd.read_csv(paths.frame_index, dtype=str, keep_default_na=False)
    others = table["source"] != next(iter(parameters.sources))
    table.loc[others, ["ef", "class_name"]] = ""
    content = table.to_csv(index=False, lineterminator="\n").encode()
    return {f"frame_index/{paths.frame_index.name}": hashlib.sha256(content).hexdigest()}
