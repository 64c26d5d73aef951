"""Figures of stage 03 say what their numbers say, for healthy and for sick graphs, few and many videos."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

mpl.use("Agg")

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.errors import ParameterError
from infomotion_lib.reporting.figures import picks as pick_figures
from infomotion_lib.reporting.figures import selection as figures
from infomotion_lib.reporting.figures.communities import community_graphs
from infomotion_lib.reporting.style import figure_bytes
from infomotion_lib.selection.graph import Graph, Recipe
from infomotion_lib.selection.layout import force_layout
from infomotion_lib.selection.modular import build_class_graphs
from infomotion_lib.selection.parameters import SelectionParameters
from infomotion_lib.selection.registry import SELECTORS
from infomotion_lib.selection.stage import run_selection
from infomotion_lib.selection.sweep import sweep_settings

from .conftest import Planted, Pool
from .test_stage import Upstream


def title(fig: object) -> str:
    return fig._suptitle.get_text()  # type: ignore[attr-defined]


def test_linked_nodes_lie_near_each_other(planted: Planted) -> None:
    graph = build_class_graphs(planted.features, ["mild"] * 60, file_names=[f"v{i:02d}" for i in range(60)])[
        "mild"
    ].graph
    place = force_layout(graph)
    assert place.shape == (60, 2) and (place >= -1e-9).all() and (place <= 1 + 1e-9).all()
    linked = np.linalg.norm(place[graph.links[:, 0]] - place[graph.links[:, 1]], axis=1).mean()
    assert linked < 0.4 * np.linalg.norm(place[:, None] - place[None], axis=2).mean()
    np.testing.assert_array_equal(place, force_layout(graph))


def test_layout_of_one_node_and_of_too_many() -> None:
    assert np.isfinite(force_layout(Graph(1, np.zeros((0, 2)), np.zeros(0)))).all()
    with pytest.raises(ParameterError, match="1,501 nodes"):
        force_layout(Graph(1501, np.zeros((0, 2)), np.zeros(0)))


def test_community_graphs_ring_the_picks(pool: Pool) -> None:
    graphs = build_class_graphs(
        pool.features, pool.classes, file_names=pool.file_names, recipe=Recipe(trials=1)
    )
    picks = [own.file_names[0] for own in graphs.values()]
    fig = community_graphs(graphs, picks)
    drawn = [
        next(item for item in axis.collections if isinstance(item, PathCollection)) for axis in fig.axes[:5]
    ]
    assert all(
        np.sum(np.equal(dots.get_linewidths(), 2.0)) == 1 and len(dots.get_offsets()) == 14 for dots in drawn
    )
    counts = [own.communities.n_communities for own in graphs.values()]
    assert title(fig).startswith(f"{min(counts)} to {max(counts)} communities in each class")
    assert figure_bytes(fig).startswith(b"<?xml")


def test_a_collapsed_graph_says_so(pool: Pool) -> None:
    own = build_class_graphs(
        pool.features, pool.classes, file_names=pool.file_names, recipe=Recipe("literal", trials=1)
    )["mild"]
    fig = community_graphs({"literal": own}, [])
    assert title(fig) == "1 community"
    assert title(community_graphs({"literal": own}, [], of="of class mild")) == "1 community of class mild"
    assert fig.axes[0].get_xlabel() == f"{own.graph.n_nodes} videos"
    assert (
        fig.axes[0].get_title(loc="left") == "literal\ncollapsed"
        or fig.axes[0].get_title() == "literal\ncollapsed"
    )


def test_large_graphs_are_drawn_in_part() -> None:
    rng = np.random.default_rng(0)
    names = [f"v{i:03d}" for i in range(300)]
    own = build_class_graphs(
        rng.normal(size=(300, 3)), ["mild"] * 300, file_names=names, recipe=Recipe("knn", k=5, trials=1)
    )
    fig = community_graphs(own, names[:2], most_nodes=50)
    assert "of 300 videos" in fig.axes[0].get_xlabel()


def test_module_counts_and_sweep(upstream: Upstream) -> None:
    index, motion, appearance = upstream
    parameters = SelectionParameters(
        vpc=(2,), n_runs=1, infomap_trials=1, health_resamples=1, methods=("random",)
    )
    report = run_selection(
        index, {"motion": motion, "appearance": appearance}, parameters=parameters
    ).graph_report
    fig = figures.module_counts(report, vpc=(2, 5))
    assert len([axis for axis in fig.axes if axis.has_data()]) == 4
    sick = report.assign(flag=np.where(report["graph"] == "literal", "collapsed", "healthy"))
    sick.loc[sick.index[sick["graph"] == "knn"][0], "flag"] = "collapsed"
    assert (
        title(figures.module_counts(sick))
        == "Graphs that collapse: kNN 1 of 20, softmax 0 of 20, literal 20 of 20"
    )
    assert figure_bytes(fig).startswith(b"<?xml")
    one = report[(report["graph"] == "literal") & (report["source"] == "real")]
    assert title(figures.module_counts(one)) == "Graphs that collapse: literal 10 of 10"


def test_sweep_title_is_the_range(pool: Pool) -> None:
    table = sweep_settings(
        pool.features,
        pool.classes,
        file_names=pool.file_names,
        values={"k": (3, 5), "scale": (1.0,), "markov_time": (0.4, 1)},
        trials=1,
    )
    fig = figures.settings_sweep(table, vpc=(5,), defaults={"k": 4})
    assert title(fig).startswith(
        f"From {table['communities'].min()} to {table['communities'].max()} communities"
    )
    assert len(fig.axes) == 3 and figure_bytes(fig)


def test_picks_map_names_the_extremes() -> None:
    rng = np.random.default_rng(0)
    place, classes = rng.normal(size=(50, 2)), np.repeat(CLASS_NAMES, 10)
    gap = np.linalg.norm(place - np.repeat(place.reshape(5, 10, 2).mean(axis=1), 10, axis=0), axis=1).reshape(
        5, 10
    )
    inner, outer = np.zeros(50, dtype=bool), np.zeros(50, dtype=bool)
    inner[np.arange(5) * 10 + gap.argmin(axis=1)] = True
    outer[np.arange(5) * 10 + gap.argmax(axis=1)] = True
    fig = pick_figures.picks_map(place, classes, {"kmeans": inner, "kcenter": outer})
    assert title(fig) == "By motion, K-means picks the most typical videos, k-centre the least"
    assert figure_bytes(fig)
    everyone = dict.fromkeys(SELECTORS, inner)
    assert len(pick_figures.picks_map(place, classes, everyone).axes) == len(SELECTORS)


def test_ef_coverage_measures_the_gap() -> None:
    fig = pick_figures.ef_coverage(
        [20, 30, 40, 60, 80], {"random": [20, 80], "herding_ef": [20, 30, 40, 60, 80]}
    )
    # gaps of random: 0, 10, 20, 20, 0
    assert title(fig) == "The average candidate is 0.0 to 10.0 EF points from the nearest pick"
    assert figure_bytes(fig)


def test_ef_coverage_of_three_classes_only() -> None:
    assert figure_bytes(pick_figures.ef_coverage(np.linspace(32, 66, 20), {"random": [40.0], "kmeans": []}))


def test_clip_wall_has_a_row_a_class_even_a_short_one() -> None:
    frame = np.zeros((8, 8), dtype=np.uint8)
    classes = ["normal", "mild", "mild", "mild"]
    fig = pick_figures.clip_wall(
        [frame] * 4, classes, captions=list("dabc"), method="infomotion", kind="phantom videos"
    )
    assert title(fig) == "The 4 phantom videos that InfoMotion chose"
    assert [axis.get_ylabel() for axis in fig.axes if axis.get_ylabel()] == ["mild", "normal"]
    assert sum(len(axis.images) for axis in fig.axes) == 4
    assert [axis.get_title() for axis in fig.axes if axis.images] == ["a", "b", "c", "d"]
    assert figure_bytes(fig)


def test_nothing_is_left_in_pyplot(pool: Pool) -> None:
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    pick_figures.ef_coverage(pool.ef, {"random": pool.ef[:5]})
    assert plt.get_fignums() == before


def test_frames_of_the_report_stay_as_they_were(upstream: Upstream) -> None:
    index, motion, appearance = upstream
    parameters = SelectionParameters(
        vpc=(2,), n_runs=1, infomap_trials=1, health_resamples=0, methods=("random",), graphs=("knn",)
    )
    report = run_selection(
        index, {"motion": motion, "appearance": appearance}, parameters=parameters
    ).graph_report
    copy = report.copy()
    figures.module_counts(report)
    pd.testing.assert_frame_equal(report, copy)
