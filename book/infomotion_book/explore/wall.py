"""The wall of clips: what each selector picked from each class, looping side by side. Drawn hearts only."""

from __future__ import annotations

import io
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from infomotion_book.templates import line
from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.data.video import read_clip, resize_clip
from infomotion_lib.files import VIDEOS
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import METHOD_NAMES
from infomotion_lib.reporting.widgets import image_choice

if TYPE_CHECKING:
    import ipywidgets
    import pandas as pd

WORDS = "controls.md.jinja"

SIDE, GAP, FRAMES, STEP, SHOWN = 96, 4, 20, 2, 5
MILLISECONDS = 70


def write_wall(results: Results, folder: Path) -> list[Path]:
    """Paths of rows, per class and method, and their stills; none unless the videos are drawn hearts."""
    picks, videos = picks_of(results), drawn_videos(results)
    if picks is None or videos is None:
        return []
    first = picks[
        (picks["selection_seed"] == picks["selection_seed"].min()) & (picks["vpc"] == picks["vpc"].min())
    ]
    files = []
    for (class_name, method), rows in first.groupby(["class_name", "method"], sort=False):
        files += write_loop(_row(rows, videos), folder / f"{class_name}-{method}.webp")
    return files


def control(folder: Path, base: str) -> ipywidgets.Widget:
    """Buttons for class, selector and motion, a row of clips from ``folder``, in the page under ``base``."""
    found = {file.stem for file in folder.glob("*.webp") if not file.stem.endswith("-still")}
    classes = [name for name in CLASS_NAMES if any(stem.startswith(f"{name}-") for stem in found)]
    methods = [method for method in METHOD_NAMES if any(stem.endswith(f"-{method}") for stem in found)]

    def picture(class_index: int, method_index: int, motion: int) -> tuple[str, str]:
        class_name, method = classes[class_index], methods[method_index]
        alt = line(WORDS, "wall_alt", {"class_name": class_name, "method": METHOD_NAMES[method]})
        name = f"{class_name}-{method}{'' if motion == 0 else '-still'}.webp"
        return f'<img class="im-figure im-wall" alt="{escape(alt)}" loading="lazy" src="{base}/{name}">', alt

    choices = {
        line(WORDS, "wall_class"): classes,
        "picked by": [METHOD_NAMES[m] for m in methods],
        "clips": ["moving", "still"],
    }
    return image_choice(choices, picture, start={"clips": 1})


def picks_of(results: Results) -> pd.DataFrame | None:
    """Selections from the first pool of a run; None where it has made none."""
    picks = results.table("graph_selection", "selections")
    return None if picks is None else picks[picks["source"] == "real"]


def first_picks(results: Results) -> pd.DataFrame | None:
    """InfoMotion's in the first pool at the smallest size and first seed, by rank; None without picks."""
    picks = picks_of(results)
    if picks is None:
        return None
    own = picks[(picks["method"] == "infomotion") & (picks["vpc"] == picks["vpc"].min())]
    return own[own["selection_seed"] == own["selection_seed"].min()].sort_values("rank")


def drawn_videos(results: Results) -> Path | None:
    """Folder of the run's drawn hearts; None where they are real or absent."""
    dataset = results.real_data
    folder = results.root / "data" / dataset / VIDEOS
    drawn_here = dataset in SOURCES and SOURCES[dataset].drawn_here
    return folder if drawn_here and folder.is_dir() else None


def _row(picks: pd.DataFrame, videos: Path) -> np.ndarray:
    """Looping clips of the first picks side by side, shape (T, H, W), uint8."""
    names = picks.sort_values("rank").drop_duplicates("file_name")["file_name"].head(SHOWN)
    return joined([loop_of(videos / f"{name}.avi") for name in names], axis=2)


def loop_of(file: Path) -> np.ndarray:
    clip = resize_clip(read_clip(file), SIDE)[::STEP]
    return clip[np.arange(FRAMES) % len(clip)]


def joined(clips: list[np.ndarray], *, axis: int) -> np.ndarray:
    """Clips of equal sizes (T, H, W) beside one another (axis 2) or below (axis 1), grey between them."""
    shape = list(clips[0].shape)
    shape[axis] = GAP
    gap = np.full(shape, 128, np.uint8)
    return np.concatenate([part for clip in clips for part in (clip, gap)][:-1], axis=axis)


def write_loop(frames: np.ndarray, file: Path, *, quality: int = 45) -> list[Path]:
    """Paths of a looping picture of frames (T, H, W), uint8, and of its still twin beside it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(webp(frames, quality=quality))
    return [file, write_still(frames[:1], file.with_name(f"{file.stem}-still.webp"))]


def write_still(frames: np.ndarray, file: Path) -> Path:
    """Path of a picture of the one frame (1, H, W), uint8."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(webp(frames[:1]))
    return file


def webp(frames: np.ndarray, *, quality: int = 45) -> bytes:
    """A picture of frames (T, H, W), uint8; of several, one that moves."""
    from PIL import Image

    first, *rest = [Image.fromarray(frame) for frame in frames]
    stream = io.BytesIO()
    motion: dict[str, Any] = (
        {"save_all": True, "append_images": rest, "duration": MILLISECONDS, "loop": 0} if rest else {}
    )
    first.save(stream, "webp", quality=quality, method=4, **motion)
    return stream.getvalue()
