"""EF classes: the edges, by hand and by property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infomotion_lib.classes import CLASS_NAMES, EF_EDGES, NO_CLASS, class_bounds, class_name, ef_class


@pytest.mark.parametrize(
    ("ef", "name"),
    [
        (0, "severe"),
        (29.99, "severe"),
        (30, "moderate"),
        (39.99, "moderate"),
        (40, "mild"),
        (49.99, "mild"),
        (50, "normal"),
        (70, "normal"),
        (70.01, "hyperdynamic"),
        (100, "hyperdynamic"),
    ],
)
def test_edges(ef: float, name: str) -> None:
    assert class_name(ef) == name


def test_values_that_are_no_ef_have_no_class() -> None:
    assert ef_class([np.nan, np.inf, -np.inf]).tolist() == [NO_CLASS] * 3
    assert class_name([np.nan, 55.0]).tolist() == ["", "normal"]


def test_shape_is_kept_and_empty_input_works() -> None:
    assert ef_class(np.full((2, 3), 55.0)).shape == (2, 3)
    assert ef_class([]).shape == (0,)


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_higher_ef_never_has_a_lower_class(low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert ef_class(low) <= ef_class(high)


@given(st.floats(0, 100))
def test_every_ef_lies_within_the_bounds_of_its_class(ef: float) -> None:
    low, high = class_bounds(int(ef_class(ef)))
    assert low <= ef <= high


def test_bounds_join_without_gaps() -> None:
    bounds = [class_bounds(index) for index in range(len(CLASS_NAMES))]
    assert [high for _, high in bounds[:-1]] == [low for low, _ in bounds[1:]] == list(EF_EDGES)
    assert bounds[0][0] == -np.inf
    assert bounds[-1][1] == np.inf
