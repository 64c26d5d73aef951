"""Two runs at once, a read-only folder, a full disk, a damaged checkpoint: one message each, and the run goes
on afterwards.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from finished_run import FinishedRun, infomotion_fails, project_hashes, started, tables

from infomotion_lib.stage_table import RUN_CARD


def without(run: FinishedRun, *stages: str, folder: Path) -> Path:
    """Copy of a finished run in which some stages have not begun."""
    copy = folder / "runs" / run.paths.profile
    shutil.copytree(run.paths.root, copy)
    for stage in stages:
        shutil.rmtree(copy / run.paths.stage(stage).name)
    return copy


def fails(run: FinishedRun, copy: Path, *words: str, **options: object) -> str:
    """What ``infomotion run all`` says on a copy on which it must end with exit code 2."""
    process = run.start(copy, *words, **options)
    said, _ = process.communicate(timeout=3600)
    assert process.returncode == 2, said
    assert "Error: " in said and "Traceback" not in said
    return said


def mounted(folder: Path, size: str) -> bool:
    """Whether a small file system of its own could be mounted on ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "drill", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0


def test_of_two_runs_at_once_one_refuses_and_one_waits(smoke_run: FinishedRun, tmp_path: Path) -> None:
    copy = without(smoke_run, "evaluation", folder=tmp_path)
    first = smoke_run.start(copy)
    assert first.stdout is not None
    assert any(line.startswith("04 evaluation: started") for line in first.stdout)
    begun = time.monotonic()
    refusal = fails(smoke_run, copy)
    assert f"Another run of profile smoke is going on: process {first.pid}" in refusal and "--wait" in refusal
    alone = ["run", "03", "--profile", "smoke", "-p", f"runs_dir={copy.parent}"]
    assert "Another run" in infomotion_fails(*alone, project=smoke_run.project)
    quick = time.monotonic() - begun
    assert first.poll() is None, "the first run goes on"
    waiting = smoke_run.start(copy, "--wait")
    said, _ = first.communicate()
    assert first.returncode == 0, said
    said, _ = waiting.communicate()
    assert waiting.returncode == 0 and started(said) == []
    assert tables(copy) == tables(smoke_run.paths.root)
    print(f"\ntwo runs at once: two refused within {quick:.0f} s, one waited and found nothing to do")


def test_a_folder_that_cannot_be_written_stays_as_it_is(smoke_run: FinishedRun, tmp_path: Path) -> None:
    place = tmp_path / "runs"
    is_mounted = mounted(place, "200m")
    try:
        copy = place / "smoke"
        shutil.copytree(smoke_run.paths.root, copy)
        shutil.rmtree(copy / "04_evaluation")
        if is_mounted:
            subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        else:
            for folder in [copy, *(item for item in copy.rglob("*") if item.is_dir())]:
                folder.chmod(0o500)
            if os.geteuid() == 0:
                pytest.skip("root may write everywhere, and may not mount here")
        kept = project_hashes(copy)
        said = fails(smoke_run, copy)
        assert f"Cannot write to {copy}" in said
        assert project_hashes(copy) == kept
        print(f"\nread-only folder ({'mounted so' if is_mounted else 'by its mode'}): {said.splitlines()[0]}")
        if is_mounted:
            subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
        else:
            for folder in [copy, *(item for item in copy.rglob("*") if item.is_dir())]:
                folder.chmod(0o755)
        output, _ = smoke_run.again(tmp_path)
        assert started(output)[0] == "evaluation"
        assert tables(copy) == tables(smoke_run.paths.root)
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("stage", ["data", "ifa_training", "graph_selection"])
def test_a_full_disk_stops_the_run_and_room_lets_it_go_on(
    smoke_run: FinishedRun, tmp_path: Path, stage: str
) -> None:
    place = tmp_path / "runs"
    if not mounted(place, "1g"):
        pytest.skip("a file system of a chosen size needs root and the right to mount")
    try:
        copy = without(smoke_run, stage, folder=tmp_path)
        room = shutil.disk_usage(place).used + 600_000
        subprocess.run(["mount", "-o", f"remount,size={room}", str(place)], check=True)
        said = fails(smoke_run, copy)
        assert "No space left on device" in said
        folder = copy / smoke_run.paths.stage(stage).name
        assert not (folder / RUN_CARD).exists()
        for file in folder.rglob("*.csv"):
            assert file.stat().st_size, f"{file} is empty"
        print(f"\nfull disk in {stage}: {said.splitlines()[-3:]}")
        subprocess.run(["mount", "-o", "remount,size=1g", str(place)], check=True)
        smoke_run.again(tmp_path)
        assert tables(copy) == tables(smoke_run.paths.root)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("largest", [20_000, 300_000])
def test_files_that_may_not_grow_stop_the_run(smoke_run: FinishedRun, tmp_path: Path, largest: int) -> None:
    copy = without(smoke_run, "ifa_training", folder=tmp_path)
    said = fails(
        smoke_run, copy, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    )
    assert "File too large" in said
    assert not (copy / "02_ifa_training" / RUN_CARD).exists()
    print(f"\nfiles of at most {largest:,} bytes: {said.splitlines()[-3:]}")
    smoke_run.again(tmp_path)
    assert tables(copy) == tables(smoke_run.paths.root)


def flip_bytes(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for at in np.random.default_rng(0).integers(0, len(content), 200):
        content[at] ^= 0xFF
    file.write_bytes(content)


def cut_in_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize("damage", [flip_bytes, cut_in_half])
def test_a_damaged_checkpoint_is_named_and_training_anew_gives_the_same(
    smoke_run: FinishedRun, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    copy = without(smoke_run, folder=tmp_path)
    (copy / "02_ifa_training" / RUN_CARD).unlink()
    checkpoint = copy / "02_ifa_training/checkpoints/last.pt"
    damage(checkpoint)
    said = fails(smoke_run, copy)
    assert str(checkpoint) in said and "Delete it" in said
    print(f"\ndamaged checkpoint ({damage.__name__}): {said.splitlines()[-4:]}")
    checkpoint.unlink()
    smoke_run.again(tmp_path)
    assert tables(copy) == tables(smoke_run.paths.root)


def test_a_damaged_grid_is_trained_again_from_its_last_good_row(
    smoke_run: FinishedRun, tmp_path: Path
) -> None:
    copy = without(smoke_run, folder=tmp_path)
    (copy / "04_evaluation" / RUN_CARD).unlink()
    grid = copy / "04_evaluation/grid.jsonl"
    rows = grid.read_bytes().splitlines(keepends=True)
    grid.write_bytes(b"".join(rows[:5]) + rows[5][: len(rows[5]) // 2] + b"\x00\xff\n" + b"".join(rows[6:]))
    output, _ = smoke_run.again(tmp_path)
    assert started(output)[0] == "evaluation"
    assert tables(copy) == tables(smoke_run.paths.root)
    print(f"\ndamaged grid: 5 of {len(rows)} rows kept, the rest trained again: identical")
