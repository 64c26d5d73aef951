"""Figures of the ablation stay readable on awkward numbers, and their titles say what the numbers say."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.reporting.figures.clips import side_by_side
from infomotion_lib.reporting.figures.latte import learning_strip, training_curve
from infomotion_lib.reporting.figures.pools import distances
from infomotion_lib.reporting.style import use_style

NAMES = {"echosyn": "EF-conditioned", "latte": "Latte"}
PAIRS = ("real_vs_real", "real_vs_echosyn", "real_vs_latte", "real_vs_noise")


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    """As in the notebooks."""
    with mpl.rc_context():
        use_style()
        yield


def fidelity(**values: list[tuple[float, float, float]]) -> pd.DataFrame:
    """Rows of ``fidelity.csv``: low, value and high of each pair, by metric."""
    rows = [
        {
            "pair": pair,
            "metric": metric,
            "encoder": "ours",
            "n": 150,
            "ci_low": low,
            "value": value,
            "ci_high": high,
        }
        for metric, cells in values.items()
        for pair, (low, value, high) in zip(PAIRS, cells, strict=True)
    ]
    return pd.DataFrame(rows)


def title(fig: object) -> str:
    """All text above the panels."""
    return " ".join(text.get_text() for text in fig.texts) + (fig.get_suptitle() or "")  # type: ignore[attr-defined]


def test_an_interval_that_reaches_zero_does_not_stretch_a_logarithmic_axis() -> None:
    cells = [(0.0, 0.08, 0.35), (0.0, 0.05, 0.3), (1.4, 1.9, 2.4), (5.4, 6.4, 7.2)]
    fig = distances(fidelity(fed_video=cells), names=NAMES)
    fig.draw_without_rendering()
    (axis,) = fig.axes
    left, right = axis.get_xlim()
    assert 0.02 <= left < 0.05
    shown = [
        label
        for label in axis.get_xticklabels()
        if label.get_text() and left <= label.get_position()[0] <= right
    ]
    assert len({label.get_text() for label in shown}) == len(shown) >= 2, "no two ticks with one name"
    boxes = sorted((box.x0, box.x1) for box in (label.get_window_extent() for label in shown))
    assert all(first[1] < second[0] for first, second in pairwise(boxes)), "no tick covers another"


def test_the_title_of_the_distances_names_the_nearer_pool_by_each_encoder() -> None:
    near, far = (0.9, 1.0, 1.1), (8.0, 9.0, 10.0)
    one = distances(fidelity(fed_frame=[near, near, far, far], fed_video=[near, near, far, far]), names=NAMES)
    assert "EF-conditioned by every encoder (150 clips per side)" in title(one)
    split = distances(
        fidelity(fed_frame=[near, near, far, far], fed_video=[near, far, near, far]), names=NAMES
    )
    assert "EF-conditioned by frames, Latte by clips" in title(split)


def test_one_pool_alone_is_set_against_the_floor() -> None:
    near, far = (0.9, 1.0, 1.1), (8.0, 9.0, 10.0)
    table = fidelity(fed_frame=[near, near, far, far])
    fig = distances(table[table["pair"] != "real_vs_echosyn"], names=NAMES)
    assert "Latte as a multiple of the floor: 9 by frames (150 clips per side)" in title(fig)


def test_no_interval_is_cut_but_those_that_reach_zero_which_carry_an_arrow() -> None:
    cells = [(12.0, 14.3, 17.3), (2.83, 7.7, 12.4), (0.0, 29.7, 36.5), (52.0, 55.0, 58.0)]
    (axis,) = distances(fidelity(fed_frame=cells), names=NAMES).axes
    assert axis.get_xlim()[0] < 2.83
    assert [line.get_ydata()[0] for line in axis.lines if line.get_marker() == "<"] == [1]  # type: ignore[index]


def test_the_training_curve_says_what_a_wrong_class_costs() -> None:
    fig = training_curve(
        np.geomspace(1, 0.05, 200).tolist(), {"right class": 0.05, "no class": 0.051, "wrong class": 0.06}
    )
    assert "leaves 5.0 % of the noise in VAL clips unexplained; wrong class: +20.0 %" in title(fig)


def test_the_training_curve_measures_each_objective_by_saying_nothing() -> None:
    fig = training_curve([2.0] * 60, {"right class": 0.5, "wrong class": 0.5}, objective="flow")
    assert "leaves 25.0 % of the way to noise in VAL clips unexplained" in title(fig)
    dashed = [np.asarray(line.get_ydata()) for line in fig.axes[0].lines if line.get_linestyle() == "--"]
    assert [level[0] for level in dashed] == [2.0]


def test_frames_of_a_strip_are_evenly_spaced_whatever_the_name_above() -> None:
    clips = {name: np.full((16, 8, 8), 100, np.uint8) for name in CLASS_NAMES}
    fig = side_by_side({"a name that reaches over many frames of the strip": clips}, shown=8)
    fig.draw_without_rendering()
    edges = np.array([axis.get_position().x0 for axis in fig.axes[:6]])
    assert np.ptp(np.diff(edges)) < 1e-3


def test_the_strip_of_learning_shows_the_two_frames_that_differ_most() -> None:
    clip = np.zeros((4, 8, 8), np.uint8)
    clip[2] = 200
    clips = {10: np.stack([clip] * 5), 40: np.stack([clip] * 5)}
    fig = learning_strip(clips, {3: clip}, asked=(20, 35, 45, 60, 75))
    axes = np.array(fig.axes).reshape(5, 6)
    assert [axis.get_title(loc="left") for axis in axes[0, ::2]] == ["10\nsteps", "40\nsteps", "VAL\nvideo"]
    assert axes[3, 1].images[0].get_array().max() == 200 and axes[3, 0].images[0].get_array().max() == 0
    assert not axes[0, 4].images and axes[3, 4].images
    assert axes[0, 0].get_ylabel() == "severe\nEF 20"
