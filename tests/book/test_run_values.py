"""What the pages tell of one run, as values: its accuracies at a glance, its times, what its Table 1 says."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from standin_run import make_run

from infomotion_book.run_sentences import (
    above_constant,
    glance,
    glance_table,
    numbers,
    sentences,
    stage_times,
    table1_findings,
    time_table,
    whole_seconds,
)
from infomotion_lib.provenance import read_json, write_csv, write_json
from infomotion_lib.reporting.results import Results


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results("phantom", make_run(tmp_path))


def plant(results: Results, constants: float, **means: float) -> None:
    """Give every constant answer this accuracy, and the cells of these methods theirs."""
    table = results.table("evaluation", "table1")
    answers = results.table("evaluation", "constants")
    assert table is not None and answers is not None
    table["mean"] = table["method"].map(means).fillna(0.0)
    scores = [name for name in answers if name.endswith("_accuracy")]
    write_csv(table, results.folder("evaluation") / "table1.csv")
    write_csv(
        answers.assign(**dict.fromkeys(scores, constants)), results.folder("evaluation") / "constants.csv"
    )


def test_a_glance_holds_the_smallest_sets_and_the_whole_one(results: Results, tmp_path: Path) -> None:
    plant(results, 40.0, random=41.0, infomotion=42.0, whole=70.0)
    accuracies = glance(results)
    assert accuracies["mean"].tolist() == [40.0, 41.0, 42.0, 70.0]
    assert accuracies["sd"].isna().tolist() == [True, False, False, False]
    assert accuracies["trained_on"].str.startswith("5 videos").sum() == 2
    none = Results("none", tmp_path)
    assert glance(none).empty and glance_table(none) == ""


def test_cells_above_the_best_constant_are_counted(results: Results, tmp_path: Path) -> None:
    plant(results, 40.0, random=41.0, infomotion=39.0, whole=70.0)
    cells, table = above_constant(results, "hard_accuracy"), results.table("evaluation", "table1")
    assert cells is not None and table is not None and cells["percent"] == 40.0
    hard = table[table["metric"] == "hard_accuracy"]
    assert sum(cells["distilled"]) == (hard["method"] == "random").sum() < len(cells["distilled"])
    assert cells["whole"] and all(cells["whole"])
    assert above_constant(Results("none", tmp_path), "hard_accuracy") is None


def test_findings_of_table_1_say_whether_selectors_can_be_ranked(results: Results) -> None:
    findings = table1_findings(results)
    assert set(findings["constants"]) == {"hard", "soft"} and findings["one_pool"]
    assert findings["against"] is not None
    assert len(sentences(findings).splitlines()) == 2 + len(findings["against"]["rows"]) + 1 + 1
    runs = results.table("evaluation", "runs")
    assert runs is not None
    write_csv(
        pd.concat([runs.assign(pool=pool) for pool in range(2)]), results.folder("evaluation") / "runs.csv"
    )
    assert not table1_findings(results)["one_pool"]


def test_stages_that_ran_as_one_share_its_time(results: Results) -> None:
    first, second = results.stages[:2]
    alone = stage_times(results)["seconds"].iloc[2:].sum()
    for stage in (first, second):
        card = results.folder(stage) / "run_card.json"
        more = {"stage_seconds": 7200.0, "carried_over": {"stage": "old"}, "continued": stage == second}
        write_json(read_json(card) | more, card)
    times = stage_times(Results("phantom", results.root)).set_index("stage")
    assert times["run_as"].head(2).tolist() == ["old", "old"]
    assert times["continued"].head(2).tolist() == [False, True] and times["seconds"].iloc[0] == 7200.0
    together = times.drop_duplicates("run_as")["seconds"].sum()
    assert together == pytest.approx(7200 + alone)
    text = time_table(Results("phantom", results.root))
    assert text.count("2.0 h in several runs") == 1


def test_stages_that_ran_side_by_side_count_once(results: Results) -> None:
    for number, stage in enumerate(results.stages):
        card = results.folder(stage) / "run_card.json"
        start = {"started_utc": f"2026-01-01T00:{number:02}:00+00:00", "stage_seconds": 90.0}
        write_json(read_json(card) | start, card)
    again = Results("phantom", results.root)
    assert whole_seconds(again) == 60 * (len(results.stages) - 1) + 90
    assert "from first start to last end" in time_table(again)


def test_numbers_that_are_not_known_say_so(results: Results) -> None:
    assert numbers(None)["n_videos"] == numbers(None)["lead_profile"] == "(not run yet)"
    status = results.table("frame_index", "status_counts")
    assert status is not None
    known = numbers(results)
    assert known["lead_profile"] == "phantom" and known["n_videos"] == str(status["n"].sum())
