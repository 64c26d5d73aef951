"""No folder, user or host of the author's machine is published, by whatever door."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from standin_run import STATE, make_run

from infomotion_book import machine_paths
from infomotion_book.freeze import freeze
from infomotion_book.guard import PublishingError
from infomotion_book.machine_paths import find_machine_paths, names_of_this_machine
from infomotion_lib.frozen import FROZEN

HOME, DATA = "/home/somebody/study/out.ipynb", "/volume7/hearts"
Plant = Callable[[Path, str], None]


def page(**parts: object) -> str:
    return json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | parts)


def notebook_output(folder: Path, text: str) -> None:
    outputs = [{"output_type": "stream", "name": "stdout", "text": ["saved to ", text, "\n"]}]
    cell = {"cell_type": "code", "id": "why", "metadata": {}, "source": "", "outputs": outputs}
    (folder / "a.ipynb").write_text(page(cells=[cell]))


def notebook_metadata(folder: Path, text: str) -> None:
    (folder / "a.ipynb").write_text(page(metadata={"papermill": {"output_path": text}}))


def widget_state(folder: Path, text: str) -> None:
    state = {"state": {"m1": {"model_name": "HTMLModel", "state": {"value": f'<img src=\\"{text}\\">'}}}}
    (folder / "a.ipynb").write_text(page(metadata={"widgets": {STATE: state}}))


def card(folder: Path, text: str) -> None:
    (folder / "run_card.json").write_text(json.dumps({"inputs": {text: "1" * 64}}).replace("/", "\\/"))


def table(folder: Path, text: str) -> None:
    (folder / "runs.csv").write_text(f'name,where\na,"{text}"\n')


def svg_metadata(folder: Path, text: str) -> None:
    (folder / "a.svg").write_text(f"<svg><metadata><title>{text}</title></metadata></svg>")


def png_metadata(folder: Path, text: str) -> None:
    about = PngInfo()
    about.add_text("Comment", text, zip=True)
    Image.new("L", (4, 4)).save(folder / "a.png", pnginfo=about)


def webp_metadata(folder: Path, text: str) -> None:
    about = Image.Exif()
    about[0x010E] = text
    Image.new("L", (4, 4)).save(folder / "a.webp", exif=about)


def picture_in_a_page(folder: Path, text: str) -> None:
    svg_metadata(folder, text)
    inside = base64.b64encode((folder / "a.svg").read_bytes()).decode()
    (folder / "a.svg").unlink()
    (folder / "a.html").write_text(f'<img alt="x" src="data:image/svg+xml;base64,{inside}">')


def link_in_a_page(folder: Path, text: str) -> None:
    (folder / "a.html").write_text(f'<p>\n<a href="show?file={text.replace("/", "%2F")}">here</a></p>')


PLANTS: list[Plant] = [
    notebook_output, notebook_metadata, widget_state, card, table, svg_metadata, png_metadata, webp_metadata,
    picture_in_a_page, link_in_a_page,
]  # fmt: skip


@pytest.mark.parametrize("text", [HOME, DATA + "/EchoNet-Dynamic"], ids=["home", "data"])
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_path_is_found_with_its_file_and_place(plant: Plant, text: str, tmp_path: Path) -> None:
    plant(tmp_path, text)
    found = find_machine_paths(tmp_path, names_of_this_machine(DATA))
    (file,) = tmp_path.iterdir()
    assert found and all(item.where.startswith(f"{file.name}, ") for item in found), found
    file.unlink()
    plant(tmp_path, "03_graph_selection/figures")
    assert not find_machine_paths(tmp_path, names_of_this_machine(DATA))


def test_names_of_user_host_and_project_count_where_they_stand_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_paths.platform, "node", lambda: "gpu-17.clinic.example")
    monkeypatch.setattr(machine_paths.getpass, "getuser", lambda: "mild")
    names = names_of_this_machine()
    text = tmp_path / "a.csv"
    for line, wrong in {
        "ran on gpu-17": True,
        "mild@gpu": True,
        str(machine_paths.PROJECT / "runs"): True,
        "/tmp/pytest-1/x": True,
        r"C:\Users\somebody\x": True,
        "class,mild\nmild,gpu-170": False,
        "https://example.org/home/page": False,
        "/dev/shm and runs/tmp/x": False,
    }.items():
        text.write_text(line)
        assert bool(find_machine_paths(tmp_path, names)) == wrong, line


def test_what_is_frozen_names_no_machine() -> None:
    assert not find_machine_paths(FROZEN, names_of_this_machine())


def test_a_run_that_names_the_machine_is_not_frozen(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", profile="phantom")
    (run / "04_evaluation" / "note.csv").write_text(f"file\n{HOME}\n")
    with pytest.raises(PublishingError, match=r"04_evaluation/note\.csv, line 2: .*/home/somebody"):
        freeze("phantom", runs_dir=tmp_path / "runs", out=tmp_path / "frozen")
    assert not (tmp_path / "frozen" / "phantom").exists()
