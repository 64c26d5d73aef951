"""One hundred published diffusion-made clips (EchoDiffusion, MIT) as a data set in EchoNet-Dynamic's layout.

The clips are fetched from the public repository at pinned addresses, or from a local mirror, and every file
is checked against the SHA-256 of the registry. Each has 16 frames over two seconds; there are no tracings,
and no label is a measurement:

* ``requested_ef``: the ejection fraction that the generator was asked for (column ``GT EF``); all five
  classes occur.
* ``relabelled_ef``: median over the published rows of an id of what a regressor read off the generated clip
  (``Gen EF``); the severe and hyperdynamic classes are empty.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.classes import ef_class
from infomotion_lib.data.fetch_options import FetchOptions
from infomotion_lib.data.layout import SPLITS
from infomotion_lib.data.parameters import OpenClipsParameters
from infomotion_lib.data.tables import read_table, require_columns
from infomotion_lib.data.video import write_clip
from infomotion_lib.errors import FetchError, ParameterError, VideoError
from infomotion_lib.files import FETCHED, FILE_LIST, OPEN_LABELS, VIDEOS
from infomotion_lib.parameters import StageParameters
from infomotion_lib.paths import MANIFESTS
from infomotion_lib.progress import track
from infomotion_lib.provenance import sha256, write_csv, write_json

REGISTRY = MANIFESTS / "echodiffusion_registry.txt"
MIRROR_VARIABLE = "INFOMOTION_MIRROR"
LABELS_FILE, LICENCE_FILE, CLIPS = "csv/counterfactual.csv", "LICENSE", "counterfactual"

FPS = 8.0
"""The generator's frame rate: 16 frames over 2 s (the GIFs round 125 ms to 120 ms)."""

SPLIT_SHARES = {"TRAIN": 0.6, "VAL": 0.1, "TEST": 0.3}
LUMA = np.array([299, 587, 114], dtype=np.uint32)  # ITU-R BT.601, thousandths
_MAX_PIXELS = 1024 * 1024  # a damaged header may claim a canvas of gigabytes

EfLabel = Literal["relabelled", "requested"]


def provide(folder: Path, *, plays: str, parameters: StageParameters) -> None:
    """Fetch the open clips into the folder of a run."""
    assert isinstance(parameters, OpenClipsParameters)
    fetch(folder, ef_label=parameters.ef_label, split_seed=parameters.open_split_seed)


def fetch_as_asked(folder: Path, options: FetchOptions) -> Path:
    """The folder, filled as a command's options say."""
    label: EfLabel = options.ef_label  # type: ignore[assignment]  # fetch refuses others
    return fetch(folder, mirror=options.mirror, split_seed=options.split_seed, ef_label=label)


