"""Nothing of a restricted data set may slip into the book, by whatever door."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from standin_run import STATE, make_run

from infomotion_book.freeze import freeze
from infomotion_book.guard import Guard, inspect
from infomotion_book.levels import Level, level_of
from infomotion_lib.errors import StageError
from infomotion_lib.frozen import EVALUATION_FIGURES, FROZEN
from infomotion_lib.provenance import write_json
from infomotion_lib.reporting.style import figure_bytes, use_style
from infomotion_lib.stage_table import TABLE

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
SECRET = Guard(Level.AGGREGATES, frozenset({"heart_007"}))
OPEN = Guard(Level.LINES)


def svg(points: int, *, image: bool = False) -> str:
    use_style()
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    axes.imshow([[0, 1], [1, 0]]) if image else axes.scatter(range(points), range(points))
    axes.set_title("Thirty letters of the alphabet")
    return figure_bytes(figure).decode()


def uri(data: bytes, mime: str = "image/png") -> str:
    return f'<img alt="x" src="data:{mime};base64,{base64.b64encode(data).decode()}">'


def test_the_strictest_data_set_decides() -> None:
    assert level_of(["phantom", "phantom-synthetic"]) is Level.EVERYTHING
    assert level_of(["echodiffusion", "none"]) is Level.LINES
    assert level_of(["echonet-dynamic", "echonet-synthetic"]) is Level.AGGREGATES
    assert level_of(["phantom", "nobody-knows"]) is Level.AGGREGATES
    assert level_of([]) is Level.AGGREGATES


@pytest.mark.parametrize("guard", [SECRET, OPEN], ids=["secret", "open"])
@pytest.mark.parametrize(
    "html",
    [
        uri(PNG),
        uri(svg(0, image=True).encode(), "image/svg+xml"),
        '<img alt="x" src="figures/frame.png">',
        "<canvas></canvas><script>draw()</script>",
        "<video src='a.mp4'></video>",
        "<div style='background:url(data:image/webp;base64,AAAA)'></div>",
        "<p>" + "0 255 " * 5000 + "</p>",
    ],
    ids=["png", "pixels in svg", "linked png", "canvas", "video", "css", "digits"],
)
def test_pixels_in_a_notebook_output_are_found(guard: Guard, html: str) -> None:
    assert guard.output({"output_type": "display_data", "data": {"text/html": html}}, "cell")


@pytest.mark.parametrize(
    "mime", ["image/png", "image/gif", "video/mp4", "application/x-npy", "application/javascript"]
)
def test_outputs_of_other_kinds_are_found(mime: str) -> None:
    assert OPEN.output({"output_type": "display_data", "data": {mime: "AAAA"}}, "cell")


def test_ids_are_found_wherever_they_hide() -> None:
    assert SECRET.text("as in heart_007.avi, seen twice", "text")
    assert SECRET.table("statistic,value\nworst heart_007,1\n", "runs.csv")
    assert SECRET.notebook(
        json.dumps({"metadata": {}, "cells": [{"id": "a", "source": "# heart_007", "outputs": []}]}),
        "n.ipynb",
    )
    assert SECRET.output({"output_type": "stream", "name": "stdout", "text": ["heart_007\n"]}, "cell")
    assert Guard(Level.EVERYTHING).text("0X1A2B3C4D5E6F7A8B", "text"), (
        "patient-like names are never published"
    )
    assert not SECRET.text("heart_0070 and hearts", "text")


def test_per_video_rows_are_found_without_ids() -> None:
    rows = "ef,prediction\n" + "50,51\n" * 5
    assert SECRET.table(rows, "predictions.csv"), "not on the list"
    assert SECRET.table("file_name,mae\na,5\n", "runs.csv"), "a column that names videos"
    assert SECRET.table(rows, "runs.csv"), "a column with a value a video, in a table of an allowed name"
    assert SECRET.values(json.dumps({"gain_db": 1.0, "ef": list(range(100))}), "summary.json")
    assert SECRET.output(
        {"output_type": "x", "data": {"text/html": "<table>" + "<tr><td>50</td></tr>" * 80 + "</table>"}},
        "cell",
    )
    assert SECRET.svg(svg(200), "figure"), "a mark a video"


def drawn(kind: str) -> str:
    """A forty by forty frame, or two hundred videos, drawn with lines only."""
    use_style()
    figure, rng = Figure(figsize=(3, 2)), np.random.default_rng(0)
    axes = figure.subplots()
    frame, values = rng.random((40, 40)), rng.random(1200)
    if kind == "mosaic":
        axes.pcolormesh(frame)
    elif kind == "contours":
        axes.contourf(frame, levels=12)
    elif kind == "line":
        axes.plot(values)
    elif kind == "bars":
        axes.bar(range(200), values[:200])
    else:
        axes.scatter(range(200), values[:200], s=50 * values[:200])
    return figure_bytes(figure).decode()


@pytest.mark.parametrize("kind", ["mosaic", "contours"])
@pytest.mark.parametrize("guard", [SECRET, OPEN], ids=["secret", "open"])
def test_a_frame_redrawn_as_shapes_is_found(guard: Guard, kind: str) -> None:
    assert guard.svg(drawn(kind), "figure")
    encoded = uri(drawn(kind).encode(), "image/svg+xml")
    assert guard.output({"output_type": "display_data", "data": {"text/html": encoded}}, "cell"), (
        "inside an output too"
    )


@pytest.mark.parametrize("kind", ["line", "bars", "dots of many sizes"])
def test_a_shape_a_video_is_found_at_the_strictest_level_alone(kind: str) -> None:
    assert SECRET.svg(drawn(kind), "figure")
    assert not OPEN.svg(drawn(kind), "figure")


@pytest.mark.parametrize("guard", [SECRET, OPEN], ids=["secret", "open"])
def test_pixels_written_as_letters_or_digits_are_found(guard: Guard) -> None:
    letters = base64.b64encode(bytes(600)).decode()
    assert guard.table(f"method,note\nrandom,{letters}\n", "runs.csv")
    assert guard.values(json.dumps({"note": letters}), "summary.json")
    assert guard.values(json.dumps({"grey": list(range(112 * 112))}), "summary.json")
    assert guard.table("\n".join(",".join("7" * 112) for _ in range(112)), "runs.csv")


def test_names_of_files_and_metadata_are_searched(tmp_path: Path) -> None:
    (tmp_path / "heart_007.svg").write_text(svg(3))
    (tmp_path / "0X1A2B3C4D5E6F.svg").write_text(svg(3))
    assert len(inspect(tmp_path, SECRET)) == 2 and len(inspect(tmp_path, Guard(Level.EVERYTHING))) == 1
    cell = {"id": "a", "cell_type": "code", "source": "", "metadata": {}, "outputs": []}
    shown = {"output_type": "display_data", "metadata": {"from": "heart_007"}, "data": {"text/plain": "x"}}
    for page in (
        {"metadata": {"title": "heart_007"}, "cells": [cell]},
        {"metadata": {}, "cells": [{**cell, "metadata": {"note": "heart_007"}}]},
        {"metadata": {}, "cells": [{**cell, "outputs": [shown]}]},
    ):
        assert SECRET.notebook(json.dumps(page), "n.ipynb")
    assert not SECRET.notebook(json.dumps({"metadata": {}, "cells": [cell]}), "n.ipynb")


def test_the_frozen_results_of_this_book_pass_their_own_guard() -> None:
    for name, level in (("phantom", Level.EVERYTHING), ("open", Level.LINES)):
        assert not inspect(FROZEN / name, Guard(level)), name


def test_aggregates_and_lines_pass() -> None:
    assert not SECRET.table("method,mean,sd\nrandom,50,3\n", "table1.csv")
    assert not SECRET.values(json.dumps({"psnr": 25.0}), "summary.json")
    assert not SECRET.svg(svg(12), "figure")
    assert not OPEN.svg(svg(200), "figure")
    assert not OPEN.table("file_name,ef\nechodiffusion_000,50\n", "frame_index.csv")
    assert not SECRET.output(
        {"output_type": "x", "data": {"text/plain": "25 videos", "text/html": "<b>25</b>"}}, "cell"
    )


def test_control_state_is_searched() -> None:
    image = {"state": {"m1": {"model_name": "ImageModel", "state": {}, "buffers": [{"data": "AAAA"}]}}}
    html = {"state": {"m1": {"model_name": "HTMLModel", "state": {"value": uri(PNG)}}}}
    clean = {
        "state": {
            "m1": {"model_name": "HTMLModel", "state": {"value": uri(svg(5).encode(), "image/svg+xml")}}
        }
    }
    caught = {"output_type": "display_data", "data": {"image/png": base64.b64encode(PNG).decode()}}
    captured = {"state": {"m1": {"model_name": "OutputModel", "state": {"outputs": [caught]}}}}
    assert OPEN.state(image, "n") and OPEN.state(html, "n") and OPEN.state(captured, "n")
    assert not OPEN.state(clean, "n")


def smuggle(run: Path) -> None:
    """Put forbidden things into every kind of result of a run."""
    folder = run / "03_graph_selection"
    (folder / "figures" / "frame.png").write_bytes(PNG)
    (folder / "figures" / "mosaic.svg").write_text(svg(0, image=True))
    pd.DataFrame({"method": ["secret_real_001"], "n_train": [1]}).to_csv(folder / "runs.csv", index=False)
    file = folder / "03_graph_selection.ipynb"
    page = json.loads(file.read_text())
    page["metadata"]["widgets"] = {
        STATE: {"state": {"m1": {"model_name": "HTMLModel", "state": {"value": uri(PNG)}}}}
    }
    page["metadata"]["papermill"] = {"output_path": "/home/somebody/out.ipynb"}
    page["cells"][0]["metadata"]["note"] = "secret_real_003"
    (folder / "figures" / "secret_real_004.svg").write_text(svg(3))
    (folder / "figures" / "mesh.svg").write_text(drawn("mosaic"))
    page["cells"][-1]["outputs"].append(
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": base64.b64encode(PNG).decode()}}
    )
    page["cells"][-1]["outputs"].append(
        {"output_type": "stream", "name": "stdout", "text": "picked secret_real_001\n"}
    )
    page["cells"].append(
        {
            "cell_type": "markdown",
            "id": "m",
            "metadata": {},
            "source": "See secret_real_002",
            "attachments": {"a.png": {}},
        }
    )
    file.write_text(json.dumps(page))


def everything(folder: Path) -> str:
    return "\n".join(file.read_text(errors="replace") for file in sorted(folder.rglob("*")) if file.is_file())


def test_freezing_gated_data_keeps_aggregates_only(tmp_path: Path) -> None:
    run = make_run(
        tmp_path / "runs",
        profile="paper",
        real="echonet-dynamic",
        synthetic="echonet-synthetic",
        names="secret",
    )
    smuggle(run)
    frozen = freeze("paper", runs_dir=tmp_path / "runs", out=tmp_path / "frozen")
    text = everything(frozen.folder)
    assert (
        "secret_real" not in text
        and "data:image/png" not in text
        and "/home/somebody" not in text
        and "/secret/place" not in text
    )
    assert frozen.level is Level.AGGREGATES and not inspect(frozen.folder, SECRET)
    kept = set(frozen.files)
    assert {
        "04_evaluation/table1.csv",
        "03_graph_selection/graph_report.csv",
        "04_evaluation/run_card.json",
        "03_graph_selection/figures/line.svg",
    } <= kept
    assert not kept & {
        "01_frame_index/frame_index.csv",
        "03_graph_selection/selections.csv",
        "03_graph_selection/figures/frame.png",
    }
    listed = "\n".join(map(str, frozen.left_out))
    for name in (
        "frame_index.csv",
        "selections.csv",
        "frame.png",
        "mosaic.svg",
        "mesh.svg",
        "runs.csv",
        "control",
        "cell slider",
        "attachment",
    ):
        assert name in listed, f"{name} should be listed as left out"


def test_freezing_open_clips_keeps_tables_but_no_pixels(tmp_path: Path) -> None:
    run = make_run(
        tmp_path / "runs", profile="open", real="echodiffusion", synthetic="none", names="echodiffusion"
    )
    smuggle(run)
    frozen = freeze("open", runs_dir=tmp_path / "runs", out=tmp_path / "frozen")
    assert "01_frame_index/frame_index.csv" in frozen.files and "explore/tolerance.csv" in frozen.files
    assert not [name for name in frozen.files if name.endswith((".png", ".webp", ".gif"))]
    assert "data:image/png" not in everything(frozen.folder)


def test_freezing_a_phantom_keeps_all_and_links_figures(tmp_path: Path) -> None:
    run, scenes = make_run(tmp_path / "runs"), [f"explore/{name}/{name}.json" for name in ("hero", "walk")]
    for scene in scenes:
        file = run / scene
        file.parent.mkdir(parents=True)
        file.write_text("{}", encoding="utf-8")
    frozen = freeze("phantom", runs_dir=tmp_path / "runs", out=tmp_path / "frozen")
    assert not [item for item in frozen.left_out if "larger" not in item.why]
    assert set(scenes) <= set(frozen.files)
    page = (frozen.folder / "01_frame_index" / "01_frame_index.ipynb").read_text()
    assert page.count('data-figure=\\"line.svg\\"') == page.count('src=\\"figures/line.svg\\"') == 1
    study = frozen.folder / "evidence" / "networks.csv"
    study.parent.mkdir()
    study.write_text("kept\n", encoding="utf-8")
    again = freeze("phantom", runs_dir=tmp_path / "runs", out=tmp_path / "frozen")
    assert study.read_text(encoding="utf-8") == "kept\n"
    assert again.files == frozen.files


def test_a_profile_that_does_not_lead_the_book_is_frozen_without_what_no_page_shows(tmp_path: Path) -> None:
    figures = make_run(tmp_path / "runs") / TABLE["evaluation"].folder / "figures"
    figures.mkdir(exist_ok=True)
    for name in (EVALUATION_FIGURES[0], "ef_scatter.svg"):
        (figures / name).write_text("<svg/>", encoding="utf-8")
    everything = freeze("phantom", runs_dir=tmp_path / "runs", out=tmp_path / "whole").files
    shown = freeze("phantom", runs_dir=tmp_path / "runs", out=tmp_path / "shown", whole=False).files
    assert set(shown) < set(everything)
    gone = sorted(set(everything) - set(shown))
    assert all(
        name.endswith(".ipynb") or "/figures/" in name or "/pictures/" in name or name.startswith("explore/")
        for name in gone
    ), gone
    assert (
        f"04_evaluation/figures/{EVALUATION_FIGURES[0]}" in shown
        and "04_evaluation/figures/ef_scatter.svg" in gone
    )
    assert not [name for name in shown if name.endswith(".ipynb")]


@pytest.mark.parametrize(
    ("profile", "real", "synthetic", "kept"),
    [
        ("phantom", "phantom", "phantom-synthetic", True),
        ("open", "echodiffusion", "none", True),
        ("paper", "echonet-dynamic", "echonet-synthetic", False),
    ],
)
def test_what_pins_the_videos_is_frozen_of_data_that_anybody_may_have(
    tmp_path: Path, profile: str, real: str, synthetic: str, kept: bool
) -> None:
    run = make_run(tmp_path / "runs", profile=profile, real=real, synthetic=synthetic, names="secret")
    pins = write_json(
        {real: {"FileList.csv": "1" * 64, "videos": 70, "SHA256SUMS": "2" * 64}},
        run / "data" / "sources.json",
    )
    frozen = freeze(profile, runs_dir=tmp_path / "runs", out=tmp_path / "frozen")
    copy = frozen.folder / "data" / "sources.json"
    assert copy.is_file() == kept
    assert not kept or copy.read_bytes() == pins.read_bytes()


def test_an_unfinished_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs" / "phantom").mkdir(parents=True)
    with pytest.raises(StageError, match="make reproduce"):
        freeze("phantom", runs_dir=tmp_path / "runs", out=tmp_path / "frozen")
