"""Figures read on light and dark pages and on a phone, and call drawn hearts what they are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from infomotion_book import phases
from infomotion_book.evidence.study import find_evidence
from infomotion_lib.reporting import style
from infomotion_lib.reporting.figures import evaluation, phase_accuracy, selection
from infomotion_lib.reporting.two_grounds import (
    DARK_GROUND,
    LEAST_CONTRAST,
    LIGHT_GROUND,
    contrast,
    keep_colours,
    on_dark,
)

FROZEN = Path(__file__).parents[2] / "book" / "results"
PHONE = 358
"""Pixels of a figure on a page of 390."""
READABLE = 7.9
"""Pixels of the smallest text."""


def saved_svg(folder: Path) -> str:
    style.use_style()
    fig = Figure(figsize=(3, 2))
    axis = fig.subplots()
    bars = axis.barh(["a"], [3], color="#440154")
    keep_colours(axis.bar_label(bars, ["ten"], label_type="center", color="white"))
    axis.plot([0, 3], [0, 0], "o-", color="#E69F00", mec="white")
    axis.plot([0, 3], [0.2, 0.2], color="black")
    style.save_figure(fig, folder / "a.svg", alt="A bar.")
    return (folder / "a.svg").read_text("utf-8")


def test_an_svg_has_no_ground_and_its_ink_follows_the_page(tmp_path: Path) -> None:
    svg = saved_svg(tmp_path)
    root = ElementTree.fromstring(svg)
    assert root.get("class") == "im-plot" and root.get("fill") == "currentColor"
    ground = root.find('.//{*}g[@id="patch_1"]')
    assert ground is not None and "fill: none" in ElementTree.tostring(ground, "unicode")
    assert not re.search(r"(fill|stroke): #1f2933", svg) and "fill: currentColor" in svg
    assert "stroke: currentColor" in svg, "spines and ticks"
    assert style.alt_text(tmp_path / "a.svg") == "A bar."


def test_what_would_vanish_on_a_dark_page_is_lightened_and_text_on_a_bar_stays(tmp_path: Path) -> None:
    svg = saved_svg(tmp_path)
    rules = re.search(r"prefers-color-scheme:dark\){(.*)}</", svg)
    assert rules and 'fill: #440154"]' in rules[1] and on_dark("#440154") in rules[1]
    assert "#e69f00" not in rules[1], "this one is seen on both"
    label = ElementTree.fromstring(svg).find('.//{*}g[@class="im-as-drawn"]')
    assert label is not None and "fill: #ffffff" in ElementTree.tostring(label, "unicode")
    assert 'as-drawn"' not in re.findall(r'id="[^"]*"', svg)


@pytest.mark.parametrize("palette", [style.METHOD_COLOURS, style.CLASS_COLOURS, style.PHASE_COLOURS])
def test_colours_are_seen_on_both_grounds(palette: dict[str, str]) -> None:
    for name in palette:
        assert contrast(palette[name], LIGHT_GROUND) >= LEAST_CONTRAST, name
        shown = DARK_GROUND if palette[name] == style.INK else on_dark(palette[name])
        assert shown == DARK_GROUND or contrast(shown, DARK_GROUND) >= LEAST_CONTRAST, name


def test_drawn_hearts_are_never_called_real() -> None:
    for data in ("phantom", "Phantom", "EF-conditioned phantoms", ""):
        assert not {"Real", "Synthetic"} & set(style.source_names(data).values())
    for data in ("EchoNet-Dynamic", "CAMUS", "own videos", "Clinic A"):
        assert style.source_names(data)["real"] == "Real"


def frozen_figures() -> Iterator[tuple[str, Figure]]:
    style.use_style()
    evidence, rows = find_evidence(), phases.read_study()
    assert evidence is not None and rows is not None
    yield from evidence.figures.items()
    yield "third", phase_accuracy.third_frame(rows[1])
    folder = FROZEN / "phantom" / "04_evaluation"
    table, constants = (pd.read_csv(folder / f"{name}.csv") for name in ("table1", "constants"))
    yield "accuracy", evaluation.accuracy_by_vpc(table, constants, data="Phantom")
    yield "paired", evaluation.paired_forest(pd.read_csv(folder / "differences.csv"), data="Phantom")
    graphs = FROZEN / "phantom" / "03_graph_selection"
    yield "counts", selection.module_counts(pd.read_csv(graphs / "graph_report.csv"), vpc=(5, 10))
    yield "sweep", selection.settings_sweep(pd.read_csv(graphs / "sweep.csv"), vpc=(5, 10))


def test_figures_are_read_on_a_phone_and_call_nothing_drawn_real() -> None:
    for name, fig in frozen_figures():
        texts = [text for text in fig.findobj(lambda part: hasattr(part, "get_fontsize")) if text.get_text()]
        smallest = min(float(text.get_fontsize()) for text in texts if text.get_visible())
        assert smallest * PHONE / (72 * fig.get_figwidth()) >= READABLE, name
        assert not re.search(r"\b[Rr]eal\b", " ".join(text.get_text() for text in texts)), name
        assert fig.get_suptitle(), name
