"""The wall of clips: what each selector picked from each class, looping side by side. Drawn hearts only."""

from __future__ import annotations

import io
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.data.video import read_clip, resize_clip
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import METHOD_NAMES
from infomotion_lib.reporting.widgets import image_choice

if TYPE_CHECKING:
    import ipywidgets

SIDE, GAP, FRAMES, STEP, SHOWN = 96, 4, 20, 2, 5
MILLISECONDS = 70


def write_wall(results: Results, folder: Path) -> list[Path]:
    """Paths of the looping rows, one a class and method, and their stills; none unless the run's videos are drawn hearts."""
    picks = results.table("graph_selection", "selections")
    dataset = str(results.parameters.get("real_data", ""))
    videos = results.root / "data" / dataset / "Videos"
    if picks is None or not dataset.startswith("phantom") or not videos.is_dir():
        return []
    picks = picks[
        (picks["source"] == "real") & (picks["selection_seed"] == picks["selection_seed"].min()) & (picks["vpc"] == picks["vpc"].min())
    ]
    files = []
    for (class_name, method), rows in picks.groupby(["class_name", "method"], sort=False):
        names = rows.sort_values("rank").drop_duplicates("file_name")["file_name"].head(SHOWN)
        clips = [_loop(videos / f"{name}.avi") for name in names]
        files += _save(np.concatenate(_with_gaps(clips), axis=2), folder / f"{class_name}-{method}.webp")
    return files


def control(folder: Path, base: str) -> ipywidgets.Widget:
    """Buttons for class, selector and motion; under them a row of clips.

    Parameters
    ----------
    folder : Path
        Where the rows lie.
    base : str
        The same folder as the page sees it.
    """
    found = {file.stem for file in folder.glob("*.webp") if not file.stem.endswith("-still")}
    classes = [name for name in CLASS_NAMES if any(stem.startswith(f"{name}-") for stem in found)]
    methods = [method for method in METHOD_NAMES if any(stem.endswith(f"-{method}") for stem in found)]

    def picture(class_index: int, method_index: int, motion: int) -> tuple[str, str]:
        class_name, method = classes[class_index], methods[method_index]
        alt = f"Phantom clips of the class {class_name} picked by {METHOD_NAMES[method]}, side by side."
        name = f"{class_name}-{method}{'' if motion == 0 else '-still'}.webp"
        return f'<img class="im-figure im-wall" alt="{escape(alt)}" loading="lazy" src="{base}/{name}">', alt

    choices = {"EF class": classes, "picked by": [METHOD_NAMES[m] for m in methods], "clips": ["moving", "still"]}
    return image_choice(choices, picture, start={"clips": 1})


def _loop(file: Path) -> np.ndarray:
    clip = resize_clip(read_clip(file), SIDE)[::STEP]
    return clip[np.arange(FRAMES) % len(clip)]


def _with_gaps(clips: list[np.ndarray]) -> list[np.ndarray]:
    gap = np.full((FRAMES, SIDE, GAP), 255, np.uint8)
    return [part for clip in clips for part in (clip, gap)][:-1]


def _save(frames: np.ndarray, file: Path) -> list[Path]:
    from PIL import Image

    file.parent.mkdir(parents=True, exist_ok=True)
    pages = [Image.fromarray(frame) for frame in frames]
    still = file.with_name(f"{file.stem}-still.webp")
    for path, options in ((file, {"save_all": True, "append_images": pages[1:], "duration": MILLISECONDS, "loop": 0}), (still, {})):
        stream = io.BytesIO()
        pages[0].save(stream, "webp", quality=45, method=4, **options)
        path.write_bytes(stream.getvalue())
    return [file, still]
