"""A pool sampled from a Latte: a data set folder in EchoNet's layout, with a manifest of how each clip was
made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.data.records import MIN_FRAMES
from infomotion_lib.data.resampling import by_cubic
from infomotion_lib.data.video import probe, write_clip
from infomotion_lib.errors import DataError, ParameterError, StageError, VideoError
from infomotion_lib.generators.autoencoder import FittedAutoencoder
from infomotion_lib.generators.cutting import file_list
from infomotion_lib.generators.diffusion import TrainedLatte, check_sampling, sample_latents
from infomotion_lib.progress import track
from infomotion_lib.provenance import UNFINISHED, read_json, write_csv, write_json

REQUEST = "pool.json"


@dataclass(frozen=True)
class PoolRequest:
    """What a pool is asked to be.

    Attributes
    ----------
    per_class : int
        Clips of each EF class.
    fps : float
        Frames a second of the training clips.
    side : int
        Side of the written frames, pixels.
    guidance, sampling_steps, seed
        See :func:`~infomotion_lib.generators.diffusion.sample_latents`.
    checkpoint_sha256 : str
        Hash of the Latte weights.
    frames : int
        Frames kept of each sampled clip, from the first; 0: all.
    """

    per_class: int
    fps: float
    side: int = 112
    guidance: float = 2.0
    sampling_steps: int = 25
    seed: int = 0
    checkpoint_sha256: str = ""
    frames: int = 0


def generate_pool(
    trained: TrainedLatte,
    autoencoder: FittedAutoencoder,
    root: str | Path,
    *,
    request: PoolRequest,
    class_ef: Sequence[float],
    batch: int = 16,
    device: str = "cpu",
) -> Path:
    """Folder with exactly ``per_class`` clips of each class, ``FileList.csv``, ``manifest.csv`` and the
    request.

    ``FileList.csv`` carries the class's typical EF as the requested one, like EchoNet-Synthetic: relabel
    before use. A killed run resumes: clips that are there are kept, and a clip depends on its own seed only.

    Parameters
    ----------
    class_ef : sequence of float
        Requested EF written for each class, in points: the mean of the training clips.

    Raises
    ------
    ParameterError
        If a number of the request is out of range; nothing has been written then.
    DataError
        If the folder holds a pool made by another request, something else, or a record that cannot be read.
    """
    frames = _checked(request, class_ef, trained)
    folder = Path(root)
    _claim(folder, request)
    manifest = _manifest(request, class_ef, trained.recipe.n_classes)
    videos = [folder / "Videos" / f"{name}.avi" for name in manifest.FileName]
    jobs = list(zip(videos, manifest.requested_class.tolist(), manifest.seed.tolist(), strict=True))
    wanted = [job for job in jobs if not _written(job[0], frames)]
    bar: tqdm[Any] = track(label="sampling", total=len(wanted), unit="clip")
    with bar:
        for start in range(0, len(wanted), batch):
            chunk = wanted[start : start + batch]
            for label in sorted({label for _, label, _ in chunk}):
                paths, _, seeds = zip(*(job for job in chunk if job[1] == label), strict=True)
                latents = sample_latents(
                    trained,
                    label,
                    seeds=list(seeds),
                    guidance=request.guidance,
                    sampling_steps=request.sampling_steps,
                    device=device,
                )
                for path, clip in zip(
                    paths, decode_clips(autoencoder, latents[:, :frames], side=request.side), strict=True
                ):
                    write_clip(path, clip, fps=request.fps)
                bar.update(len(paths))
    listed = file_list(
        manifest["FileName"], manifest["requested_ef"], side=request.side, fps=request.fps, frames=frames
    )
    write_csv(listed, folder / "FileList.csv")
    write_csv(
        manifest.assign(requested_class=[CLASS_NAMES[i] for i in manifest.requested_class]),
        folder / "manifest.csv",
    )
    return folder


def decode_clips(autoencoder: FittedAutoencoder, latents: Tensor, *, side: int) -> NDArray[np.uint8]:
    """Clips (B, T, side, side), uint8, of scaled latent clips (B, T, 4, S, S)."""
    clips, frames = latents.shape[:2]
    decoded = autoencoder.decode(latents.flatten(0, 1))
    if decoded.shape[-1] != side:
        decoded = by_cubic(decoded, side)
    return decoded.reshape(clips, frames, side, side)


def _claim(folder: Path, request: PoolRequest) -> None:
    record = folder / REQUEST
    if record.is_file():
        try:
            found = read_json(record)
        except StageError:
            what = f"{record} is damaged: how the clips beside it were made is not known."
            raise DataError(what, remedy="Restore it, or generate into another folder.") from None
        differing = [name for name, value in asdict(request).items() if found.get(name) != value]
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
        write_json(asdict(request), record)
    for file in folder.rglob(f"{UNFINISHED}*"):  # what a killed run was writing
        file.unlink()


def _manifest(request: PoolRequest, class_ef: Sequence[float], n_classes: int) -> pd.DataFrame:
    rows = []
    for label in range(n_classes):
        for index in range(request.per_class):
            seed = int(np.random.SeedSequence([request.seed, label, index]).generate_state(1)[0])
            rows.append((f"latte_{label * request.per_class + index:06d}", label, class_ef[label], seed))
    table = pd.DataFrame(rows, columns=["FileName", "requested_class", "requested_ef", "seed"])
    return table.assign(
        guidance=request.guidance,
        sampling_steps=request.sampling_steps,
        checkpoint_sha256=request.checkpoint_sha256,
    )


def _checked(request: PoolRequest, class_ef: Sequence[float], trained: TrainedLatte) -> int:
    """Frames a clip of a request that can be met."""
    recipe = trained.recipe
    if request.per_class < 1:
        raise ParameterError(f"A pool needs at least one clip a class, not {request.per_class}.")
    if len(class_ef) != recipe.n_classes:
        raise ParameterError(
            f"{len(class_ef)} class EFs were given for a Latte of {recipe.n_classes} classes."
        )
    if request.frames and not MIN_FRAMES <= request.frames <= recipe.frames:
        raise ParameterError(
            f"Frames must lie in {MIN_FRAMES} to {recipe.frames}, the length this Latte makes, not"
            f" {request.frames}."
        )
    if not request.fps > 0:
        raise ParameterError(f"Clips need a positive number of frames a second, not {request.fps:g}.")
    check_sampling(request.guidance, request.sampling_steps)
    return request.frames or recipe.frames


def _written(path: Path, frames: int) -> bool:
    try:
        return path.is_file() and probe(path).n_frames == frames
    except VideoError:
        return False
