"""Adding something is one room and one line: a toy of each kind, defined here and registered by one line, goes
through the house, and no other file names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import Field

from infomotion_lib.data.records import Dataset, read_dataset
from infomotion_lib.data.video import read_clip
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.evaluation.parameters import EvaluationParameters
from infomotion_lib.evaluation.runs import open_labelled_videos, plan_runs, score_runs
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.parameters import StageParameters, known_names, stage_parameters
from infomotion_lib.paths import PROJECT
from infomotion_lib.regressor.grid import run_grid
from infomotion_lib.reporting.figures.picks import ef_coverage, picks_map
from infomotion_lib.reporting.style import METHOD_COLOURS
from infomotion_lib.representations.ifa.triplets import attach_paths
from infomotion_lib.representations.registry import REPRESENTATIONS, Representation
from infomotion_lib.representations.stage import (
    Represented,
    fit_representations,
    load_representations,
    promised_files,
    read_vectors,
)
from infomotion_lib.representations.vectors import Vectors, write_features
from infomotion_lib.run.runner import notebook_parameters
from infomotion_lib.selection.parameters import SelectionParameters
from infomotion_lib.selection.registry import SELECTORS, ClassPool, Picks, selector
from infomotion_lib.selection.stage import SelectionTables, run_selection
from infomotion_lib.stage_table import TABLE

TOYS = ("zebra", "quokka")


class ZebraParameters(StageParameters):
    """Of the toy representation."""

    zebra_cells: int = Field(3, ge=1, description="cells per side")


@dataclass(frozen=True)
class Zebra:
    """Mean grey of a few cells of the first frame."""

    cells: int

    @property
    def size(self) -> int:
        return self.cells**2

    def vectors(self, videos: pd.DataFrame, *, workers: int, out: Path | None = None) -> Vectors:
        found = {}
        listed = videos.to_dict("records")
        for number, row in enumerate(listed):
            frame = read_clip(row["path"])[0].astype(np.float32)
            rows = np.array_split(frame, self.cells, axis=0)
            cells = [part.mean() for strip in rows for part in np.array_split(strip, self.cells, axis=1)]
            found[number] = np.array(cells, dtype=np.float32)
        table = Vectors.of(listed, found, {}, size=self.size, identity="")
        if out is not None:
            write_features(table, out)
        return table

    def summary(self) -> dict[str, Any]:
        return {"cells": self.cells}


def fit(train: pd.DataFrame, val: pd.DataFrame, *, folder: Path, parameters: Any, device: str) -> Zebra:
    (folder / "zebra.txt").write_text(f"{len(train)} {len(val)}", encoding="utf-8")
    return Zebra(parameters.zebra_cells)


def load(folder: Path, *, parameters: Any, device: str) -> Zebra:
    return Zebra(parameters.zebra_cells)


def brightest(pool: ClassPool, *, budget: int, rng: np.random.Generator) -> Picks:
    index = np.argsort(-pool.vectors.sum(axis=1), kind="stable")[:budget]
    return Picks(index, np.full(budget, -1), pool.vectors.sum(axis=1)[index].astype(float))


@pytest.fixture(scope="module", autouse=True)
def toys() -> Iterator[None]:
    zebra = {"label": "stripes", "colour": "#123456", "files": ("zebra.txt",)}
    parameters = f"{__name__}:ZebraParameters"
    REPRESENTATIONS.add(Representation(name="zebra", module=__name__, parameters=parameters, **zebra))  # type: ignore[arg-type]
    selector("quokka", on="zebra", label="Brightest", colour="#654321", marker="h")(brightest)
    yield
    SELECTORS.remove("quokka")
    REPRESENTATIONS.remove("zebra")


@pytest.fixture(scope="module")
def dataset(tiny_phantom: Path) -> Dataset:
    return read_dataset(tiny_phantom, name="phantom")


@pytest.fixture(scope="module")
def index(dataset: Dataset) -> pd.DataFrame:
    return build_frame_index(dataset, source="real", parameters=FrameIndexParameters())


@pytest.fixture(scope="module")
def stage02(dataset: Dataset, index: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stage02")
    made = represent(dataset, index, folder, representations=["zebra"], zebra_cells=4)
    assert made.summary() == {"cells": 4} and made.vectors["zebra"].size == 16
    return folder


def represent(dataset: Dataset, index: pd.DataFrame, folder: Path, **values: Any) -> Represented:
    parameters = stage_parameters("ifa_training", values)
    rows = attach_paths(index, {"real": dataset})
    return fit_representations(rows, teacher="real", folder=folder, parameters=parameters)


@pytest.fixture(scope="module")
def tables(index: pd.DataFrame, stage02: Path) -> SelectionTables:
    methods = ["random", "quokka", "infomotion_zebra", "kmeans_zebra"]
    values = {"representations": ["zebra"], "methods": methods, "vpc": [2], "n_runs": 1}
    parameters = stage_parameters("graph_selection", values | {"infomap_trials": 1, "health_resamples": 0})
    assert isinstance(parameters, SelectionParameters)
    return run_selection(index, read_vectors(parameters.representations, stage02), parameters=parameters)


def test_a_representation_goes_through_stage_02(stage02: Path) -> None:
    assert sorted(file.name for file in stage02.iterdir()) == ["zebra.txt", "zebra_features.npz"]
    assert (stage02 / "zebra.txt").read_text(encoding="utf-8") == "20 5", "TRAIN teaches, VAL chooses"
    promised = TABLE["ifa_training"].outputs_of({"representations": ("zebra",)})
    assert promised == ("zebra.txt", "zebra_features.npz", "summary.json")
    assert promised_files({})[-2:] == ("motion_features.npz", "appearance_features.npz")
    again = load_representations(["zebra"], stage02, parameters=ZebraParameters(), device="cpu")
    assert again["zebra"].size == 9


def test_its_parameters_are_known_and_need_not_stand_in_the_notebook() -> None:
    assert "zebra_cells" in known_names()
    namespace = stage_parameters("ifa_training", {}).model_dump()
    del namespace["zebra_cells"]
    assert notebook_parameters("ifa_training", namespace).zebra_cells == 3  # type: ignore[attr-defined]
    del namespace["workers"]
    with pytest.raises(ParameterError, match="does not set: workers"):
        notebook_parameters("ifa_training", namespace)
    with pytest.raises(ParameterError, match="unknown representation; Did you mean zebra"):
        stage_parameters("ifa_training", {"representations": ["zebr"]})


def test_selectors_choose_by_it(tables: SelectionTables) -> None:
    counts = tables.selections.groupby("method", sort=False).size().to_dict()
    assert counts == {"random": 10, "quokka": 10, "infomotion_zebra": 10, "kmeans_zebra": 10}
    assert set(tables.graph_report["feature"]) == {"zebra"}
    graphs = tables.selections.set_index("method")["graph"]
    assert set(graphs["infomotion_zebra"]) == {"knn"} and set(graphs["quokka"]) == {""}


def test_a_selector_without_its_vectors_says_what_to_do(index: pd.DataFrame, stage02: Path) -> None:
    asked = {"representations": ["zebra"], "methods": ["infodist"]}
    with pytest.raises(ParameterError, match="put appearance into representations"):
        stage_parameters("graph_selection", asked)
    parameters = SelectionParameters(representations=("zebra", "appearance"), methods=("infodist",))
    with pytest.raises(ParameterError, match=r"no vectors of the representation appearance[\s\S]*stage 02"):
        run_selection(index, read_vectors(["zebra"], stage02), parameters=parameters)


def test_networks_are_trained_on_its_picks(
    dataset: Dataset, index: pd.DataFrame, tables: SelectionTables, tmp_path: Path
) -> None:
    small = {"clip_frames": 4, "batch_size": 4, "test_clips": 1, "steps_whole": 1, "steps_selected": 1}
    plan = EvaluationParameters(workers=1, **small)  # type: ignore[arg-type]
    labelled = open_labelled_videos({"real": dataset}, index, folder=tmp_path, parameters=plan)
    jobs = plan_runs(labelled, tables.selections, parameters=plan)
    answers = run_grid(
        jobs, stores=labelled.stores, test=labelled.test, parameters=plan, folder=tmp_path, device="cpu"
    )
    runs = score_runs(answers, tolerance=plan.soft_tolerance)
    assert runs["method"].tolist() == ["whole", *dict.fromkeys(tables.selections["method"])]


def test_figures_take_its_label_and_colour(index: pd.DataFrame, tables: SelectionTables) -> None:
    own = index[index["split"] == "TRAIN"].reset_index(drop=True)
    chosen = tables.selections.query("method == 'quokka'")["file_name"]
    picked = own["file_name"].isin(chosen).to_numpy()
    figure = ef_coverage(own["ef"].to_numpy(), {"quokka": own.loc[picked, "ef"].to_numpy()})
    labels = {label.get_text() for axis in figure.axes for label in axis.get_yticklabels()}
    assert "Brightest" in labels
    place = np.random.default_rng(0).normal(size=(len(own), 2))
    drawn = picks_map(place, own["class_name"].to_numpy(), {"quokka": picked, "kmeans_zebra": picked})
    titles = {axis.get_title() or axis.get_title(loc="left") for axis in drawn.axes}
    assert {" ".join(title.split()) for title in titles} == {
        "Brightest",
        "K-means on stripes",
    }
    assert METHOD_COLOURS["quokka"] == "#654321" and METHOD_COLOURS["kmeans_zebra"] == "#123456"


def test_no_other_file_names_the_toys() -> None:
    folders = (PROJECT / name for name in ("infomotion_lib", "book", "notebooks"))
    files = [file for folder in folders for file in folder.rglob("*") if "_build" not in file.parts]
    read = [file for file in files if file.suffix in (".py", ".md", ".yml", ".ipynb")]
    assert len(read) > 200
    named = [file for file in read if any(toy in file.read_text(encoding="utf-8") for toy in TOYS)]
    assert named == []


@pytest.fixture
def vectors_file(index: pd.DataFrame, tmp_path: Path) -> Path:
    path = tmp_path / "mine.npz"
    save(path, index["file_name"].to_numpy(dtype=str))
    return path


def save(path: Path, names: np.ndarray, **changes: np.ndarray) -> None:
    features = np.random.default_rng(0).normal(size=(len(names), 5))
    np.savez(path, **({"file_name": names, "features": features} | changes))  # type: ignore[arg-type]


def bring(dataset: Dataset, index: pd.DataFrame, path: Path) -> Represented:
    return represent(dataset, index, path.parent, representations=["own"], vectors=str(path))


def test_vectors_of_ones_own_are_a_representation(
    dataset: Dataset, index: pd.DataFrame, vectors_file: Path
) -> None:
    made = bring(dataset, index, vectors_file)
    assert made.vectors["own"].size == 5 and len(made.missing()) == 0
    values = {
        "representations": ["own"],
        "methods": ["infomotion_own", "kmeans_own"],
        "vpc": [1],
        "n_runs": 1,
    }
    parameters = stage_parameters("graph_selection", values | {"infomap_trials": 1, "health_resamples": 0})
    assert isinstance(parameters, SelectionParameters)
    picks = run_selection(index, read_vectors(["own"], vectors_file.parent), parameters=parameters).selections
    assert picks.groupby("method").size().to_dict() == {"infomotion_own": 5, "kmeans_own": 5}
    assert load_representations(["own"], vectors_file.parent, parameters=parameters, device="cpu") == {}


def test_one_video_without_a_vector_is_listed(
    dataset: Dataset, index: pd.DataFrame, vectors_file: Path
) -> None:
    names = index["file_name"].to_numpy(dtype=str)
    save(vectors_file, np.char.add(names[1:], ".avi"))
    missing = bring(dataset, index, vectors_file).missing()
    assert missing.to_numpy().tolist() == [["real", names[0], "no_own_vector"]]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda names: {"features": np.zeros((len(names), 0))}, r"not numbers \(N, D\)"),
        (lambda names: {"features": np.zeros(len(names))}, r"not numbers \(N, D\)"),
        (lambda names: {"features": np.full((len(names), 2), "a")}, "not numbers"),
        (lambda names: {"features": np.zeros((3, 2))}, "do not fit"),
        (lambda names: {"features": np.full((len(names), 2), np.nan)}, "vectors are not finite"),
        (lambda names: {"file_name": np.array([names[0], *names[:-1]])}, "1 names stand twice"),
        (lambda names: {"file_name": np.char.add("other_", names)}, "no vector for 20 of 20 TRAIN"),
        (lambda names: {"file_name": np.array(["stranger", *names[1:]])}, "does not know: stranger"),
    ],
    ids=["no numbers", "flat", "words", "too few", "nan", "twice", "other names", "a stranger"],
)
def test_faulty_files_of_vectors(
    change: Any, why: str, dataset: Dataset, index: pd.DataFrame, vectors_file: Path
) -> None:
    names = index.sort_values("split")["file_name"].to_numpy(dtype=str)  # the first is a TEST video
    save(vectors_file, names, **change(names))
    with pytest.raises(DataError, match=why):
        bring(dataset, index, vectors_file)


def test_a_file_that_is_none(dataset: Dataset, index: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Not a file of vectors: .*absent\.npz"):
        bring(dataset, index, tmp_path / "absent.npz")
    np.savez(tmp_path / "nameless.npz", features=np.zeros((2, 2)))
    with pytest.raises(DataError, match=r"Not a file of vectors[\s\S]*file_name"):
        bring(dataset, index, tmp_path / "nameless.npz")
    for values in ({"vectors": "mine.npz"}, {"representations": ["motion", "own"]}):
        with pytest.raises(ParameterError, match="own vectors are"):
            stage_parameters("ifa_training", values)


def test_one_name_in_two_sources_needs_a_source(index: pd.DataFrame, vectors_file: Path) -> None:
    from infomotion_lib.representations.own.file import load as read_own
    from infomotion_lib.representations.own.parameters import OwnParameters

    parameters = OwnParameters.model_construct(vectors=str(vectors_file), limit=0)
    own = read_own(vectors_file.parent, parameters=parameters, device="cpu")
    both = pd.concat([index, index.assign(source="synthetic")], ignore_index=True)
    with pytest.raises(DataError, match="Add an array source"):
        own.vectors(both, workers=1)
