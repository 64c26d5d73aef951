"""What the videos are called stands in the title and alt text of a figure, once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from infomotion_lib.reporting.figures.parts import headline, span_at_least
from infomotion_lib.reporting.narrow_tables import quoted_below
from infomotion_lib.reporting.style import save_figure, videos_called
from infomotion_lib.reporting.tables import table1


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
