"""The notebooks in Colab: an empty folder, a Python that has Colab's packages but not ours; each first cell
does the rest.

They share one such machine, and the first finds nothing on it. The cells are executed that depend on where a
notebook runs, those up to its parameters, of the first notebook and of the last; the tables of the stages that
the first one runs must be those of the whole run, byte by byte. The first notebook executed whole, and the
others begun, are in ``drills/drill_colab.py``.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest
from colab_machine import OPENED, STAGES, Colab, begins_as_in_the_whole_run, copy_earlier, make_colab
from finished_run import FinishedRun

from infomotion_lib.paths import notebook_of
from infomotion_lib.provenance import read_run_card
from infomotion_lib.run.colab import earlier_stages
from infomotion_lib.run.runner import notebook_parameters
from infomotion_lib.stage_table import TABLE

pytest.importorskip("papermill")


@pytest.fixture(scope="module")
def colab(tmp_path_factory: pytest.TempPathFactory) -> Colab:
    """A machine on which nothing has run yet."""
    return make_colab(tmp_path_factory.mktemp("colab"))


def test_a_notebook_starts_alone_as_in_the_whole_run(
    colab: Colab, smoke_run: FinishedRun, tmp_path: Path
) -> None:
    assert {"data", "labels"} <= set(earlier_stages(OPENED)), "it runs what it needs, from nothing"
    begins_as_in_the_whole_run(colab, smoke_run, OPENED, tmp_path)


def test_the_last_notebook_begins_as_in_the_whole_run(
    colab: Colab, smoke_run: FinishedRun, tmp_path: Path
) -> None:
    copy_earlier(colab, smoke_run, STAGES[-1])
    begins_as_in_the_whole_run(colab, smoke_run, STAGES[-1], tmp_path)


@pytest.mark.parametrize("stage", STAGES)
def test_every_notebook_takes_the_profiles_values_though_nobody_injects_them(
    smoke_run: FinishedRun, tmp_path: Path, stage: str
) -> None:
    names: dict[str, Any] = {}
    exec(cell_of(stage, "parameters"), names)
    of_smoke = {**names, "profile": "smoke", "runs_dir": str(tmp_path)}
    taken = notebook_parameters(stage, of_smoke).model_dump(mode="json")
    ran = read_run_card(smoke_run.paths.stage(stage))["parameters"]
    assert taken.pop("runs_dir") == str(tmp_path) and ran.pop("runs_dir")
    assert taken == ran


def test_the_first_cells_differ_in_the_stage_alone() -> None:
    sources = {first_cell(stage).replace(f'start("{stage}")', 'start("its own")') for stage in STAGES}
    assert len(sources) == 1 and 'start("its own")' in sources.pop()


def first_cell(stage: str) -> str:
    """Source of the first cell of a stage's notebook."""
    return cell_of(stage, "bootstrap")


def cell_of(stage: str, name: str) -> str:
    """Source of one cell of a stage's notebook."""
    notebook = notebook_of(TABLE[stage])
    assert notebook is not None
    (cell,) = [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.id == name]
    return str(cell.source)


def test_stages_before_a_stage_come_in_the_order_of_the_walk() -> None:
    assert earlier_stages("data") == []
    assert earlier_stages("evaluation") == [
        "data",
        "labels",
        "frame_index",
        "ifa_training",
        "graph_selection",
    ]


def test_the_first_cell_pins_what_colab_has() -> None:
    source = first_cell(STAGES[0])
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and "'install'" in ast.unparse(node)
    ]
    (install,) = calls
    assert "*as_they_are" in ast.unparse(install) and "for name in ('numpy', 'torch')" in ast.unparse(
        ast.parse(source)
    )
    assert not {"--upgrade", "-U", "--force-reinstall"} & set(
        ast.unparse(install).replace("'", "").replace(",", "").split()
    )
