"""What seaborn works out for a figure is what numpy says of the same rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

pytest.importorskip("seaborn")

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.reporting.figures import controls, pools, votes
from infomotion_lib.reporting.figures.heatmap import class_map

NAMES = {"echosyn": "EF-conditioned", "latte": "Latte"}
MIDDLE_EF = (20.0, 35.0, 45.0, 60.0, 80.0)
"""An EF of each class."""


def drawn(axis: Axes, *, at: float) -> list[float]:
    """Heights of all lines and marks at one place of the x-axis, in order."""
    points = [
        point
        for line in axis.lines
        for point in zip(np.ravel(line.get_xdata()), np.ravel(line.get_ydata()), strict=True)
    ]
    return sorted({round(float(y), 9) for x, y in points if abs(float(x) - at) < 1e-6 and np.isfinite(y)})


def test_a_map_of_classes_shows_the_share_of_each_row_without_pixels() -> None:
    axis = Figure().subplots()
    counts = np.diag([8, 6, 4, 2, 0]) + np.eye(5, k=1, dtype=int) * [2, 2, 2, 2, 2]
    class_map(axis, counts, named=True, size=9)
    shown = np.array([text.get_text() for text in axis.texts]).reshape(5, 5)
    assert shown[0].tolist() == ["80", "20", "0", "0", "0"] and shown[4].tolist() == [""] * 5
    colours = np.array([text.get_color() for text in axis.texts]).reshape(5, 5)
    assert (colours[0, 0], colours[0, 1]) == ("white", "#1F2933")
    values = np.asarray(axis.collections[0].get_array()).reshape(5, 5)
    np.testing.assert_allclose(values[:4].sum(axis=1), 100)
    assert [label.get_text() for label in axis.get_yticklabels()] == list(CLASS_NAMES)
    assert axis.yaxis_inverted() and not axis.images, "the first class at the top; no pixels"


def test_medians_and_middle_halves_by_request() -> None:
    rng = np.random.default_rng(0)
    rows = [(pool, asked, rng.normal(asked, 9)) for pool in NAMES for asked in MIDDLE_EF for _ in range(11)]
    labels = pd.DataFrame(rows, columns=["source", "requested_ef", "ef"])
    axis = pools.ef_by_request(labels, names=NAMES).axes[0]
    for pool, shift in zip(NAMES, (-0.1, 0.1), strict=True):
        for place, asked in enumerate(MIDDLE_EF):
            own = labels.loc[(labels["source"] == pool) & (labels["requested_ef"] == asked), "ef"]
            np.testing.assert_allclose(
                drawn(axis, at=place + shift), np.percentile(own, [25, 50, 75]), atol=1e-6
            )


def test_a_pool_without_a_class_still_has_its_others() -> None:
    rows = [("latte", asked, asked + step) for asked in MIDDLE_EF[1:] for step in (-1.0, 0.0, 1.0)]
    fig = pools.ef_by_request(pd.DataFrame(rows, columns=["source", "requested_ef", "ef"]), names=NAMES)
    assert fig.get_suptitle().endswith("Latte +45 points")
    assert drawn(fig.axes[0], at=0) == [] and drawn(fig.axes[0], at=1) == [34.5, 35.0, 35.5]


def test_medians_and_percentiles_of_each_voter() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for clip in range(15):
        for voter in ("detector", "network"):
            for variant in ("as_is", *votes.VARIANT_NAMES):
                rows.append(
                    (
                        clip,
                        voter,
                        variant,
                        np.nan if variant == "as_is" else rng.uniform(0, 1),
                        rng.uniform(-1, 1),
                    )
                )
        rows.append((clip, "random_weights", "as_is", np.nan, rng.uniform(-1, 1)))
    table = pd.DataFrame(rows, columns=["clip", "voter", "variant", "r", "agreement"])
    left, right = votes.consistency(table).axes
    for voter, shift in (("detector", -0.16), ("network", 0.16)):
        for place, variant in enumerate(votes.VARIANT_NAMES):
            own = table.loc[(table["voter"] == voter) & (table["variant"] == variant), "r"]
            np.testing.assert_allclose(
                drawn(left, at=place + shift), np.percentile(own, [10, 50, 90]), atol=1e-6
            )
    untrained = table.loc[table["voter"] == "random_weights", "agreement"]
    np.testing.assert_allclose(drawn(right, at=2), np.percentile(untrained, [10, 50, 90]), atol=1e-6)


def test_the_share_of_videos_nearer_than_a_distance() -> None:
    apart = pd.Series([0.0, 20.0, 20.0, 40.0])
    table = pd.DataFrame(
        {"es_apart_ms": apart, "ed_apart_ms": apart * 2, "agreement": 0.9, "verdict": "agree"}
    )
    right = votes.vote_counts(table).axes[1]
    line = next(line for line in right.lines if str(line.get_label()).startswith("ES"))
    x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
    assert [float(y[x <= limit].max()) for limit in (0, 20, 40)] == [25, 75, 100]


def test_bars_are_means_and_dots_are_splits() -> None:
    names = ["regressor", "requested EF", "constant"]
    table = pd.DataFrame(
        [{"split": s, "predictor": n, "mae": 5.0 + s + 2 * i} for s in range(3) for i, n in enumerate(names)]
    )
    axis = controls.control_errors(table).axes[0]
    assert sorted(bar.get_width() for bar in axis.patches) == [6, 8, 10]
    assert [label.get_text() for label in axis.get_yticklabels()] == names and axis.yaxis_inverted()
    dots = np.concatenate([np.asarray(dots.get_offsets()) for dots in axis.collections])
    assert sorted(dots[:, 0].tolist()) == sorted(table["mae"])
