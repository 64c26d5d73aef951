"""A pool of one world in memory: TRAIN clips with their faults, clean videos for a judge, clean TEST."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.classes import class_name
from infomotion_lib.data.video import resize_clip
from infomotion_lib.phantom.contamination import Contamination, Faulty, contaminate
from infomotion_lib.phantom.plan import Planned, phantom_request, plan_videos
from infomotion_lib.phantom.rendering import render
from infomotion_lib.representations.ends import pair_frames
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.pools import STRIDE, draw_clip, key_frames

Clip = NDArray[np.uint8]


@dataclass(frozen=True)
class World:
    """One pool.

    Attributes
    ----------
    videos : list of Faulty
        TRAIN videos with what was done to them.
    frames : list of dict
        Of each, the frame numbers of its two motions and ``ed``; a near-copy has those of its original.
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
    frames: list[dict[str, int]] = field(repr=False)
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


@dataclass(frozen=True)
class KeyFrames:
    """What the vectors of a pool are made of.

    Attributes
    ----------
    ends, pairs : list of ndarray
        End frames (K, H, W) of the two motions of each video, and its two pairs as rows (2, 2) into them.
    ed_frames : ndarray of uint8, shape (N, H, W)
    """

    ends: list[Clip] = field(repr=False)
    pairs: list[NDArray[np.int64]] = field(repr=False)
    ed_frames: Clip = field(repr=False)


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
    numbers = [key_frames(video, parameters) for video in train]
    train = [video for video, known in zip(train, numbers, strict=True) if known]
    numbers = [known for known in numbers if known]
    hearts = [video.heart for video in train]
    videos = contaminate(hearts, contaminations, seed=seed, n_frames=parameters.phantom_frames)
    label = np.array([video.label for video in videos])
    return World(
        videos,
        [numbers[row if video.original < 0 else video.original] for row, video in enumerate(videos)],
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
    drawn = shown_frames(video, frames, size=parameters.study_render_size)
    return np.ascontiguousarray(resize_clip(drawn, parameters.clip_size))


def shown_frames(video: Faulty, frames: Sequence[int] | NDArray[np.integer], *, size: int) -> Clip:
    """These frames of a TRAIN video with its faults, (len(frames), size, size)."""
    seen = video.shown(frames)
    drawn = np.empty((len(seen), size, size), dtype=np.uint8)
    for heart in filter(None, (video.heart, video.after)):
        places = [place for place, (shown, _) in enumerate(seen) if shown is heart]
        if places:
            numbers, again = np.unique([seen[place][1] for place in places], return_inverse=True)
            drawn[places] = render(heart, numbers, size=size)[again]
    return drawn


def shown_key_frames(pool: World, parameters: EvidenceParameters) -> KeyFrames:
    """End frames of the two motions and ED frame of every TRAIN video, with its faults: what a selector
    sees, which knows of none.
    """
    ends, pairs, ed_frames = [], [], []
    for video, numbers in zip(pool.videos, pool.frames, strict=True):
        wanted, rows = pair_frames(numbers)
        drawn = shown_frames(video, [*wanted, numbers["ed"]], size=parameters.phantom_size)
        ends.append(drawn[:-1])
        pairs.append(rows)
        ed_frames.append(drawn[-1])
    return KeyFrames(ends, pairs, np.stack(ed_frames))


def _clean(videos: list[Planned], parameters: EvidenceParameters) -> tuple[list[Clip], NDArray[np.float64]]:
    return [draw_clip(video.heart, parameters) for video in videos], np.array([v.heart.ef for v in videos])
