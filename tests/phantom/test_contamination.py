"""Faults of a pool: at their rate, of their kind, and none unless asked for."""

from __future__ import annotations

import numpy as np
import pytest

from infomotion_lib.classes import ef_class
from infomotion_lib.errors import ParameterError
from infomotion_lib.phantom.contamination import KINDS, Contamination, contaminate
from infomotion_lib.phantom.nuisance import Heart
from infomotion_lib.phantom.plan import PhantomRequest, plan_videos, video_counts


@pytest.fixture(scope="module")
def hearts() -> list[Heart]:
    request = PhantomRequest(seed=3, counts=video_counts(20, 1, (1, 1, 1, 1, 1)))
    return [video.heart for video in plan_videos(request) if video.split == "TRAIN"]


def test_nothing_is_changed_by_default(hearts: list[Heart]) -> None:
    for asked in ((), tuple(Contamination(kind) for kind in KINDS)):  # type: ignore[arg-type]
        videos = contaminate(hearts, asked, seed=1, n_frames=64)
        assert [video.heart for video in videos] == hearts
        assert [video.label for video in videos] == [heart.ef for heart in hearts]
        assert all(video.shown([5]) == [(video.heart, 5)] and not video.faults for video in videos)


@pytest.mark.parametrize("kind", ["wrong_ef", "opposite_ef", "neighbour_ef"])
def test_labels(hearts: list[Heart], kind: str) -> None:
    videos = contaminate(hearts, [Contamination(kind, 0.3)], seed=1, n_frames=64)  # type: ignore[arg-type]
    faulty = [video for video in videos if video.faults]
    assert len(faulty) == 30 and [video.heart for video in videos] == hearts
    apart = [abs(int(ef_class(video.label)) - int(ef_class(video.heart.ef))) for video in faulty]
    if kind == "opposite_ef":
        assert all(video.label + video.heart.ef == pytest.approx(95) for video in faulty)
    else:
        assert min(apart) >= 1 and (kind == "wrong_ef" or max(apart) == 1)
    assert all(video.label == video.heart.ef for video in videos if not video.faults)


def test_noise_of_a_regressor(hearts: list[Heart]) -> None:
    videos = contaminate(hearts, [Contamination("noisy_ef", 9.0)], seed=1, n_frames=64)
    error = np.array([video.label - video.heart.ef for video in videos])
    assert 5 < np.abs(error).mean() < 9 and np.ptp(error) > 20


def test_frames(hearts: list[Heart]) -> None:
    faults = [Contamination("anatomy_jumps", 0.2), Contamination("frozen", 0.1)]
    videos = contaminate(hearts, faults, seed=1, n_frames=64)
    jumps = [video for video in videos if "anatomy_jumps" in video.faults]
    frozen = [video for video in videos if "frozen" in video.faults]
    assert (len(jumps), len(frozen)) == (20, 10) and all(len(video.faults) < 2 for video in videos)
    for video in jumps:
        (first, _), (last, number) = video.shown([0, 63])
        assert first == video.heart != last and number == 63
    assert all(len(set(video.shown(range(64)))) == 1 for video in frozen)


def test_near_copies(hearts: list[Heart]) -> None:
    videos = contaminate(hearts, [Contamination("near_copies", 0.5)], seed=1, n_frames=64)
    copies = [video for video in videos if video.original >= 0]
    assert len(copies) == 50 and len({video.original for video in copies}) <= 25
    for video in copies:
        source = videos[video.original]
        assert (
            source.original < 0 and video.label == source.heart.ef and video.heart.seed != source.heart.seed
        )


def test_a_kind_moves_no_other(hearts: list[Heart]) -> None:
    one = contaminate(hearts, [Contamination("wrong_ef", 0.3)], seed=1, n_frames=64)
    both = contaminate(
        hearts, [Contamination("frozen", 0.1), Contamination("wrong_ef", 0.3)], seed=1, n_frames=64
    )
    assert [video.label for video in one] == [video.label for video in both]


def test_what_cannot_be() -> None:
    with pytest.raises(ParameterError, match="wrong_ef"):
        Contamination("wrong_eff", 0.1)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="out of range"):
        Contamination("frozen", 1.5)