def fetch(
    root: str | Path,
    *,
    mirror: str | Path | None = None,
    ef_label: EfLabel = "relabelled",
    split_seed: int = 0,
    progress: bool = True,
) -> Path:
    """Folder ``root``, holding the open clips in EchoNet-Dynamic's layout.

    Writes ``FileList.csv``, ``Videos/echodiffusion_000.avi`` and so on (in the order of the upstream names),
    ``open_labels.csv`` with both labels, the licence, and ``source.json``. What was downloaded is kept in
    ``root/download``: a second call fetches only what is missing.

    Parameters
    ----------
    root : str or Path
        Folder to fill.
    mirror : str or Path, optional
        Folder that holds ``echodiffusion/``, read instead of the network; ``$INFOMOTION_MIRROR`` by default.
    ef_label : {"relabelled", "requested"}
        Which label stands in ``FileList.csv``.
    split_seed : int
        Seed of the split, stratified by EF class of that label.
    progress : bool
        Show a progress bar.

    Raises
    ------
    FetchError
        If a file cannot be had or its hash is wrong; the message names the file.
    ParameterError
        If ``ef_label`` is unknown.
    """
    if ef_label not in ("relabelled", "requested"):
        raise ParameterError(f"Unknown ef_label: {ef_label}", remedy="It is relabelled or requested.")
    folder = writable_folder(root)
    files = _files(folder / "download", mirror or os.environ.get(MIRROR_VARIABLE, ""), progress=progress)
    clips = sorted(name for name in files if name.startswith(f"{CLIPS}/"))
    labels = _labels(files[LABELS_FILE], [Path(name).stem for name in clips])
    chosen = labels[f"{ef_label}_ef"].to_numpy()
    splits = stratified_split(chosen, seed=split_seed)
    lengths = []
    for name, file_name in zip(
        track(clips, label="convert clips", unit="clip") if progress else clips,
        labels["FileName"],
        strict=True,
    ):
        clip = read_gif(files[name])
        write_clip(folder / VIDEOS / f"{file_name}.avi", clip, fps=FPS)
        lengths.append(clip.shape)
    frames, height, width = np.array(lengths).T
    geometry = {"FrameHeight": height, "FrameWidth": width, "FPS": FPS, "NumberOfFrames": frames}
    file_list = pd.DataFrame(
        {
            "FileName": labels["FileName"],
            "EF": chosen,
            "ESV": np.nan,
            "EDV": np.nan,
            **geometry,
            "Split": splits,
        }
    )
    shutil.copyfile(files[LICENCE_FILE], folder / LICENCE_FILE)
    write_csv(labels, folder / OPEN_LABELS)
    source = {"manifest": "echodiffusion", "registry_sha256": sha256(REGISTRY)}
    write_json(source | {"ef_label": ef_label, "split_seed": split_seed}, folder / FETCHED)
    write_csv(file_list, folder / FILE_LIST)
    return folder


def writable_folder(root: str | Path) -> Path:
    """Folder ``root``, made if need be.

    Raises
    ------
    FetchError
        If nothing can be written there.
    """
    folder = Path(root).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise FetchError(
            f"Nothing can be written to {folder}: {error.strerror}.", remedy="Give a folder you may write to."
        ) from None


def network_reason(error: Exception) -> str:
    """Why a transfer failed, without the layers of libraries that passed it on."""
    inner = getattr(error.args[0] if error.args else None, "reason", error)
    return str(inner).rpartition("): ")[2].rstrip(".")


def read_registry(path: str | Path | None = None) -> tuple[dict[str, str], dict[str, str]]:
    """Hash and address of each file, by its name in the mirror.

    Raises
    ------
    FetchError
        If a line is not ``name sha256 address``.
    """
    hashes, addresses = {}, {}
    file = Path(path or REGISTRY)
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split()
        if (
            len(parts) != 3
            or len(parts[1]) != 64
            or Path(parts[0]).is_absolute()
            or ".." in Path(parts[0]).parts
        ):
            remedy = "Restore this file: git checkout data_manifests."
            raise FetchError(
                f"{file}, line {number}: expected 'name sha256 address', found {line!r}.", remedy=remedy
            )
        hashes[parts[0]], addresses[parts[0]] = parts[1], parts[2]
    return hashes, addresses


