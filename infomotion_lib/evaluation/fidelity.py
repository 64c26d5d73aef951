"""How far a pool's images and clips lie from real ones: Fréchet distances between encoder features.

With the standard encoders on disk the distances carry their standard names, FID (Inception over frames) and
FVD (I3D over 16-frame windows). Without them the encoders are this project's own trained networks and the
names are ``fed_frame`` and ``fed_video``: good for comparing pools here, not with published numbers. Beside
every distance stand a floor (real against real, disjoint halves) and a ceiling (real against noise). Fréchet
distances are biased upwards at small N; N is printed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg

from infomotion_lib.errors import CheckpointError, DataError
from infomotion_lib.evaluation.ablation_parameters import AblationParameters
from infomotion_lib.provenance import sha256

if TYPE_CHECKING:
    from infomotion_lib.regressor.fitted import FittedRegressor
    from infomotion_lib.representations.appearance.network import AppearanceModel

Features = NDArray[np.float64]
Encoder = Callable[[NDArray[np.uint8]], NDArray[np.floating]]

FIDELITY_COLUMNS = ("pair", "metric", "encoder", "n", "value", "ci_low", "ci_high")
KEPT = 0.8
"""Share of the clips in each subsample of an interval."""


@dataclass(frozen=True)
class NamedEncoder:
    """An encoder of uint8 clips (N, T, S, S) to features (N, D), and the name its distance is entitled to.

    Attributes
    ----------
    metric : str
        ``"fid"``, ``"fvd"``, ``"fed_frame"`` or ``"fed_video"``.
    encoder : str
        What computes the features, with the hash of its weights where they come from outside.
    encode : callable
        Clips to features.
    """

    metric: str
    encoder: str
    encode: Encoder


def frechet_distance(a: Features, b: Features) -> float:
    r"""Squared Fréchet distance of two Gaussians fitted to features (N, D) and (M, D).

    .. math:: \|\mu_a-\mu_b\|^2 + \mathrm{tr}\,(\Sigma_a + \Sigma_b - 2(\Sigma_a\Sigma_b)^{1/2})

    The trace of the root is the sum of the roots of the eigenvalues of :math:`\Sigma_a\Sigma_b`, found here
    as the singular values of the product of the two centred feature matrices: exact also where N is below D.
    Where N is above D, their triangular factors (QR), which have the same covariances, take their place.
    """
    if min(len(a), len(b)) < 2:
        raise DataError(
            f"A Fréchet distance needs two samples or more on each side, not {len(a)} and {len(b)}."
        )
    centred_a, centred_b = (
        (x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (np.asarray(a, np.float64), np.asarray(b, np.float64))
    )
    thin_a, thin_b = (
        np.asarray(np.linalg.qr(x, mode="r")) if len(x) > x.shape[1] else x for x in (centred_a, centred_b)
    )
    root_trace = linalg.svdvals(thin_a @ thin_b.T).sum()
    mean_term = float(np.square(np.mean(a, 0) - np.mean(b, 0)).sum())
    return max(0.0, mean_term + float((centred_a**2).sum() + (centred_b**2).sum() - 2 * root_trace))


def fidelity_table(
    real: NDArray[np.uint8],
    pools: dict[str, NDArray[np.uint8]],
    encoders: list[NamedEncoder],
    *,
    seed: int = 0,
    resamples: int = 100,
) -> pd.DataFrame:
    """Rows of ``fidelity.csv``: each pool against real clips, with the floor and the ceiling beside.

    Parameters
    ----------
    real : ndarray, shape (N, T, S, S), uint8
        Real clips; one half (shuffled by ``seed``) is the reference, the other half the floor.
    pools : dict of str to ndarray
        Clips of each pool, cut to the length and rate of the real ones.
    encoders : list of NamedEncoder
        Distances to compute.
    seed, resamples : int
        Intervals are 95 % delete-d jackknife intervals: the spread of subsamples of 80 % without replacement
        around their median, times the root of 0.8 / 0.2, around the value (a bootstrap with repeats would
        bias a Fréchet distance further); all pairs use the same n. They hold the luck of the draw, not the
        bias of few clips.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(real))
    reference, held_out = real[order[: len(real) // 2]], real[order[len(real) // 2 :]]
    noise = random.integers(0, 256, size=held_out.shape, dtype=np.uint8)
    sides = {
        "real_vs_real": held_out,
        **{f"real_vs_{name}": clips for name, clips in pools.items()},
        "real_vs_noise": noise,
    }
    n = min(len(reference), *(len(clips) for clips in sides.values()))
    rows = []
    for encoder in encoders:
        anchor = np.asarray(encoder.encode(reference[:n]), np.float64)
        for pair, clips in sides.items():
            other = np.asarray(encoder.encode(clips[random.choice(len(clips), n, replace=False)]), np.float64)
            value = frechet_distance(anchor, other)
            low, middle, high = np.percentile(_subsampled(anchor, other, random, resamples), [2.5, 50, 97.5])
            scale = np.sqrt(KEPT / (1 - KEPT))
            interval = max(0.0, value + scale * (low - middle)), value + scale * (high - middle)
            rows.append((pair, encoder.metric, encoder.encoder, n, value, *interval))
    return pd.DataFrame(rows, columns=list(FIDELITY_COLUMNS))


def frame_encoder(model: AppearanceModel) -> NamedEncoder:
    """Our frame ResNet-18 on the middle frame of each clip, 512 numbers; its distance is called
    ``fed_frame``.
    """
    from infomotion_lib.representations.appearance.network import embed

    return NamedEncoder(
        "fed_frame", "our frame ResNet-18", lambda clips: embed(model, clips[:, clips.shape[1] // 2])
    )


def video_encoder(regressor: FittedRegressor, *, period: int, batch: int = 32) -> NamedEncoder:
    """Our EF regressor's pooled features of the centred part of each clip; its distance is called
    ``fed_video``.

    Parameters
    ----------
    regressor : FittedRegressor
        Trained on real TRAIN clips.
    period : int
        Clip frames between two frames that the regressor sees, such that they cover the time it was trained
        on.
    """
    from infomotion_lib.data.video import resize_clip
    from infomotion_lib.regressor.clips import fixed_starts
    from infomotion_lib.regressor.inputs import cut

    def encode(clips: NDArray[np.uint8]) -> NDArray[np.floating]:
        import torch

        shape = {"frames": regressor.clip_frames, "period": period}
        start = int(fixed_starts(clips.shape[1], **shape)[0])
        features = []
        with torch.inference_mode():
            for i in range(0, len(clips), batch):
                small = [resize_clip(clip, regressor.clip_size) for clip in clips[i : i + batch]]
                seen = cut(small, **shape, starts=[start] * len(small)).to(regressor.device)
                channels = regressor.normalisation.channels(seen, in_channels=regressor.network.in_channels)
                features.append(regressor.network.features(channels).cpu())
        return torch.cat(features).numpy()

    return NamedEncoder("fed_video", f"our {regressor.name} EF regressor", encode)


def standard_encoders(parameters: AblationParameters) -> list[NamedEncoder]:
    """Inception and I3D as far as a run names their files; none by default.

    Raises
    ------
    CheckpointError
        If a file is missing or its SHA-256 is not the one given.
    """
    files = (
        ("fid", parameters.inception_weights, parameters.inception_sha256, 299),
        ("fvd", parameters.i3d_weights, parameters.i3d_sha256, 224),
    )
    return [
        torchscript_encoder(file, metric=metric, expected_sha256=digest, side=side, device=parameters.device)
        for metric, file, digest, side in files
        if file
    ]


def torchscript_encoder(
    path: str | Path, *, metric: str, expected_sha256: str, side: int, device: str = "cpu"
) -> NamedEncoder:
    """Inception (``metric="fid"``) or I3D (``"fvd"``) from a TorchScript file on disk, its hash checked.

    Inception sees the middle frame of each clip as (1, 3, S, S), I3D the whole clip as (1, 3, T, S, S), grey
    repeated. The files that StyleGAN's and StyleGAN-V's metrics use prepare grey levels 0 to 255 themselves:
    they are asked to (``rescale``, ``resize``), and for features, not class scores (``return_features``).
    Frames for any other file are resized bilinearly to ``side`` and scaled to [-1, 1].

    Raises
    ------
    CheckpointError
        If the file is missing, its SHA-256 is not the expected one, or it is no TorchScript.
    """
    file = Path(path)
    if not file.is_file():
        raise CheckpointError(
            f"No encoder weights at {file}", remedy="Leave the path empty to use this project's own encoders."
        )
    digest = sha256(file)
    if digest != expected_sha256:
        raise CheckpointError(
            f"{file} has SHA-256 {digest}, not {expected_sha256}.", remedy="Fetch the published file again."
        )
    import torch
    from torch.nn import functional

    from infomotion_lib.device import resolve_device

    where = resolve_device(device)
    try:
        network = torch.jit.load(str(file), map_location=where).eval()
    except RuntimeError as error:
        raise CheckpointError(f"{file} is no TorchScript network: {str(error).splitlines()[0]}") from None
    options = {argument.name for argument in network.forward.schema.arguments} & {
        "return_features",
        "rescale",
        "resize",
    }
    asked = dict.fromkeys(options, True)

    def encode(clips: NDArray[np.uint8]) -> NDArray[np.floating]:
        used = clips[:, clips.shape[1] // 2, None] if metric == "fid" else clips
        features = []
        with torch.no_grad():
            for clip in used:
                frames = torch.from_numpy(clip).to(where, torch.float32)[:, None]
                if not asked:
                    frames = functional.interpolate(
                        frames / 127.5 - 1, (side, side), mode="bilinear", align_corners=False
                    )
                frames = frames.expand(-1, 3, -1, -1)
                features.append(
                    network(frames if metric == "fid" else frames.transpose(0, 1)[None], **asked)[0]
                    .flatten()
                    .cpu()
                )
        return torch.stack(features).numpy()

    return NamedEncoder(metric, f"{file.stem} sha256:{digest[:12]}", encode)


def _subsampled(a: Features, b: Features, random: np.random.Generator, resamples: int) -> NDArray[np.float64]:
    size = max(2, round(KEPT * len(a)))
    return np.array(
        [
            frechet_distance(
                a[random.choice(len(a), size, replace=False)], b[random.choice(len(b), size, replace=False)]
            )
            for _ in range(resamples)
        ]
    )
