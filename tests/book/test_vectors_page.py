"""The page on vectors: what it compares are values of the run's own tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from standin_run import make_run

from infomotion_book import vectors
from infomotion_lib.provenance import read_json, write_csv, write_json
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import alt_text

NAMES = ["motion", "appearance", "dense_flow"]


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """A stand-in run with a third kind of vector, on whose graphs a selector picks as InfoMotion does."""
    made = Results("phantom-beyond", make_run(tmp_path, profile="phantom-beyond"))
    stage02 = made.folder("ifa_training")
    card = read_json(stage02 / "run_card.json")
    card["parameters"] |= {"representations": NAMES}
    card["notes"] |= {"cpu_seconds": {"motion": {"fit": 60.0, "vectors": 5.0, "videos": 100}}}
    write_json(card, stage02 / "run_card.json")
    probe = {"feature": NAMES, "size": [768, 512, 196], "ridge_r2": [0.6, -0.3, 0.7], "ridge_mae": 9.0}
    write_csv(pd.DataFrame(probe | {"knn_purity": [0.4, 0.2, 0.3]}), stage02 / "probe.csv")
    for stage, name in (
        ("graph_selection", "selections"),
        ("evaluation", "table1"),
        ("evaluation", "runs"),
    ):
        table = made.table(stage, name)
        assert table is not None
        own = table[table["method"] == "infomotion"].assign(method="infomotion_dense_flow")
        write_csv(pd.concat([table, own]), made.folder(stage) / f"{name}.csv")
    return made


def test_every_kind_of_vectors_has_a_row_of_its_own_numbers(results: Results) -> None:
    rows = vectors.compared(results)
    assert rows["name"].tolist() == ["dense_flow", "motion", "appearance"], "the best probe first"
    assert rows["ridge_r2"].tolist() == [0.7, 0.6, -0.3] and rows["size"].tolist() == [196, 768, 512]
    by_name = rows.set_index("name")
    assert by_name.loc["motion", "shared"] == by_name.loc["dense_flow", "shared"] == 100
    assert by_name.loc["motion", "video_ms"] == 50 and by_name["video_ms"].isna()["dense_flow"]
    assert by_name.loc["dense_flow", "mean"] == by_name.loc["motion", "mean"]
    assert by_name["difference"].notna().all() and (by_name["ci_low"] <= by_name["difference"]).all()


def test_a_run_with_the_papers_vectors_alone_has_no_such_page(tmp_path: Path) -> None:
    plain = Results("phantom", make_run(tmp_path))
    assert vectors.results_with_vectors([plain]) is None
    assert vectors.fragments([plain])["vectors_figure"] == ""
    assert vectors.write_figure(tmp_path, [plain]) is None


def test_the_picture_carries_its_numbers(results: Results, tmp_path: Path) -> None:
    file = vectors.write_figure(tmp_path / "figures", [results])
    assert file is not None and "dense optical flow: R2 of EF 0.70" in alt_text(file)
    parts = vectors.fragments([results])
    assert file.name in parts["vectors_figure"] and parts["vectors_table"].count("<tr>") == 4
