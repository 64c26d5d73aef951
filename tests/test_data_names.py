"""What the videos are called stands in the title and alt text of a figure, once."""

from __future__ import annotations

import ast
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from infomotion_lib.paths import PROJECT
from infomotion_lib.reporting.figures.parts import headline, span_at_least
from infomotion_lib.reporting.narrow_tables import quoted_below
from infomotion_lib.reporting.style import figure_bytes, save_figure, videos_called
from infomotion_lib.reporting.table2 import pool_names, short_names
from infomotion_lib.reporting.tables import table1
from infomotion_lib.reporting.widgets import image_slider


@pytest.mark.parametrize("title", ["Six videos chosen", "Klinik A: Six videos chosen"])
def test_a_saved_figure_names_the_data_once(tmp_path: Path, title: str) -> None:
    fig = Figure()
    headline(fig, title)
    saved = save_figure(fig, tmp_path / "a.svg", alt="Six hearts.", data="Klinik A")
    assert fig.get_suptitle() == "Klinik A: Six videos chosen"
    assert saved.alt == "Klinik A: Six hearts." and saved.alt in (tmp_path / "a.svg").read_text("utf-8")


def test_a_figure_without_title_gets_the_name_alone(tmp_path: Path) -> None:
    fig = Figure()
    saved = save_figure(fig, tmp_path / "b.svg", alt="A video of own videos.", data="own videos")
    assert (fig.get_suptitle(), saved.alt) == ("Own videos", "A video of own videos.")


def test_a_slider_names_the_data_in_picture_and_text() -> None:
    fig = Figure()
    headline(fig, "One heart")
    picture = figure_bytes(fig, data="Klinik A")
    assert fig.get_suptitle() == "Klinik A: One heart"
    page = image_slider([picture], ["a"], alt=["A heart"], data="Klinik A").children[1].children[0].value
    assert 'alt="Klinik A: A heart"' in page
    with pytest.raises(ValueError, match="alt text"):
        image_slider([picture], ["a"], alt=[" "], data="Klinik A")


def test_every_figure_that_the_library_saves_is_told_what_the_data_are_called() -> None:
    calls = [
        (file.name, call)
        for file in (PROJECT / "infomotion_lib").rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("save_figure", "image_slider")
    ]
    assert len(calls) > 10
    assert not [name for name, call in calls if "data" not in {word.arg for word in call.keywords}]


@pytest.mark.parametrize(
    ("synthetic", "given"),
    [("own-synthetic", "Generator G"), ("none", "videos of Klinik A (in EchoSyn's place)")],
)
def test_a_pool_is_called_as_its_author_or_that_of_its_lessons_says(synthetic: str, given: str) -> None:
    called = {"own": "Klinik A", "own-synthetic": "Generator G"}
    names = pool_names(real="own", synthetic=synthetic, called=called)
    assert names["echosyn"] == given
    trained = {name: words for name, words in names.items() if name != "echosyn"}
    assert len(trained) >= 3 and all("trained on Klinik A" in words for words in trained.values())
    short = short_names(real="own", synthetic=synthetic, called=called)
    assert short["echosyn"] in ("Generator G", "reference clips") and short["latte"] == "Latte"
    every = " ".join([*names.values(), *short.values()])
    assert "phantom" not in every and "EchoNet" not in every


def test_videos_are_called_in_plain_words() -> None:
    called = {
        "phantom": "phantom videos",
        "own videos": "own videos",
        "open clips": "open clips",
        "": "videos",
        "Klinik A, 2024": "videos of Klinik A, 2024",
    }
    assert {name: videos_called(name) for name in called} == called


def test_a_caption_keeps_a_name_with_a_comma() -> None:
    cells = [("whole", "", 0), ("infomotion", "knn", 2)]
    rows = [
        {"source": "real", "method": method, "graph": graph, "vpc": vpc, "metric": metric}
        | {"mean": 40.0, "sd": 1.0, "n": 2}
        for method, graph, vpc in cells
        for metric in ("hard_accuracy", "soft_accuracy")
    ]
    narrow = quoted_below(table1(pd.DataFrame(rows), data="Klinik A, 2024"))
    assert [table.caption for table in narrow.parts] == ["Table 1 on videos of Klinik A, 2024"]


def test_values_that_differ_by_rounding_are_drawn_as_equal() -> None:
    axis = Figure().subplots()
    axis.plot([0, 1], [27.2727272, 27.2727274])
    span_at_least(axis, 5.0)
    low, high = axis.get_ylim()
    assert high - low == pytest.approx(5.0) and low < 27.2727272 < 27.2727274 < high
    axis.set_ylim(0, 100)
    span_at_least(axis, 5.0)
    assert axis.get_ylim() == (0, 100)
