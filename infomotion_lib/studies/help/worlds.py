"""A pool of one world in memory: TRAIN clips with their faults, clean videos for a judge, clean TEST."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.classes import class_name
from infomotion_lib.data.video import resize_clip
from infomotion_lib.phantom.contamination import Contamination, Faulty, contaminate
from infomotion_lib.phantom.plan import Planned, phantom_request, plan_videos
from infomotion_lib.phantom.rendering import render
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import STRIDE, draw_clip

Clip = NDArray[np.uint8]


@dataclass(frozen=True)
class World:
    """One pool.

    Attributes
    ----------
    videos : list of Faulty
        TRAIN videos with what was done to them.
    label, truth : ndarray of float64, shape (N,)
        EF that the pool says, and EF of the heart that is shown, points.
    classes : ndarray of str, shape (N,)
        By the label, as any selector sees them.
    clips : list of ndarray of uint8, each (T, S, S)
        As they are shown.
    judge_clips, judge_ef, test_clips, test_ef
        Clean videos; those of the judge are no TEST videos.
    """

    videos: list[Faulty] = field(repr=False)
    label: NDArray[np.float64]
    truth: NDArray[np.float64]
    classes: NDArray[np.str_]
    clips: list[Clip] = field(repr=False)
    judge_clips: list[Clip] = field(repr=False)
    judge_ef: NDArray[np.float64] = field(repr=False)
    test_clips: list[Clip] = field(repr=False)
    test_ef: NDArray[np.float64] = field(repr=False)

    @property
    def bad(self) -> NDArray[np.bool_]:
        """Which TRAIN videos (N,) have a fault that no honest chooser would want; of regressor noise, an
        error above 10 points.
        """
        named = np.array([bool(set(video.faults) - {"noisy_ef"}) for video in self.videos])
        return np.asarray(named | (np.abs(self.label - self.truth) > 10))


def draw_world(
    parameters: EvidenceParameters,
    contaminations: tuple[Contamination, ...],
    *,
    seed: int,
    judge: bool = False,
) -> World:
    """The pool of one seed; videos for a judge are drawn only if asked for, and change nothing else."""
    planned = list(plan_videos(replace(phantom_request(parameters), seed=seed)))
    train, val, test = (
        [video for video in planned if video.split == split] for split in ("TRAIN", "VAL", "TEST")
    )
    hearts = [video.heart for video in train]
    videos = contaminate(hearts, contaminations, seed=seed, n_frames=parameters.phantom_frames)
    label = np.array([video.label for video in videos])
    return World(
        videos,
        label,
        np.array([video.heart.ef for video in videos]),
        class_name(label),
        [shown_clip(video, parameters) for video in videos],
        *_clean(val if judge else [], parameters),
        *_clean(test, parameters),
    )


def shown_clip(video: Faulty, parameters: EvidenceParameters) -> Clip:
    """Every second frame of a TRAIN video with its faults, (T, S, S), as
    :func:`~infomotion_lib.studies.selectors.pools.draw_clip` draws a clean one.
    """
    frames = np.arange(0, parameters.phantom_frames, STRIDE)
    size = parameters.study_render_size
    if video.still >= 0:
        drawn = np.repeat(render(video.heart, [video.still], size=size), len(frames), axis=0)
    elif video.after is not None:
        before = frames < video.jump
        parts = [
            render(video.heart, frames[before], size=size),
            render(video.after, frames[~before], size=size),
        ]
        drawn = np.concatenate(parts)
    else:
        drawn = render(video.heart, frames, size=size)
    return np.ascontiguousarray(resize_clip(drawn, parameters.clip_size))


def _clean(videos: list[Planned], parameters: EvidenceParameters) -> tuple[list[Clip], NDArray[np.float64]]:
    return [draw_clip(video.heart, parameters) for video in videos], np.array([v.heart.ef for v in videos])
