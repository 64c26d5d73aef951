"""What may be wrong with a video, by name, and when it is too much: then the data set is refused in words."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from infomotion_lib.data.layout import Layout
from infomotion_lib.errors import DataError
from infomotion_lib.files import FILE_LIST

OK = "ok"
MIN_FRAMES = 8
FRAME_RATES = (1.0, 1000.0)
"""Frames a second that a heart can be filmed at."""

SAME_RATE = 0.05
"""Share by which a list may round the frame rate of a file."""

OTHER_SUFFIXES = (".mp4", ".mov", ".mkv", ".m4v", ".webm", ".gif", ".wmv", ".mpg", ".mpeg", ".dcm")
"""Of videos that this layout does not hold, and that an author's folder may."""

MAX_UNUSABLE = 0.05
FAULTS = {
    "missing": "listed, but the file is not there",
    "empty_file": "the file has 0 bytes",
    "truncated": "the file ends too early",
    "unreadable": "the file is no video",
    "one_frame": "a single frame, no motion",
    "too_short": f"fewer than {MIN_FRAMES} frames",
    "no_frame_rate": f"the file states no frame rate between {FRAME_RATES[0]:g} and {FRAME_RATES[1]:g}",
    "odd_size": "frame size unlike the others",
    "ef_out_of_range": "EF below 0 or above 100",
}
"""Statuses that make a video unusable."""

TRACING_FAULTS = {
    "no_tracings": "no traced frame: phases are detected",
    "one_traced_frame": "a single traced frame: phases are detected",
    "frame_outside_clip": "a traced frame lies outside the clip: phases are detected",
    "too_few_tracing_rows": "a tracing of too few rows to enclose an area: phases are detected",
    "unreadable_tracing": "a tracing with cells that are no numbers of a picture: phases are detected",
    "odd_tracing_rows": "not 21 rows in a traced frame: used as they are",
    "overlapping_tracings": "a frame traced twice, or more than two traced frames: used as they are",
}
"""Faults of a tracing; the video stays usable."""

UNTRACED = frozenset(fault for fault, why in TRACING_FAULTS.items() if why.endswith("phases are detected"))
"""Those that leave a video without traced phases."""

REMARKS = {
    "stray_tracing": "traced names that FileList.csv does not have",
    "unlisted_video": "AVI files that FileList.csv does not have",
    "listed_size_differs": "rows of FileList.csv whose frame size is not the file's",
    "listed_length_differs": "rows of FileList.csv whose number of frames is not the file's",
    "listed_rate_differs": "rows of FileList.csv whose FPS is not the file's: the file's is used",
}
"""Counted, without consequence."""


def counts(column: pd.Series, known: dict[str, str]) -> dict[str, int]:
    """How many there are of each known fault, zeros left out."""
    counted = column.value_counts()
    return {fault: int(counted[fault]) for fault in known if fault in counted}


def refuse_faulty(
    layout: Layout, videos: pd.DataFrame, faults: dict[str, int], *, strict: bool, max_unusable: float
) -> None:
    unusable = videos[videos["status"] != OK]
    listing = ", ".join(
        f"{count} {fault} ({FAULTS[fault]})" for fault, count in faults.items() if fault in FAULTS
    )
    examples = ", ".join(f"{row.file_name} ({row.status})" for row in unusable.head(3).itertuples())
    if len(unusable) > max_unusable * len(videos):
        raise DataError(
            f"{len(unusable)} of {len(videos)} videos of {layout.root} cannot be used: {listing}.",
            where=(
                f"First of them: {examples}. Videos were looked for in {layout.videos}, which holds"
                f" {_held(layout.videos)}"
            ),
            remedy=_way_out(layout, videos, max_unusable),
        )
    bad = {
        fault: count
        for fault, count in faults.items()
        if fault not in ("unlisted_video", *(r for r in REMARKS if r.startswith("listed")))
    }
    if strict and bad:
        untraced = videos[(videos["status"] == OK) & videos["tracing"].isin(list(TRACING_FAULTS))]
        examples = examples or ", ".join(
            f"{row.file_name} ({row.tracing})" for row in untraced.head(3).itertuples()
        )
        raise DataError(
            f"{layout.root} has faults, and strict reading was asked for:"
            f" {', '.join(f'{n} {fault}' for fault, n in bad.items())}.",
            where=f"First of them: {examples}" if examples else "",
            remedy=(
                "Repair or remove these videos, or read without strict: each then has a status and is"
                " counted."
            ),
        )


def _way_out(layout: Layout, videos: pd.DataFrame, max_unusable: float) -> str:
    """What to do about too many unusable videos, by what most of them lack."""
    worst = str(videos.loc[videos["status"] != OK, "status"].mode().iloc[0])
    if worst == "odd_size":
        sizes = videos[videos["height"] > 0].groupby(["height", "width"]).size().rename("n").reset_index()
        ranked = sizes.sort_values("n", ascending=False).head(5).to_dict("records")
        listing = ", ".join(f"{size['width']} x {size['height']} ({size['n']})" for size in ranked)
        return (
            f"Sizes: {listing}. All videos of a data set have one; `infomotion distill --size 112` pads and"
            " scales your own to it."
        )
    others = {entry.suffix.lower() for entry in layout.videos.iterdir()} & set(OTHER_SUFFIXES)
    if worst == "missing" and others:
        return (
            f"Only .avi is read in this layout, and the folder holds {', '.join(sorted(others))}."
            " `infomotion distill` takes such videos as they are; or convert them to Motion-JPEG AVI."
        )
    return (
        f"At most {max_unusable:.0%} may be unusable. If you hold a part on purpose, keep only its rows in"
        f" {FILE_LIST}; -p allow_losses=true lets a run go on without the others."
    )


def _held(videos: Path) -> str:
    """What a folder of videos holds, in words: names in another case or form are seen at a glance."""
    names = sorted(entry.name for entry in videos.iterdir())
    return f"{len(names)} files, such as {', '.join(names[:2])}" if names else "nothing"
