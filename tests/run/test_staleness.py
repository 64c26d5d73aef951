"""What a change of code costs: a better figure, page, rule, command or card trains nothing again; another
loss does.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from infomotion_lib.run import code
from infomotion_lib.run.code import code_hash, learning_hash
from infomotion_lib.stage_table import LOADED, TABLE

TRAINED = ("labels", "ifa_training", "evaluation", "latte_pool", "ablation")
"""Stages that keep what took long: checkpoints, rows of networks, vectors."""

SPARED = {
    "a figure": "reporting/figures/evaluation.py",
    "a table of a notebook": "reporting/tables.py",
    "a summary": "reporting/summary.py",
    "a ledger rule": "evaluation/claims.py",
    "an interval": "evaluation/intervals.py",
    "a command": "run/cli.py",
    "the run card": "provenance.py",
    "a progress bar": "progress.py",
}
LEARNT = {
    "representations/ifa/losses.py": {"ifa_training"},
    "representations/ifa/attention.py": {"ifa_training"},
    "representations/appearance/network.py": {"ifa_training"},
    "regressor/model.py": {"labels", "evaluation", "ablation"},
    "generators/latte/diffusion.py": {"latte_pool"},
    "generators/spacetime/training.py": {"lvdm_pool", "mcdm_pool"},
    "generators/cutting.py": {"echosyn_pool", "lvdm_pool", "mcdm_pool", "latte_pool"},
    "data/video.py": {
        "data",
        "labels",
        "ifa_training",
        "evaluation",
        "echosyn_pool",
        "lvdm_pool",
        "mcdm_pool",
        "latte_pool",
        "ablation",
    },
}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the library that may be edited, and that the hashes are taken of."""
    copy = tmp_path / code.PACKAGE
    shutil.copytree(code.LIBRARY, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "LIBRARY", copy)
    return copy


def add(file: Path, statement: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + f"\n{statement}\n", encoding="utf-8")


def learnt() -> dict[str, str]:
    return {name: learning_hash(stage) for name, stage in TABLE.items()}


@pytest.mark.parametrize("file", SPARED.values(), ids=SPARED.keys())
def test_it_trains_nothing_again(library: Path, file: str) -> None:
    before = learnt()
    add(library / file, "ANOTHER = 1")
    assert learnt() == before
    assert all(before[name] for name in TRAINED)


@pytest.mark.parametrize(("file", "stages"), LEARNT.items(), ids=LEARNT.keys())
def test_what_decides_what_is_learnt_does(library: Path, file: str, stages: set[str]) -> None:
    before = learnt()
    add(library / file, "ANOTHER = 1")
    assert {name for name, value in learnt().items() if value != before[name]} == stages


def test_a_loss_with_another_factor_is_another_loss(library: Path) -> None:
    before, file = learning_hash(TABLE["ifa_training"]), library / "representations/ifa/losses.py"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    number = next(
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)
    )
    number.value *= 2
    file.write_text(ast.unparse(tree), encoding="utf-8")
    assert learning_hash(TABLE["ifa_training"]) != before


def test_words_and_rooms_do_not_count(library: Path) -> None:
    """Another docstring, another text of an error, an annotation, an import, another place."""
    before, file = learnt(), library / "representations/ifa/losses.py"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body.insert(0, ast.parse("'Other words.'").body[0])
            node.returns = ast.Name("object")
        if isinstance(node, ast.Raise):
            node.exc = ast.parse("ValueError('otherwise said')", mode="eval").body
    file.write_text("import json\n" + ast.unparse(ast.fix_missing_locations(tree)), encoding="utf-8")
    file.rename(library / "representations/ifa/objectives.py")
    for other in (library / "representations/ifa").glob("*.py"):
        other.write_text(
            other.read_text(encoding="utf-8").replace("ifa.losses", "ifa.objectives"), encoding="utf-8"
        )
    assert learnt() == before


def test_a_stage_runs_again_for_code_that_trains_nothing(library: Path) -> None:
    """Another rule of the ledger gives another ledger: stage 04 is run, and takes up its rows."""
    before = code_hash(TABLE["evaluation"], "science")
    add(library / "evaluation/claims.py", "ANOTHER = 1")
    assert code_hash(TABLE["evaluation"], "science") != before


def test_what_a_stage_learns_from_is_code_behind_it() -> None:
    for stage in TABLE.values():
        named = [module for module in stage.learns if module != LOADED]
        roots = {code.LIBRARY.joinpath(*module.split(".")).with_suffix(".py") for module in named}
        roots |= {code._file(module) for module in stage.loaded() if LOADED in stage.learns}
        assert roots <= code.files_behind(stage), stage.name
