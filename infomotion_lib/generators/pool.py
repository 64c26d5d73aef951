"""The pool of a generator: a data set folder in EchoNet's layout, with a manifest of how each clip was
made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.data.video import probe, read_clip, write_clip
from infomotion_lib.errors import DataError, ParameterError, StageError, VideoError
from infomotion_lib.files import FILE_LIST, POOL_RECORD
from infomotion_lib.generators.base import Fitted
from infomotion_lib.generators.cutting import Cut, file_list
from infomotion_lib.generators.privacy.record import CLIPS
from infomotion_lib.generators.privacy.rounds import filtered
from infomotion_lib.progress import track
from infomotion_lib.provenance import UNFINISHED, read_json, write_csv, write_json
from infomotion_lib.share import Share

if TYPE_CHECKING:
    from infomotion_lib.generators.privacy.clips import ClipFilter

POOL = "pool"
"""Folder of the pool within that of its generator."""

REQUEST, MANIFEST, DRAWING = POOL_RECORD, "manifest.csv", "drawing.json"
"""The list of clips; what was asked for; how each clip was made; and, where another machine drew the pool,
what that machine says.
"""

PRIVACY = CLIPS
"""What the privacy filter says of every clip that was drawn, where it ran."""

DRAWN_HERE = ".drawn_here"
"""File that a generator's folder has where this run draws the pool itself."""

BATCH = 16
"""Clips drawn at once."""


@dataclass(frozen=True)
class PoolRequest:
    """What a pool is to be.

    Attributes
    ----------
    cut : Cut
        Length, rate and side of the clips as the generator draws them; longer ones lose their last frames.
    per_class : int
        Clips of each class.
    seed : int
        Of the drawing.
    generator : str
        Its name, for ``pool.json``.
    privacy : ClipFilter, optional
        Clips too like a training heart are drawn again by it, and left out if that does not help: a class may
        then have fewer clips. ``privacy.csv`` says what became of each.

    Raises
    ------
    ParameterError
        If a number is out of range.
    """

    cut: Cut
    per_class: int
    seed: int
    generator: str
    privacy: ClipFilter | None = None

    def __post_init__(self) -> None:
        if self.per_class < 1:
            raise ParameterError(f"A pool needs at least one clip per class, not {self.per_class}.")
        if not self.cut.fps > 0:
            raise ParameterError(f"Clips need a positive number of frames per second, not {self.cut.fps:g}.")

    def record(self, fitted: Fitted) -> dict[str, Any]:
        """Content of the ``pool.json`` of a pool that ``fitted`` draws."""
        named = {"generator": self.generator, "per_class": self.per_class, "seed": self.seed}
        shape = {"frames": self.cut.frames, "fps": self.cut.fps, "side": self.cut.side}
        privacy = self.privacy.settings() if self.privacy else {}
        return named | shape | fitted.settings() | privacy


def write_pool(fitted: Fitted, root: str | Path, request: PoolRequest) -> Path:
    """Folder with the clips of each class, ``FileList.csv``, ``manifest.csv`` and ``pool.json``.

    ``FileList.csv`` carries the requested EF, like EchoNet-Synthetic: relabel before use. A killed call is
    resumed: clips that are there are kept, since each depends on its own row of the manifest alone.

    Raises
    ------
    DataError
        If the folder holds a pool made by another request, something else, or a record that cannot be read;
        or if the filter leaves no clip.
    """
    folder, cut = Path(root), request.cut
    manifest = begin_pool(fitted, folder, request)
    if request.privacy:
        manifest = _filtered(fitted, manifest, folder, cut=cut, seed=request.seed, privacy=request.privacy)
    else:
        _draw(fitted, manifest, folder, cut=cut)
    listed = file_list(manifest["FileName"], manifest["requested_ef"], cut=cut)
    write_csv(listed, folder / FILE_LIST)
    write_csv(manifest, folder / MANIFEST)
    return folder


def begin_pool(fitted: Fitted, root: str | Path, request: PoolRequest) -> pd.DataFrame:
    """A row per clip to draw, in a folder that is claimed for them by its ``pool.json``; errors as of
    :func:`write_pool`, before a clip is drawn.
    """
    manifest = fitted.requests(per_class=request.per_class, seed=request.seed)
    _claim(Path(root), request.record(fitted))
    return manifest


def draw_share(fitted: Fitted, root: str | Path, share: Share) -> None:
    """Draw one share of the clips of a pool that :func:`begin_pool` began, in the same batches as one job
    draws them all; :func:`write_pool` takes them up.

    Raises
    ------
    DataError
        If the pool was begun with other settings of its generator.
    """
    folder = Path(root)
    request = read_json(folder / REQUEST)
    _refuse_other(request, fitted.settings(), folder)
    cut = Cut(request["frames"], request["fps"], request["side"])
    rows = fitted.requests(per_class=request["per_class"], seed=request["seed"])
    for start in share.part(range(0, len(rows), BATCH)):
        _draw(fitted, rows.iloc[start : start + BATCH], folder, cut=cut)


