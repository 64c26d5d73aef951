"""Outline and area of traced frames; ED and ES by area; the tracings that are not as they should be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from infomotion_lib.frames.tracings import annotated_phases, outline_area, outlines, traced_areas

Rows = NDArray[np.float64]


def ellipse(
    length: float,
    width: float,
    *,
    chords: int = 20,
    angle: float = 0.2,
    centre: tuple[float, float] = (56.0, 50.0),
) -> Rows:
    """Long axis and chords (chords + 1, 4) of an ellipse turned by ``angle``, as EchoNet traces a
    ventricle.
    """
    along = np.array([np.sin(angle), np.cos(angle)])
    across = np.array([along[1], -along[0]])
    apex = np.array(centre) - along * length / 2
    z = (np.arange(chords) + 0.5) / chords
    half = width / 2 * np.sqrt(1 - (2 * z - 1) ** 2)
    middle = apex + z[:, None] * length * along
    rows = np.concatenate([middle - half[:, None] * across, middle + half[:, None] * across], axis=1)
    return np.concatenate([[np.concatenate([apex, apex + length * along])], rows])


def table(*frames: tuple[str, int, Rows]) -> pd.DataFrame:
    blocks = [
        pd.DataFrame(rows, columns=["X1", "Y1", "X2", "Y2"]).assign(FileName=name, Frame=frame)[
            ["FileName", "X1", "Y1", "X2", "Y2", "Frame"]
        ]
        for name, frame, rows in frames
    ]
    return pd.concat(blocks, ignore_index=True)


def area(rows: Rows) -> float:
    (outline,) = outlines(rows)
    return outline_area(outline)


@given(length=st.floats(30, 80), width=st.floats(15, 40), angle=st.floats(-0.6, 0.6))
def test_area_of_a_turned_ellipse(length: float, width: float, angle: float) -> None:
    assert area(ellipse(length, width, angle=angle)) == pytest.approx(np.pi * length * width / 4, rel=0.06)


@pytest.mark.parametrize("chords", [4, 12, 20, 40])
def test_number_of_rows_is_free(chords: int) -> None:
    assert area(ellipse(60, 30, chords=chords)) == pytest.approx(np.pi * 450, rel=0.3 if chords < 12 else 0.1)


def test_long_axis_is_no_part_of_the_outline() -> None:
    (outline,) = outlines(ellipse(60, 30))
    assert outline.shape == (40, 2)


def test_chords_traced_backwards_give_the_same_area() -> None:
    rows = ellipse(60, 30)
    turned = rows.copy()
    turned[3::2] = turned[3::2][:, [2, 3, 0, 1]]
    assert area(turned) == pytest.approx(area(rows))


def test_overlapping_tracings_are_told_apart() -> None:
    both = np.concatenate([ellipse(60, 30), ellipse(50, 28, angle=-0.1)])
    assert [outline_area(outline) for outline in outlines(both)] == pytest.approx(
        [area(ellipse(60, 30)), area(ellipse(50, 28))]
    )
    areas = traced_areas(table(("a", 3, both)))
    assert areas["n_tracings"].tolist() == [2]
    assert area(ellipse(50, 28)) < areas["area"].item() < area(ellipse(60, 30))


@pytest.mark.parametrize(
    "rows", [np.zeros((0, 4)), ellipse(60, 30)[:2], np.full((21, 4), 7.0), np.full((21, 4), np.nan)]
)
def test_a_tracing_without_area_is_no_traced_frame(rows: Rows) -> None:
    assert traced_areas(table(("a", 3, rows), ("a", 9, ellipse(50, 20))))["frame"].tolist() == [9]


@pytest.mark.parametrize(("first", "second"), [((60, 30), (48, 20)), ((48, 20), (60, 30))])
def test_ed_is_the_larger_outline_in_either_order(
    first: tuple[float, float], second: tuple[float, float]
) -> None:
    phases = annotated_phases(table(("a", 12, ellipse(*first)), ("a", 40, ellipse(*second)))).iloc[0]
    assert (phases["ed"], phases["es"]) == ((12, 40) if first > second else (40, 12))
    assert phases["ed_area"] > phases["es_area"]
    assert phases["status"] == "ok"


def test_file_order_of_the_frames_does_not_matter() -> None:
    blocks = [
        ("b", 40, ellipse(48, 20)),
        ("a", 5, ellipse(60, 30)),
        ("b", 12, ellipse(60, 30)),
        ("a", 9, ellipse(50, 20)),
    ]
    pd.testing.assert_frame_equal(annotated_phases(table(*blocks)), annotated_phases(table(*blocks[::-1])))


def test_temporal_rule_is_the_order_in_time() -> None:
    rows = table(("a", 40, ellipse(48, 20)), ("a", 12, ellipse(60, 30)))
    by_area, by_time = annotated_phases(rows).iloc[0], annotated_phases(rows, phase_rule="temporal").iloc[0]
    assert (by_area["es"], by_area["ed"]) == (40, 12)
    assert (by_time["es"], by_time["ed"]) == (12, 40)


def test_one_traced_frame_and_equal_areas_have_a_status_and_no_frames() -> None:
    phases = annotated_phases(
        table(("one", 4, ellipse(60, 30)), ("same", 4, ellipse(60, 30)), ("same", 9, ellipse(60, 30)))
    )
    assert dict(zip(phases["file_name"], phases["status"], strict=True)) == {
        "one": "one_traced_frame",
        "same": "equal_areas",
    }
    assert phases[["es", "ed"]].isna().all(axis=None)


def test_no_tracings_at_all() -> None:
    assert annotated_phases(table(("a", 1, ellipse(60, 30))).iloc[:0]).empty


def test_extremes_of_more_than_two_traced_frames() -> None:
    sizes = {3: (55, 25), 10: (60, 32), 17: (45, 18), 25: (58, 30)}
    phases = annotated_phases(table(*(("a", frame, ellipse(*size)) for frame, size in sizes.items()))).iloc[0]
    assert (phases["ed"], phases["es"], phases["n_traced"]) == (10, 17, 4)
