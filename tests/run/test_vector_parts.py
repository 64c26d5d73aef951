"""The vectors of stage 02 in parts: any number of parts gives the same bytes, and a killed one alone runs
again.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, get_type_hints

import pandas as pd
import pytest
import torch

from infomotion_lib.data.records import read_dataset
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.parameters import stage_parameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.representations.ifa import features
from infomotion_lib.representations.ifa.pooling import MotionPooler
from infomotion_lib.representations.ifa.triplets import attach_paths
from infomotion_lib.representations.registry import REPRESENTATIONS
from infomotion_lib.representations.stage import fit_representations, vector_file
from infomotion_lib.run.parts import vector
from infomotion_lib.share import Share

VALUES = {"representations": ("motion",), "ifa_width": 4, "ifa_steps": 1, "ifa_batch_size": 2, "workers": 1}
PARAMETERS: Any = stage_parameters("ifa_training", VALUES)
BLOCKS = 3


@pytest.fixture(scope="module")
def rows(tiny_phantom: Path) -> pd.DataFrame:
    dataset = read_dataset(tiny_phantom)
    index = build_frame_index(dataset, source="real", parameters=FrameIndexParameters())
    return attach_paths(index[index["class_name"].isin(["severe", "mild", "normal"])], {"real": dataset})


@pytest.fixture(scope="module")
def prepared(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> RunPaths:
    """A run whose stage 02 is ready for its parts."""
    paths = RunPaths("smoke", tmp_path_factory.mktemp("prepared"))
    paths.stage("ifa_training").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vector, "_rows", lambda *_: rows)
        vector.prepare(PARAMETERS, paths)
    return paths


@pytest.fixture(autouse=True)
def small_blocks(rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector, "_rows", lambda *_: rows)
    monkeypatch.setattr(features, "BLOCK", features.BATCH)
    assert -(-len(rows) // features.BATCH) == BLOCKS


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Videos of each batch of vectors that is made."""
    sizes: list[int] = []
    plain = MotionPooler.vectors

    def counted(self: MotionPooler, frames: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
        sizes.append(len(pairs))
        return plain(self, frames, pairs)

    monkeypatch.setattr(MotionPooler, "vectors", counted)
    return sizes


def copy_of(prepared: RunPaths, folder: Path) -> RunPaths:
    shutil.copytree(prepared.root, folder)
    return RunPaths("smoke", folder)


def finish(paths: RunPaths, rows: pd.DataFrame) -> bytes:
    """The file of vectors that stage 02 writes from what lies in its folder."""
    folder = paths.stage("ifa_training")
    fit_representations(rows, teacher="real", folder=folder, parameters=PARAMETERS)
    return vector_file(folder, "motion").read_bytes()


def test_any_number_of_parts_gives_the_same_bytes(
    prepared: RunPaths, rows: pd.DataFrame, tmp_path: Path, made: list[int]
) -> None:
    alone = finish(copy_of(prepared, tmp_path / "alone"), rows)
    assert len(made) == BLOCKS
    for count in (1, 3, 7):
        paths = copy_of(prepared, tmp_path / str(count))
        made.clear()
        for number in range(count, 0, -1):
            vector.part(Share(number, count), PARAMETERS, paths)
        assert len(made) == BLOCKS, "no block twice"
        assert finish(paths, rows) == alone and len(made) == BLOCKS, "all blocks are taken up"


def test_a_killed_part_alone_runs_again(
    prepared: RunPaths, rows: pd.DataFrame, tmp_path: Path, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = finish(copy_of(prepared, tmp_path / "alone"), rows)
    paths = copy_of(prepared, tmp_path / "parts")
    vector.part(Share(2, 2), PARAMETERS, paths)
    made.clear()
    plain = MotionPooler.vectors

    def killed(self: MotionPooler, frames: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
        if made:
            raise KeyboardInterrupt
        return plain(self, frames, pairs)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(MotionPooler, "vectors", killed)
        vector.part(Share(1, 2), PARAMETERS, paths)
    vector.part(Share(1, 2), PARAMETERS, paths)
    assert len(made) == BLOCKS - 1, "its finished block is kept"
    assert finish(paths, rows) == alone and len(made) == BLOCKS - 1


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_those_made_in_blocks_can_be_shared(name: str) -> None:
    entry = REPRESENTATIONS[name]
    fitted = get_type_hints(entry.load().load)["return"]
    assert hasattr(fitted, "make_blocks") == entry.in_blocks
