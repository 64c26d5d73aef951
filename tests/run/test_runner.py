"""One stage, run strictly: on a toy notebook, with the stages before it pretended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import nbformat
import pytest
from papermill.clientwrap import PapermillNotebookClient
from toy_notebook import toy_notebook

from infomotion_lib.arithmetic import obstacle, variables
from infomotion_lib.errors import ParameterError, StageError
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.parameters import STAGES, read_profile
from infomotion_lib.paths import PROJECT, run_paths
from infomotion_lib.provenance import atomic, read_run_card, start_stage
from infomotion_lib.run.code import LIBRARY, bare_code, files_behind
from infomotion_lib.run.fingerprint import RECORD, claim_folder, worked
from infomotion_lib.run.lock import only_run
from infomotion_lib.run.notebook import PATIENCE
from infomotion_lib.run.runner import config_card, notebook_parameters, run_stage
from infomotion_lib.run.scratch import STAGE_FOLDER
from infomotion_lib.stage_table import TABLE


def run_toy(runs: Path, **overrides: Any) -> Path:
    return run_stage("01", "smoke", overrides={"runs_dir": str(runs), **overrides})


def test_a_stage_ends_with_its_promised_files_a_run_card_and_an_executed_copy(toy: Path) -> None:
    card_path = run_toy(toy, limit=3)
    card = read_run_card(card_path.parent)
    assert card_path == toy / "smoke/01_frame_index/run_card.json"
    assert card["parameters"]["limit"] == 3
    assert (card_path.parent / "frame_index.csv").read_text(encoding="utf-8") == "3\n"
    assert card["stage_seconds"] >= card["wall_seconds"]
    copy = nbformat.read(card_path.parent / "01_frame_index.ipynb", as_version=4)
    (injected,) = [cell for cell in copy.cells if "injected-parameters" in cell.metadata.get("tags", [])]
    assert "hide-input" in injected.metadata["tags"]
    assert injected.id == "injected-parameters"
    assert str(PROJECT) not in json.dumps(copy.metadata)
    assert not list(card_path.parent.glob("*.running.ipynb"))


def test_the_kernel_is_this_interpreter_whatever_is_registered(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = toy.parent / "jupyter/kernels/python3"
    wrong.mkdir(parents=True)
    spec = {"argv": ["/bin/false", "{connection_file}"], "display_name": "Wrong", "language": "python"}
    (wrong / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(toy.parent / "jupyter"))
    toy_notebook(
        toy.parent,
        work="import os, sys\nassert sys.executable == "
        + repr(sys.executable)
        + "\nassert os.environ['OMP_NUM_THREADS'] == '1'",
    )
    run_toy(toy, workers=1, arithmetic="native")


@pytest.mark.skipif(bool(obstacle()), reason=f"portable arithmetic is not to be had: {obstacle()}")
def test_the_kernel_computes_in_the_arithmetic_asked_for(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    for asked, seen in (
        ("portable", variables("portable")),
        ("native", {"ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "2"}),
    ):
        toy_notebook(toy.parent, work=f"import os\nassert {seen!r}.items() <= os.environ.items()")
        card = read_run_card(run_toy(toy, arithmetic=asked).parent)
        assert card["arithmetic"] == {"asked": asked, "in_force": asked, "why": ""}
        assert not card["continued"], "it decides results"


def test_the_card_describes_the_process_that_ran_the_notebook(
    toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("MKL_CBWR", raising=False)
    toy_notebook(toy.parent, work="import os\nos.environ['MKL_CBWR'] = 'COMPATIBLE'")
    card = read_run_card(run_toy(toy, workers=3, arithmetic="native").parent)
    assert card["machine"]["variables"].items() >= {"OMP_NUM_THREADS": "3", "MKL_CBWR": "COMPATIBLE"}.items()


def test_a_slow_machine_is_waited_for(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's own patience is 4 seconds for what a finished cell showed: on a busy machine that ended
    whole runs.
    """
    seen: list[tuple[int, int]] = []
    start = PapermillNotebookClient.execute

    def execute(client: PapermillNotebookClient, **options: object) -> object:
        seen.append((client.startup_timeout, client.iopub_timeout))
        return start(client, **options)

    monkeypatch.setattr(PapermillNotebookClient, "execute", execute)
    run_toy(toy)
    assert seen == [(PATIENCE, PATIENCE)]


