"""The registered study from its first pool to its last table, on pilot seeds: cut in each stage, it ends with the
same rows, and nothing is printed before the end.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from infomotion_lib.run.cli import main
from infomotion_lib.studies.help.gate import ROWS_FILE as GATE_FILE
from infomotion_lib.studies.help.pilot import pilot_registration
from infomotion_lib.studies.help.stage_1 import ROWS_FILE
from infomotion_lib.studies.help.tables import world_name
from infomotion_lib.studies.rows import RowFile


def rows_without_times(file: Path) -> pd.DataFrame:
    table = pd.DataFrame(RowFile(file).rows()).sort_values(["world", "pool", "arm", "draw"])
    clock = [name for name in table if name.startswith("seconds")]
    return table.drop(columns=clock).reset_index(drop=True)


def call(folder: Path, *options: str) -> int:
    return main(["study", "help", "--pilot", "--out", str(folder), "--workers", "1", *options])


def test_the_whole_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path) == 0
    text = capsys.readouterr().out
    registered = pilot_registration(tmp_path / "pilot")
    assert registered.hash in text and "Stage 1 (" in text
    worlds = [name for name in registered.worlds if f"\n{world_name(name)}: " in text]
    assert worlds, "a sentence per world that entered"
    files = [tmp_path / "pilot" / name for name in (GATE_FILE, ROWS_FILE)]
    whole = [rows_without_times(file) for file in files]
    for file, rows in zip(files, whole, strict=True):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(lines[: len(lines) // 2])[:-9], encoding="utf-8")  # and a torn line
        assert call(tmp_path) == 0
        assert rows_without_times(file).equals(rows)
        capsys.readouterr()


def test_a_pilot_is_not_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "--publish") != 0
    assert "not published" in capsys.readouterr().err
