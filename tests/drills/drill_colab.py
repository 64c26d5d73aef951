"""Every notebook in Colab: the first executed whole on a machine on which nothing has run, each later one begun
on what the whole run left. So two runs of a profile on one machine are equal, whatever way they were run.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from colab_machine import (
    OPENED,
    STAGES,
    Colab,
    begins_as_in_the_whole_run,
    copy_earlier,
    make_colab,
    sums,
)
from finished_run import FinishedRun, tables

from infomotion_lib.paths import notebook_of
from infomotion_lib.run.colab import earlier_stages
from infomotion_lib.run.starter import STARTS
from infomotion_lib.stage_table import TABLE


@pytest.fixture(scope="module")
def colab(tmp_path_factory: pytest.TempPathFactory) -> Colab:
    """A machine on which nothing has run yet."""
    return make_colab(tmp_path_factory.mktemp("colab"))


def test_a_notebook_starts_alone_and_ends_as_the_whole_run(
    colab: Colab, smoke_run: FinishedRun, tmp_path: Path
) -> None:
    notebook = notebook_of(TABLE[OPENED])
    assert notebook is not None
    colab.start(OPENED, notebook, tmp_path / "out.ipynb")
    for name in (*earlier_stages(OPENED), OPENED):
        assert tables(colab.run.stage(name)) == tables(smoke_run.paths.stage(name)), name
    assert sums(colab.run) == sums(smoke_run.paths)


@pytest.mark.parametrize("stage", [stage for stage in STAGES[1:] if stage not in STARTS])
def test_a_later_notebook_begins_as_in_the_whole_run(
    colab: Colab, smoke_run: FinishedRun, tmp_path: Path, stage: str
) -> None:
    copy_earlier(colab, smoke_run, stage)
    begins_as_in_the_whole_run(colab, smoke_run, stage, tmp_path)


@pytest.mark.parametrize("stage", STARTS)
def test_a_notebook_runs_whole_on_what_ships(colab: Colab, tmp_path: Path, stage: str) -> None:
    notebook = notebook_of(TABLE[stage])
    assert notebook is not None
    printed = colab.open(notebook, tmp_path / "out.ipynb")
    assert "come with the project" in printed["bootstrap"]
    assert "of 12 pools" in printed["board"]
