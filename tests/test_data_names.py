"""What the videos are called stands in the title and alt text of a figure, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from infomotion_lib.reporting.figures.parts import headline
from infomotion_lib.reporting.style import save_figure, videos_called


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
