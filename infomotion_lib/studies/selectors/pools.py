"""A phantom pool in memory: clips for the regressor, key frames for the vectors, nothing written to disk.

Hearts, splits and annotated frames are those of :func:`infomotion_lib.phantom.dataset.make_dataset`; the
frames of the two motions are those that stage 01 chooses from the exact tracings. Only frames that are looked
at are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.classes import CLASS_NAMES, class_bounds, class_name, ef_class
from infomotion_lib.data.video import resize_clip
from infomotion_lib.frame_table import PAIR_COLUMNS
from infomotion_lib.frames.rule import motion_pairs
from infomotion_lib.phantom.nuisance import NUISANCES, Heart
from infomotion_lib.phantom.plan import EF_RANGE, Planned, phantom_request, plan_videos
from infomotion_lib.phantom.rendering import render
from infomotion_lib.studies.selectors.arms import Arm
from infomotion_lib.studies.selectors.parameters import EvidenceParameters

STRIDE = 2
"""Every second frame becomes part of a clip, so that a clip period of 4 frames is one of 2 of these."""

PICTURE = (
    "gain",
    "dynamic_range",
    "gamma",
    "depth_gain",
    "blood",
    "wall_gain",
    "shadow",
    "shadow_angle",
    "psf_axial",
    "psf_lateral",
    "noise",
)
"""Nuisances of the picture alone; wall dropouts are one too."""

_MISLABEL = 1  # stream of random numbers

Clip = NDArray[np.uint8]


@dataclass(frozen=True)
class Pool:
    """TRAIN candidates and TEST videos of one pool.

    Attributes
    ----------
    file_names : ndarray of str, shape (N,)
        TRAIN videos with key frames, in the order of the data set.
    ef, classes : ndarray, shape (N,)
        Their labels (moved in the arm with mislabelled videos) and EF classes.
    mislabelled : ndarray of bool, shape (N,)
    clips : list of ndarray of uint8, each (T, S, S)
        For the regressor.
    ends, pairs : list of ndarray
        End frames (K, H, W) of the two motions of each video, and its two pairs as rows (2, 2) into them.
    ed_frames : ndarray of uint8, shape (N, H, W)
        For the appearance vectors.
    test_clips, test_ef, test_machines
        The TEST videos.
    """

    file_names: NDArray[np.str_]
    ef: NDArray[np.float64]
    classes: NDArray[np.str_]
    mislabelled: NDArray[np.bool_]
    clips: list[Clip] = field(repr=False)
    ends: list[Clip] = field(repr=False)
    pairs: list[NDArray[np.int64]] = field(repr=False)
    ed_frames: Clip = field(repr=False)
    test_clips: list[Clip] = field(repr=False)
    test_ef: NDArray[np.float64] = field(repr=False)
    test_machines: NDArray[np.str_] = field(repr=False)


def plan_pool(parameters: EvidenceParameters, *, seed: int, arm: Arm) -> list[Planned]:
    """Every video of the pool of one seed, as the data set of that seed has it but for what the arm
    changes.
    """
    standard = (1.0, *(0.0 for _ in parameters.machine_shares[1:]))
    shares = standard if arm.standard_machines else parameters.machine_shares
    request = replace(phantom_request(parameters), seed=seed, machine_shares=shares)
    planned = list(plan_videos(request))
    if arm.plain_pictures:
        planned = [
            replace(video, heart=plain_picture(video.heart, parameters.nuisance_level)) for video in planned
        ]
    return planned


def plain_picture(heart: Heart, level: float) -> Heart:
    """The same heart in the same pose, every nuisance of the picture at the middle of its range and no wall
    dropout.
    """
    middles = {name: float(np.mean(NUISANCES[name].at(level))) for name in PICTURE}
    return replace(heart, dropouts=(), **middles)  # type: ignore[arg-type]  # all of these fields are floats


def draw_pool(parameters: EvidenceParameters, *, seed: int, arm: Arm) -> Pool:
    """The pool of one seed, drawn; about half a minute of one core for 300 TRAIN and 200 TEST videos."""
    planned = plan_pool(parameters, seed=seed, arm=arm)
    frames = {video.file_name: key_frames(video, parameters) for video in planned if video.split == "TRAIN"}
    train = [video for video in planned if frames.get(video.file_name)]
    test = [video for video in planned if video.split == "TEST"]
    drawn = [draw_frames(video.heart, frames[video.file_name], parameters) for video in train]
    ef, moved = mislabel(np.array([video.heart.ef for video in train]), share=arm.mislabelled, seed=seed)
    return Pool(
        np.array([video.file_name for video in train]),
        ef,
        class_name(ef),
        moved,
        [draw_clip(video.heart, parameters) for video in train],
        [ends for ends, _, _ in drawn],
        [pairs for _, pairs, _ in drawn],
        np.stack([ed for _, _, ed in drawn]),
        [draw_clip(video.heart, parameters) for video in test],
        np.array([video.heart.ef for video in test]),
        np.array([video.heart.machine for video in test]),
    )


def key_frames(video: Planned, parameters: EvidenceParameters) -> dict[str, int]:
    """Frame numbers of the two motions and ``ed``, by the names of the frame index; empty for a video that
    has none.
    """
    pairs = motion_pairs(
        video.es, video.ed, n_frames=parameters.phantom_frames, diastole_fraction=parameters.diastole_fraction
    )
    if pairs.diastole is None or pairs.systole is None:
        return {}
    return dict(zip(PAIR_COLUMNS, (*pairs.diastole, *pairs.systole), strict=True)) | {"ed": video.ed}


def draw_frames(
    heart: Heart, frames: dict[str, int], parameters: EvidenceParameters
) -> tuple[Clip, NDArray[np.int64], Clip]:
    """End frames (K, H, W) of the two motions, their pairs as rows (2, 2) into them, and the ED frame
    (H, W).
    """
    from infomotion_lib.representations.ends import pair_frames

    wanted, pairs = pair_frames(frames)
    shown = render(heart, [*wanted, frames["ed"]], size=parameters.phantom_size)
    return shown[:-1], pairs, shown[-1]


def draw_clip(heart: Heart, parameters: EvidenceParameters) -> Clip:
    """Every second frame of a heart, (T, S, S), drawn at ``study_render_size`` and reduced by area to the
    clip size.
    """
    frames = np.arange(0, parameters.phantom_frames, STRIDE)
    return np.ascontiguousarray(
        resize_clip(render(heart, frames, size=parameters.study_render_size), parameters.clip_size)
    )


def mislabel(
    ef: NDArray[np.float64], *, share: float, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Labels with a share of them redrawn uniformly from a neighbouring EF class, and which ones."""
    moved = np.zeros(len(ef), dtype=bool)
    labels = ef.copy()
    rng = np.random.default_rng((seed, _MISLABEL))
    chosen = rng.choice(len(ef), round(share * len(ef)), replace=False)
    for index in np.sort(chosen):
        near = [
            number
            for number in (int(ef_class(ef[index])) + step for step in (-1, 1))
            if 0 <= number < len(CLASS_NAMES)
        ]
        labels[index] = rng.uniform(*np.clip(class_bounds(int(rng.choice(near))), *EF_RANGE))
    moved[chosen] = True
    return labels, moved


def numbers_of(file_names: Sequence[str] | NDArray[np.str_], pool: Pool) -> list[int]:
    """Row of each named TRAIN video in the pool, ascending."""
    place: dict[Any, int] = {name: row for row, name in enumerate(pool.file_names.tolist())}
    return sorted(place[str(name)] for name in file_names)
