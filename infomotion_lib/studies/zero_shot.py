"""A network that has only ever seen drawn hearts, applied to the open clips: does it rank them by motion?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infomotion_lib.data.video import resize_clip
from infomotion_lib.evaluation.intervals import rank_correlation, rank_interval
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.phantom.rendering import render
from infomotion_lib.phantom.sampling import sample_heart
from infomotion_lib.progress import track
from infomotion_lib.studies.controls import Clips, frozen, shuffled

if TYPE_CHECKING:
    from infomotion_lib.regressor.fitted import FittedRegressor

PHANTOM_EF = (8.0, 88.0)
RENDER_SIZE = 56
RANDOM_NETWORKS = 5
# hearts are drawn at 48 frames per second, of which every sixth is kept: 8 are too few to draw a beat from
OVERSAMPLING = 6


def train_on_phantom(
    parameters: EvaluationParameters,
    *,
    clips: int = 1200,
    steps: int = 900,
    frames: int = 16,
    fps: float = 8.0,
    seed: int = 70_000,
) -> FittedRegressor:
    """Network that has only ever seen drawn hearts, of the open clips' length and frame rate, EF uniform over
    8-88.

    Parameters
    ----------
    clips : int
        Phantom clips, drawn in memory.
    steps : int
        Training steps.
    frames, fps : int, float
        Of a clip.
    """
    from infomotion_lib.device import one_thread
    from infomotion_lib.regressor.training import train_regressor

    rng = np.random.default_rng(seed)
    ef = rng.uniform(*PHANTOM_EF, clips)
    drawn = []
    for value in track(ef, label="phantom clips", unit="clip"):
        heart = sample_heart(rng, float(value), fps=OVERSAMPLING * fps)
        drawn.append(
            resize_clip(
                render(heart, OVERSAMPLING * np.arange(frames), size=RENDER_SIZE), parameters.clip_size
            )
        )
    with one_thread():
        return train_regressor(drawn, ef, parameters=parameters, seed=seed, steps=steps)


def zero_shot(
    fitted: FittedRegressor,
    clips: Clips,
    requested_ef: NDArray[np.float64],
    ef: NDArray[np.float64],
    *,
    samples: int = 2000,
) -> pd.DataFrame:
    """How a network that saw no open clip ranks them: a row per control and target.

    Parameters
    ----------
    fitted : FittedRegressor
        From :func:`train_on_phantom`.
    clips : sequence of ndarray
        The open clips.
    requested_ef, ef : ndarray, shape (N,)
        What the generator was asked for, and what a published regressor read off the clips; points.

    Returns
    -------
    DataFrame
        ``clips`` (see :func:`zero_shot_answers`), ``against`` (``requested``, ``relabelled``), ``n``,
        ``spearman`` with its 95 % bootstrap interval over clips, ``mae`` and ``bias`` (empty for ``pixel
        change``), ``constant_mae`` (of the median).
    """
    answers = zero_shot_answers(fitted, clips)
    rows = []
    for name, answer in answers.items():
        for target, truth in (("requested", requested_ef), ("relabelled", ef)):
            low, high = rank_interval(answer, truth, samples=samples)
            error = answer - truth if name != "pixel change" else np.full(len(truth), np.nan)
            rows.append(
                {
                    "clips": name,
                    "against": target,
                    "n": len(truth),
                    "spearman": rank_correlation(answer, truth),
                    "ci_low": low,
                    "ci_high": high,
                    "mae": float(np.abs(error).mean()),
                    "constant_mae": float(np.abs(np.median(truth) - truth).mean()),
                    "bias": float(error.mean()),
                }
            )
    return pd.DataFrame(rows)


def zero_shot_answers(fitted: FittedRegressor, clips: Clips) -> dict[str, NDArray[np.float64]]:
    """Answers (N,) to the clips: of the network as they are, shuffled and frozen; the amount of change; of
    five untrained networks.

    ``pixel change`` is no EF but a number without any network, the mean absolute difference of a frame from
    its clip's mean: what it ranks as well as the network needs no network. Untrained networks read change
    too, with a sign that is chance: look at the size of their correlations.
    """
    import torch

    from infomotion_lib.regressor.model import build_regressor

    answers = {
        "as they are": fitted.predict(clips),
        "shuffled frames": fitted.predict(shuffled(clips, seed=0)),
        "frozen frame": fitted.predict(frozen(clips)),
        "pixel change": np.array([np.abs(clip - clip.mean(axis=0)).mean() for clip in clips]),
    }
    for seed in range(RANDOM_NETWORKS):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            blank = build_regressor(fitted.name).eval().to(fitted.device)
        answers[f"random weights {seed}"] = replace(fitted, network=blank).predict(clips)
    return answers
