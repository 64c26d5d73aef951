"""The networks that turn frames into vectors: trained once, on a phantom pool of their own, then only
applied.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.errors import DataError
from infomotion_lib.phantom.rendering import render
from infomotion_lib.provenance import sha256, write_json
from infomotion_lib.studies.selectors.arms import ARMS, MAIN, Arm
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import key_frames, plan_pool
from infomotion_lib.studies.selectors.rows import APPEARANCE_FILE, IFA_FILE, NETWORKS_FILE, networks_name

if TYPE_CHECKING:
    from infomotion_lib.representations.appearance.network import AppearanceModel
    from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
    from infomotion_lib.representations.ifa.triplets import TripletStore


class KeyFramed(Protocol):
    """Videos whose key frames are drawn: a pool, or a world of the registered study."""

    @property
    def ends(self) -> list[NDArray[np.uint8]]:
        """End frames (K, H, W) of the motions of each video."""

    @property
    def pairs(self) -> list[NDArray[np.int64]]:
        """Its pairs as rows (P, 2) into them."""

    @property
    def ed_frames(self) -> NDArray[np.uint8]:
        """ED frames (N, H, W)."""


@dataclass(frozen=True)
class FeatureNetworks:
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

    def vectors(self, pool: KeyFramed, *, pooling: str = "mean") -> dict[str, NDArray[np.floating]]:
        """``motion`` (N, D), ``appearance`` (N, 512) and ``joint`` vectors of the TRAIN videos of a pool."""
        from infomotion_lib.selection.baselines import joint_features

        motion, appearance = self.motion(pool, pooling=pooling), self.looks(pool)
        return {"motion": motion, "appearance": appearance, "joint": joint_features([motion, appearance])}

    def motion(self, pool: KeyFramed, *, pooling: str = "mean") -> NDArray[np.float32]:
        """Motion vectors (N, D) of the TRAIN videos of a pool."""
        from infomotion_lib.representations.ends import Ends
        from infomotion_lib.representations.ifa.features import vectors_of
        from infomotion_lib.representations.ifa.pooling import MotionPooler

        videos = [Ends(frames, pairs) for frames, pairs in zip(pool.ends, pool.pairs, strict=True)]
        return vectors_of(MotionPooler(self.network, pooling=pooling), videos)  # type: ignore[arg-type]

    def looks(self, pool: KeyFramed) -> NDArray[np.float32]:
        """Appearance vectors (N, 512) of the TRAIN videos of a pool."""
        from infomotion_lib.representations.appearance.network import embed

        return embed(self.appearance, pool.ed_frames)


def require_feature_networks(
    folder: str | Path, parameters: EvidenceParameters, *, command: str, arm: Arm = ARMS[MAIN]
) -> None:
    """Refuse to go on where the networks are not trained: commands that share a study must not all train
    them.

    Raises
    ------
    DataError
        Naming the ``command`` that trains them.
    """
    root = _folder(folder, parameters, arm)
    if not _are_trained(root):
        raise DataError(
            "The networks behind the vectors are not trained yet.",
            where=f"Looked in: {root}",
            remedy=f"Run `{command} --minutes 0` once, then its parts.",
        )


def _folder(folder: str | Path, parameters: EvidenceParameters, arm: Arm) -> Path:
    return Path(folder) / f"f{arm.ifa_width or parameters.ifa_width}"


def _are_trained(root: Path) -> bool:
    return all((root / file).is_file() for file in (IFA_FILE, APPEARANCE_FILE))


def open_feature_networks(
    folder: str | Path, parameters: EvidenceParameters, *, arm: Arm = ARMS[MAIN]
) -> FeatureNetworks:
    """Networks kept in ``folder``; trained first where they are not there, going on from the last checkpoint.

    One core trains them, so that the weights do not depend on the number of cores. ``teachers.json`` says how
    well the IFA network fills in frames. The pool is that of ``phantom_seed``: none of its videos is ever
    selected or tested.
    """
    from infomotion_lib.representations.appearance.network import load_appearance
    from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi

    width, root = arm.ifa_width or parameters.ifa_width, _folder(folder, parameters, arm)
    if not _are_trained(root):
        from infomotion_lib.device import one_thread

        with one_thread():
            _train(root, parameters, width=width)
    name = networks_name({file: sha256(root / file) for file in (IFA_FILE, APPEARANCE_FILE)})
    return FeatureNetworks(load_ema_vfi(root / IFA_FILE), load_appearance(root / APPEARANCE_FILE), name)


def how_trained(folder: str | Path) -> dict[str, Any]:
    """Content of every ``teachers.json`` under ``folder``, by width: PSNR and gain over the frame average in
    dB, losses, hashes.
    """
    files = sorted(Path(folder).glob(f"*/{NETWORKS_FILE}"))
    return {file.parent.name: json.loads(file.read_text(encoding="utf-8")) for file in files}


def _train(root: Path, parameters: EvidenceParameters, *, width: int) -> None:
    from infomotion_lib.representations.appearance.network import save_appearance, train_appearance
    from infomotion_lib.representations.ifa.motion import fit_triplets

    # always float32, and from the beginning: the rows of all machines are meant to be comparable
    plain = parameters.model_copy(update={"ifa_width": width, "ifa_precision": "32-true", "ifa_weights": ""})
    (train, frames, ef), (val, _, _) = (_drawn(parameters, split) for split in ("TRAIN", "VAL"))
    motion = fit_triplets(train, val, folder=root, parameters=plain, device="cpu")
    appearance = train_appearance(
        frames,
        ef,
        steps=parameters.appearance_steps,
        size=parameters.appearance_size,
        seed=parameters.ifa_seed,
    )
    save_appearance(appearance, root / APPEARANCE_FILE)
    tail = max(1, len(appearance.losses) // 10)
    losses = {
        "appearance_first_loss": appearance.losses[0],
        "appearance_last_loss": float(np.mean(appearance.losses[-tail:])),
    }
    files = {name: sha256(root / name) for name in (IFA_FILE, APPEARANCE_FILE)}
    write_json({"width": width, **motion.trained.summary(), **losses, "sha256": files}, root / NETWORKS_FILE)


def _drawn(
    parameters: EvidenceParameters, split: str
) -> tuple[TripletStore, NDArray[np.uint8], NDArray[np.float64]]:
    """Triplets of one split of the networks' own pool, ED frames (N, H, W) and EF (N,) of its videos."""
    from infomotion_lib.representations.ifa.triplets import TripletStore

    rows: list[dict[str, Any]] = []
    drawn: list[tuple[list[int], NDArray[np.uint8]]] = []
    ed_frames: list[NDArray[np.uint8]] = []
    ef: list[float] = []
    for video in plan_pool(parameters, seed=parameters.phantom_seed, arm=ARMS[MAIN]):
        numbers = key_frames(video, parameters) if video.split == split else {}
        if numbers:
            wanted = sorted(set(numbers.values()))
            frames = render(video.heart, wanted, size=parameters.phantom_size)
            rows.append({"source": "real", "file_name": video.file_name, **numbers})
            drawn.append((wanted, frames))
            ed_frames.append(frames[wanted.index(numbers["ed"])])
            ef.append(video.heart.ef)
    return TripletStore.assembled(rows, drawn), np.stack(ed_frames), np.array(ef)
