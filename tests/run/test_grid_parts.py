"""The networks of stage 04 in parts: any number of parts gives the same bytes, and a killed one alone runs
again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.evaluation.runs import LabelledVideos
from infomotion_lib.provenance import write_csv
from infomotion_lib.regressor import grid
from infomotion_lib.regressor.clips import ClipStore
from infomotion_lib.regressor.grid import GRID_FILE, Job, NetworkTask, run_grid
from infomotion_lib.run.parts.networks import (
    CLIPS,
    ROWS,
    Networks,
    hand_on,
    handed_on,
    merge_rows,
    train_share,
)
from infomotion_lib.share import Share

QUICK = EvaluationParameters(
    clip_frames=8, clip_period=1, clip_size=16, batch_size=4, test_clips=1, workers=1, device="cpu"
)
VIDEOS, TESTED, NETWORKS = 12, 3, 5


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Networks:
    """Five networks of two, three or four steps on four noisy videos each."""
    folder, rng = tmp_path_factory.mktemp("clips"), np.random.default_rng(0)
    names = [f"v{number}" for number in range(VIDEOS)]
    for name in names:
        np.save(folder / f"{name}.npy", rng.integers(0, 255, (12, 16, 16), dtype=np.uint8))
    store = ClipStore(folder, 16, {name: f"{name}.npy" for name in names}, dict.fromkeys(names, 12))
    ef = rng.uniform(20, 70, VIDEOS)
    splits = ["TRAIN"] * (VIDEOS - TESTED) + ["TEST"] * TESTED
    videos = pd.DataFrame({"source": "real", "file_name": names, "split": splits, "ef": ef})
    jobs = []
    for seed in range(NETWORKS):
        chosen = tuple(names[seed : seed + 4])
        labels = tuple(map(float, ef[seed : seed + 4]))
        steps = 2 + seed % 3
        jobs.append(Job("real", "random", "", 2, 0, seed, seed, chosen, labels, steps=steps, period=1))
    return Networks.of(LabelledVideos(videos, {"real": store}, {"real": 1}), jobs)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Seeds of the networks that are trained, as they come."""
    seeds: list[int] = []
    train = grid.train_and_predict

    def counted(task: NetworkTask) -> list[float]:
        seeds.append(task.job.training_seed)
        return train(task)

    monkeypatch.setattr(grid, "train_and_predict", counted)
    return seeds


def do(networks: Networks, folder: Path, *shares: Share) -> None:
    for share in shares:
        train_share(networks, share, parameters=QUICK, folder=folder)


def every(count: int) -> list[Share]:
    return [Share(number, count) for number in range(1, count + 1)]


def answers(networks: Networks, folder: Path) -> bytes:
    """The table that stage 04 makes of what lies in ``folder``."""
    table = run_grid(
        networks.jobs, stores=networks.stores, test=networks.test, parameters=QUICK, folder=folder
    )
    return write_csv(table, folder / "predictions.csv").read_bytes()


def test_any_number_of_parts_gives_the_same_bytes(
    networks: Networks, tmp_path: Path, trained: list[int]
) -> None:
    alone = answers(networks, tmp_path / "alone")
    rows = set()
    for count in (1, 3, 7):
        folder = tmp_path / str(count)
        do(networks, folder, *reversed(every(count)))
        merge_rows(folder)
        rows.add((folder / ROWS).read_bytes())
        trained.clear()
        assert answers(networks, folder) == alone
        assert not trained, "every network was there already"
    assert len(rows) == 1


def test_a_killed_part_alone_runs_again(
    networks: Networks, tmp_path: Path, trained: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = answers(networks, tmp_path / "alone")
    first, second = every(2)
    do(networks, tmp_path / "parts", second)
    trained.clear()
    train = grid.train_and_predict

    def killed(task: NetworkTask) -> list[float]:
        if len(trained) == 1:
            raise KeyboardInterrupt
        return train(task)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(grid, "train_and_predict", killed)
        do(networks, tmp_path / "parts", first)
    begun = list(trained)
    do(networks, tmp_path / "parts", first)
    assert len(begun) == 1 and len(trained) == len(set(trained)) == len(first.part(networks.jobs))
    merge_rows(tmp_path / "parts")
    trained.clear()
    assert answers(networks, tmp_path / "parts") == alone and not trained


def test_other_parts_go_on_from_what_earlier_ones_made(
    networks: Networks, tmp_path: Path, trained: list[int]
) -> None:
    do(networks, tmp_path, Share(1, 3))
    merge_rows(tmp_path)
    do(networks, tmp_path, *every(7))
    assert sorted(trained) == list(range(NETWORKS)), "none twice"


def test_a_plan_is_handed_on_to_the_last_digit(networks: Networks, tmp_path: Path) -> None:
    clips = networks.stores["real"].folder
    shutil.copytree(clips, tmp_path / CLIPS)
    hand_on(networks, tmp_path)
    received = handed_on(tmp_path)
    assert (received.jobs, received.test, received.val) == (networks.jobs, networks.test, networks.val)
    assert answers(received, tmp_path / "received") == answers(networks, tmp_path / "own")


def test_rows_are_merged_once(networks: Networks, tmp_path: Path) -> None:
    """A merging that was killed after it wrote, before it removed the parts, adds nothing the next time."""
    do(networks, tmp_path, Share(1, 1))
    shutil.copytree(tmp_path / ".parts", tmp_path / "kept")
    merge_rows(tmp_path)
    once = (tmp_path / ROWS).read_bytes()
    shutil.copytree(tmp_path / "kept", tmp_path / ".parts", dirs_exist_ok=True)
    merge_rows(tmp_path)
    assert (tmp_path / ROWS).read_bytes() == once and ROWS == GRID_FILE
