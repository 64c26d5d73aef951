"""The table of Lattes by training says what the frozen files of each profile say."""

from __future__ import annotations

import re

from infomotion_lib.reporting.book.more_training import more_training
from infomotion_lib.reporting.results import Results, frozen_results


def with_ablation() -> list[Results]:
    return [results for results in frozen_results() if results.table("latte_ablation", "fidelity") is not None]


def test_a_row_for_each_profile_with_the_numbers_of_its_files() -> None:
    found = with_ablation()
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", more_training(found))
    assert len(rows) == len(found) >= 2
    for row, results in zip(rows, found, strict=True):
        conditioning = results.table("latte_ablation", "conditioning").set_index("source").loc["latte"]
        summary = results.table("latte_ablation", "summary").query("method == 'whole' and metric == 'hard_accuracy'").set_index("source")
        assert f">{results.profile}</a>" in row
        assert f"{conditioning['same_class_percent']:.0f} %" in row
        assert f"rank correlation {conditioning['spearman']:.2f}".replace("-", "−") in row
        assert f"{summary.loc['latte', 'mean']:.1f} %" in row and f"other pool {summary.loc['echosyn', 'mean']:.1f} %" in row
        assert f"{results.parameters['latte_steps']:,}" in row


def test_one_profile_alone_compares_nothing() -> None:
    assert more_training(with_ablation()[:1]) == ""
