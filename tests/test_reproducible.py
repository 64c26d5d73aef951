"""Two runs of a profile on one machine give the same tables, byte by byte."""

from __future__ import annotations

from pathlib import Path

from finished_run import FinishedRun, tables

from infomotion_lib.stages.table import TABLE


def test_a_second_run_from_nothing_gives_the_same_bytes(smoke_run: FinishedRun, tmp_path: Path) -> None:
    smoke_run.infomotion("run", "all", "--profile", "smoke", "-p", f"runs_dir={tmp_path}")
    first, second = tables(smoke_run.paths.root), tables(tmp_path / "smoke")
    promised = {f"{smoke_run.paths.stage(name).name}/{file}" for name, stage in TABLE.items() for file in stage.outputs}
    assert {name for name in promised if name.endswith(".csv")} <= set(first)
    assert second == first
    videos = "data/phantom/SHA256SUMS"
    assert (tmp_path / "smoke" / videos).read_bytes() == (smoke_run.paths.root / videos).read_bytes()