def test_a_failing_cell_keeps_the_copy_names_the_place_and_leaves_no_card(toy: Path) -> None:
    toy_notebook(toy.parent, work="raise ValueError('no heart in this video')")
    with pytest.raises(StageError) as caught:
        run_toy(toy)
    message = str(caught.value)
    failed = toy / "smoke/01_frame_index/01_frame_index.failed.ipynb"
    assert 'cell "work" (1. Work): ValueError: no heart in this video' in message
    assert str(failed) in message
    assert "Traceback" not in message
    assert failed.is_file()
    assert not (failed.parent / "run_card.json").exists()
    toy_notebook(toy.parent)
    run_toy(toy)
    assert not failed.exists()


def test_a_kernel_that_dies_is_reported_as_such(toy: Path) -> None:
    toy_notebook(toy.parent, work="import os; os._exit(1)")
    with pytest.raises(StageError, match="died"):
        run_toy(toy)


def test_a_stage_that_does_not_write_what_it_promised_fails(toy: Path) -> None:
    toy_notebook(toy.parent, save="run.finish([])")
    with pytest.raises(
        StageError, match=r"without writing frame_index\.csv, status_counts\.csv, detector_error\.csv"
    ):
        run_toy(toy)


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ({"vpc": [5]}, "Unknown parameter: vpc"),
        ({"diastole_fracton": 0.5}, "Did you mean diastole_fraction"),
        ({"limit": "x"}, "Parameter limit"),
    ],
)
def test_wrong_parameters_stop_before_anything_runs(toy: Path, overrides: dict[str, Any], why: str) -> None:
    with pytest.raises(ParameterError, match=why):
        run_toy(toy, **overrides)
    assert not (toy / "smoke/01_frame_index").exists()


def test_a_stage_before_it_that_has_not_finished_stops_it(toy: Path) -> None:
    (toy / "smoke/00_labels/run_card.json").unlink()
    with pytest.raises(StageError, match=r"No finished stage in .*00_labels"):
        run_toy(toy)


def test_half_done_work_is_kept_for_the_same_run_and_dropped_for_another(toy: Path) -> None:
    run_toy(toy)
    checkpoint = toy / "smoke/01_frame_index/checkpoints/last.bin"
    checkpoint.parent.mkdir()
    checkpoint.touch()
    assert read_run_card(run_toy(toy).parent)["continued"]
    assert checkpoint.exists()
    assert read_run_card(run_toy(toy, workers=1).parent)["continued"], (
        "the number of workers decides no result"
    )
    assert not read_run_card(run_toy(toy, diastole_fraction=0.6).parent)["continued"]
    assert not checkpoint.exists()


def test_changed_inputs_make_half_done_work_worthless(toy: Path) -> None:
    run_toy(toy)
    labels = toy / "smoke/00_labels"
    (labels / "labels.csv").write_text("other\n", encoding="utf-8")
    start_stage("labels", labels, parameters={}).finish([labels / name for name in TABLE["labels"].outputs])
    assert not read_run_card(run_toy(toy).parent)["continued"]


def test_a_folder_without_our_record_stays_as_it_is(tmp_path: Path) -> None:
    own = tmp_path / "01" / "thesis.txt"
    own.parent.mkdir()
    own.touch()
    assert not claim_folder(own.parent, {"parameters": {}})
    assert own.exists()
    assert (own.parent / RECORD).exists()
    assert claim_folder(own.parent, {"parameters": {}})


def test_time_adds_up_while_work_is_continued_and_begins_anew_with_other_work(tmp_path: Path) -> None:
    folder = tmp_path / "02"
    claim_folder(folder, {"parameters": 1})
    assert worked(folder, 500.0) == 500.0
    claim_folder(folder, {"parameters": 1})
    assert worked(folder, 9.5) == 509.5
    claim_folder(folder, {"parameters": 2})
    assert worked(folder, 3.0) == 3.0


def test_the_last_other_run_is_kept_aside(tmp_path: Path) -> None:
    folder = tmp_path / "02"
    for width in (4, 8, 16):
        claim_folder(folder, {"parameters": {"width": width}})
        (folder / "weights.bin").write_text(str(width), encoding="utf-8")
    assert (folder / "weights.bin").read_text(encoding="utf-8") == "16"
    assert (tmp_path / "previous/02/weights.bin").read_text(encoding="utf-8") == "8"


def test_what_a_killed_run_was_writing_is_swept_away(tmp_path: Path) -> None:
    writing = atomic(tmp_path / "02/weights.bin")
    litter = writing.__enter__()
    assert litter.exists()
    claim_folder(litter.parent, {})
    assert not litter.exists()
    assert (litter.parent / RECORD).exists()


def test_bare_code_ignores_comments_and_docstrings_and_sees_code(tmp_path: Path) -> None:
    found = []
    for number, source in enumerate(('"""Doc."""\nx = 1\n', '"""Other."""\n# why\nx = 1\n', "x = 2\n")):
        file = tmp_path / f"{number}.py"
        file.write_text(source, encoding="utf-8")
        found.append(bare_code(file))
    assert found[0] == found[1] != found[2]


