"""The ledger holds every number of the paper, and only a complete run of the paper may answer them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.claims import (
    TEST_VIDEOS,
    claims_ledger,
    compare,
    constant_score,
    our_cell,
    paper_results,
    rule_with_its_score,
    verdict,
)
from infomotion_lib.evaluation.intervals import TABLE_COLUMNS
from infomotion_lib.paths import run_paths
from infomotion_lib.provenance import start_stage


def ours(rows: list[tuple[str, str, str, int, str, float, float, int]]) -> pd.DataFrame:
    return pd.DataFrame([(*row, np.nan, np.nan) for row in rows], columns=TABLE_COLUMNS)


def test_the_ledger_holds_every_number_of_both_tables_and_the_abstract() -> None:
    paper = paper_results()
    count = paper["table"].value_counts()
    assert count["table1"] == 4 + 2 * 2 * (
        4 + 2
    )  # whole sets hard and soft; two sources, two sizes, four methods, two of them soft too
    assert count["table2"] == 2 * 5
    assert count["abstract"] == 2
    assert not paper.duplicated(["table", "row", "column"]).any()
    assert paper["value"].notna().all()
    spread = paper[paper["row"].str.startswith("Dist.") & (paper["table"] == "table1")]["spread"]
    assert (spread > 0).all()
    value = paper.set_index(["table", "row", "column"])["value"]
    assert (
        value["table1", "Dist. Synth / InfoMotion", "VPC=5"]
        == value["abstract", "Dist. Synth / InfoMotion", "VPC=5"]
        == 69.38
    )
    assert value["table1", "Whole Real / soft", "All"] == 85.37
    assert value["table2", "Latte", "FVD"] == 473.1


def test_every_row_of_table_1_names_one_of_our_cells() -> None:
    paper = paper_results()
    cells = [
        our_cell(row, column)
        for row, column in paper.loc[paper["table"] == "table1", ["row", "column"]].to_numpy()
    ]
    assert None not in cells
    assert len(set(cells)) == len(cells)
    assert our_cell("EchoSyn", "FID") is None


def test_outside_the_papers_own_run_every_line_is_not_run(tmp_path: Path) -> None:
    table = ours([("real", "infomotion", "knn", 5, "hard_accuracy", 65.15, 3.0, 5)])
    assert set(compare(paper_results(), table, evidence=False)["status"]) == {"not run"}
    for profile in ("phantom", "open", "smoke", "paper"):
        assert set(claims_ledger(run_paths(profile, tmp_path))["status"]) == {"not run"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "undecided"),
        ({"synthetic_data": "none"}, "undecided"),
        ({"synthetic_data": "phantom-synthetic"}, "not run"),
        ({"limit": 4}, "not run"),
        ({"real_data": "phantom"}, "not run"),
        ({"test_videos": 200}, "not run"),
    ],
)
def test_only_a_complete_run_on_the_real_data_is_evidence(
    tmp_path: Path, change: dict[str, object], status: str
) -> None:
    paths = run_paths("paper", tmp_path)
    folder = paths.stage("evaluation")
    folder.mkdir(parents=True)
    ours([("real", "infomotion", "knn", 5, "hard_accuracy", 64.0, 3.0, 5)]).to_csv(
        folder / "table1.csv", index=False
    )
    values = {
        "real_data": "echonet-dynamic",
        "synthetic_data": "echonet-synthetic",
        "limit": 0,
        "test_videos": TEST_VIDEOS,
    } | change
    run = start_stage(
        "evaluation",
        folder,
        parameters={key: values[key] for key in ("real_data", "synthetic_data", "limit")},
    )
    run.notes["test_videos"] = values["test_videos"]
    run.finish([folder / "table1.csv"])
    ledger = claims_ledger(paths).set_index(["table", "row", "column"])
    assert ledger.loc[("table1", "Dist. Real / InfoMotion", "VPC=5"), "status"] == status


def test_status_follows_the_rule() -> None:
    table = ours(
        [
            (
                "real",
                "infomotion",
                "knn",
                5,
                "hard_accuracy",
                68.0,
                3.0,
                5,
            ),
            ("real", "random", "", 5, "hard_accuracy", 30.0, 3.0, 5),
            ("real", "whole", "", 0, "hard_accuracy", 82.0, 0.5, 5),
            ("real", "infomotion", "literal", 10, "hard_accuracy", 68.08, 3.0, 5),
        ]
    )
    ledger = compare(paper_results(), table, evidence=True, graph="knn").set_index(["table", "row", "column"])
    first = ledger.loc[("table1", "Dist. Real / InfoMotion", "VPC=5")]
    assert first["delta"] == pytest.approx(2.85)
    assert (first["tolerance"], first["status"]) == (0, "undecided"), "five runs with this spread cannot tell"
    assert ledger.loc[("table1", "Dist. Real / Random", "VPC=5"), "status"] == "differs"
    whole = ledger.loc[("table1", "Whole Real / hard", "All")]
    error = 0.5 * np.sqrt(1 + 1 / 5)  # the paper gives no spread: ours, for one run; 5.8 degrees of freedom
    assert whole["tolerance"] == pytest.approx(3 - 1.957 * error, abs=0.02)
    assert whole["status"] == "reproduced"
    assert (
        ledger.loc[("table1", "Dist. Real / InfoMotion", "VPC=10"), "status"] == "not run"
    )  # another graph is another method
    assert ledger.loc[("table2", "EchoSyn", "FVD"), "status"] == "quoted"


def test_our_own_spread_buys_no_verdict() -> None:
    """Equivalence has a margin that no spread moves, so a noisy answer is undecided, not reproduced."""
    verdicts = [verdict(1.0, paper_spread=3.3, sd=sd, n=50)[0] for sd in (1.0, 60.0)]
    assert verdicts == ["undecided", "undecided"]
    assert verdict(0.5, paper_spread=1.0, sd=1.0, n=50)[0] == "reproduced"
    assert verdict(9.0, paper_spread=1.0, sd=1.0, n=50)[0] == "differs"
    assert verdict(0.0, paper_spread=17.8, sd=0.1, n=50)[0] == "undecided"


def test_what_a_constant_answer_reaches_is_printed() -> None:
    best, reached, cells = constant_score()
    assert constant_score(constant=65.0)[1] <= reached < cells / 3
    assert constant_score(constant=65.0, sd=20.0)[1] == 0
    assert f"{best:g} % in every cell would reproduce {reached} of {cells}" in rule_with_its_score()


def test_each_recipe_is_judged() -> None:
    table = ours(
        [
            ("real", "infomotion", "knn", 5, "soft_accuracy", 73.4, 0.5, 5),
            ("real", "infomotion", "literal", 5, "soft_accuracy", 50.0, 0.5, 5),
            ("real", "random", "", 5, "hard_accuracy", 30.0, 3.0, 5),
        ]
    )
    ledger = compare(paper_results(), table, evidence=True)
    rows = ledger[ledger["row"] == "Dist. Real / InfoMotion (soft)"].query("column == 'VPC=5'")
    assert rows.set_index("graph")["status"].to_dict() == {"knn": "reproduced", "literal": "differs"}
    assert len(ledger) == len(paper_results()) + 1


@pytest.mark.parametrize(("recipe", "flag"), [("softmax_inverse", "collapsed"), ("knn", "")])
def test_the_recipe_of_the_run_answers_and_its_flag_is_kept(recipe: str, flag: str) -> None:
    table = ours(
        [
            ("real", "infomotion", recipe, 5, "hard_accuracy", 68.0, 3.0, 5),
            ("real", "random", "", 5, "hard_accuracy", 52.5, 3.0, 5),
        ]
    )
    table["graph_flag"] = [flag, ""]
    ledger = compare(paper_results(), table, evidence=True).set_index(["table", "row", "column"])
    named = ["graph", "graph_flag", "status"]
    assert ledger.loc[("table1", "Dist. Real / InfoMotion", "VPC=5"), named].tolist() == [
        recipe,
        flag,
        "undecided",
    ]
    assert ledger.loc[("table1", "Dist. Real / Random", "VPC=5"), ["graph", "graph_flag"]].tolist() == [
        "",
        "",
    ]


def test_table_2_is_answered_by_table_1_and_by_the_ablation() -> None:
    table1 = ours(
        [
            ("synthetic", "whole", "", 0, "hard_accuracy", 71.0, 1.0, 5),
            ("synthetic", "infomotion", "knn", 5, "hard_accuracy", 50.0, 1.0, 5),
        ]
    )
    rows = [
        ("latte", "whole", "All"),
        ("latte", "infomotion", "VPC=5"),
        ("latte", "random", "VPC=10"),
        ("echosyn", "whole", "All"),
    ]
    table2 = pd.DataFrame(rows, columns=["generator", "method", "column"]).assign(
        metric="hard_accuracy", mean=66.0, sd=1.0, n=5
    )
    ledger = compare(paper_results(), table1, evidence=True, table2=table2)
    status = ledger[ledger["table"] == "table2"].set_index(["row", "column"])[["ours", "status"]]
    assert status.loc[("EchoSyn", "All")].tolist() == [71.0, "reproduced"]
    assert status.loc[("EchoSyn", "VPC=5")].tolist() == [50.0, "differs"]
    assert status.loc[("Latte", "All")].tolist() == [66.0, "differs"]
    assert status.loc[("Latte", "VPC=5")].tolist() == [66.0, "reproduced"]
    assert status.loc[[("Latte", "VPC=10"), ("EchoSyn", "VPC=10")], "status"].tolist() == ["not run"] * 2
    without = compare(paper_results(), table1, evidence=True)
    assert set(without.loc[(without["row"] == "Latte") & (without["unit"] == "% accuracy"), "status"]) == {
        "not run"
    }
    assert set(compare(paper_results(), table1, evidence=False, table2=table2)["status"]) == {"not run"}


def test_a_broken_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not there"):
        paper_results(tmp_path / "gone.csv")
    (tmp_path / "short.csv").write_text("table,row\n1,2\n")
    with pytest.raises(DataError, match="column"):
        paper_results(tmp_path / "short.csv")
