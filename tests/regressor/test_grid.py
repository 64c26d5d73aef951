"""The grid: the same table whatever the workers and however often it was stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from infomotion_lib.errors import DataError
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.regressor import grid, training
from infomotion_lib.regressor.clips import ClipStore
from infomotion_lib.regressor.grid import GRID_FILE, HeldOut, Job, run_grid
from infomotion_lib.regressor.labels import agreement_with_request, relabel
from infomotion_lib.regressor.setup import Validation
from infomotion_lib.regressor.training import train_regressor

Discs = tuple[list[NDArray[np.uint8]], NDArray[np.float64]]


@pytest.fixture
def store(discs: Discs, tmp_path: Path) -> ClipStore:
    folder = tmp_path / "clips"
    folder.mkdir()
    for index, video in enumerate(discs[0]):
        np.save(folder / f"{index}.npy", video)
    names = [f"v{index}" for index in range(len(discs[0]))]
    return ClipStore(
        folder,
        16,
        {name: f"{i}.npy" for i, name in enumerate(names)},
        dict(zip(names, map(len, discs[0]), strict=True)),
    )


@pytest.fixture
def jobs(discs: Discs) -> list[Job]:
    def job(method: str, seed: int, first: int) -> Job:
        chosen = range(first, first + 6)
        names, ef = tuple(f"v{i}" for i in chosen), tuple(float(discs[1][i]) for i in chosen)
        return Job("real", method, "", 2, 0, seed, seed, names, ef, steps=3 + seed, period=1)

    return [job("random", 0, 0), job("random", 1, 6), job("kmeans", 0, 12)]


@pytest.fixture
def tested(discs: Discs) -> HeldOut:
    return HeldOut(
        "real",
        tuple(f"v{i}" for i in range(30, 36)),
        tuple(float(value) for value in discs[1][30:36]),
        period=1,
    )


def test_rows_come_in_the_order_of_the_jobs(
    jobs: list[Job], store: ClipStore, tested: HeldOut, quick: EvaluationParameters, tmp_path: Path
) -> None:
    table = run_grid(jobs, stores={"real": store}, test=tested, parameters=quick, folder=tmp_path)
    assert table["method"].tolist() == ["random"] * 12 + ["kmeans"] * 6
    assert table["file_name"].tolist() == [*tested.file_names] * 3
    assert (table["n_train"] == 6).all()
    fitted = train_regressor(store.videos(jobs[1].file_names), jobs[1].ef, parameters=quick, seed=1, steps=4)
    expected = fitted.predict(store.videos(tested.file_names))
    np.testing.assert_allclose(table["prediction"][6:12], expected, atol=1e-4)


def test_a_stopped_grid_goes_on_where_it_was(
    jobs: list[Job],
    store: ClipStore,
    tested: HeldOut,
    quick: EvaluationParameters,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = run_grid(jobs, stores={"real": store}, test=tested, parameters=quick, folder=tmp_path / "whole")
    trained: list[str] = []
    real = grid.train_and_predict

    def counted(task: grid.NetworkTask) -> list[float]:
        trained.append(f"{task.job.method}{task.job.training_seed}")
        if len(trained) == 3:
            raise KeyboardInterrupt
        return real(task)

    monkeypatch.setattr(grid, "train_and_predict", counted)
    with pytest.raises(KeyboardInterrupt):
        run_grid(jobs, stores={"real": store}, test=tested, parameters=quick, folder=tmp_path)
    path = tmp_path / GRID_FILE
    assert len(path.read_text().splitlines()) == 2
    with path.open("a") as stream:
        stream.write('{"print": "cut o')  # what a power cut leaves
    trained.clear()
    again = run_grid(jobs, stores={"real": store}, test=tested, parameters=quick, folder=tmp_path)
    assert len(trained) == 1
    pd.testing.assert_frame_equal(again, whole)
    assert all(json.loads(line) for line in path.read_text().splitlines())
    trained.clear()
    run_grid(jobs, stores={"real": store}, test=tested, parameters=quick, folder=tmp_path)
    assert trained == []


def test_another_selection_or_schedule_is_another_run(
    jobs: list[Job], store: ClipStore, tested: HeldOut, quick: EvaluationParameters, tmp_path: Path
) -> None:
    def lines(changed: list[Job], parameters: EvaluationParameters) -> int:
        run_grid(changed, stores={"real": store}, test=tested, parameters=parameters, folder=tmp_path)
        return len((tmp_path / GRID_FILE).read_text().splitlines())

    assert lines(jobs[:1], quick) == 1
    other = replace(jobs[0], file_names=tuple(reversed(jobs[0].file_names)))
    assert lines([other], quick) == 2
    assert lines(jobs[:1], quick.model_copy(update={"learning_rate": 1e-3})) == 3
    assert lines(jobs[:1], quick.model_copy(update={"workers": 2, "bootstrap_samples": 5})) == 3


def test_worker_processes_give_the_same_table(
    jobs: list[Job], store: ClipStore, tested: HeldOut, quick: EvaluationParameters, tmp_path: Path
) -> None:
    alone = run_grid(jobs, stores={"real": store}, test=tested, parameters=quick, folder=tmp_path / "one")
    both = quick.model_copy(update={"workers": 2})
    pd.testing.assert_frame_equal(
        run_grid(jobs, stores={"real": store}, test=tested, parameters=both, folder=tmp_path / "two"), alone
    )


def test_no_network_sees_a_test_video(
    jobs: list[Job], store: ClipStore, tested: HeldOut, quick: EvaluationParameters, tmp_path: Path
) -> None:
    leaky = replace(jobs[0], file_names=("v1", "v30"), ef=(30.0, 40.0))
    with pytest.raises(DataError, match="v30 is both"):
        run_grid([leaky], stores={"real": store}, test=tested, parameters=quick, folder=tmp_path)
    with pytest.raises(DataError, match="same name"):
        run_grid([jobs[0], jobs[0]], stores={"real": store}, test=tested, parameters=quick, folder=tmp_path)
    with pytest.raises(DataError, match="each needs an EF"):
        run_grid(
            jobs,
            stores={"real": store},
            test=replace(tested, ef=(np.nan,) * 6),
            parameters=quick,
            folder=tmp_path,
        )


def test_val_chooses_among_the_weights_of_one_training(
    jobs: list[Job],
    store: ClipStore,
    tested: HeldOut,
    quick: EvaluationParameters,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "VALIDATE_EVERY", 1)
    names = tuple(f"v{i}" for i in range(24, 30))
    val = HeldOut("real", names, tuple(float(i) for i in range(70, 10, -10)), period=2)  # its own frame rate
    options: dict[str, Any] = {
        "stores": {"real": store},
        "test": tested,
        "parameters": quick,
        "folder": tmp_path,
    }
    job, videos, ef = replace(jobs[0], steps=8), store.videos(names), np.array(val.ef)
    last, best = run_grid([job], **options), run_grid([job], val=val, **options)
    kept = train_regressor(
        store.videos(job.file_names),
        job.ef,
        parameters=quick,
        seed=0,
        steps=8,
        val=Validation(videos, ef, period=2),
    )
    assert kept.record["val_mae"] == pytest.approx(np.abs(kept.predict(videos, period=2) - ef).mean())
    np.testing.assert_allclose(best["prediction"], kept.predict(store.videos(tested.file_names)), atol=1e-4)
    assert len((tmp_path / GRID_FILE).read_text().splitlines()) == 2, "last and best are two runs"
    assert kept.record["chosen_step"] < 8 and not np.allclose(last["prediction"], best["prediction"])
    with pytest.raises(DataError, match="v0 is both a training video of random and a VAL video"):
        run_grid(jobs[:1], val=replace(val, file_names=("v0",), ef=(30.0,)), **options)


def test_relabelling_keeps_the_request_beside(
    discs: Discs, store: ClipStore, quick: EvaluationParameters
) -> None:
    fitted = train_regressor(discs[0][:8], discs[1][:8], parameters=quick, seed=0, steps=2)
    pool = pd.DataFrame({"file_name": ["v20", "v3"], "requested_ef": [55.0, 20.0], "fps": 50.0})
    labels = relabel(pool, fitted, store=store, reference_fps=50.0)
    assert labels.columns.tolist() == ["file_name", "requested_ef", "ef"]
    assert labels["requested_ef"].tolist() == [55.0, 20.0]
    np.testing.assert_allclose(labels["ef"], np.clip(fitted.predict(store.videos(["v20", "v3"])), 0, 100))
    slow = relabel(pool.assign(fps=100.0), fitted, store=store, reference_fps=50.0)
    np.testing.assert_allclose(
        slow["ef"], np.clip(fitted.predict(store.videos(["v20", "v3"]), period=2), 0, 100)
    )
    empty = relabel(pool.iloc[:0], fitted, store=store, reference_fps=50.0)
    assert empty.empty and agreement_with_request(empty).empty


def test_agreement_by_hand() -> None:
    labels = pd.DataFrame(
        {
            "file_name": list("abcd"),
            "requested_ef": [20.0, 45.0, 60.0, np.nan],
            "ef": [26.0, 39.0, 60.0, 50.0],
        }
    )
    row = agreement_with_request(labels).iloc[0]
    assert (row["n"], row["mae"], row["bias"]) == (3, 4.0, 0.0)
    assert row["same_class_percent"] == pytest.approx(200 / 3)  # 39 is moderate, 45 mild
    assert row["r2"] == pytest.approx(1 - 72 / np.square(np.array([20, 45, 60]) - 125 / 3).sum())
