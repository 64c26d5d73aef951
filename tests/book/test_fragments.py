"""What the generated parts read, as values, before a page makes text of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from standin_run import make_run

from infomotion_book import fragments, ledgers, measured, run_sentences
from infomotion_book.addresses import saved_figures
from infomotion_lib.frozen import EVALUATION_FIGURES, FROZEN
from infomotion_lib.paths import NOTEBOOKS
from infomotion_lib.provenance import write_csv
from infomotion_lib.reporting.results import Results

PHANTOM = Results("phantom", FROZEN / "phantom")


def test_figures_that_were_drawn_come_with_their_words() -> None:
    drawn = saved_figures(PHANTOM, "evaluation", [*EVALUATION_FIGURES, "never_drawn.svg"])
    assert [shown.name for shown in drawn] == list(EVALUATION_FIGURES)
    for shown in drawn:
        assert (FROZEN.parent / shown.url).is_file() and len(shown.alt) > 40
    assert saved_figures(Results("none", FROZEN / "none"), "evaluation", EVALUATION_FIGURES) == []


def test_colab_opens_every_clean_notebook() -> None:
    addresses = fragments.colab_addresses("https://github.com/someone/paper")
    names = [address.rsplit("/", 1)[1] for address in addresses.values()]
    assert names == sorted(file.name for file in NOTEBOOKS.glob("[0-9]*.ipynb"))
    assert all("/github/someone/paper/blob/" in address for address in addresses.values())


def test_the_checklist_points_to_pages_by_their_title() -> None:
    asked = ledgers.asked()
    titles = dict(zip(asked["where"], asked["title"], strict=True))
    assert titles["quickstart.md"] == "Quickstart" and asked["title"].str.len().min() > 0


def test_the_last_tables_are_those_of_the_evaluation(tmp_path: Path) -> None:
    results = Results("phantom", make_run(tmp_path))
    cells, constants = run_sentences.final_tables(results)
    table = results.table("evaluation", "table1")
    assert table is not None and cells["mean"].tolist() == table["mean"].tolist() and constants is not None
    (results.folder("evaluation") / "constants.csv").unlink()
    assert run_sentences.final_tables(results)[1] is None


@pytest.mark.parametrize("name", measured.MEASUREMENTS)
def test_a_measurement_has_its_rows_or_its_command(tmp_path: Path, name: str) -> None:
    none = measured.fragments(tmp_path)[name]
    assert measured.measured(name, tmp_path) == [] and measured.MEASUREMENTS[name].command in none
    assert measured.fragments()[name].count('scope="row"') == len(measured.measured(name))


def test_equal_graphs_of_two_platforms_are_counted(tmp_path: Path) -> None:
    row = {"graphs": "drawn groups", "fewest_nodes": 60, "most_nodes": 60, "tried": 6, "trials": 10}
    write_csv(
        pd.DataFrame([row | {"equal": 5, "overlap": 0.9, "seconds": 0.1}]), tmp_path / "infomap_platforms.csv"
    )
    assert "5 of 6" in measured.fragments(tmp_path)["platforms"]
