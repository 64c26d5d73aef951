"""The networks of stage 06 in parts: any number of parts gives the same bytes, and the stage trains none anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from finished_run import FinishedRun

from infomotion_lib.evaluation import ablation
from infomotion_lib.evaluation.ablation_parameters import AblationParameters
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import write_csv
from infomotion_lib.regressor import grid
from infomotion_lib.regressor.grid import NetworkTask
from infomotion_lib.run.parts import pool_grid
from infomotion_lib.run.parts.networks import ROWS, handed_on
from infomotion_lib.share import Share


def parameters_in(paths: RunPaths) -> AblationParameters:
    where = {"runs_dir": str(paths.root.parent), "workers": 1, "device": "cpu"}
    parameters = stage_parameters("ablation", read_profile("smoke") | where)
    assert isinstance(parameters, AblationParameters)
    return parameters


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Networks that are trained, as they come."""
    prints: list[str] = []
    train = grid.train_and_predict

    def counted(task: NetworkTask) -> list[float]:
        prints.append(task.fingerprint)
        return train(task)

    monkeypatch.setattr(grid, "train_and_predict", counted)
    return prints


@pytest.fixture(scope="module")
def prepared(smoke_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> RunPaths:
    """A run whose stage 06 is ready for its parts."""
    paths = smoke_run.copy(tmp_path_factory.mktemp("prepared"))
    (paths.stage("ablation") / ROWS).unlink()
    pool_grid.prepare(parameters_in(paths), paths)
    return paths


def copy_of(prepared: RunPaths, folder: Path) -> RunPaths:
    root = folder / prepared.root.name
    shutil.copytree(prepared.root, root)
    return RunPaths(prepared.profile, root)


def answers(paths: RunPaths) -> bytes:
    """The table of predictions that stage 06 makes of what lies in its folder."""
    run = ablation.open_ablation(paths, parameters_in(paths), device="cpu")
    pools, _ = ablation.read_pools(run)
    chosen = ablation.select_from_pools(run, pools).selections
    table = ablation.train_on_pools(run, pools, chosen)["predictions"]
    return write_csv(table, paths.root / "predictions.csv").read_bytes()


def test_any_number_of_parts_gives_the_same_bytes(
    prepared: RunPaths, tmp_path: Path, trained: list[str]
) -> None:
    alone = answers(copy_of(prepared, tmp_path / "alone"))
    networks = sorted(trained)
    assert len(set(networks)) == len(handed_on(prepared.stage("ablation")).jobs)
    for count in (1, 3, 7):
        paths = copy_of(prepared, tmp_path / str(count))
        trained.clear()
        for number in range(count, 0, -1):
            pool_grid.part(Share(number, count), parameters_in(paths), paths)
        assert sorted(trained) == networks, "each once"
        pool_grid.take_up(paths.stage("ablation"))
        assert answers(paths) == alone and len(trained) == len(networks), "none anew"
