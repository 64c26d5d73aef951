"""What a stage that learns from frames sees of their index: labels of those that teach, frames of all."""

from __future__ import annotations

import hashlib

from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.parameters import StageParameters
from infomotion_lib.paths import RunPaths


def seen_of_index(parameters: StageParameters, paths: RunPaths) -> dict[str, str]:
    """Hash of the frame index without EF and class of the sources that do not teach, in place of the file's.

    Their EF is relabelled: another regressor gives another frame index, and the same vectors.

    Raises
    ------
    DataError
        If the frame index is missing, or is none.
    """
    index = read_frame_index(paths.frame_index)
    teaches = index["source"] == next(iter(parameters.sources))
    seen = index.assign(ef=index["ef"].where(teaches), class_name=index["class_name"].where(teaches, ""))
    content = seen.to_csv(index=False, lineterminator="\n").encode()
    return {f"frame_index/{paths.frame_index.name}": hashlib.sha256(content).hexdigest()}
