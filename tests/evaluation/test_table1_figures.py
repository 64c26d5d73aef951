"""Table 1 as readers see it, and every figure of the evaluation, on a small made-up run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from infomotion_lib.evaluation.claims import paper_results
from infomotion_lib.evaluation.intervals import paired_differences, summarise
from infomotion_lib.evaluation.metrics import constant_predictors
from infomotion_lib.evaluation.runs import machine_accuracy, score_runs, tolerance_table
from infomotion_lib.keys import RUN
from infomotion_lib.reporting.figures import controls as control_figures
from infomotion_lib.reporting.figures import evaluation as figures
from infomotion_lib.reporting.figures import predictions as predictions_figures
from infomotion_lib.reporting.narrow_tables import quoted_below
from infomotion_lib.reporting.tables import QUOTED, differences_table, table1

EF = np.array([20.0, 25, 35, 45, 55, 60, 65, 75])


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for source in ("real", "synthetic"):
        for method, graph, vpc in (
            ("whole", "", 0),
            ("random", "", 5),
            ("random", "", 10),
            ("infomotion", "knn", 5),
            ("infomotion", "knn", 10),
        ):
            for seed in range(3):
                guess = EF + rng.normal(0, 8, len(EF))
                rows += [
                    (source, method, graph, vpc, 0, seed, seed, 25, f"v{i}", ef, g)
                    for i, (ef, g) in enumerate(zip(EF, guess, strict=True))
                ]
    return pd.DataFrame(rows, columns=[*RUN, "n_train", "file_name", "ef", "prediction"])


@pytest.fixture(scope="module")
def table(predictions: pd.DataFrame) -> pd.DataFrame:
    found = summarise(score_runs(predictions, tolerance=1.0), samples=50)
    return found.assign(graph_flag=np.where(found["method"] == "infomotion", "collapsed", ""))


@pytest.fixture(scope="module")
def constants() -> pd.DataFrame:
    return constant_predictors(EF, EF)


def test_table_1_has_the_papers_shape(table: pd.DataFrame, constants: pd.DataFrame) -> None:
    shaped = table1(table, data="phantom", constants=constants, paper=paper_results())
    frame = shaped.frame.set_index(["set", "selector"])
    assert list(dict.fromkeys(shaped.frame["set"])) == [
        "Whole reference",
        "Dist. reference",
        "Whole generated",
        "Dist. generated",
        "no training",
    ]
    assert (
        frame.loc[("Dist. reference", "InfoMotion (kNN) [collapsed]"), f"VPC 5: {QUOTED}"]
        == "65.2 ± 3.3 (73.4)"
    )
    assert frame.loc[("Whole reference", "Whole set"), f"All: {QUOTED}"] == "81.2 (85.4)"
    hard = table[(table["method"] == "random") & (table["source"] == "real") & (table["vpc"] == 5)].set_index(
        "metric"
    )
    ours = frame.loc[("Dist. reference", "Random"), "VPC 5: phantom"]
    assert (
        ours == f"{hard['mean']['hard_accuracy']:.1f} ± {hard['sd']['hard_accuracy']:.1f}"
        f" ({hard['mean']['soft_accuracy']:.1f})"
    )
    assert all(
        column in ("set", "selector") or column.endswith((": phantom", QUOTED))
        for column in frame.reset_index()
    ), "whose numbers"


def test_the_papers_half_names_neither_our_graph_nor_its_health(
    table: pd.DataFrame, constants: pd.DataFrame
) -> None:
    ours, theirs = quoted_below(
        table1(table, data="phantom", constants=constants, paper=paper_results())
    ).parts
    assert "InfoMotion (kNN) [collapsed]" in set(ours.frame["selector"]) and "InfoMotion" in set(
        theirs.frame["selector"]
    )
    assert not theirs.frame["selector"].str.contains(r"[(\[]").any() and not theirs.frame.duplicated().any()
    assert not any(note.startswith("Quoted") for note in ours.notes) and theirs.notes[0].startswith(
        "Quoted numbers"
    )


def test_table_1_says_what_it_is_in_every_form(table: pd.DataFrame) -> None:
    shaped = table1(table, data="phantom")
    page = shaped._repr_html_()
    for text in (page, shaped.to_markdown(), repr(shaped)):
        assert "phantom" in text
        assert "population standard deviation over 3 runs" in text
        assert "collapsed" in text
        assert QUOTED not in text
    assert "<caption>" in page
    assert 'scope="col"' in page


def test_differences_are_shown_with_their_intervals(predictions: pd.DataFrame) -> None:
    shown = differences_table(paired_differences(score_runs(predictions, tolerance=1.0), samples=50))
    assert shown["selector"].unique().tolist() == ["InfoMotion (kNN)"]
    assert shown["pairs"].tolist() == [3] * 4
    assert shown["p, Holm (4)"].astype(float).ge(shown["p"].astype(float)).all()
    assert shown["minus Random, points"].str.fullmatch(r"[+-]\d+\.\d \[[+-]\d+\.\d, [+-]\d+\.\d\]").all()


def texts(fig: Figure) -> str:
    parts = [
        fig.get_suptitle(),
        fig.get_supxlabel(),
        *(axis.get_title() for axis in fig.axes),
        *(axis.get_xlabel() for axis in fig.axes),
    ]
    return " ".join(parts)


def test_every_figure_draws_and_names_the_phantom(
    predictions: pd.DataFrame, table: pd.DataFrame, constants: pd.DataFrame
) -> None:
    cells = [("real", "whole", "", 0), ("real", "infomotion", "knn", 5)]
    machines = machine_accuracy(
        predictions, pd.Series({f"v{i}": "dark" if i % 2 else "standard" for i in range(8)}), samples=20
    )
    drawn = [
        figures.accuracy_by_vpc(table, constants, data="Phantom"),
        figures.tolerance_curves(tolerance_table(predictions), EF, data="Phantom", vpc=5),
        predictions_figures.confusion_matrices(predictions, cells, data="Phantom"),
        predictions_figures.ef_scatter(predictions, cells, data="Phantom"),
        figures.machine_bars(machines, data="Phantom", source="real", vpc=5),
        figures.paired_forest(
            paired_differences(score_runs(predictions, tolerance=1.0), samples=20), data="Phantom"
        ),
    ]
    for fig in drawn:
        assert "Phantom" in fig.get_suptitle()
        fig.canvas.draw()


def test_a_legend_with_flags_stays_inside_a_narrow_figure(predictions: pd.DataFrame) -> None:
    tolerances = tolerance_table(predictions[predictions["source"] == "real"]).assign(
        graph_flag="collapsed+shattered"
    )
    fig = figures.tolerance_curves(tolerances, EF, data="Phantom", vpc=5)
    fig.canvas.draw()
    (legend,) = fig.legends
    extent = legend.get_window_extent()
    assert extent.x0 >= 0 and extent.x1 <= fig.bbox.width
    assert any("[collapsed or shattered]" in text.get_text() for text in legend.get_texts())


def test_accuracy_title_counts_what_lies_apart(table: pd.DataFrame, constants: pd.DataFrame) -> None:
    apart = table.copy()
    mine = (apart["method"] == "infomotion") & (apart["metric"] == "hard_accuracy") & (apart["vpc"] == 5)
    apart.loc[mine, ["mean", "ci_low", "ci_high"]] = (99.9, 99.8, 100.0)
    random = (apart["method"] == "random") & (apart["metric"] == "hard_accuracy")
    apart.loc[random, ["mean", "ci_low", "ci_high"]] = (50.0, 40.0, 60.0)
    ten = (apart["method"] == "infomotion") & (apart["metric"] == "hard_accuracy") & (apart["vpc"] == 10)
    apart.loc[ten, ["mean", "ci_low", "ci_high"]] = (50.0, 40.0, 60.0)
    assert "2 of 4 intervals do not overlap Random" in texts(
        figures.accuracy_by_vpc(apart, constants, data="Phantom")
    )


def test_one_pool_says_so(predictions: pd.DataFrame) -> None:
    fig = figures.paired_forest(
        paired_differences(score_runs(predictions, tolerance=1.0), samples=20), data="Phantom"
    )
    assert "one pool" in texts(fig) and "after Holm's correction" in texts(fig)


def test_control_figures_draw_their_numbers() -> None:
    names = ["regressor", "shuffled frames", "requested EF", "constant"]
    table = pd.DataFrame(
        [{"split": s, "predictor": n, "mae": 5.0 + s + i} for s in range(3) for i, n in enumerate(names)]
    )
    assert "in 3 of 3 splits" in texts(control_figures.control_errors(table))
    rows = [
        {"clips": n, "against": "requested", "spearman": v, "ci_low": v - 0.1, "ci_high": v + 0.1}
        for n, v in (("as they are", 0.9), ("pixel change", 0.8))
    ]
    fig = control_figures.zero_shot_scatter(EF, EF, pd.DataFrame(rows))
    assert "0.90" in fig.get_suptitle()
    assert "0.80" in fig.get_suptitle()
