"""`infomotion run 05` on input that it cannot use: exit code 2 and one message before anything is trained,
what was there kept.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from finished_run import FinishedRun, infomotion_fails, tables

STAGE = "latte_ablation"


def refused(run: FinishedRun, copy: Path, *words: str) -> str:
    """What the command says, on a copy of a finished run, when it must end with exit code 2."""
    where = ["--profile", "smoke", "-p", f"runs_dir={copy.parent}"]
    said = infomotion_fails(
        "run", "05", *where, *(word for value in words for word in ("-p", value)), project=run.project
    )
    assert len(re.findall("^Error: ", said, re.MULTILINE)) == 1 and "Traceback (most recent" not in said, said
    return said


@pytest.fixture
def copy(smoke_run: FinishedRun, tmp_path: Path) -> Path:
    return shutil.copytree(smoke_run.paths.root, tmp_path / "runs" / smoke_run.paths.profile)


def kept(copy: Path, run: FinishedRun) -> bool:
    """Whether the pool and tables that were there still are, aside, and no new ones stand in their place."""
    name = run.paths.stage(STAGE).name
    begun = copy / name
    assert (
        not (begun / "run_card.json").exists()
        and not (begun / "checkpoints").exists()
        and not (begun / "pools").exists()
    )
    return tables(copy / "previous" / name) == tables(run.paths.stage(STAGE))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["guidance=21"], "Parameter guidance = 21 is not valid"),
        (["latte_frames=4"], "Parameter latte_frames = 4 is not valid"),
        (["latte_size=S2"], "Parameter latte_size"),
    ],
)
def test_numbers_out_of_range_stop_before_a_kernel_starts(
    smoke_run: FinishedRun, words: list[str], message: str
) -> None:
    before = tables(smoke_run.paths.stage(STAGE))
    assert message in refused(smoke_run, smoke_run.paths.root, *words)
    assert tables(smoke_run.paths.stage(STAGE)) == before


def test_an_encoder_file_with_a_wrong_hash(smoke_run: FinishedRun, copy: Path, tmp_path: Path) -> None:
    (tmp_path / "inception.pt").write_bytes(b"another file")
    said = refused(
        smoke_run, copy, f"inception_weights={tmp_path / 'inception.pt'}", f"inception_sha256={'ab' * 32}"
    )
    assert "inception.pt has SHA-256" in said and f"not {'ab' * 32}" in said
    assert kept(copy, smoke_run)


def test_a_class_without_a_training_clip(smoke_run: FinishedRun, copy: Path) -> None:
    file = copy / "data" / "phantom" / "FileList.csv"
    listed = pd.read_csv(file)
    listed[(listed["EF"] >= 30) | (listed["Split"] != "TRAIN")].to_csv(file, index=False)
    said = refused(smoke_run, copy, "pool_seed=1")
    assert "No training clip of class: severe" in said
    assert kept(copy, smoke_run)