def read_gif(path: str | Path) -> NDArray[np.uint8]:
    """Luma (BT.601) of every frame of a GIF, uint8 (T, H, W).

    Raises
    ------
    VideoError
        If the file is no GIF, holds no frame, or frames of several sizes.
    """
    try:
        with av.open(str(path), format="gif") as container:
            container.streams.video[0].codec_context.options = {"max_pixels": str(_MAX_PIXELS)}
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    except (av.FFmpegError, OSError, ValueError, EOFError, IndexError, AttributeError) as error:
        raise VideoError(f"{path} cannot be read as a GIF: {error}.") from None
    if not frames or any(frame.shape != frames[0].shape for frame in frames):
        raise VideoError(f"{path} holds no frame, or frames of several sizes.")
    return ((np.stack(frames).astype(np.uint32) @ LUMA + 500) // 1000).astype(np.uint8)


def stratified_split(ef: NDArray[np.float64], *, seed: int) -> NDArray[np.str_]:
    """Split of each video: the shares of :data:`SPLIT_SHARES` within every EF class, by largest remainders,
    TRAIN first.

    Parameters
    ----------
    ef : ndarray, shape (N,)
        Ejection fractions, points.
    seed : int
        A class's draw depends on the seed and on that class alone.
    """
    index = ef_class(ef)
    splits = np.full(len(ef), SPLITS[0], dtype="<U5")
    shares = np.array([SPLIT_SHARES[split] for split in SPLITS])
    for number in np.unique(index):
        members = np.flatnonzero(index == number)
        exact = shares * len(members)
        counts = np.floor(exact + 1e-9).astype(int)
        largest = np.argsort(-(exact - counts), kind="stable")
        counts[largest[: len(members) - counts.sum()]] += 1
        shuffled = np.random.default_rng([seed, int(number)]).permutation(members)
        splits[shuffled] = np.repeat(SPLITS, counts)
    return splits


def _labels(path: Path, upstream: list[str]) -> pd.DataFrame:
    """Both labels of the clips with these upstream names, and over how many published rows the
    median goes.
    """
    table = read_table(path)
    require_columns(table, ("FileName", "GT EF", "Gen EF"), path)
    values = table[["GT EF", "Gen EF"]].apply(pd.to_numeric, errors="coerce")
    by_id = values.groupby(table["FileName"]).agg({"GT EF": "median", "Gen EF": ["median", "size"]})
    missing = sorted(set(upstream) - set(by_id.index))
    if missing:
        what = f"{path} has no row for the clip {missing[0]} ({len(missing)} clips concerned)."
        raise FetchError(what, remedy="It is not the published file: delete it and fetch again.")
    found = by_id.loc[upstream].to_numpy()
    names = [f"echodiffusion_{number:03d}" for number in range(len(upstream))]
    labels = {
        "requested_ef": found[:, 0],
        "relabelled_ef": found[:, 1],
        "labelled_rows": found[:, 2].astype(int),
    }
    return pd.DataFrame({"FileName": names, **labels})


def _files(download: Path, mirror: str | Path, *, progress: bool) -> dict[str, Path]:
    """Local path of every file of the registry, each with the right hash."""
    hashes, addresses = read_registry()
    if mirror:
        return _from_mirror(Path(mirror).expanduser() / "echodiffusion", hashes)
    import pooch

    source = pooch.create(
        path=download, base_url="", registry=dict(hashes), urls=addresses, retry_if_failed=1
    )
    found = {}
    with _quiet(pooch):
        for name in (
            track(sorted(hashes), label="download EchoDiffusion", unit="file") if progress else sorted(hashes)
        ):
            try:
                found[name] = Path(source.fetch(name))
            except (
                OSError,
                ValueError,
            ) as error:  # requests' errors are OSErrors; pooch raises ValueError on a wrong hash
                raise FetchError(
                    f"{name} could not be fetched: {network_reason(error)}",
                    where=f"Address: {addresses[name]}",
                    remedy=(
                        f"Run it again: the {len(found)} of {len(hashes)} files that arrived are kept in"
                        f" {download}. Offline: set {MIRROR_VARIABLE} to a folder that holds echodiffusion/."
                    ),
                ) from None
    return found


def _from_mirror(folder: Path, hashes: dict[str, str]) -> dict[str, Path]:
    found = {}
    for name, expected in hashes.items():
        path = folder / name
        if not path.is_file():
            raise FetchError(
                f"The mirror has no file {name}.",
                where=f"Looked for: {path}",
                remedy=f"Correct or unset {MIRROR_VARIABLE}.",
            )
        if sha256(path) != expected:
            raise FetchError(
                f"{path} is not the published file: its sha256 is {sha256(path)}, expected {expected}.",
                remedy=f"Restore it, or unset {MIRROR_VARIABLE} to download it.",
            )
        found[name] = path
    return found


@contextmanager
def _quiet(pooch: object) -> Iterator[None]:
    """Pooch's log line a file is silenced while our own bar runs."""
    logger = pooch.get_logger()  # type: ignore[attr-defined]
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)
