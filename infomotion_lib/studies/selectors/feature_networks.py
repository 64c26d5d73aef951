"""The networks that turn frames into vectors: trained once, on a phantom pool of their own, then only
applied.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.phantom.rendering import render
from infomotion_lib.provenance import sha256, write_json
from infomotion_lib.studies.selectors.arms import ARMS, MAIN, Arm
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import Pool, key_frames, plan_pool
from infomotion_lib.studies.selectors.rows import APPEARANCE_FILE, IFA_FILE, TEACHERS_FILE, teachers_name

if TYPE_CHECKING:
    from infomotion_lib.representations.appearance.network import AppearanceModel
    from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
    from infomotion_lib.representations.ifa.triplets import TripletStore


@dataclass(frozen=True)
class Teachers:
    """Both networks.

    Attributes
    ----------
    network : InterFrameInterpolator
        Motion vectors.
    appearance : AppearanceModel
        Appearance vectors.
    name : str
        First digits of the hash of both weight files: rows of other weights have another name.
    """

    network: InterFrameInterpolator = field(repr=False)
    appearance: AppearanceModel = field(repr=False)
    name: str

    def vectors(self, pool: Pool, *, pooling: str = "mean") -> dict[str, NDArray[np.floating]]:
        """``motion`` (N, D), ``appearance`` (N, 512) and ``joint`` vectors of the TRAIN videos of a pool."""
        import torch

        from infomotion_lib.device import as_unit
        from infomotion_lib.representations.appearance.network import embed
        from infomotion_lib.representations.ifa.pooling import MotionPooler
        from infomotion_lib.selection.baselines import joint_features

        offsets = np.cumsum([0, *(len(ends) for ends in pool.ends)])[:-1]
        frames = as_unit(np.concatenate(pool.ends), torch.device("cpu"))[:, None]
        pairs = np.stack([pairs + offset for pairs, offset in zip(pool.pairs, offsets, strict=True)])
        motion = MotionPooler(self.network, pooling=pooling).vectors(frames, torch.from_numpy(pairs)).numpy()  # type: ignore[arg-type]
        appearance = embed(self.appearance, pool.ed_frames)
        return {"motion": motion, "appearance": appearance, "joint": joint_features([motion, appearance])}


def open_teachers(folder: str | Path, parameters: EvidenceParameters, *, arm: Arm = ARMS[MAIN]) -> Teachers:
    """Networks kept in ``folder``; trained first where they are not there, going on from the last checkpoint.

    One core trains them, so that the weights do not depend on the number of cores. ``teachers.json`` says how
    well the IFA network fills in frames. The pool is that of ``phantom_seed``: none of its videos is ever
    selected or tested.
    """
    from infomotion_lib.representations.appearance.network import load_appearance
    from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi

    root = Path(folder) / (f"f{arm.ifa_width}" if arm.ifa_width else f"f{parameters.ifa_width}")
    if not (root / IFA_FILE).is_file() or not (root / APPEARANCE_FILE).is_file():
        from infomotion_lib.device import one_thread

        with one_thread():
            _train(root, parameters, width=arm.ifa_width or parameters.ifa_width)
    name = teachers_name({file: sha256(root / file) for file in (IFA_FILE, APPEARANCE_FILE)})
    return Teachers(load_ema_vfi(root / IFA_FILE), load_appearance(root / APPEARANCE_FILE), name)


def how_trained(folder: str | Path) -> dict[str, Any]:
    """Content of every ``teachers.json`` under ``folder``, by width: PSNR and gain over the frame average in
    dB, losses, hashes.
    """
    files = sorted(Path(folder).glob(f"*/{TEACHERS_FILE}"))
    return {file.parent.name: json.loads(file.read_text(encoding="utf-8")) for file in files}


def _train(root: Path, parameters: EvidenceParameters, *, width: int) -> None:
    from infomotion_lib.representations.appearance.network import save_appearance, train_appearance
    from infomotion_lib.representations.ifa.augment import Augmentation
    from infomotion_lib.representations.ifa.checkpoint import save_interpolator
    from infomotion_lib.representations.ifa.settings import TrainingSettings
    from infomotion_lib.representations.ifa.training import new_interpolator, train_interpolator

    p = parameters
    stores = {split: _triplets(p, split) for split in ("TRAIN", "VAL")}
    turns = Augmentation(horizontal_flip=p.ifa_flips, vertical_flip=p.ifa_flips, rotation=p.ifa_flips)
    settings = TrainingSettings(
        steps=p.ifa_steps,
        batch_size=p.ifa_batch_size,
        learning_rate=p.ifa_learning_rate,
        warmup_steps=p.ifa_warmup_steps,
        loss=p.ifa_loss,
        laplacian_weight=p.ifa_lambda,
        augmentation=turns,
        seed=p.ifa_seed,
    )
    start = new_interpolator(width, p.ifa_depths, seed=p.ifa_seed, refine=p.ifa_refine)
    store, frames, ef = stores["TRAIN"]
    trained = train_interpolator(
        start, store, folder=root / "checkpoints", settings=settings, val=stores["VAL"][0], device="cpu"
    )
    appearance = train_appearance(
        frames, ef, steps=p.appearance_steps, size=p.appearance_size, seed=p.ifa_seed
    )
    save_appearance(appearance, root / APPEARANCE_FILE)
    save_interpolator(trained.network, root / IFA_FILE)
    tail = max(1, len(appearance.losses) // 10)
    losses = {
        "appearance_first_loss": appearance.losses[0],
        "appearance_last_loss": float(np.mean(appearance.losses[-tail:])),
    }
    files = {name: sha256(root / name) for name in (IFA_FILE, APPEARANCE_FILE)}
    write_json({"width": width, **trained.summary(), **losses, "sha256": files}, root / TEACHERS_FILE)


def _triplets(
    parameters: EvidenceParameters, split: str
) -> tuple[TripletStore, NDArray[np.uint8], NDArray[np.float64]]:
    """Triplets of one split of the teachers' pool, ED frames (N, H, W) and EF (N,) of its videos."""
    from infomotion_lib.representations.ifa.triplets import MOTIONS, TripletStore

    frames: list[NDArray[np.uint8]] = []
    triplets: list[list[int]] = []
    names: list[str] = []
    shown: list[NDArray[np.uint8]] = []
    ef: list[float] = []
    offset = 0
    for video in plan_pool(parameters, seed=parameters.phantom_seed, arm=ARMS[MAIN]):
        numbers = key_frames(video, parameters) if video.split == split else {}
        if not numbers:
            continue
        wanted = sorted(set(numbers.values()))
        drawn = render(video.heart, wanted, size=parameters.phantom_size)
        for motion in MOTIONS:
            triple = [numbers[f"{motion}_{part}"] for part in ("start", "mid", "end")]
            if len(set(triple)) == 3:
                triplets.append([offset + wanted.index(number) for number in triple])
                names.append(f"real/{video.file_name} {motion}")
        frames.append(drawn)
        shown.append(drawn[wanted.index(numbers["ed"])])
        ef.append(video.heart.ef)
        offset += len(wanted)
    store = TripletStore(
        np.concatenate(frames), np.array(triplets, dtype=np.int64).reshape(-1, 3), tuple(names)
    )
    return store, np.stack(shown), np.array(ef)
