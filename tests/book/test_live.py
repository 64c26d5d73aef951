"""With a kernel behind it, every control draws for any value; without one, the book leaves that part out."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from standin_run import make_run, make_videos

pytest.importorskip("ipywidgets")

import ipywidgets as w
from ipywidgets.embed import dependency_state, embed_data

from infomotion_book.explore.board import controls, play, prepare
from infomotion_lib.reporting import svg, widgets
from infomotion_lib.reporting.live import (
    LIVE_CLASS,
    STATE,
    VIEW,
    Explorer,
    interactive,
    picture_of,
    without_live,
)
from infomotion_lib.reporting.results import Results


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What controls display, in the order of time."""
    found: list[Any] = []
    monkeypatch.setattr("IPython.display.display", lambda *things: found.extend(things))
    return found


def dot(size: int, *_: Any) -> tuple[str, str]:
    return svg.picture(40, 40, [svg.dot(20, 20, size, "#000")]), f"A dot of size {size}"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of runs with one finished run and what its controls need."""
    folder = tmp_path_factory.mktemp("runs")
    prepare(Results("phantom", make_videos(make_run(folder))))
    return folder


def others(handle: Any) -> list[Any]:
    """Values that a handle does not show now; none where there is nothing to choose."""
    if isinstance(handle, w.Dropdown):
        return [value for value in dict(handle._options_full).values() if value != handle.value]
    return [value for value in (handle.min, handle.max) if value != handle.value]


def test_every_handle_asks_the_kernel_for_another_picture(runs: Path) -> None:
    found = controls(Results("phantom", runs / "phantom"))
    assert len(found) == 4
    for control in found:
        box = control.live()
        assert isinstance(box, w.interactive), control.title
        moved = [handle for handle in box.kwargs_widgets if draws_another(handle, box)]
        still = [
            handle.description for handle in box.kwargs_widgets if handle not in moved and others(handle)
        ]
        assert len(moved) >= 2 and not still, f"{control.title}: {still} draw the same"


def draws_another(handle: Any, box: w.interactive) -> bool:
    """Whether some other value of the handle draws another picture; it is put back."""
    before, start = picture_of(box), handle.value
    assert "alt=" in before and handle.description
    pictures = []
    for value in others(handle):
        handle.value = value
        pictures.append(picture_of(box))
    handle.value = start
    return any(picture != before for picture in pictures)


def test_one_line_shows_all_controls_of_a_run_in_a_notebook(shown: list[Any], runs: Path) -> None:
    play("phantom", runs)
    assert sum(isinstance(item, w.interactive) for item in shown) == 4


def test_a_handle_draws_when_it_is_let_go() -> None:
    box = interactive(dot, size=(1, 9, 1))
    (handle,) = box.kwargs_widgets
    assert not handle.continuous_update
    handle.value = 7
    assert "A dot of size 7" in picture_of(box)


def test_nothing_is_captured_for_the_program_that_executes_the_notebook(shown: list[Any]) -> None:
    box = interactive(dot, size=(1, 9, 1))
    box.kwargs_widgets[0].value = 7
    assert shown == [] and box.out.outputs == ()


def executed(draw: Callable[..., tuple[str, str]]) -> dict[str, Any]:
    """A notebook as a kernel leaves it: one cell that shows a control twice, drawn beforehand and live."""
    drawn = widgets.image_slider([dot(3)[0], dot(9)[0]], ["a", "b"], alt=["small", "large"])
    both = [drawn, interactive(draw, size=(1, 9, 1))]
    data = embed_data(views=both, state=dependency_state(both))
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {VIEW: view}} for view in data["view_specs"]
    ]
    cell = {"cell_type": "code", "id": "slider", "metadata": {}, "source": "", "outputs": outputs}
    return {
        "metadata": {"widgets": {STATE: data["manager_state"]}},
        "cells": [{"cell_type": "markdown", "source": ""}, cell],
    }


def test_the_book_leaves_out_what_needs_a_kernel(shown: list[Any]) -> None:
    page = executed(dot)
    before = copy.deepcopy(page)
    models = before["metadata"]["widgets"][STATE]["state"]
    assert any(LIVE_CLASS in model["state"].get("_dom_classes", []) for model in models.values())
    after = without_live(page)
    left = after["metadata"]["widgets"][STATE]["state"]
    assert len(after["cells"][1]["outputs"]) == 1
    assert sorted(
        model["model_name"] for model in left.values() if "Style" not in model["model_name"]
    ) == sorted(
        [
            "VBoxModel",
            "IntSliderModel",
            "StackModel",
            "HTMLModel",
            "HTMLModel",
            "DirectionalLinkModel",
            *["LayoutModel"] * 5,
        ]
    )
    assert without_live(copy.deepcopy(after)) == after


def test_a_control_shows_itself_both_ways(shown: list[Any]) -> None:
    Explorer(w.HTML("x"), interactive(dot, size=(1, 9, 1)))._ipython_display_()
    assert [type(item) for item in shown[-2:]] == [w.HTML, w.interactive]


def test_vectors_of_any_size_make_a_live_graph() -> None:
    from infomotion_lib.reporting.explore import graphs

    rng = np.random.default_rng(0)
    box = graphs.live(
        rng.normal(size=(20, 4)), ["severe"] * 12 + ["normal"] * 8, [f"v{i:02d}" for i in range(20)]
    )
    assert "severe: 12 videos" in picture_of(box)
