"""A generator is one room and one line: a toy, defined here and registered by one line, goes through stage 05
and into Table 2 beside the others, and no other file names it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from finished_run import FinishedRun, tables
from matplotlib.colors import to_hex
from numpy.typing import NDArray
from pydantic import Field

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.data.video import read_clip
from infomotion_lib.data.videos import open_source
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.evaluation import ablation
from infomotion_lib.evaluation.ablation_parameters import AblationParameters
from infomotion_lib.evaluation.pools import conditioning, label_consistency
from infomotion_lib.generators.base import Lessons
from infomotion_lib.generators.cutting import LabelledClips
from infomotion_lib.generators.parameters import PoolParameters
from infomotion_lib.generators.pool import DRAWN_HERE
from infomotion_lib.generators.registry import GENERATORS, Generator
from infomotion_lib.generators.stage import MadePool, make_pool, open_lessons
from infomotion_lib.parameters import (
    StageParameters,
    known_names,
    read_profile,
    stage_parameters,
    stages_called,
)
from infomotion_lib.paths import PROJECT, RunPaths
from infomotion_lib.provenance import read_json, write_csv
from infomotion_lib.reporting.figures import pools as figures
from infomotion_lib.reporting.table2 import mean_scores, pool_names, short_names, table2
from infomotion_lib.run.code import files_behind
from infomotion_lib.run.runner import notebook_parameters
from infomotion_lib.stage_table import TABLE, pool_stage

TOY, LABEL, COLOUR = "heron", "Heron (toy)", "#abcdef"
ALL = ("echosyn", "latte", TOY)


class HeronParameters(StageParameters):
    """Of the toy."""

    heron_brighter: int = Field(5, ge=0, description="grey levels added")


@dataclass(frozen=True)
class Heron:
    """Real TRAIN clips of the class that is asked for, mirrored and a little brighter."""

    clips: LabelledClips = field(repr=False)
    brighter: int

    def requests(self, *, per_class: int, seed: int) -> pd.DataFrame:
        rows = [
            (f"{TOY}_{name}_{number}", name, self.clips.class_ef[label], number)
            for label, name in enumerate(CLASS_NAMES)
            for number in range(per_class)
        ]
        return pd.DataFrame(rows, columns=["FileName", "requested_class", "requested_ef", "number"])

    def draw(self, requests: pd.DataFrame) -> NDArray[np.uint8]:
        of_class = {name: np.flatnonzero(self.clips.label == i) for i, name in enumerate(CLASS_NAMES)}
        chosen = [
            of_class[row.requested_class][row.number % len(of_class[row.requested_class])]
            for row in requests.itertuples()
        ]
        brighter = self.clips.clips[chosen, :, :, ::-1].astype(int) + self.brighter
        return np.clip(brighter, 0, 255).astype(np.uint8)

    def settings(self) -> dict[str, Any]:
        return {"brighter": self.brighter}

    def summary(self) -> dict[str, Any]:
        return {"clips": len(self.clips.ef)}


def fit(lessons: Lessons, *, folder: Path, parameters: HeronParameters, device: str) -> Heron:
    (folder / "heron.txt").write_text("learnt", encoding="utf-8")
    return Heron(lessons.clips("TRAIN", side=lessons.cut.side), parameters.heron_brighter)


@pytest.fixture(scope="module", autouse=True)
def toy() -> Iterator[None]:
    parameters = f"{__name__}:HeronParameters"
    GENERATORS.add(Generator(name=TOY, label=LABEL, colour=COLOUR, marker="h", module=__name__, parameters=parameters, files=("heron.txt",)))  # fmt: skip
    yield
    GENERATORS.remove(TOY)


@pytest.fixture(scope="module")
def values(smoke_run: FinishedRun) -> dict[str, Any]:
    return read_profile("smoke") | {"generators": list(ALL), "heron_brighter": 9}


@pytest.fixture(scope="module")
def paths(smoke_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> RunPaths:
    return smoke_run.copy(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def lessons(paths: RunPaths, values: dict[str, Any]) -> Lessons:
    parameters = stage_parameters(pool_stage(TOY), values)
    assert isinstance(parameters, PoolParameters)
    datasets = {source: open_source(name, data_dir=paths.data) for source, name in parameters.sources.items()}
    return open_lessons(datasets, parameters=parameters)


def make(paths: RunPaths, values: dict[str, Any], lessons: Lessons, **changes: Any) -> MadePool:
    parameters = stage_parameters(pool_stage(TOY), values | changes)
    assert isinstance(parameters, PoolParameters)
    folder = paths.stage(pool_stage(TOY))
    return make_pool(lessons, folder=folder, parameters=parameters, device="cpu")


@pytest.fixture(scope="module")
def made(paths: RunPaths, values: dict[str, Any], lessons: Lessons) -> MadePool:
    pool = make(paths, values, lessons)
    write_csv(pool.manifest, paths.stage(pool_stage(TOY)) / "manifest.csv")
    return pool


@dataclass(frozen=True)
class Compared:
    """What stage 06 says of all pools."""

    opened: ablation.Ablation
    runs: pd.DataFrame
    summary: pd.DataFrame
    fidelity: pd.DataFrame
    table2: pd.DataFrame
    labels: pd.DataFrame


@pytest.fixture(scope="module")
def compared(paths: RunPaths, values: dict[str, Any], made: MadePool) -> Compared:
    shutil.rmtree(paths.stage("ablation"))
    parameters = stage_parameters("ablation", values | {"runs_dir": str(paths.root.parent)})
    assert isinstance(parameters, AblationParameters)
    opened = ablation.open_ablation(paths, parameters, device="cpu")
    reading, networks = ablation.read_pools(opened)
    chosen = ablation.select_from_pools(opened, reading)
    fidelity = ablation.pool_fidelity(opened, networks)
    trained = ablation.train_on_pools(opened, reading, chosen.selections)
    numbers = ablation.table_of_pools(trained["summary"], fidelity)
    return Compared(opened, trained["runs"], trained["summary"], fidelity, numbers, reading.labels)


def test_it_is_a_stage_with_a_folder_and_parameters_of_its_own(values: dict[str, Any]) -> None:
    stage = TABLE[pool_stage(TOY)]
    assert (stage.folder, stage.notebook) == (f"05_generators/{TOY}", "05_generators")
    assert stages_called("05", values) == [pool_stage(name) for name in ALL]
    assert stages_called("05", read_profile("smoke")) == [pool_stage(name) for name in ALL[:2]]
    assert pool_stage(TOY) in TABLE["ablation"].needs_of(values)
    assert pool_stage(TOY) not in TABLE["ablation"].needs_of(
        read_profile("smoke") | {"generators": ["latte"]}
    )
    assert "heron_brighter" in known_names()
    own = stage_parameters(stage.name, values).model_dump()
    assert (own["generator"], own["heron_brighter"], "latte_steps" in own) == (TOY, 9, False)
    others = stage_parameters("latte_pool", values).model_dump()
    assert "heron_brighter" not in others and "generators" not in others, (
        "another pool costs this one nothing"
    )
    assert not [file for file in files_behind(stage, own) if "latte" in file.parts[-2:]]


def test_its_parameters_need_not_stand_in_the_notebook(values: dict[str, Any]) -> None:
    cell = stage_parameters("latte_pool", values).model_dump() | {"generator": TOY}
    used = notebook_parameters(pool_stage(TOY), cell)
    assert used.heron_brighter == 5  # type: ignore[attr-defined]
    del cell["pool_per_class"]
    with pytest.raises(ParameterError, match="does not set: pool_per_class"):
        notebook_parameters(pool_stage(TOY), cell)


def test_stage_05_draws_its_pool(made: MadePool, paths: RunPaths) -> None:
    folder = paths.stage(pool_stage(TOY))
    assert (folder / "heron.txt").is_file() and (folder / DRAWN_HERE).is_file()
    assert (made.manifest["requested_class"].value_counts() == 3).all()
    record = read_json(made.folder / "pool.json")
    assert (record["generator"], record["brighter"], record["per_class"]) == (TOY, 9, 3)
    assert read_clip(made.folder / "Videos" / f"{TOY}_severe_0.avi").shape == (16, 112, 112)
    assert made.notes["clips"] == 30


def test_its_pool_is_taken_up_and_never_mixed(
    made: MadePool, paths: RunPaths, values: dict[str, Any], lessons: Lessons
) -> None:
    before = tables(made.folder, ("*.csv", "*.avi", "*.json"))
    assert tables(make(paths, values, lessons).folder, ("*.csv", "*.avi", "*.json")) == before
    with pytest.raises(DataError, match="holds a pool made with another brighter"):
        make(paths, values, lessons, heron_brighter=1)
    assert tables(made.folder, ("*.csv", "*.avi", "*.json")) == before


def test_table_2_has_its_row_beside_the_others(compared: Compared, smoke_run: FinishedRun) -> None:
    assert list(dict.fromkeys(compared.table2["generator"])) == list(ALL)
    own = compared.table2[compared.table2["generator"] == TOY]
    assert set(own["column"]) == {"FID", "FVD", "All", "VPC=2", "VPC=3"}
    assert own["paper"].isna().all(), "the paper has no such row"
    names = pool_names(real="phantom", synthetic="phantom-synthetic")
    shown = table2(compared.table2, data="phantom", names=names).frame
    assert shown["pool"].str.startswith(LABEL).any()
    short = short_names(real="phantom", synthetic="phantom-synthetic")
    assert LABEL in mean_scores(compared.runs, names=short).frame["trained on"].tolist()
    before = pd.read_csv(
        smoke_run.paths.stage("ablation") / "table2.csv", keep_default_na=False, na_values={"mean": [""]}
    )
    distance = before[(before["generator"] == "latte") & (before["metric"] == "fed_frame")]["mean"]
    now = compared.table2.query("generator == 'latte' and metric == 'fed_frame'")["mean"]
    assert now.to_numpy() == pytest.approx(distance.to_numpy(float), rel=1e-3), "a third pool moves no other"


def test_every_pool_is_held_against_the_first(compared: Compared) -> None:
    found = ablation.gaps(compared.runs)
    assert list(found) == ["latte", TOY]
    whole = compared.runs[compared.runs["method"] == "whole"].groupby("source")["hard_accuracy"].mean()
    for name, (mean, _, n) in found.items():
        assert mean == pytest.approx(whole[name] - whole["echosyn"]) and n == 2


def test_figures_take_its_label_and_colour(compared: Compared) -> None:
    short = short_names(real="phantom", synthetic="phantom-synthetic")
    held = conditioning(compared.labels)
    matrices = figures.consistency_matrices(label_consistency(compared.labels), held, names=short)
    assert LABEL in {axis.get_title() or axis.get_title(loc="left") for axis in matrices.axes}
    accuracy = figures.pool_accuracy(
        compared.summary,
        pd.read_csv(compared.opened.paths.stage("evaluation") / "constants.csv"),
        names=short,
        data="Phantom",
    )
    assert LABEL in {axis.get_title() or axis.get_title(loc="left") for axis in accuracy.axes}
    far = figures.distances(compared.fidelity, names=short).axes[0]
    assert LABEL in {label.get_text() for label in far.get_yticklabels()}
    assert COLOUR in {to_hex(line.get_color()) for line in far.get_lines()}
    curves = figures.ef_by_request(compared.labels, names=short).axes[0]
    assert COLOUR in {to_hex(line.get_color()) for line in curves.get_lines()}


def test_no_other_file_names_the_toy() -> None:
    folders = (PROJECT / name for name in ("infomotion_lib", "book", "notebooks"))
    files = [file for folder in folders for file in folder.rglob("*") if "_build" not in file.parts]
    read = [file for file in files if file.suffix in (".py", ".md", ".yml", ".ipynb")]
    assert len(read) > 200
    named = [file for file in read if re.search(TOY, file.read_text(encoding="utf-8"), re.IGNORECASE)]
    assert named == []
