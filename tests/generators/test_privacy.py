"""The privacy filter catches planted copies, keeps other hearts, and gives the published numbers."""

from __future__ import annotations

import numpy as np
import pytest
from echosyn_reference import keys, outputs
from hypothesis import given, settings
from hypothesis import strategies as st

from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.generators.privacy import filter as privacy
from infomotion_lib.generators.privacy import privacy_filter

FEATURES = 64


def hearts(count: int, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((count, FEATURES))


def test_the_published_features_give_the_published_decisions() -> None:
    stored = outputs()
    report = privacy_filter(*(stored[f"reid/features_{part}"] for part in ("train", "test", "synthetic")))
    np.testing.assert_allclose(report.between_real, stored["reid/closest_train"], atol=1e-5)
    np.testing.assert_allclose(report.closest, stored["reid/closest_synthetic"], atol=1e-5)
    assert report.tau == pytest.approx(float(stored["reid/tau"]), abs=1e-5)
    np.testing.assert_array_equal(report.nearest, stored["reid/nearest"])
    np.testing.assert_array_equal(report.kept, stored["reid/kept"].bool())
    kept = [f"synth{number:03d}.pt" for number in np.flatnonzero(report.kept)]
    assert kept == keys()["reid_kept"]


def test_planted_copies_and_near_copies_are_caught_and_others_are_kept() -> None:
    train, test, synthetic = hearts(40, seed=1), hearts(30, seed=2), hearts(50, seed=3)
    copies = {4: 7, 20: 0, 49: 39}
    noise = 0.1 * np.random.default_rng(4).standard_normal((3, FEATURES))
    for (place, source), change in zip(copies.items(), noise, strict=True):
        synthetic[place] = train[source] * 3 + 2  # correlation does not see scale and offset
        synthetic[place - 1] = train[source] + change
    report = privacy_filter(train, test, synthetic)
    planted = sorted([*copies, *(place - 1 for place in copies)])
    others = np.setdiff1d(np.arange(50), planted)
    assert not report.kept[planted].any()
    assert report.kept[others].mean() > 0.85, "tau leaves out about as many as real hearts would be"
    assert report.nearest[planted].tolist() == [source for source in copies.values() for _ in range(2)]
    np.testing.assert_allclose(report.closest[list(copies)], 1)
    assert report.dropped_share == pytest.approx(1 - report.kept.mean())


def test_a_copy_is_left_out_even_if_real_hearts_repeat() -> None:
    """At ``tau = 1`` a copy correlates by exactly 1, and is not kept."""
    train = hearts(6, seed=5)
    report = privacy_filter(train, train, train * 0.1 + 5)
    assert report.tau == pytest.approx(1)
    assert not privacy_filter(train, train, train).kept.any()


@given(
    sizes=st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(0, 7)),
    percentile=st.floats(0, 100),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=20, deadline=None)
def test_the_filter_is_its_definition(sizes: tuple[int, int, int], percentile: float, seed: int) -> None:
    train, test, synthetic = (hearts(count, seed=seed + i) for i, count in enumerate(sizes))
    report = privacy_filter(train, test, synthetic, percentile=percentile)
    between = [max(np.corrcoef(a, b)[0, 1] for b in test) for a in train]
    assert report.tau == pytest.approx(np.percentile(between, percentile), abs=1e-12)
    table = np.array([[np.corrcoef(a, b)[0, 1] for a in train] for b in synthetic]).reshape(-1, len(train))
    np.testing.assert_allclose(report.closest, table.max(axis=1), atol=1e-12)
    np.testing.assert_array_equal(report.nearest, table.argmax(axis=1))
    np.testing.assert_array_equal(report.kept, report.closest < report.tau)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = hearts(9, seed=0), hearts(8, seed=1), hearts(11, seed=2)
    whole = privacy_filter(*parts)
    monkeypatch.setattr(privacy, "BLOCK", 4)
    blocked = privacy_filter(*parts)
    np.testing.assert_allclose(blocked.closest, whole.closest, atol=1e-14)
    np.testing.assert_array_equal(blocked.nearest, whole.nearest)
    assert "of 11 kept" in repr(blocked)


def test_a_stricter_percentile_keeps_no_more() -> None:
    parts = hearts(30, seed=0), hearts(30, seed=1), hearts(60, seed=2)
    kept = [int(privacy_filter(*parts, percentile=p).kept.sum()) for p in (100, 95, 50, 0)]
    assert kept == sorted(kept, reverse=True) and kept[0] > kept[-1]


@pytest.mark.parametrize(
    ("train", "test", "synthetic", "message"),
    [
        (np.empty((0, 8)), hearts(3, seed=0)[:, :8], hearts(3, seed=0)[:, :8], "No train features"),
        (hearts(3, seed=0), np.empty((0, FEATURES)), hearts(3, seed=0), "No test features"),
        (hearts(3, seed=0), hearts(3, seed=1)[:, 1:], hearts(3, seed=2), "64, 63 and 64 columns"),
        (hearts(3, seed=0), hearts(3, seed=1), hearts(3, seed=2)[0], "synthetic are"),
        (hearts(3, seed=0), hearts(3, seed=1), np.full((2, FEATURES), 0.5), "all equal, row 0"),
        (
            hearts(3, seed=0),
            np.full((2, FEATURES), np.nan),
            hearts(3, seed=2),
            "2 test hearts are not finite",
        ),
    ],
)
def test_what_has_no_correlation_is_refused(
    train: np.ndarray, test: np.ndarray, synthetic: np.ndarray, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        privacy_filter(train, test, synthetic)


def test_a_percentile_out_of_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="0 to 100"):
        privacy_filter(hearts(3, seed=0), hearts(3, seed=1), hearts(3, seed=2), percentile=101)
