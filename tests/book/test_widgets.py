"""Controls must carry alt text and be linked in the browser alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from infomotion_lib.frozen import FROZEN
from infomotion_lib.paths import BOOK
from infomotion_lib.reporting import style, titles, widgets

pytest.importorskip("ipywidgets")

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>'


def _walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _walk(child)


def test_slider_has_a_picture_a_position() -> None:
    box = widgets.image_slider(
        [SVG, SVG, SVG], ["a", "b", "c"], alt=["first", "second", "third"], description="frame", start=1
    )
    kinds = [type(item).__name__ for item in _walk(box)]
    assert kinds == ["VBox", "IntSlider", "Stack", "HTML", "HTML", "HTML"]
    slider, stack = box.children
    assert (slider.min, slider.max, slider.value, stack.selected_index) == (0, 2, 1, 1)
    assert all('loading="lazy"' in page.value and "alt=" in page.value for page in stack.children)


def test_a_wide_picture_under_a_slider_stays_readable_on_a_narrow_page() -> None:
    page = widgets.image_slider([SVG], ["a"], alt=["x"], width="38rem").children[1].children[0].value
    assert f"min-width:min({widgets.MIN_WIDTH},38rem)" in page and "overflow-x:auto" in page


def test_slider_refuses_missing_alt_text() -> None:
    with pytest.raises(ValueError, match="alt text"):
        widgets.image_slider([SVG], ["a"], alt=[" "])
    with pytest.raises(ValueError, match="as many"):
        widgets.image_slider([SVG], ["a", "b"], alt=["x"])


def test_choice_draws_every_combination_and_links_no_python() -> None:
    seen = []

    def picture(first: int, second: int) -> tuple[str, str]:
        seen.append((first, second))
        return SVG, f"{first} {second}"

    box = widgets.image_choice({"class": ("a", "b"), "k": ("4", "6", "10")}, picture)
    assert sorted(seen) == [(i, j) for i in range(2) for j in range(3)]
    assert sum(type(item).__name__ == "Stack" for item in _walk(box)) == 3
    assert not any(type(item).__name__ in {"Image", "Play"} for item in _walk(box))


def test_the_script_of_the_pages_knows_every_kind_of_control_that_the_book_shows() -> None:
    from ipywidgets.embed import embed_data

    script = (BOOK / "_static" / "controls.js").read_text(encoding="utf-8")
    known = set(re.findall(r"(\w+Model): \(", script)) | {"DirectionalLinkModel", "LayoutModel"}
    box = widgets.image_choice({"a": ("x", "y"), "b": ("x", "y")}, lambda *_: (SVG, "a dot"), sliders=("b",))
    state = embed_data(views=[box])["manager_state"]["state"]
    used = {model["model_name"] for model in state.values()}
    for notebook in FROZEN.glob("phantom/*/*.ipynb"):
        kept = json.loads(notebook.read_text(encoding="utf-8"))["metadata"].get("widgets", {})
        used |= {model["model_name"] for model in kept.get(widgets.STATE, {}).get("state", {}).values()}
    assert {"StackModel", "IntSliderModel"} <= used
    assert {kind for kind in used if not kind.endswith("StyleModel")} <= known


def test_picture_of_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="not SVG"):
        widgets.picture_html(b"hello", alt="x")


def test_figures_carry_their_alt_text(tmp_path) -> None:
    style.use_style()
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1])
    saved = style.save_figure(figure, tmp_path / "line.svg", alt="A line – rising ≥ 0")
    assert style.alt_text(saved.path) == "A line – rising ≥ 0"
    assert 'alt="A line – rising ≥ 0"' in saved._repr_html_()


def test_the_same_figure_has_the_same_bytes(tmp_path) -> None:
    style.use_style()
    for name in ("a.svg", "b.svg"):
        figure = Figure(figsize=(2, 1))
        figure.subplots().plot([0, 1])
        style.save_figure(figure, tmp_path / name, alt="A line")
    assert (tmp_path / "a.svg").read_text().replace(">a<", ">b<") == (tmp_path / "b.svg").read_text()


def test_a_figure_without_alt_text_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match="alt text"):
        style.save_figure(Figure(), tmp_path / "a.svg", alt="")
    with pytest.raises(ValueError, match=r"\.svg"):
        style.save_figure(Figure(), tmp_path / "a.jpg", alt="x")


def test_colours_are_one_a_method_and_differ() -> None:
    assert set(style.METHOD_COLOURS) == set(style.METHOD_NAMES) == set(style.METHOD_MARKERS)
    assert len(set(style.METHOD_COLOURS.values())) == len(style.METHOD_COLOURS)


def test_a_long_title_is_saved_in_lines_of_like_length_where_it_stood(tmp_path: Path) -> None:
    style.use_style()
    words = "The average candidate is 1.0 to 2.0 EF points from the nearest pick of all"
    figure = Figure(figsize=(7, 2))
    title = figure.suptitle(words, x=0.01, ha="left")
    style.save_figure(figure, tmp_path / "long.svg", alt="A title")
    first, second = title.get_text().split("\n")
    assert f"{first} {second}" == words and max(len(first), len(second)) <= titles.TITLE_WIDTH
    assert title.get_ha() == "left" and title.get_position()[0] == 0.01 and figure.get_figheight() > 2
    style.save_figure(figure, tmp_path / "long.svg", alt="A title")
    assert title.get_text() == f"{first}\n{second}"


def test_nothing_is_cut_off_below_panels_of_a_fixed_shape(tmp_path: Path) -> None:
    """Square panels and a title that becomes two lines: the layout needs a second pass."""
    style.use_style()
    fig = Figure(figsize=(8.8, 4.3))
    for axis in fig.subplots(1, 3):
        axis.imshow(np.eye(5))
        axis.set_xticks(range(5), ["a long class name"] * 5, rotation=45, ha="right", rotation_mode="anchor")
        axis.set_xlabel("predicted class")
    fig.suptitle("one title that is " + "rather " * 8 + "long")
    style.save_figure(fig, tmp_path / "squares.svg", alt="Three squares.")
    drawn = fig.get_tightbbox()
    assert drawn.y0 >= 0 and drawn.y1 <= fig.get_figheight(), "inches"
