"""The end-diastolic frames of chosen videos, to look at."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.data.sources import SOURCES
from infomotion_lib.data.video import read_frames
from infomotion_lib.data.videos import open_sources
from infomotion_lib.files import PHANTOM_REQUEST, VIDEOS
from infomotion_lib.parameters import StageParameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.phantom.dataset import drawn_hearts
from infomotion_lib.phantom.rendering import render
from infomotion_lib.provenance import read_json


def end_diastolic_frames(
    rows: pd.DataFrame, *, parameters: StageParameters, paths: RunPaths
) -> list[NDArray[np.uint8]]:
    """A frame (H, W) for each row of a frame index, all of one source.

    It is read from the video. Where a phantom's videos are not on disk (a run that was laid out from the
    files that ship), that one frame is drawn.

    Parameters
    ----------
    rows : DataFrame
        Columns ``source``, ``file_name``, ``ed`` and ``diastole_end``.
    parameters : StageParameters
        Of this run.
    paths : RunPaths
        Its folders.
    """
    if rows.empty:
        return []
    source, frames = str(rows["source"].iloc[0]), rows["ed"].fillna(rows["diastole_end"]).astype(int)
    wanted = list(zip(rows["file_name"].astype(str), frames, strict=True))
    root = SOURCES[parameters.sources[source]].root(data_dir=paths.data, data_root=parameters.data_root)
    if (root / PHANTOM_REQUEST).is_file() and not (root / VIDEOS).is_dir():
        hearts, side = drawn_hearts(root), int(read_json(root / PHANTOM_REQUEST)["size"])
        return [render(hearts[name], [frame], size=side)[0] for name, frame in wanted]
    path = open_sources(parameters, paths)[source].videos.set_index("file_name")["path"]
    return [read_frames(path[name], [frame])[0] for name, frame in wanted]
