"""The page on ED and ES without tracings: its numbers are those of the frozen rows, and it says so where
there are none.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from infomotion_book import phases
from infomotion_lib.paths import BOOK

SUMMARY = pd.read_csv(phases.STUDIES / "phases_summary.csv", keep_default_na=False, na_values=[""]).fillna(
    {"value": "all"}
)


def test_every_fragment_of_the_page_is_made() -> None:
    page = (BOOK / "phases.md").read_text(encoding="utf-8")
    for name, text in phases.fragments().items():
        assert f"_generated/{name}.md" in page
        assert "has not run" not in text


def test_the_frozen_summary_follows_from_the_frozen_rows() -> None:
    counts = pd.read_csv(phases.STUDIES / "phases_counts.csv")
    errors = pd.read_csv(phases.STUDIES / "phases_errors.csv")
    row = SUMMARY[
        (SUMMARY["by"] == "all")
        & (SUMMARY["frames"] == "in_order")
        & (SUMMARY["voter"] == "network")
        & (SUMMARY["phase"] == "es")
    ]
    own = {
        name: table[
            (table["frames"] == "in_order") & (table["voter"] == "network") & (table["phase"] == "es")
        ]
        for name, table in (("counts", counts), ("errors", errors))
    }
    late = 1000 * own["errors"]["error_frames"] / own["errors"]["fps"]
    assert (
        abs(row["found_percent"].item() - 100 * own["counts"]["found"].sum() / own["counts"]["due"].sum())
        < 1e-6
    )
    assert abs(row["p90_ms"].item() - late.abs().quantile(0.9)) < 1e-6


def test_errors_of_the_third_frame_by_hand() -> None:
    third = pd.DataFrame(
        {
            "asked": ["next_es", "next_es", "previous_es"],
            "systole_percent": [33.0, 50.0, 34.0],
            "rule_ms": [10.0, -30.0, 5.0],
            "detector_ms": [0.0, 0.0, 0.0],
            "network_ms": [1.0, 1.0, 1.0],
        }
    )
    found = phases.errors_of_the_third(third).set_index(["asked", "share", "way"])
    assert found.loc[("next_es", "any", "rule"), ["n", "mean_size", "mean"]].tolist() == [2, 20.0, -10.0]
    assert found.loc[("next_es", "31 to 35 %", "rule"), ["n", "mean_size", "mean"]].tolist() == [
        1,
        10.0,
        10.0,
    ]
    assert found.loc[("previous_es", "any", "rule"), "p90_size"] == 5.0


def test_order_beats_chance_in_every_group() -> None:
    es = SUMMARY[(SUMMARY["phase"] == "es") & (SUMMARY["voter"] != "both agree")]
    both = es.pivot_table(index=["by", "value", "voter"], columns="frames", values="found_percent")
    assert len(both) == 2 * (1 + 4 + 5 + 2)
    assert (both["in_order"] > both["shuffled"] + 10).all()


def test_figures_are_drawn_and_a_missing_study_is_said(tmp_path: Path) -> None:
    drawn = phases.write_figures(tmp_path / "figures")
    assert sorted(file.name for file in drawn) == ["phases-curves.svg", "phases-third.svg"]
    assert all("<svg" in file.read_text(encoding="utf-8")[:2000] for file in drawn)
    assert phases.write_figures(tmp_path / "none", folder=tmp_path) == []
    assert all(
        "has not run yet: `infomotion study phases`" in text for text in phases.fragments(tmp_path).values()
    )
