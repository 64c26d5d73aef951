"""The files that ship with the project, made from a finished run of the phantom:
``python -m infomotion_lib.run.make_starter runs`` (eight minutes of two cores, most of them for the pools).
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from infomotion_lib.data.starter import LATTE, MANIFEST, POOLS, RUN, STARTER
from infomotion_lib.files import PHANTOM_REQUEST
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.paths import RunPaths, run_paths
from infomotion_lib.provenance import read_run_card, sha256, write_json, write_npz
from infomotion_lib.run.starter import PROFILE
from infomotion_lib.stage_table import RUN_CARD

COPIED = {
    "data": (RUN_CARD, "videos.csv", "sources.json", f"phantom/{PHANTOM_REQUEST}"),
    "frame_index": (RUN_CARD, "frame_index.csv"),
    "ifa_training": (RUN_CARD, "summary.json"),
}
VECTORS = ("motion", "appearance")
DIMENSIONS = 96
"""Dimensions that motion vectors of F = 8 span: a rotation keeps all of them and every distance."""


def make(runs_dir: str | Path, out: Path = STARTER) -> Path:
    """Path of the manifest, all files it names written beside it.

    Parameters
    ----------
    runs_dir : path
        Folder with a finished run of the phantom.
    out : Path
        Where the files go; what is there is replaced.
    """
    paths = run_paths(PROFILE, runs_dir)
    shutil.rmtree(out, ignore_errors=True)
    made = {
        **_copied(paths, out),
        **_train_vectors(paths, out),
        **_half_latte(paths, out),
        **_pools(paths, out),
    }
    described = {
        name: {"sha256": sha256(out / name), "bytes": (out / name).stat().st_size, **facts}
        for name, facts in sorted(made.items())
    }
    card = read_run_card(paths.stage("ifa_training"))
    about = {"profile": PROFILE, "commit": card["git"]["commit"], "command": __doc__.split("``")[1]}
    return write_json(about | {"files": described}, out / MANIFEST.name)


def _copied(paths: RunPaths, out: Path) -> dict[str, dict[str, str]]:
    made = {}
    for stage, names in COPIED.items():
        for name in names:
            inside = (paths.stage(stage) / name).relative_to(paths.root)
            target = out / RUN / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(paths.root / inside, target)
            made[f"{RUN}/{inside.as_posix()}"] = {"made_by": "copied", "from": f"stage {stage}"}
    return made


def _train_vectors(paths: RunPaths, out: Path) -> dict[str, dict[str, str]]:
    """The vectors of TRAIN videos, the only ones that may be chosen; every number as it was."""
    index = pd.read_csv(paths.frame_index, dtype={"file_name": str})
    train = set(
        index.loc[index["split"] == "TRAIN", ["source", "file_name"]].itertuples(index=False, name=None)
    )
    made = {}
    for name in VECTORS:
        file = paths.stage("ifa_training") / f"{name}_features.npz"
        with np.load(file) as arrays:
            kept = [pair in train for pair in zip(arrays["source"], arrays["file_name"], strict=True)]
            chosen = {key: arrays[key][kept] for key in arrays.files}
        inside = f"{RUN}/{file.relative_to(paths.root).as_posix()}"
        (out / inside).parent.mkdir(parents=True, exist_ok=True)
        write_npz(out / inside, chosen)
        made[inside] = {"made_by": "rows of TRAIN videos, unchanged", "from": "stage ifa_training"}
    return made


def _half_latte(paths: RunPaths, out: Path) -> dict[str, dict[str, str]]:
    """Latte and autoencoder in half precision; the Latte's header names the autoencoder's new hash."""
    source, target = paths.stage("latte_pool"), out / LATTE
    shutil.copytree(source / "autoencoder", target / "autoencoder")
    weights = next((target / "autoencoder").glob("*.safetensors"))
    _halve(weights, weights, {})
    _halve(
        source / "latte.safetensors", target / "latte.safetensors", {"autoencoder_sha256": sha256(weights)}
    )
    facts = {"made_by": "weights rounded to float16", "from": "stage latte_pool"}
    return {
        file.relative_to(out).as_posix(): facts
        if file.suffix == ".safetensors"
        else facts | {"made_by": "copied"}
        for file in target.rglob("*")
        if file.is_file()
    }


def _halve(source: Path, target: Path, changes: dict[str, str]) -> None:
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(str(source), framework="pt", device="cpu") as stream:
        about = {key: _changed(value, changes) for key, value in (stream.metadata() or {}).items()}
        tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118  # not a dict
    halved = {
        name: value.to(torch.float16) if value.is_floating_point() else value
        for name, value in tensors.items()
    }
    save_file(halved, str(target), metadata=about)
    target.chmod(0o644)


def _changed(value: str, changes: dict[str, str]) -> str:
    return json.dumps(json.loads(value) | changes) if changes else value


def _pools(paths: RunPaths, out: Path) -> dict[str, dict[str, str]]:
    """EF and motion vectors of TRAIN and TEST hearts of the twelve pools of the study of selectors."""
    from infomotion_lib.studies.selectors.parameters import EvidenceParameters

    chosen = stage_parameters("evidence", read_profile("phantom-large"))
    parameters = EvidenceParameters.model_validate(chosen.model_dump())
    weights = paths.stage("ifa_training") / "ifa.safetensors"
    pools = [_vectors_of_pool(number, weights, parameters) for number in range(parameters.study_pools)]
    write_npz(out / POOLS, compact(pools))
    how = "motion vectors of the run's network, rotated to the 96 dimensions that they span, float16"
    return {POOLS: {"made_by": how, "from": "pools of `infomotion study selectors --profile phantom-large`"}}


def _vectors_of_pool(number: int, weights: Path, parameters: Any) -> dict[str, np.ndarray]:
    from infomotion_lib.representations.ends import Ends
    from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi
    from infomotion_lib.representations.ifa.features import vectors_of
    from infomotion_lib.representations.ifa.pooling import MotionPooler
    from infomotion_lib.studies.selectors.arms import ARMS, MAIN
    from infomotion_lib.studies.selectors.pools import draw_frames, key_frames, plan_pool

    planned = plan_pool(parameters, seed=parameters.study_seed + number, arm=ARMS[MAIN])
    known = [(video, key_frames(video, parameters)) for video in planned if video.split in ("TRAIN", "TEST")]
    used = [(video, frames) for video, frames in known if frames]
    jobs = (delayed(draw_frames)(video.heart, frames, parameters) for video, frames in used)
    drawn = Parallel(n_jobs=parameters.workers)(jobs)
    pooler = MotionPooler(load_ema_vfi(weights), pooling=parameters.pooling)
    return {
        "features": vectors_of(pooler, [Ends(ends, pairs) for ends, pairs, _ in drawn]),
        "ef": np.array([video.heart.ef for video, _ in used]),
        "train": np.array([video.split == "TRAIN" for video, _ in used]),
    }


def compact(pools: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Arrays of pools, named with their number; vectors rotated to 96 numbers of spread about 1, float16."""
    features = np.concatenate([pool["features"] for pool in pools]).astype(np.float64)
    middle = features.mean(axis=0)
    _, sizes, axes = np.linalg.svd(features - middle, full_matrices=False)
    unit = sizes[0] / np.sqrt(len(features))
    arrays = {}
    for number, pool in enumerate(pools):
        turned = (pool["features"] - middle) @ axes[:DIMENSIONS].T / unit
        arrays[f"features_{number}"] = turned.astype(np.float16)
        arrays[f"ef_{number}"] = pool["ef"].astype(np.float32)
        arrays[f"train_{number}"] = pool["train"]
    return arrays


if __name__ == "__main__":
    print(make(sys.argv[1] if len(sys.argv) > 1 else "runs"))
