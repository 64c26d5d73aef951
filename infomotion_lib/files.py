"""Names of files that one part of the project writes and another reads, said once."""

from __future__ import annotations

FILE_LIST, TRACINGS, VIDEOS = "FileList.csv", "VolumeTracings.csv", "Videos"
"""Of a data set folder in EchoNet's layout: the list of videos, the tracings, the folder of the videos."""

OPEN_LABELS = "open_labels.csv"
"""Beside them where the EF was requested and read by a regressor: both labels."""

PHANTOM_TRUTH, PHANTOM_REQUEST = "phantom_truth.csv", "phantom.json"
"""Beside them where hearts were drawn: what is exactly true of each, and what was asked for."""

FETCHED = "source.json"
"""Beside them where they were fetched: from where, and which data set they are."""

POOL_RECORD = "pool.json"
"""Beside them where a generator drew the videos: what was asked of it."""

SUMS = "SHA256SUMS"
"""Beside them where a run made or fetched the videos: the hash of each."""

MANIFEST = "croissant.json"
"""Beside them where somebody has said what they are called and what may be done with them."""

DISTILLED = ", distilled"
"""End of the name that such a manifest gives to a selection of videos."""

VIDEO_TABLE, DATA_REPORT, PINS = "videos.csv", "data_report.csv", "sources.json"
"""Of the data stage: every video of every source, their counts, hashes of what later stages depend on."""

VIDEO_SUMS = "video_hashes.csv"
"""Of the data stage too: hashes of each of the reader's own videos, as it found them."""

LABELS, FRAME_INDEX, SELECTIONS = "labels.csv", "frame_index.csv", "selections.csv"
"""What is known of each video, stage by stage: relabelled EF, ED and ES frames, who was chosen by whom."""

RUNS, PREDICTIONS, TABLE1, CONSTANTS, TABLE2 = (
    "runs.csv",
    "predictions.csv",
    "table1.csv",
    "constants.csv",
    "table2.csv",
)
"""Results: a row per network, prediction, cell of Table 1, constant answer, cell of Table 2."""
