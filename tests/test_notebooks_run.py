"""All stages in their order on the smoke profile: what is written and what is not run again. What a killed run
leaves is in ``drills/drill_kills.py``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from finished_run import FinishedRun, started, surroundings, tables

from infomotion_lib.generators.pool import DRAWN_HERE
from infomotion_lib.parameters import read_profile, stage_parameters, stages_of_run
from infomotion_lib.paths import notebook_of
from infomotion_lib.provenance import read_run_card, sha256
from infomotion_lib.registry import imported
from infomotion_lib.reporting.widgets import STATE, VIEW
from infomotion_lib.run.fingerprint import RECORD, WORKED
from infomotion_lib.run.scratch import scratch_of
from infomotion_lib.run.workflow import MARK
from infomotion_lib.stage_table import TABLE, pool_stage

STAGES = [name for name in TABLE if name in stages_of_run(read_profile("smoke"))]
"""Those of the profile: a generator that it does not name draws no pool."""

NOTEBOOKS = [name for name in STAGES if TABLE[name].number]


def needs(name: str) -> set[str]:
    """Stages that one reads in the smoke profile."""
    return set(TABLE[name].needs_of(stage_parameters(name, read_profile("smoke")).model_dump()))


def test_every_stage_ran_once_in_order(smoke_run: FinishedRun) -> None:
    order = started(smoke_run.output)
    assert sorted(order) == sorted(STAGES)
    for number, name in enumerate(order):
        assert needs(name) <= set(order[:number]), f"{name} before what it reads"
    assert MARK not in smoke_run.output
    assert "snakemake" not in smoke_run.output.lower()


def test_nothing_outside_runs_changed(smoke_run: FinishedRun) -> None:
    assert smoke_run.changed_files == []


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_left_what_it_promised(smoke_run: FinishedRun, stage: str) -> None:
    folder = smoke_run.paths.stage(stage)
    for file in TABLE[stage].files(smoke_run.paths):
        assert file.is_file(), file
    card = read_run_card(folder)
    assert card["stage"] == stage
    assert card["stage_seconds"] > 0
    hashes = {
        Path(name).name: value
        for name, value in card["outputs"].items()
        if Path(name).parent.name == folder.name
    }
    for name in (*TABLE[stage].outputs_of(), *TABLE[stage].reports):
        assert hashes[name] == sha256(folder / name), "the run card hashes every promised file"
    assert not list(folder.glob("*.failed.ipynb"))
    marks = {RECORD, WORKED, *([DRAWN_HERE] if TABLE[stage].generator else [])}
    assert {file.name for file in folder.rglob(".*") if file.is_file()} == marks, "no temporary file is left"


def test_nothing_published_names_a_folder_of_this_machine(smoke_run: FinishedRun) -> None:
    for stage in STAGES:
        folder = smoke_run.paths.stage(stage)
        for file in [folder / "run_card.json", *folder.glob("*.csv")]:
            text = file.read_text(encoding="utf-8")
            assert str(smoke_run.paths.root) not in text, file
            assert str(smoke_run.project) not in text, file


@pytest.mark.parametrize("stage", NOTEBOOKS)
def test_executed_copies_are_fit_to_be_read(smoke_run: FinishedRun, stage: str) -> None:
    notebook = notebook_of(TABLE[stage])
    assert notebook is not None
    copy = nbformat.read(smoke_run.paths.stage(stage) / notebook.name, as_version=4)
    for cell in copy.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            if output.output_type == "stream":
                assert output.name == "stdout", f"{cell.id} prints to stderr: {output.text}"
                assert len(output.text.splitlines()) <= 30, cell.id
            page = output.get("data", {}).get("text/html", "")
            assert all("alt=" in image for image in re.findall(r"<img [^>]*>", page)), cell.id
    (injected,) = [cell for cell in copy.cells if "injected-parameters" in cell.metadata.get("tags", [])]
    assert "hide-input" in injected.metadata.tags


@pytest.mark.parametrize("stage", ["frame_index", "graph_selection"])
def test_controls_are_drawn_beforehand(smoke_run: FinishedRun, stage: str) -> None:
    notebook = notebook_of(TABLE[stage])
    assert notebook is not None
    copy = nbformat.read(smoke_run.paths.stage(stage) / notebook.name, as_version=4)
    (output,) = next(cell for cell in copy.cells if cell.id == "slider").outputs
    models = copy.metadata.widgets[STATE]["state"]
    assert models[output.data[VIEW]["model_id"]]["model_name"] == "VBoxModel"
    pictures = [
        model["state"].get("value", "") for model in models.values() if model["model_name"] == "HTMLModel"
    ]
    assert len(pictures) > 3 and all("data:image/svg+xml" in picture for picture in pictures)


@pytest.mark.parametrize("stage", NOTEBOOKS)
def test_every_notebook_saves_figures(smoke_run: FinishedRun, stage: str) -> None:
    figures = list((smoke_run.paths.stage(stage) / "figures").glob("*"))
    assert figures
    assert all(figure.stat().st_size > 500 for figure in figures if figure.suffix in (".svg", ".webp"))


def test_the_selections_are_what_was_asked_for(smoke_run: FinishedRun) -> None:
    chosen = pd.read_csv(smoke_run.paths.selections, keep_default_na=False)
    index = pd.read_csv(smoke_run.paths.frame_index)
    train = index[index["split"] == "TRAIN"].set_index(["source", "file_name"])["class_name"]
    assert set(chosen["source"]) == {"real", "synthetic"}
    assert set(chosen["vpc"]) == {2, 3}
    keys = ["source", "method", "graph", "vpc", "selection_seed", "class_name"]
    sizes = chosen.groupby(keys)["file_name"].agg(["size", "nunique"]).reset_index()
    assert (sizes["size"] == sizes["nunique"]).all()
    assert (sizes["size"] <= sizes["vpc"]).all()
    for row in chosen.itertuples():
        assert train[row.source, row.file_name] == row.class_name, "TRAIN videos of their own class only"


def test_the_evaluation_scores_every_cell(smoke_run: FinishedRun) -> None:
    folder = smoke_run.paths.stage("evaluation")
    runs = pd.read_csv(folder / "runs.csv", keep_default_na=False)
    index = pd.read_csv(smoke_run.paths.frame_index)
    predictions = pd.read_csv(folder / "predictions.csv", keep_default_na=False)
    test = set(index[(index["split"] == "TEST") & (index["source"] == "real")]["file_name"])
    assert set(predictions["file_name"]) <= test, "only TEST is reported"
    assert {"random", "kmeans", "infodist", "infomotion", "whole"} <= set(runs["method"])
    cells = runs.groupby(["source", "method", "graph", "vpc"]).size()
    assert (cells == 2).all()
    assert runs["hard_accuracy"].between(0, 100).all()
    assert (runs["soft_accuracy"] >= runs["hard_accuracy"]).all()
    table = pd.read_csv(folder / "table1.csv", keep_default_na=False)
    means = runs.groupby(["source", "method", "graph", "vpc"])["hard_accuracy"].mean()
    hard = table[table["metric"] == "hard_accuracy"].set_index(["source", "method", "graph", "vpc"])["mean"]
    assert set(hard.index) == set(means.index)
    assert (hard.astype(float) - means).abs().max() < 1e-6


def test_two_pools_meet_one_pipeline(smoke_run: FinishedRun) -> None:
    folder = smoke_run.paths.stage("ablation")
    for name in ("echosyn", "latte"):
        pool = smoke_run.paths.stage(pool_stage(name)) / "pool"
        listed = pd.read_csv(pool / "FileList.csv")
        assert set(listed["NumberOfFrames"]) == {16}
        assert set(listed["FPS"]) == {16.0}
        assert len(list((pool / "Videos").glob("*.avi"))) == len(listed)
    manifest = pd.read_csv(smoke_run.paths.stage("latte_pool") / "manifest.csv")
    assert (manifest["requested_class"].value_counts() == 3).all()
    table = pd.read_csv(folder / "table2.csv", keep_default_na=False, na_values={"paper": [""]})
    assert set(table["generator"]) == {"echosyn", "latte"}
    assert {"FID", "FVD", "All", "VPC=2", "VPC=3"} == set(table["column"])
    latte = table[
        (table["generator"] == "latte") & (table["method"] == "whole") & (table["metric"] == "hard_accuracy")
    ]
    assert latte["paper"].tolist() == [70.73]
    fidelity = pd.read_csv(folder / "fidelity.csv")
    assert set(fidelity["metric"]) == {"fed_frame", "fed_video"}, "no name that was not earned"
    assert set(fidelity["pair"]) == {"real_vs_real", "real_vs_echosyn", "real_vs_latte", "real_vs_noise"}


def test_the_report_shows_table_1_and_the_times(smoke_run: FinishedRun) -> None:
    report = smoke_run.infomotion("report", "--profile", "smoke", "--runs-dir", "runs")
    for words in ("Table 1 of profile smoke", "InfoMotion", "VPC 2", "VPC 3", "04_evaluation", "together"):
        assert words in report


def test_a_second_run_does_nothing(smoke_run: FinishedRun, tmp_path: Path) -> None:
    before = {
        file: file.stat().st_mtime_ns
        for file in smoke_run.paths.root.rglob("*")
        if file.name == "run_card.json"
    }
    output, copy = smoke_run.again(tmp_path)
    assert started(output) == []
    for file, stamp in before.items():
        assert (copy.root / file.relative_to(smoke_run.paths.root)).stat().st_mtime_ns == stamp


def test_a_changed_parameter_reruns_what_depends_on_it_only(smoke_run: FinishedRun, tmp_path: Path) -> None:
    copy = smoke_run.copy(tmp_path)
    before = tables(copy.root)
    assert smoke_run.would_run(copy, bootstrap_samples=50) == ["evaluation", "ablation"]
    assert smoke_run.would_run(copy, guidance=3.0) == ["latte_pool", "ablation"]
    assert smoke_run.would_run(copy, phantom_seed=1) == STAGES
    assert smoke_run.would_run(copy, workers=1) == [], "the number of workers decides no result"
    assert tables(copy.root) == before, "asking changes nothing"


def test_a_class_with_too_few_videos_is_a_reported_shortfall(smoke_run: FinishedRun, tmp_path: Path) -> None:
    copy = smoke_run.copy(tmp_path)
    smoke_run.run("03", copy, "-p", "vpc=[9]")
    assert smoke_run.would_run(copy) == ["graph_selection", "evaluation", "ablation"], (
        "run alone otherwise, it is brought back"
    )
    short = pd.read_csv(copy.stage("graph_selection") / "shortfalls.csv", keep_default_na=False)
    few = short[short["kind"] == "few_candidates"]
    assert set(few["class_name"]) == {"severe", "moderate", "mild", "normal", "hyperdynamic"}
    assert (
        (few["wanted"] == 9).all()
        and (few["chosen"] == few["candidates"]).all()
        and (few["candidates"] <= 6).all()
    )
    chosen = pd.read_csv(copy.selections, keep_default_na=False)
    cell = ["source", "method", "graph", "class_name"]
    sizes = chosen[chosen["selection_seed"] == 0].groupby(cell).size()
    assert all(sizes[tuple(row[cell])] == row["chosen"] for _, row in few.iterrows())
    assert sizes.max() <= 9


def test_bare_papermill_takes_the_profiles_values_and_leaves_a_finished_run_as_it_is(
    smoke_run: FinishedRun, tmp_path: Path
) -> None:
    copy = smoke_run.copy(tmp_path)
    before = tables(copy.root, kinds=("*",))
    notebooks = smoke_run.project / "notebooks"
    words = [
        "-p",
        "profile",
        "smoke",
        "-p",
        "runs_dir",
        str(copy.root.parent),
        "-k",
        "python3",
        "--no-progress-bar",
    ]
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(notebooks / "03_graph_selection.ipynb"),
        str(tmp_path / "out.ipynb"),
        *words,
    ]
    done = subprocess.run(command, **surroundings(smoke_run.project), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "unknown parameter" not in done.stderr and "Unable to parse" not in done.stderr
    assert tables(copy.root, kinds=("*",)) == before
    drawn = scratch_of(copy).stage("graph_selection")
    assert tables(drawn) == tables(copy.stage("graph_selection")), "the parameters of the run"
    assert {file.name for file in (drawn / "figures").iterdir()} >= {"recipes.svg", "sweep.svg"}


def test_a_pool_is_relabelled_by_the_runs_own_labeller(smoke_run: FinishedRun, tmp_path: Path) -> None:
    weights = smoke_run.paths.stage("labels") / "labeller.safetensors"
    pool = smoke_run.paths.data / "phantom-synthetic"
    said = smoke_run.infomotion(
        "relabel", str(pool), "--weights", str(weights), "--out", str(tmp_path / "labels.csv")
    )
    assert "Against the requested EF" in said and "same class" in said
    again = pd.read_csv(tmp_path / "labels.csv")
    labels = pd.read_csv(smoke_run.paths.labels)
    assert again["file_name"].tolist() == labels["file_name"].tolist()
    assert (again["ef"] - labels["ef"]).abs().max() < 1e-3


def test_run_cards_chain_from_the_videos_to_the_table(smoke_run: FinishedRun) -> None:
    for stage in map(TABLE.__getitem__, STAGES):
        used = json.loads(
            (smoke_run.paths.stage(stage.name) / ".fingerprint.json").read_text(encoding="utf-8")
        )["inputs"]
        assert {name.split("/")[0] for name in used} == needs(stage.name)
        card = read_run_card(smoke_run.paths.stage(stage.name))
        parameters = stage_parameters(stage.name, card["parameters"])
        seen = imported(stage.sees)(parameters, smoke_run.paths) if stage.sees else {}
        for name, value in used.items():
            need, file = name.split("/")
            assert value == seen.get(name, sha256(smoke_run.paths.stage(need) / file)), name
