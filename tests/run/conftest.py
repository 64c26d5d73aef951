"""A toy notebook for stage 01, with the stages before it pretended."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_notebook import toy_notebook

from infomotion_lib import paths as paths_module
from infomotion_lib.paths import run_paths
from infomotion_lib.provenance import start_stage
from infomotion_lib.stage_table import TABLE


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of runs, with a toy notebook for stage 01 and finished stages before it."""
    monkeypatch.setattr(paths_module, "NOTEBOOKS", tmp_path)
    paths = run_paths("smoke", tmp_path / "runs")
    for stage in ("data", "labels"):
        folder = paths.stage(stage)
        folder.mkdir(parents=True)
        files = TABLE[stage].files(paths)[:-1]
        for file in files:
            file.write_text(f"{stage}\n", encoding="utf-8")
        start_stage(stage, folder, parameters={}).finish(files)
    toy_notebook(tmp_path)
    return tmp_path / "runs"
