"""The table of Lattes by training says what the files of each profile say, and stands only where two of a
kind can be compared.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
from standin_run import make_run

from infomotion_book.more_training import POOL, more_training
from infomotion_book.table2 import STAGE
from infomotion_lib.provenance import write_csv
from infomotion_lib.reporting.results import Results, frozen_results


def run(root: Path, profile: str, *, real: str = "phantom", size: str = "S/2", steps: int = 100) -> Results:
    """A stand-in run whose Latte was trained so."""
    results = Results(profile, make_run(root, profile=profile, real=real))
    file = results.folder(POOL) / "run_card.json"
    card = json.loads(file.read_text(encoding="utf-8"))
    card["parameters"] |= {"latte_size": size, "latte_steps": steps, "latte_side": 64, "latte_batch_size": 4}
    card["notes"]["weights"] = 2_000_000
    file.write_text(json.dumps(card), encoding="utf-8")
    scores = {"method": "whole", "metric": "hard_accuracy", "mean": [45.0, 52.5]}
    write_csv(pd.DataFrame({"source": ["latte", "echosyn"], **scores}), results.folder(STAGE) / "summary.csv")
    return results


def rows(text: str) -> list[str]:
    return re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", text)


def assert_row_says_what_the_files_say(row: str, results: Results) -> None:
    conditioning = results.table(STAGE, "conditioning").set_index("source").loc["latte"]
    summary = (
        results.table(STAGE, "summary")
        .query("method == 'whole' and metric == 'hard_accuracy'")
        .set_index("source")
    )
    assert f">{results.profile}</a>" in row
    assert f"{conditioning['same_class_percent']:.0f} %" in row
    assert f"rank {conditioning['spearman']:.2f}".replace("-", "−") in row
    assert (
        f"{summary.loc['latte', 'mean']:.1f} %" in row
        and f"other {summary.loc['echosyn', 'mean']:.1f} %" in row
    )
    assert f"{results.card(POOL)['parameters']['latte_steps']:,}" in row


def test_rows_of_a_kind_stand_together_with_the_numbers_of_their_files(tmp_path: Path) -> None:
    small, open_, large = (
        run(tmp_path, "phantom"),
        run(tmp_path, "open", real="echodiffusion"),
        run(tmp_path, "more", steps=2_000),
    )
    found = rows(more_training([small, open_, large]))
    for row, results in zip(found, [small, large, open_], strict=True):
        assert_row_says_what_the_files_say(row, results)


def test_a_larger_latte_is_compared_too(tmp_path: Path) -> None:
    assert len(rows(more_training([run(tmp_path, "phantom"), run(tmp_path, "more", size="B/2")]))) == 2


def test_a_pool_that_came_without_a_record_of_its_drawing_has_a_row(tmp_path: Path) -> None:
    found = [run(tmp_path, "phantom"), run(tmp_path, "more", steps=2_000)]
    file = found[1].folder(POOL) / "run_card.json"
    card = json.loads(file.read_text(encoding="utf-8"))
    card["notes"] = {"drawn_elsewhere": {"per_class": 3}}
    file.write_text(json.dumps(card), encoding="utf-8")
    assert (
        "S/2: 64 px; 2,000 steps" in rows(more_training(found))[1]
        and "another machine" in rows(more_training(found))[1]
    )


def test_nothing_is_compared_across_kinds_of_data_or_where_training_is_the_same(tmp_path: Path) -> None:
    small, open_ = run(tmp_path, "phantom"), run(tmp_path, "open", real="echodiffusion", steps=2_000)
    assert (
        more_training([small])
        == more_training([small, open_])
        == more_training([small, run(tmp_path, "again")])
        == ""
    )


def test_frozen_rows_say_what_their_files_say() -> None:
    frozen = {results.profile: results for results in frozen_results()}
    for row in rows(more_training(list(frozen.values()))):
        profile = re.search(r">([\w-]+)</a>", row)
        assert profile is not None
        assert_row_says_what_the_files_say(row, frozen[profile[1]])