def test_the_code_behind_a_stage_is_found_through_imports() -> None:
    def behind(stage: str) -> set[str]:
        return {file.relative_to(LIBRARY).as_posix() for file in files_behind(TABLE[stage])}

    assert behind("data") == behind("data"), "asking changes nothing"
    assert {"run/data.py", "phantom/rendering.py", "data/echodiffusion.py", "classes.py"} <= behind("data")
    assert {"regressor/training.py", "regressor/model.py"} <= behind("labels")
    assert {"frames/rule.py", "frames/detect.py", "reporting/figures/frames.py"} <= behind("frame_index")
    assert {"representations/ifa/attention.py", "representations/appearance/network.py"} <= behind(
        "ifa_training"
    )
    assert {"selection/graph.py", "selection/centrality.py"} <= behind("graph_selection")
    assert {"regressor/grid.py", "evaluation/metrics.py"} <= behind("evaluation")
    assert not {"regressor/training.py", "evaluation/metrics.py"} & behind("graph_selection")
    for stage in TABLE:
        assert not {"runner.py", "workflow.py", "progress.py"} & behind(stage)


def test_stages_need_earlier_stages_only() -> None:
    assert list(TABLE) == list(STAGES)
    for stage in TABLE.values():
        assert set(stage.needs) <= set(list(TABLE)[: list(TABLE).index(stage.name)])


HOLD = """
import sys, time
from infomotion_lib.paths import run_paths
from infomotion_lib.run.lock import only_run
with only_run(run_paths("smoke", sys.argv[1])):
    print("mine", flush=True)
    time.sleep(60)
"""


def test_two_runs_at_once_one_refuses_or_waits(tmp_path: Path) -> None:
    paths = run_paths("smoke", tmp_path)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    entered = threading.Event()

    def wait() -> None:
        with only_run(paths, wait=True):
            entered.set()

    waiting = threading.Thread(target=wait, daemon=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "mine\n"
        with pytest.raises(StageError, match=f"process {other.pid}.*\n.*\n.*--wait"), only_run(paths):
            pass
        waiting.start()
        assert not entered.wait(0.5)
    finally:
        other.kill()
        other.wait()
    waiting.join(60)
    assert entered.is_set(), "a killed run leaves no stale lock"


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(StageError, match="Cannot write"), only_run(run_paths("smoke", tmp_path / "runs")):
        pass


def test_without_a_runner_defaults_give_way_to_the_profile_that_the_cell_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cell = {name: field.default for name, field in STAGES["evaluation"].model_fields.items()} | {
        "profile": "smoke",
        "soft_tolerance": 2.5,
    }
    smoke, usual = read_profile("smoke")["steps_selected"], cell["steps_selected"]
    by_hand = notebook_parameters("evaluation", cell)
    assert by_hand.steps_selected == smoke != usual
    assert by_hand.soft_tolerance == 2.5, "what the reader sets stays"
    given = {**cell, "In": ["", "# Parameters\nsteps_selected = 1"]}
    assert notebook_parameters("evaluation", given).steps_selected == usual, (
        "so does what papermill was given"
    )
    monkeypatch.setenv(STAGE_FOLDER, "anywhere")
    assert notebook_parameters("evaluation", cell).steps_selected == usual, "a runner has set every value"
    monkeypatch.delenv(STAGE_FOLDER)
    assert (
        notebook_parameters("evaluation", {**cell, "profile": "mine"}).steps_selected
        == cell["steps_selected"]
    )


def test_notebook_parameters_take_the_stages_own_names_only() -> None:
    namespace = {name: field.default for name, field in FrameIndexParameters.model_fields.items()} | {
        "os": os,
        "vpc": [5],
    }
    parameters = notebook_parameters("frame_index", namespace)
    assert isinstance(parameters, FrameIndexParameters)
    del namespace["next_es"]
    with pytest.raises(ParameterError, match="does not set: next_es"):
        notebook_parameters("frame_index", namespace)


def test_the_config_card_shows_changes_first_and_no_folder_of_this_machine() -> None:
    parameters = FrameIndexParameters(profile="smoke", runs_dir="/secret/runs", diastole_fraction=0.6)
    card = config_card(parameters)
    assert repr(card) == 'profile = "smoke"\ndiastole_fraction = 0.6'
    page = card._repr_html_()
    assert "<caption>" in page
    assert "secret" not in page
    assert page.index("diastole_fraction") < page.index("<details>") < page.index("phase_rule")
