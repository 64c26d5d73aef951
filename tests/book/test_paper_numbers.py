"""The critical reading's numbers, worked out again by hand from the paper's printed ones and from small
tables.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd
import pytest
from standin_run import make_run

from infomotion_book import critical, label_and_split_tables, paper_numbers, paper_values
from infomotion_book.comparisons import against_random, comparisons, paired, verdicts
from infomotion_book.templates import filled
from infomotion_lib.provenance import write_csv, write_json
from infomotion_lib.reporting.results import Results
from infomotion_lib.studies.open_splits import summarise_splits


def cells(html: str, row: str) -> list[str]:
    """Texts of the cells of the first table row that begins with these words."""
    rows = [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", part)]
        for part in html.split("</tr>")
    ]
    return next(found for found in rows if "|".join(found).startswith(row))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return Results("phantom", make_run(tmp_path_factory.mktemp("runs")))


def test_every_cell_of_the_papers_table_is_read() -> None:
    found = paper_values.paper_cells()
    assert (
        len(found) == 2 * 2 + 2 * 2 * 4 + 2 * 2 * 2
    )  # whole sets hard and soft, distilled cells hard, soft of two methods
    assert found["synthetic", "infomotion", 5, "hard_accuracy"] == (69.38, 4.0)
    assert found["real", "whole", 0, "soft_accuracy"][0] == 85.37


def test_a_lead_and_its_error_by_hand() -> None:
    lead = next(
        row
        for row in paper_values.paper_leads()
        if (row.source, row.size, row.method) == ("real", 10, "random")
    )
    assert lead.points == pytest.approx(13.7, abs=0.05)
    assert lead.error == pytest.approx(math.sqrt((5.8**2 + 12.5**2) / 4)), "population spreads over 5 runs"
    assert lead.p < 0.2 and lead.p_holm == 1.0
    assert lead.runs == math.ceil(2.8016**2 * (5.8**2 + 12.5**2) * 1.25 / 13.7**2)
    shown = cells(paper_numbers.fragments(None)["leads"], "Real, 10 per class|Random")
    assert shown[2:5] == ["13.7", f"{lead.error:.1f}", f"{13.7 / lead.error:.1f}"] and shown[6] == "1.000"


def test_the_prose_of_the_critical_reading_holds() -> None:
    found = paper_values.paper_cells()
    hard = {cell[:3]: value for cell, value in found.items() if cell[3] == "hard_accuracy"}
    soft = {cell[:3]: value for cell, value in found.items() if cell[3] == "soft_accuracy"}
    mine = [cell for cell in hard if cell[1] == "infomotion"]
    twice = [(source, name) for source in ("real", "synthetic") for name in paper_values.METHODS]
    assert all(
        hard[cell][0] > hard[cell[0], other, cell[2]][0]
        for cell in mine
        for other in paper_values.METHODS[:-1]
    ), "all leads are"
    assert all(soft[cell][1] < hard[cell][1] for cell in mine), "soft spreads are smaller"
    gains = {cell: soft[cell][0] - hard[cell][0] for cell in soft}
    whole = gains.pop(("real", "whole", 0))
    assert all(gain > whole for cell, gain in gains.items() if cell[0] == "real"), (
        "distilled real sets gain more than the whole one"
    )
    made = gains.pop(("synthetic", "whole", 0))
    assert sum(gain < made for cell, gain in gains.items() if cell[0] == "synthetic") == 3, (
        "the whole synthetic set more than three"
    )
    few_many = [
        (found[source, name, 5, "hard_accuracy"], found[source, name, 10, "hard_accuracy"])
        for source, name in twice
    ]
    errors = [(many[0] - few[0]) / paper_values.standard_error(few[1], many[1]) for few, many in few_many]
    assert min(errors) > -2, "falls are below two errors"
    room = {
        source: hard[source, "whole", 0][0] - max(hard[source, "random", 5][0], hard[source, "random", 10][0])
        for source in ("real", "synthetic")
    }
    assert room["synthetic"] < room["real"]


def test_doubling_and_headroom_by_hand() -> None:
    found = paper_values.doublings()
    assert len(found) == 8 and sum(row.change < 0 for row in found) == 4
    assert found[0].error == pytest.approx(math.sqrt((found[0].few[1] ** 2 + found[0].many[1] ** 2) / 4))
    assert next(row for row in found if (row.source, row.method) == ("real", "random")).change == (
        pytest.approx(-7.1, abs=0.05)
    )
    rooms = paper_numbers.headrooms(None).set_index(["source", "size"])["headroom"]
    assert rooms["synthetic", 5].whole == pytest.approx(8.9, abs=0.05)
    assert rooms["synthetic", 5].mine == pytest.approx(69.38 - 62.73)
    assert rooms["synthetic", 5].share == pytest.approx(75, abs=0.5)
    assert paper_values.headroom(80.0, 60.0, 75.0).share == 75.0
    assert math.isnan(paper_values.headroom(60.0, 60.0, 61.0).share)


def test_tolerance_and_constants_by_hand(results: Results) -> None:
    rows = paper_numbers.tolerance_gains(results).set_index(["whose", "row"])
    whole = rows.loc[("paper", "Real, Whole set")]
    assert (round(whole["hard"], 1), round(whole["adds"], 1)) == (81.2, 4.2)
    few = rows.loc[("paper", "Synthetic, InfoMotion, 5 per class")]
    assert (few["hard_sd"], few["soft_sd"]) == (4.0, 0.6)
    ours = rows.loc[("phantom", "Reference pool, Whole set")]
    assert (ours["hard"], ours["adds"]) == (50.0, 10.0)
    assert [paper_values.above_normal(share)[:2] for share in (60.0, 70.0)] == [(13, 16), (0, 16)]
    assert "pending" in paper_numbers.fragments(None)["normal_share"]


def test_the_vectors_limits_are_the_networks() -> None:
    torch = pytest.importorskip("torch")
    from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
    from infomotion_lib.representations.ifa.pooling import rank_bound

    with torch.device("meta"):
        network = InterFrameInterpolator(8, (2, 2, 2, 2, 2))
    assert critical.vector_limits(8, (2, 2, 2, 2, 2)) == (768, rank_bound(network))


def test_differences_are_those_of_the_runs(results: Results) -> None:
    table = paired(results)
    assert len(table) == 2 * 2 * 3 and (table["difference"] == 0).all()
    assert not table["clear"].any() and not table["kept"].any()
    planted = table.head(3).assign(
        ci_low=[0.5, -2.0, -1.0], ci_high=[2.0, -0.5, 1.0], p_holm=[0.01, 0.06, 0.9]
    )
    planted = verdicts(planted)
    assert planted["clear"].tolist() == [True, True, False]
    assert planted["kept"].tolist() == [True, False, False]
    against = against_random(results)
    assert against is not None and (against["compared"], against["clear"], against["kept"]) == (12, 0, [])
    assert {row["method"] for row in against["rows"]} == {"infomotion"} and len(against["rows"]) == 4
    row = planted.assign(method="infomotion").to_dict("records")
    told = {"against": against | {"rows": row, "kept": row[:1]}}
    lines = filled("against_random.md.jinja", told).splitlines()
    for line, verdict in zip(lines, ("above it.", "below it, but not after", "within chance"), strict=False):
        assert verdict in line
    assert "1 remains" in lines[3] and "(InfoMotion)" in lines[3]
    assert cells(comparisons(results), "InfoMotion")[2].startswith("0.0 [")


def test_an_unhealthy_graph_is_marked_beside_its_selector(results: Results) -> None:
    from infomotion_book.table1 import table1

    marked = [part for part in table1(results).split("<tr>") if "im-flag" in part]
    assert len(marked) == 1 and "InfoDist" in marked[0] and "collapsed graph" in marked[0]


def test_a_motion_network_that_learnt_no_motion_is_said_to_be_one(results: Results, tmp_path: Path) -> None:
    from infomotion_book.table1 import table1

    other = Results("phantom", make_run(tmp_path))
    write_json({"gain_db": 0.4, "ignited": False}, other.folder("ifa_training") / "summary.json")
    said = "say little of motion"
    assert said not in table1(results) and said in table1(other) and "by only 0.4 dB" in table1(other)


def test_labels_of_the_pool_stand_beside_the_table(results: Results, tmp_path: Path) -> None:
    assert cells(label_and_split_tables.label_agreement(results), "pool: relabelled")[1:] == [
        "50",
        "−1.0",
        "5.0",
        "0.80",
        "61",
    ]
    assert label_and_split_tables.label_agreement(Results("none", tmp_path)) == ""


def test_splits_of_the_open_clips_stand_above_their_controls(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_and_split_tables, "FROZEN", tmp_path)
    assert "study open-splits" in label_and_split_tables.open_splits()
    rows = [
        {
            "method": method,
            "graph": "",
            "graph_flag": "",
            "pool": split,
            **dict.fromkeys(("soft_accuracy", "balanced_accuracy", "mae"), 9.0),
            "hard_accuracy": hard,
        }
        for method, gain in (("random", 0.0), ("kmeans", 6.0))
        for split, hard in enumerate((40.0 + gain, 42.0 + 1.5 * gain))
    ]
    runs = pd.DataFrame(rows)
    write_csv(runs, tmp_path / "studies" / "open_splits_runs.csv")
    write_csv(summarise_splits(runs, test_share=0.4), tmp_path / "studies" / "open_splits_summary.csv")
    control = {
        "predictor": "regressor",
        "n_test": 30,
        "hard_accuracy": 60.0,
        "balanced_accuracy": 60.0,
        "mae": 6.0,
    }
    write_csv(
        pd.DataFrame([{**control, "split": split} for split in range(2)]),
        tmp_path / "studies" / "open_splits_controls.csv",
    )
    shown = label_and_split_tables.open_splits(results)
    assert (
        "largest difference is that of K-means, 0.0 points" in shown
        and "over 2 splits" in shown
        and "it is 7.5 [" in shown
    )
    assert cells(shown, "Random")[1:3] == ["2", "41.0 ± 1.0"] and cells(shown, "K-means")[5].startswith(
        "7.5 ["
    )
    assert cells(shown, "all of TRAIN")[2] == "60.0 ± 0.0"


def test_what_has_not_run_is_pending(results: Results, tmp_path: Path) -> None:
    row = critical.ranks([]).iloc[0]
    assert (row["profile"], row["width"], row["numbers"], row["bound"]) == ("paper", 32, 3072, 768)
    assert math.isnan(row["rank"]) and "pending" in critical.motion_rank([])
    assert "not been built" in critical.recipes_picture([Results("none", tmp_path)])
    assert critical.flags_by_recipe([results])["literal"] == ["collapsed"] * 10
    literal = next(row for row in critical.recipe_bars([results]) if row["name"] == "literal")
    assert (literal["collapsed"], literal["graphs"], literal["other"]) == (10, 10, 0)
    assert "<i>literal</i>, 10 of 10 have one community" in critical.recipes_picture([results])
    assert paired(Results("none", tmp_path)).empty and against_random(Results("none", tmp_path)) is None
