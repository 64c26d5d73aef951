"""A frozen notebook keeps its pictures as files, shown from wherever its page stands."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from standin_run import make_run, make_videos

pytest.importorskip("ipywidgets")

from infomotion_book.explore.board import controls, prepare
from infomotion_book.freeze import freeze
from infomotion_book.frozen_notebook import as_files, freeze_notebook, link_figures
from infomotion_book.guard import LEFT_OUT
from infomotion_book.live.data import write_live
from infomotion_book.live.page import live_data
from infomotion_book.notebooks import page_from_run
from infomotion_lib.provenance import write_json
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import save_figure
from infomotion_lib.reporting.widgets import STATE

PICTURE = b"RIFF....WEBP"


def notebook(folder: Path) -> Path:
    """A notebook that shows one picture in an output and, twice, in a control."""
    uri = f"data:image/webp;base64,{base64.b64encode(PICTURE).decode()}"
    html = f'<img alt="A heart" src="{uri}">'
    output = {"output_type": "display_data", "metadata": {"x": 1}, "data": {"text/html": [html]}}
    noise = {"output_type": "stream", "name": "stderr", "text": "noise"}
    cell = {"cell_type": "code", "id": "a", "metadata": {"t": 1}, "source": "", "outputs": [output, noise]}
    state = {"state": {name: {"state": {"value": html}} for name in ("one", "two")}}
    page = {"cells": [cell, cell | {"id": "b"}], "metadata": {"widgets": {STATE: state}, "papermill": {}}}
    file = folder / "01_frame_index.ipynb"
    file.write_text(json.dumps(page), encoding="utf-8")
    return file


def test_equal_pictures_are_one_file(tmp_path: Path) -> None:
    frozen = freeze_notebook(notebook(tmp_path), made(tmp_path / "frozen"), pixels=True)
    (file,) = (frozen.parent / "pictures").iterdir()
    text = frozen.read_text(encoding="utf-8")
    assert file.read_bytes() == PICTURE and file.suffix == ".webp"
    assert text.count(f"pictures/{file.name}") == 4 and "base64" not in text and "noise" not in text
    again = freeze_notebook(frozen, made(tmp_path / "again"), pixels=True)
    assert again.read_text(encoding="utf-8") == text


def test_what_may_not_be_published_stays_for_the_guard(tmp_path: Path) -> None:
    frozen = freeze_notebook(notebook(tmp_path), made(tmp_path / "frozen"), pixels=False)
    assert not (frozen.parent / "pictures").exists() and "base64" in frozen.read_text(encoding="utf-8")


def test_a_drawing_is_a_file_too(tmp_path: Path) -> None:
    drawing = base64.b64encode(b"<svg/>").decode()
    html = as_files(f'<img src="data:image/svg+xml;base64,{drawing}">', tmp_path)
    (file,) = (tmp_path / "pictures").iterdir()
    assert html == f'<img src="pictures/{file.name}">' and file.suffix == ".svg"
    assert file.read_bytes() == b"<svg/>"


def test_a_figure_is_linked_or_left_to_the_guard(tmp_path: Path) -> None:
    uri = f"data:image/svg+xml;base64,{base64.b64encode(b'<svg/>').decode()}"
    tag = f'<img class="im-figure" data-figure="a.svg" alt="A heart" src="{uri}">'
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": [tag]}}
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "", "outputs": [output]}
    file = tmp_path / "01_frame_index.ipynb"
    file.write_text(json.dumps({"cells": [cell], "metadata": {}}), encoding="utf-8")
    shown = freeze_notebook(file, made(tmp_path / "open"), pixels=True).read_text(encoding="utf-8")
    assert 'src=\\"figures/a.svg\\"' in shown and "base64" not in shown
    held = freeze_notebook(file, made(tmp_path / "gated"), pixels=False)
    assert uri in held.read_text(encoding="utf-8")
    page = json.loads(held.read_text(encoding="utf-8"))
    link_figures(page)
    assert page["cells"][0]["outputs"][0]["data"]["text/html"].count('src="figures/a.svg"') == 1


def test_a_page_links_the_frozen_pictures_from_where_it_stands(tmp_path: Path) -> None:
    freeze_notebook(notebook(tmp_path), made(tmp_path / "phantom" / "01_frame_index"), pixels=True)
    results = Results("phantom", tmp_path / "phantom")
    write_json({"parameters": {"real_data": "phantom"}}, results.root / "01_frame_index" / "run_card.json")
    file = results.root / "01_frame_index" / "01_frame_index.ipynb"
    text = json.dumps(page_from_run(file, results=results, stage="frame_index"))
    names = re.findall(r'src=\\"\.\./results/phantom/(01_frame_index/pictures/[0-9a-f]+\.(?:svg|webp))', text)
    assert names and all((results.root / name).is_file() for name in names)
    assert 'src=\\"pictures' not in text


def test_the_controls_of_a_run_outlive_its_freezing(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs")
    assert write_live(Results("phantom", run), tmp_path) == [], "no clips, nothing to show"
    make_videos(run)
    prepare(Results("phantom", run))
    frozen = freeze("phantom", runs_dir=tmp_path / "runs", out=tmp_path / "results")
    assert "explore/graphs.json" in frozen.files and len(controls(Results("phantom", frozen.folder))) == 5
    data = live_data(Results("phantom", frozen.folder))
    assert data and {f"explore/live/{name}.webp" for name in data["classes"]} <= set(frozen.files)


def test_where_frames_may_not_be_shown_a_figure_of_them_is_not_linked(tmp_path: Path) -> None:
    data = {"real": "echodiffusion", "synthetic": "none", "names": "echodiffusion"}
    run = make_run(tmp_path / "runs", profile="open", **data)
    fig = Figure(figsize=(2, 2))
    fig.subplots().imshow(np.eye(9))
    saved = save_figure(fig, run / "01_frame_index" / "figures" / "frames.svg", alt="Frames")
    file = run / "01_frame_index" / "01_frame_index.ipynb"
    page = json.loads(file.read_text(encoding="utf-8"))
    shown = {"output_type": "display_data", "metadata": {}, "data": {"text/html": saved._repr_html_()}}
    page["cells"][-1]["outputs"].append(shown)
    file.write_text(json.dumps(page), encoding="utf-8")
    frozen = freeze("open", runs_dir=tmp_path / "runs", out=tmp_path / "frozen")
    text = (frozen.folder / "01_frame_index" / "01_frame_index.ipynb").read_text(encoding="utf-8")
    assert "01_frame_index/figures/frames.svg" not in frozen.files and LEFT_OUT in text
    assert 'src=\\"figures/line.svg\\"' in text and "frames.svg" not in text


def made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
