"""Coverage and diversity of a set: the better spread set covers better, whatever the unit of the vectors."""

from __future__ import annotations

import numpy as np
import pytest

from infomotion_lib.selection.spread import coverage, diversity

LINE = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
ONE = np.array(["mild"] * 7)


def test_on_a_line() -> None:
    unit = LINE.std()
    assert coverage(LINE, ONE, [1, 5]) == pytest.approx((1 + 0 + 1 + 2 + 1 + 0 + 1) / 7 / unit)
    assert diversity(LINE, ONE, [1, 5]) == pytest.approx(4 / unit)
    assert coverage(LINE, ONE, [1, 5]) < coverage(LINE, ONE, [0, 1])
    assert coverage(1000 * LINE, ONE, [1, 5]) == pytest.approx(coverage(LINE, ONE, [1, 5]))


def test_by_class() -> None:
    two = np.concatenate([LINE, 100 + LINE])
    classes = np.array(["mild"] * 7 + ["severe"] * 7)
    assert coverage(two, classes, [1, 5, 8, 12]) == pytest.approx(coverage(LINE, ONE, [1, 5]))
    assert coverage(two, classes, [1, 5]) == pytest.approx(coverage(LINE, ONE, [1, 5])), (
        "no pick, not counted"
    )
    assert np.isnan(diversity(two, classes, [1, 8])) and np.isnan(coverage(two, classes, []))