def _draw(fitted: Fitted, rows: pd.DataFrame, folder: Path, *, cut: Cut) -> None:
    """Write the clips of these rows that are not there yet."""
    videos = [_video(folder, name) for name in rows["FileName"]]
    wanted = [row for row, video in enumerate(videos) if not _is_written(video, cut.frames)]
    bar: tqdm[Any] = track(label="sampling", total=len(wanted), unit="clip")
    with bar:
        for start in range(0, len(wanted), BATCH):
            chosen = wanted[start : start + BATCH]
            for row, clip in zip(chosen, fitted.draw(rows.iloc[chosen]), strict=True):
                write_clip(videos[row], clip[: cut.frames], fps=cut.fps)
            bar.update(len(chosen))


def _filtered(
    fitted: Fitted, first: pd.DataFrame, folder: Path, *, cut: Cut, seed: int, privacy: ClipFilter
) -> pd.DataFrame:
    """The manifest of clips that the filter keeps; the others' files are removed last."""
    per_class = int(first["requested_class"].value_counts().max())
    rows, judged = filtered(
        first,
        again=lambda number: fitted.requests(per_class=per_class, seed=_seed_of(seed, number)),
        draw=lambda wanted: _draw(fitted, wanted, folder, cut=cut),
        judge=lambda wanted: privacy.report([read_clip(_video(folder, name)) for name in wanted["FileName"]]),
        names=privacy.train.names,
        redraws=privacy.redraws,
    )
    if rows.empty:
        raise DataError(
            f"The privacy filter leaves none of {len(judged)} clips: all are too like a training heart.",
            where=f"Looked at: {folder / 'Videos'}",
            remedy="Train the generator on more videos or for less long, or raise privacy_percentile.",
        )
    write_csv(judged, folder / PRIVACY)
    for name in judged.loc[~judged["kept"], "FileName"]:
        _video(folder, name).unlink(missing_ok=True)
    return rows.assign(privacy_filter=privacy.settings()["privacy_filter"])


def _seed_of(seed: int, number: int) -> int:
    """Seed of a later round of drawing."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def _video(folder: Path, name: str) -> Path:
    return folder / "Videos" / f"{name}.avi"


def is_copied(folder: Path) -> bool:
    """Whether the pool in a generator's folder was put there, drawn by another machine: no drawing here has
    left its mark.
    """
    return (folder / POOL / REQUEST).is_file() and not (folder / DRAWN_HERE).is_file()


def check_copied(root: str | Path, *, cut: Cut, per_class: int, generator: str) -> Path:
    """The folder of a pool that was drawn on another machine, if it is whole and fits this run.

    Raises
    ------
    DataError
        If files or clips are missing, there are more or fewer clips per class than wanted, the clips have
        another shape, or another generator drew them.
    """
    pool = Path(root)
    remedy = "Finish it where its generator is, with the same settings as before, and copy the whole folder."
    missing = [name for name in (REQUEST, MANIFEST, FILE_LIST) if not (pool / name).is_file()]
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
    may_lack = "privacy_filter" in manifest and (manifest["privacy_filter"] == "closest").all()
    if (counts > per_class).any() or (not may_lack and (counts < per_class).any()):
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise DataError(
            f"The pool has {listed} clips; the profile asks for {per_class} of each class.",
            where=f"Read: {pool / MANIFEST}",
            remedy="Set pool_per_class.",
        )
    maker = read_json(pool / REQUEST).get("generator", generator)  # earlier versions did not name it
    if maker != generator:
        raise DataError(
            f"This pool was drawn by {maker}, not by {generator}.",
            where=f"Read: {pool / REQUEST}",
            remedy=f"Copy it to the folder of {maker}.",
        )
    shape = pd.read_csv(pool / FILE_LIST)[["NumberOfFrames", "FPS", "FrameHeight"]]
    wanted = (cut.frames, cut.fps, cut.side)
    other = shape[~np.isclose(shape.to_numpy(float), wanted, atol=0.01).all(axis=1)]
    if len(other):
        frames, fps, side = other.iloc[0]
        raise DataError(
            f"{len(other)} clips of the pool have another shape, such as {frames:g} frames at {fps:g} a"
            f" second, {side:g} px; those of this run have {cut.frames} at {cut.fps:g}, {cut.side} px.",
            where=f"Read: {pool / FILE_LIST}",
            remedy="Set latte_frames and latte_fps to those of the pool, or draw it again.",
        )
    return pool


def _claim(folder: Path, request: dict[str, Any]) -> None:
    record = folder / REQUEST
    if record.is_file():
        try:
            written = read_json(record)
        except StageError:
            what = f"{record} is damaged: how the clips beside it were made is not known."
            raise DataError(what, remedy="Restore it, or generate into another folder.") from None
        _refuse_other(written, request, folder)
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


def _refuse_other(written: dict[str, Any], request: dict[str, Any], folder: Path) -> None:
    differing = [name for name, value in request.items() if written.get(name) != value]
    if differing:
        raise DataError(
            f"{folder} holds a pool made with another {', '.join(differing)}.",
            where=f"Read: {folder / REQUEST}",
            remedy="Delete the folder, or generate into another one.",
        )


def _is_written(path: Path, frames: int) -> bool:
    try:
        return path.is_file() and probe(path).n_frames == frames
    except VideoError:
        return False
