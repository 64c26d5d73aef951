"""The runner of the studies: the same rows whatever the cuts, the workers and what else lies in the file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infomotion_lib.errors import DataError
from infomotion_lib.json_lines import Row
from infomotion_lib.processes import can_share_work
from infomotion_lib.studies.rows import IDENTITY, RowFile, identity_of
from infomotion_lib.studies.runner import Job, Plan, run

FORMAT = 1
made: list[tuple[int, int]] = []


def squares(task: tuple[int, int], known: list[Row]) -> Iterator[Row]:
    """Squares of the numbers from 0 to below the second part of the task, plus the first."""
    start, count = task
    for number in range(len(known), count):
        made.append((start, number))
        yield {"number": number, "square": start + number**2, "half": number / 2}


def slow_squares(task: tuple[int, int], known: list[Row]) -> Iterator[Row]:
    for row in squares(task, known):
        time.sleep(1.0)
        yield row


def two(rows: object) -> int:
    return 2


def plan(settings: dict[str, int], *, jobs: int = 3) -> Plan[tuple[int, int]]:
    identity = identity_of(settings, format=FORMAT)
    named = [Job({"arm": "main", "pool": pool}, identity, (settings["start"], 2)) for pool in range(jobs)]
    return Plan(named, squares, label="squares", unit="square", total=two)


@pytest.fixture
def file(tmp_path: Path) -> RowFile:
    made.clear()
    return RowFile(tmp_path / "deep" / "rows.jsonl")


def test_rows_carry_key_and_identity_and_are_not_made_twice(file: RowFile) -> None:
    rows = run(plan({"start": 5}), file=file)
    assert [[row["square"] for row in of_job] for of_job in rows] == [[5, 6]] * 3
    assert rows[2][1] == {
        IDENTITY: identity_of({"start": 5}, format=FORMAT),
        **{"arm": "main", "pool": 2, "number": 1, "square": 6, "half": 0.5},
    }
    made.clear()
    assert run(plan({"start": 5}), file=file) == rows and not made
    assert run(plan({"start": 5}, jobs=4), file=file)[:3] == rows and made == [(5, 0), (5, 1)]


def test_without_a_file_nothing_is_kept(file: RowFile, tmp_path: Path) -> None:
    assert len(run(plan({"start": 5}))) == 3 and not list(tmp_path.iterdir())


@pytest.mark.parametrize("cut", range(0, 400, 37))
def test_a_file_cut_anywhere_ends_with_the_same_rows(file: RowFile, cut: int) -> None:
    rows = run(plan({"start": 5}), file=file)
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[: min(cut, len(whole))])
    assert run(plan({"start": 5}), file=file) == rows
    assert sorted(file.path.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_what_a_full_disk_left_within_the_file_is_no_row(file: RowFile) -> None:
    rows = run(plan({"start": 5}), file=file)
    first, *others = file.path.read_text(encoding="utf-8").splitlines(keepends=True)
    file.path.write_text(first[:20] + "\n" + "".join(others), encoding="utf-8")
    made.clear()
    assert run(plan({"start": 5}), file=file)[1:] == rows[1:] and len(made) == 1


def test_rows_of_other_settings_or_format_are_kept_and_never_mixed(file: RowFile) -> None:
    rows = run(plan({"start": 5}), file=file)
    before = file.path.read_bytes()
    others = run(plan({"start": 6}), file=file)
    assert [[row["square"] for row in of_job] for of_job in others] == [[6, 7]] * 3
    assert file.path.read_bytes().startswith(before)
    made.clear()
    assert run(plan({"start": 5}), file=file) == rows and not made
    assert identity_of({"start": 5}, format=1) != identity_of({"start": 5}, format=2)
    assert len(file.rows()) == 12 and len(file.rows({rows[0][0][IDENTITY]})) == 6


def test_a_row_without_an_identity_is_refused(file: RowFile) -> None:
    file.repair()
    with pytest.raises(ValueError, match="without an identity"):
        file.append({"square": 4})
    with pytest.raises(DataError, match="same name"):
        run(Plan([*plan({"start": 5}).jobs[:1]] * 2, squares, label="twice"), file=file)


def test_a_slice_begins_no_row_after_its_end(file: RowFile, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(plan({"start": 5}), file=file, minutes=0) == [[], [], []] and not made
    clock = iter([0.0, *[1.0] * 3, *[1e9] * 99])
    monkeypatch.setattr(time, "time", lambda: next(clock))
    said: list[str] = []
    rows = run(plan({"start": 5}), file=file, minutes=1, say=said.append)
    assert [len(of_job) for of_job in rows] == [2, 0, 0]
    assert said[0].startswith("arm main, pool 0: 2 rows in")


@pytest.mark.skipif(not can_share_work(), reason="processes get no locks here")
def test_workers_do_not_change_the_rows(file: RowFile, tmp_path: Path) -> None:
    alone = run(plan({"start": 5}), file=file)
    assert run(plan({"start": 5}), file=RowFile(tmp_path / "two.jsonl"), workers=2) == alone


INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs do not hear it
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_study_runner import plan, slow_squares
from infomotion_lib.studies.rows import RowFile
from infomotion_lib.studies.runner import run

if __name__ == "__main__":
    run(replace(plan({"start": 5}, jobs=40), work=slow_squares), file=RowFile(Path(sys.argv[1])), workers=2)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.skipif(not can_share_work(), reason="processes get no locks here")
def test_ctrl_c_ends_at_once_with_every_finished_row_kept(file: RowFile, tmp_path: Path) -> None:
    script = tmp_path / "study.py"
    script.write_text(INTERRUPTED, encoding="utf-8")
    command = [sys.executable, script, file.path, str(Path(__file__).parent)]
    study = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    for _ in range(6000):
        if len(file.rows()) >= 2:
            break
        time.sleep(0.02)
    os.killpg(study.pid, signal.SIGINT)  # as a terminal does
    _, errors = study.communicate(timeout=60)
    assert study.returncode != 0 and errors.count("Traceback") <= 1, errors
    lines = file.path.read_text(encoding="utf-8").splitlines()
    assert 2 <= len(lines) < 80 and all(json.loads(line)["arm"] == "main" for line in lines)
    made.clear()
    rows = run(plan({"start": 5}, jobs=40), file=file)
    assert [len(of_job) for of_job in rows] == [2] * 40 and len(made) == 80 - len(lines)
