"""`infomotion run 05` and `06` on input that it cannot use: exit code 2 and one message before anything is trained,
what was there kept.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from copied_pool import STAGE, copied_pool
from finished_run import FinishedRun, infomotion_fails, started, tables

from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_run_card
from infomotion_lib.run.cli import main


def refused(run: FinishedRun, copy: Path, *words: str, stage: str = "05") -> str:
    """What the command says, on a copy of a finished run, when it must end with exit code 2."""
    where = ["--profile", "smoke", "-p", f"runs_dir={copy.parent}"]
    said = infomotion_fails(
        "run", stage, *where, *(word for value in words for word in ("-p", value)), project=run.project
    )
    assert len(re.findall("^Error: ", said, re.MULTILINE)) == 1 and "Traceback (most recent" not in said, said
    return said


@pytest.fixture
def copy(smoke_run: FinishedRun, tmp_path: Path) -> Path:
    return shutil.copytree(smoke_run.paths.root, tmp_path / "runs" / smoke_run.paths.profile)


def kept(copy: Path, run: FinishedRun, stage: str) -> bool:
    """Whether what was there still is, aside, and nothing new stands in its place."""
    begun, old = RunPaths(copy.name, copy).stage(stage), run.paths.stage(stage)
    assert not (begun / "run_card.json").exists() and not (begun / "checkpoints").exists()
    assert not (begun / "pool").exists()
    return tables(begun.parent / "previous" / begun.name) == tables(old)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["guidance=21"], "Parameter guidance = 21 is not valid"),
        (["latte_frames=4"], "Parameter latte_frames = 4 is not valid"),
        (["latte_size=S2"], "Parameter latte_size"),
    ],
)
def test_numbers_out_of_range_stop_before_a_kernel_starts(
    smoke_run: FinishedRun, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tables(smoke_run.paths.stage(STAGE))
    where = ["--profile", "smoke", "-p", f"runs_dir={smoke_run.paths.root.parent}"]
    assert main(["run", "05", *where, *(word for value in words for word in ("-p", value))]) == 2
    assert message in capsys.readouterr().err
    assert tables(smoke_run.paths.stage(STAGE)) == before


def test_an_encoder_file_with_a_wrong_hash(smoke_run: FinishedRun, copy: Path, tmp_path: Path) -> None:
    (tmp_path / "inception.pt").write_bytes(b"another file")
    words = (f"inception_weights={tmp_path / 'inception.pt'}", f"inception_sha256={'ab' * 32}")
    printed = refused(smoke_run, copy, *words, stage="06")
    assert "inception.pt has SHA-256" in printed and f"not {'ab' * 32}" in printed
    assert kept(copy, smoke_run, "ablation")


def test_a_class_without_a_training_clip(smoke_run: FinishedRun, copy: Path) -> None:
    file = copy / "data" / "videos.csv"
    listed = pd.read_csv(file, dtype=str, keep_default_na=False)
    severe = pd.to_numeric(listed["ef"], errors="coerce") < 30
    unseen = (listed["source"] == "real") & (listed["split"] == "TRAIN") & severe
    assert unseen.any()
    listed[~unseen].to_csv(file, index=False)
    printed = refused(smoke_run, copy, "generator=latte", "pool_seed=1")
    assert "No training clip of class: severe" in printed
    untouched = RunPaths(copy.name, copy).stage(STAGE)
    assert tables(untouched) == tables(smoke_run.paths.stage(STAGE)), "refused before anything is moved"


def test_a_pool_copied_from_another_machine_is_taken_up(smoke_run: FinishedRun, copy: Path) -> None:
    """What stage 06 makes of it is in ``drills/drill_copied_pool.py``."""
    paths, folder = RunPaths(copy.name, copy), copied_pool(copy)
    assert started(smoke_run.run("05", paths, "-p", "generator=latte")) == [STAGE]
    assert tables(folder / "pool") == tables(smoke_run.paths.stage(STAGE) / "pool")
    notes = read_run_card(folder)["notes"]
    assert (notes["weights"], notes["drawn_elsewhere"]["gpu"]) == (7, "a card")
    assert notes["drawn_elsewhere"]["per_class"] == 3 and not (folder / "latte.safetensors").exists()
    first = min((folder / "pool" / "Videos").iterdir())
    first.unlink()
    assert f"1 of 15 clips of the pool are missing, {first.stem} the first" in refused(
        smoke_run, copy, "generator=latte"
    )


def test_the_command_that_is_gone_names_its_successor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", "judge", "my-pool", "--profile", "smoke", "--runs-dir", str(tmp_path)]) == 2
    printed = capsys.readouterr().err
    assert f"Copy my-pool to {tmp_path}/smoke/05_generators/latte/pool" in printed
    assert "infomotion run 06 --profile smoke" in printed
