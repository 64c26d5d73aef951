"""What has to be the same bytes on every processor: hearts, lists, converted clips, each with its hash.

As a script it prints them as JSON, for another processor to be asked, or this one with fewer instructions:

    python same_bytes.py made INPUTS      short hearts, two small data sets, and what INPUTS are converted to
    python same_bytes.py hearts COUNT     so many whole clips, the sources and machine styles in turn
    python same_bytes.py lists PROFILE    the lists of a profile's pools
    python same_bytes.py picks PROFILE    its published picks, drawn again; PROFILE:24 for 24 of each pool
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.data.dicom import read_cine
from infomotion_lib.data.echodiffusion import read_gif
from infomotion_lib.data.resampling import by_cubic
from infomotion_lib.data.video import read_clip, read_frames, resize_clip, write_clip
from infomotion_lib.paths import MANIFESTS
from infomotion_lib.phantom.dataset import make_dataset
from infomotion_lib.phantom.nuisance import MACHINES, SOURCES
from infomotion_lib.phantom.plan import PhantomRequest, plan_videos, video_counts
from infomotion_lib.phantom.rendering import render
from infomotion_lib.phantom.sampling import sample_heart
from infomotion_lib.provenance import sha256

Hashes = dict[str, str]


def written(clip: NDArray[np.uint8], *, fps: float = 50.0) -> str:
    """Hash of a clip's file."""
    with tempfile.TemporaryDirectory() as folder:
        return sha256(write_clip(Path(folder) / "clip.avi", clip, fps=fps))


def hearts(count: int, *, frames: int) -> Hashes:
    """So many hearts, the sources and machine styles in turn."""
    found = {}
    for index in range(count):
        source, number = list(SOURCES)[index % 2], index // 2 % len(MACHINES)
        rng = np.random.default_rng(index)
        only = np.eye(len(MACHINES))[number]
        heart = sample_heart(rng, rng.integers(12, 81), machine_shares=only, role=source)
        found[f"heart {index}, {source}, {heart.machine}"] = written(render(heart, np.arange(frames)))
    return found


def small_data_sets() -> Hashes:
    """Every file of a small data set of either source: lists, tracings, request, videos."""
    found = {}
    for number, source in enumerate(SOURCES):
        with tempfile.TemporaryDirectory() as folder:
            counts = video_counts(1, 0, (1,) * 5)
            request = PhantomRequest(role=source, seed=number, counts=counts, frames=20, size=28)
            root = make_dataset(folder, request, progress=False)
            files = sorted(path for path in root.rglob("*") if path.is_file())
            found |= {f"{source}, {file.relative_to(root)}": sha256(file) for file in files}
    return found


def converted(inputs: Path) -> Hashes:
    """All that the files of a folder are converted to: open clips, own videos, DICOM cines, cut and resized
    clips.
    """
    found = {}
    for file in sorted(inputs.iterdir()):
        if file.suffix == ".gif":
            clip = read_gif(file)
        elif file.suffix == ".dcm":
            clip = read_cine(file).clip
        else:
            clip = read_clip(file)
            found[f"picked, {file.name}"] = digest(read_frames(file, [len(clip) - 1, 1]))
        found[f"frames, {file.name}"] = digest(clip)
        found[f"file, {file.name}"] = written(clip)
        for side in (28, 64, 112):
            found[f"area {side}, {file.name}"] = digest(resize_clip(clip, side))
            found[f"cubic {side}, {file.name}"] = digest(by_cubic(clip, side))
    return found


def lists(profile: str) -> Hashes:
    """Every list of a profile's pools, without their videos."""
    from phantom_requests import request_of

    from infomotion_lib.phantom.dataset import _tables

    found = {}
    for source in SOURCES:
        request = request_of(profile, source)
        assert request is not None, f"{profile} has no phantom as its {source} pool"
        for name, table in _tables(list(plan_videos(request)), request).items():
            found[f"{profile}, {source}, {name}"] = hashlib.sha256(table.to_csv().encode()).hexdigest()
    return found


def picks(profile: str, names: Iterable[tuple[str, str]]) -> Hashes:
    """Videos of a profile's pools, by source and name, drawn again."""
    from phantom_requests import request_of

    found = {}
    wanted = set(names)
    for source in sorted({source for source, _ in wanted}):
        request = request_of(profile, source)
        assert request is not None, f"{profile} has no phantom as its {source} pool"
        for video in plan_videos(request):
            if (source, video.file_name) in wanted:
                clip = render(video.heart, np.arange(request.frames), size=request.size)
                found[f"{source}, {video.file_name}"] = written(clip, fps=request.fps)
    return found


def published(profile: str) -> pd.DataFrame:
    """Published picks of a profile, each once: ``source``, ``file_name``, ``sha256``, ``phantom_edition``."""
    table = pd.read_csv(MANIFESTS / "selections" / f"{profile}.csv", keep_default_na=False)
    return table.drop_duplicates(["source", "file_name"])


def spread(table: pd.DataFrame, count: int | None) -> pd.DataFrame:
    """So many picks of each pool, evenly spread over its picks; all without a count."""
    if count is None:
        return table
    pools = [
        pool.iloc[np.linspace(0, len(pool) - 1, count).astype(int)] for _, pool in table.groupby("source")
    ]
    return pd.concat(pools).drop_duplicates(["source", "file_name"])


def digest(clip: NDArray[np.uint8]) -> str:
    return hashlib.sha256(np.array(clip.shape).tobytes() + clip.tobytes()).hexdigest()


def main(what: str, argument: str) -> Hashes:
    if what == "made":
        return hearts(2 * len(MACHINES), frames=16) | small_data_sets() | converted(Path(argument))
    if what == "hearts":
        return hearts(int(argument), frames=64)
    profile, _, count = argument.partition(":")
    if what == "lists":
        return lists(profile)
    chosen = spread(published(profile), int(count) if count else None)
    return picks(profile, zip(chosen["source"], chosen["file_name"], strict=True))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
