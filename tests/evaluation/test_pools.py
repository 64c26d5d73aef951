"""What a pool was asked and what it delivered; Table 2 with the paper's numbers in their places."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.evaluation.claims import paper_results
from infomotion_lib.evaluation.pools import conditioning, label_consistency, table2, with_pool_marks
from infomotion_lib.reporting import table2 as shaped
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.narrow_tables import halves

ASKED = np.repeat([20.0, 35, 45, 60, 80], 20)


def labels(delivered: np.ndarray, source: str = "latte") -> pd.DataFrame:
    return pd.DataFrame({"source": source, "requested_ef": ASKED, "ef": delivered})


def test_a_generator_that_obeys_and_one_that_does_not_hear() -> None:
    random = np.random.default_rng(0)
    both = pd.concat([labels(ASKED + random.normal(0, 1, 100), "echosyn"), labels(random.normal(55, 3, 100))])
    rows = conditioning(both, samples=200).set_index("source")
    assert rows.loc["echosyn", "same_class_percent"] == 100
    assert rows.loc["echosyn", "ci_low"] > 0.9
    assert rows.loc["latte", "same_class_percent"] < 40
    assert rows.loc["latte", "ci_low"] < 0 < rows.loc["latte", "ci_high"]
    assert rows.loc["latte", "sd"] < rows.loc["latte", "requested_sd"]
    said = [shaped.conditioning_in_words(row, name="x") for row in rows.reset_index().to_dict("records")]
    assert "clips clearly follow the label" in said[0]
    assert "no sign" in said[1]


def test_one_ef_for_all_has_no_rank_correlation_and_says_so() -> None:
    (row,) = conditioning(labels(np.full(100, 55.0)), samples=20).to_dict("records")
    assert np.isnan(row["spearman"])
    assert "no sign" in shaped.conditioning_in_words(row, name="Latte")
    assert "undefined" in shaped.conditioning_in_words(row, name="Latte")


def test_every_clip_is_counted_once_in_its_cell() -> None:
    counted = label_consistency(labels(np.full(100, 55.0)))
    assert len(counted) == 25
    assert counted["n"].sum() == 100
    assert (counted[counted["relabelled"] == "normal"].set_index("requested")["n"] == 20).all()
    assert set(counted["requested"]) == set(CLASS_NAMES)


@pytest.fixture
def long_table() -> pd.DataFrame:
    cells = [(m, v) for m, v in (("whole", 0), ("random", 5), ("infomotion", 5), ("infomotion", 10))]
    rows = [
        {
            "source": pool,
            "method": method,
            "graph": "",
            "vpc": vpc,
            "metric": metric,
            "mean": mean,
            "sd": 2.0,
            "n": 5,
            "ci_low": 1.0,
            "ci_high": 99.0,
            "graph_flag": "collapsed" if (pool, method, vpc) == ("latte", "infomotion", 10) else "",
        }
        for pool, base in (("echosyn", 50.0), ("latte", 40.0))
        for method, vpc in cells
        for metric, mean in (("hard_accuracy", base + vpc), ("soft_accuracy", base + vpc + 5), ("mae", 9.0))
    ]
    pairs = ("real_vs_real", "real_vs_echosyn", "real_vs_latte", "real_vs_noise")
    fidelity = pd.DataFrame(
        [
            {
                "pair": pair,
                "metric": metric,
                "encoder": "ours",
                "n": 75,
                "value": 1.0 + i,
                "ci_low": 0.5 + i,
                "ci_high": 2.0 + i,
            }
            for metric in ("fed_frame", "fed_video")
            for i, pair in enumerate(pairs)
        ]
    )
    return table2(pd.DataFrame(rows), fidelity, paper_results())


def test_the_papers_numbers_stand_beside_ours_in_their_own_cells(long_table: pd.DataFrame) -> None:
    hard = long_table[long_table["metric"] == "hard_accuracy"].set_index(["generator", "method", "column"])
    assert hard.loc[("echosyn", "whole", "All"), "paper"] == 71.63
    assert hard.loc[("latte", "infomotion", "VPC=10"), "paper"] == 61.10
    assert np.isnan(hard.loc[("latte", "random", "VPC=5"), "paper"]), "the paper's table has no Random"
    assert hard.loc[("latte", "infomotion", "VPC=5"), "mean"] == 45.0
    distance = long_table[long_table["method"] == ""].set_index(["generator", "metric"])
    assert distance.loc[("latte", "fed_video"), "paper"] == 473.1
    assert distance.loc[("latte", "fed_video"), "mean"] == 3.0
    assert long_table.loc[long_table["metric"] == "soft_accuracy", "paper"].isna().all()


def test_shown_table_never_calls_our_distance_a_fid(long_table: pd.DataFrame) -> None:
    names = shaped.pool_names(real="phantom", synthetic="phantom-synthetic")
    constants = pd.DataFrame([{"predictor": "always normal", "hard_accuracy": 48.0, "soft_accuracy": 50.0}])
    text = shaped.table2(long_table, data="phantom", names=names, constants=constants).to_markdown()
    assert "| Fréchet distance, frames |" in text
    assert "| FID |" not in text
    assert "FID: paper (quoted)" in text
    assert "in EchoSyn's place" in text
    assert re.search(r"Always “normal” +\| no training .*48\.0 \(50\.0\).*48\.0 \(50\.0\)", text), (
        "the same whatever the size"
    )
    assert "75 clips per side" in text
    assert text.count("50.0 ± 2.0 (55.0) [collapsed]") == 1, (
        "a flag stands behind the numbers of its own selection alone"
    )
    assert text.count("[collapsed]") == 1 and "Collapsed: one community" in text and "hattered" not in text
    whole, *chosen = [line for line in text.splitlines() if line.startswith("| Latte")]
    assert (
        "| Whole pool " in whole
        and "40.0 ± 2.0 (45.0)" in whole
        and not any("40.0 ±" in line for line in chosen)
    ), "once a pool"
    header, *rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(row.count("|") == header.count("|") for row in rows)


def test_the_real_clips_themselves_have_no_distance(long_table: pd.DataFrame) -> None:
    assert shaped.is_real(real="echodiffusion", synthetic="none") and not shaped.is_real(
        real="phantom", synthetic="phantom-synthetic"
    )
    without = long_table[(long_table["generator"] != "echosyn") | (long_table["method"] != "")]
    names = shaped.short_names(real="echodiffusion", synthetic="none")
    distance, accuracy = halves(shaped.table2(without, data="open clips", names=names)).parts
    frame = distance.frame.set_index("pool")
    assert set(frame.loc["published clips"]) == {"–"} and "–" not in set(frame.loc["Latte"])
    assert "Published clips: these are the reference clips themselves" in " ".join(distance.notes)
    assert distance.caption.startswith("Table 2 on the open clips")
    assert (
        "InfoMotion, paper (quoted)" in accuracy.frame["selector"].tolist()
        and len(accuracy.frame.columns) <= 5
    )
    drawn = distance._repr_html_()
    assert ">pool</th>" in drawn and drawn.count("<td") == frame.size, "every distance has a cell of its own"
    assert ">pool, selector</th>" in accuracy._repr_html_()


def test_a_pool_selected_by_what_its_generator_was_told_is_circular() -> None:
    rows = [
        ("mcdm", "infomotion_mafe"),
        ("mcdm", "infomotion"),
        ("mcdm", "whole"),
        ("latte", "kmeans_mafe"),
        ("mcdm", "kmeans_mafe"),
    ]
    table = pd.DataFrame(rows, columns=["source", "method"]).assign(
        graph_flag=["healthy", "collapsed", "", "", ""]
    )
    mcdm = {"conditioned_on": "mafe", "hearts": "drawn", "privacy_filter": "closest"}
    records = {"mcdm": mcdm, "latte": {"guidance": 2.0}}
    marked = with_pool_marks(table, records)
    assert marked["graph_flag"].tolist() == ["circular", "collapsed", "", "", "circular"]
    assert with_pool_marks(marked, records).equals(marked), "once is enough"
    real = with_pool_marks(table, {"mcdm": {"conditioned_on": "motion", "hearts": "real"}})
    assert real["graph_flag"].tolist() == [
        "not de-identified",
        "collapsed+circular+not de-identified",
        "not de-identified",
        "",
        "not de-identified",
    ]
    unfiltered = with_pool_marks(table, {"mcdm": {"conditioned_on": "motion", "hearts": "drawn"}})
    assert unfiltered.equals(real), "a drawn heart may be a copy"
    filtered_real = {"mcdm": {"conditioned_on": "motion", "hearts": "real", "privacy_filter": "closest"}}
    assert with_pool_marks(table, filtered_real).equals(real)
    said = explained(in_brackets(real["graph_flag"]))
    assert "circular: selected by the very vectors" in said and "hearts of real videos" in said


def test_table_2_shows_the_mark(long_table: pd.DataFrame) -> None:
    marked = long_table.assign(
        graph_flag=["circular" if m == "infomotion" else "" for m in long_table["method"]]
    )
    names = shaped.pool_names(real="phantom", synthetic="phantom-synthetic")
    text = shaped.table2(marked, data="phantom", names=names).to_markdown()
    assert "[circular]" in text and "Circular: selected by the very vectors" in text
