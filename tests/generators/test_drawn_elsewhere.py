"""A pool drawn elsewhere is judged as the stage's notebook judges it: the same tables, byte for byte; half a
pool is refused.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from finished_run import FinishedRun, tables

from infomotion_lib.errors import DataError, StageError
from infomotion_lib.generators.parameters import LatteParameters
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_run_card, write_json
from infomotion_lib.reporting.style import alt_text
from infomotion_lib.run.drawn_elsewhere import RECORD, judge_pool

SAME = (
    "label_consistency",
    "conditioning",
    "selections",
    "shortfalls",
    "graph_report",
    "fidelity",
    "table2",
    "pool_labels",
    "runs",
)
ALSO = ("summary", "predictions", "manifest")


@pytest.fixture
def elsewhere(smoke_run: FinishedRun, tmp_path: Path) -> tuple[Path, RunPaths]:
    """A pool in a folder of its own, and a run whose last stage has not begun."""
    paths = smoke_run.copy(tmp_path)
    shutil.rmtree(paths.stage("latte_ablation"))
    return shutil.copytree(
        smoke_run.paths.stage("latte_ablation") / "pools" / "latte", tmp_path / "pool"
    ), paths


def parameters(paths: RunPaths, **changes: object) -> LatteParameters:
    values = read_profile("smoke") | {"runs_dir": str(paths.root.parent)} | changes
    return LatteParameters.model_validate(stage_parameters("latte_ablation", values).model_dump())


def test_it_says_what_the_notebook_says(smoke_run: FinishedRun, elsewhere: tuple[Path, RunPaths]) -> None:
    pool, paths = elsewhere
    write_json({"gpu": "a card", "weights": 7, "seconds": {"latte": 3.0}}, pool / RECORD)
    # by the command, which computes in the arithmetic of the profile, as the notebook's kernel does
    smoke_run.infomotion(
        "generate", "judge", str(pool), "--profile", "smoke", "-p", f"runs_dir={paths.root.parent}"
    )
    here, there = paths.stage("latte_ablation"), smoke_run.paths.stage("latte_ablation")
    for name in (*SAME, *ALSO):
        assert (here / f"{name}.csv").read_bytes() == (there / f"{name}.csv").read_bytes(), name
    card, notebook = read_run_card(here), read_run_card(there)
    assert card["arithmetic"] == notebook["arithmetic"]
    assert (
        card["notes"]["conditioning"] == notebook["notes"]["conditioning"]
        and card["notes"]["gap"] == notebook["notes"]["gap"]
    )
    assert (card["notes"]["weights"], card["notes"]["drawn_elsewhere"]["gpu"]) == (7, "a card")
    drawn = {file.name for file in (here / "figures").iterdir()}
    assert drawn == {"side_by_side.webp", "loops.webp", "label_consistency.svg", "fidelity.svg", "table2.svg"}
    assert all(alt_text(here / "figures" / name) for name in drawn)


def test_half_a_pool_is_refused_and_nothing_written(elsewhere: tuple[Path, RunPaths]) -> None:
    pool, paths = elsewhere
    first = min((pool / "Videos").iterdir())
    first.rename(pool / first.name)
    with pytest.raises(DataError, match=rf"1 of 15 clips of the pool are missing, {first.stem} the first"):
        judge_pool(pool, parameters(paths))
    with pytest.raises(DataError, match="the profile asks for 4 of each class"):
        (pool / first.name).rename(first)
        judge_pool(pool, parameters(paths, pool_per_class=4))
    (pool / "pool.json").unlink()
    with pytest.raises(DataError, match=r"No finished pool: pool\.json missing"):
        judge_pool(pool, parameters(paths))
    assert not paths.stage("latte_ablation").exists()


def test_the_work_of_another_latte_is_never_written_over(
    smoke_run: FinishedRun, elsewhere: tuple[Path, RunPaths]
) -> None:
    pool, paths = elsewhere
    folder = shutil.copytree(smoke_run.paths.stage("latte_ablation"), paths.stage("latte_ablation"))
    before = tables(folder)
    with pytest.raises(DataError, match="holds the work of another Latte or pool"):
        judge_pool(pool, parameters(paths))
    assert tables(folder) == before and (folder / "run_card.json").is_file()


def test_the_stages_before_must_have_finished(elsewhere: tuple[Path, RunPaths]) -> None:
    pool, paths = elsewhere
    (paths.stage("evaluation") / "table1.csv").unlink()
    with pytest.raises(StageError, match=r"table1\.csv"):
        judge_pool(pool, parameters(paths))
    assert not paths.stage("latte_ablation").exists()
