"""The pool of a generator: a data set folder in EchoNet's layout, with a manifest of how each clip was
made.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.data.video import probe, write_clip
from infomotion_lib.errors import DataError, ParameterError, StageError, VideoError
from infomotion_lib.generators.base import Fitted
from infomotion_lib.generators.cutting import Cut, file_list
from infomotion_lib.progress import track
from infomotion_lib.provenance import UNFINISHED, read_json, write_csv, write_json

REQUEST, MANIFEST, DRAWING = "pool.json", "manifest.csv", "drawing.json"
"""What was asked for; how each clip was made; and, where another machine drew the pool, what that machine
says.
"""

BATCH = 16
"""Clips drawn at once."""


def write_pool(
    fitted: Fitted, root: str | Path, *, cut: Cut, per_class: int, seed: int, generator: str
) -> Path:
    """Folder with ``per_class`` clips of each class, ``FileList.csv``, ``manifest.csv`` and ``pool.json``.

    ``FileList.csv`` carries the requested EF, like EchoNet-Synthetic: relabel before use. A killed call is
    resumed: clips that are there are kept, since each depends on its own row of the manifest alone.

    Parameters
    ----------
    cut : Cut
        Length, rate and side of the clips as the generator draws them; longer ones lose their last frames.
    generator : str
        Its name, for ``pool.json``.

    Raises
    ------
    ParameterError
        If a number of the request is out of range; nothing has been written then.
    DataError
        If the folder holds a pool made by another request, something else, or a record that cannot be read.
    """
    if per_class < 1:
        raise ParameterError(f"A pool needs at least one clip a class, not {per_class}.")
    if not cut.fps > 0:
        raise ParameterError(f"Clips need a positive number of frames a second, not {cut.fps:g}.")
    folder, manifest = Path(root), fitted.requests(per_class=per_class, seed=seed)
    shape = {"frames": cut.frames, "fps": cut.fps, "side": cut.side}
    request = {"generator": generator, "per_class": per_class, "seed": seed, **shape, **fitted.settings()}
    _claim(folder, request)
    videos = [folder / "Videos" / f"{name}.avi" for name in manifest["FileName"]]
    wanted = [row for row, video in enumerate(videos) if not _is_written(video, cut.frames)]
    bar: tqdm[Any] = track(label="sampling", total=len(wanted), unit="clip")
    with bar:
        for start in range(0, len(wanted), BATCH):
            rows = wanted[start : start + BATCH]
            for row, clip in zip(rows, fitted.draw(manifest.iloc[rows]), strict=True):
                write_clip(videos[row], clip[: cut.frames], fps=cut.fps)
            bar.update(len(rows))
    listed = file_list(manifest["FileName"], manifest["requested_ef"], cut=cut)
    write_csv(listed, folder / "FileList.csv")
    write_csv(manifest, folder / MANIFEST)
    return folder


def copy_pool(given: str | Path, root: str | Path, *, per_class: int) -> Path:
    """Folder of a pool that was drawn on another machine, copied whole.

    Raises
    ------
    DataError
        If files or clips are missing, there are more or fewer clips per class than wanted, or the folder
        holds another pool.
    """
    pool, folder = Path(given).expanduser(), Path(root)
    remedy = "Finish it where its generator is, with the same settings as before, and copy the whole folder."
    missing = [name for name in (REQUEST, MANIFEST, "FileList.csv") if not (pool / name).is_file()]
    if missing:
        raise DataError(
            f"No finished pool: {', '.join(missing)} missing.", where=f"Looked in: {pool}", remedy=remedy
        )
    manifest = pd.read_csv(pool / MANIFEST)
    absent = [name for name in manifest["FileName"] if not (pool / "Videos" / f"{name}.avi").is_file()]
    if absent:
        what = f"{len(absent)} of {len(manifest)} clips of the pool are missing, {absent[0]} the first."
        raise DataError(what, where=f"Looked in: {pool / 'Videos'}", remedy=remedy)
    counts = manifest["requested_class"].value_counts().reindex([*CLASS_NAMES], fill_value=0)
    if (counts != per_class).any():
        said = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise DataError(
            f"The pool has {said} clips; the profile asks for {per_class} of each class.",
            where=f"Read: {pool / MANIFEST}",
            remedy="Set pool_per_class.",
        )
    if (
        folder.is_dir()
        and (folder / REQUEST).is_file()
        and read_json(folder / REQUEST) != read_json(pool / REQUEST)
    ):
        raise DataError(
            f"{folder} holds another pool.",
            where=f"Read: {folder / REQUEST}",
            remedy="Move it aside, or use the pool in another run: -p runs_dir=FOLDER.",
        )
    if pool.resolve() != folder.resolve():
        shutil.copytree(pool, folder, dirs_exist_ok=True)
    return folder


def given_folder(given_pools: Sequence[str], generator: str) -> str:
    """Folder of a generator's pool among ``NAME=FOLDER`` entries; empty where it is to be drawn here.

    Raises
    ------
    ParameterError
        If an entry is not of that form.

    >>> given_folder(["latte=/data/pool"], "latte")
    '/data/pool'
    """
    folders: dict[str, str] = {}
    for entry in given_pools:
        name, separator, folder = entry.partition("=")
        if not (name and separator and folder):
            raise ParameterError(
                f"Not NAME=FOLDER: {entry!r}", remedy="Write given_pools: [latte=/folder/of/the/pool]."
            )
        folders[name] = folder
    return folders.get(generator, "")


def _claim(folder: Path, request: dict[str, Any]) -> None:
    record = folder / REQUEST
    if record.is_file():
        try:
            written = read_json(record)
        except StageError:
            what = f"{record} is damaged: how the clips beside it were made is not known."
            raise DataError(what, remedy="Restore it, or generate into another folder.") from None
        differing = [name for name, value in request.items() if written.get(name) != value]
        if differing:
            raise DataError(
                f"{folder} holds a pool made with another {', '.join(differing)}.",
                where=f"Read: {record}",
                remedy="Delete the folder, or generate into another one.",
            )
    elif folder.is_dir() and any(not entry.name.startswith(UNFINISHED) for entry in folder.iterdir()):
        raise DataError(
            f"{folder} is not empty and holds no pool.",
            where=f"Looked for: {record}",
            remedy="Generate into an empty folder.",
        )
    else:
        write_json(request, record)
    for file in folder.rglob(f"{UNFINISHED}*"):  # what a killed run was writing
        file.unlink()


def _is_written(path: Path, frames: int) -> bool:
    try:
        return path.is_file() and probe(path).n_frames == frames
    except VideoError:
        return False
