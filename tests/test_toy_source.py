"""A data set of one file and one line takes part in a run, under its own name. The notebook of stage 01 reads it
in ``drills/drill_toy_source.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from standin_run import make_run

from infomotion_book.fragments import results_part
from infomotion_book.levels import Level, level_of
from infomotion_book.table1 import table1
from infomotion_lib.data.sources import SOURCES, Source
from infomotion_lib.data.videos import open_sources
from infomotion_lib.errors import ParameterError
from infomotion_lib.files import FILE_LIST, VIDEOS
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.parameter_types import Count
from infomotion_lib.parameters import StageParameters, read_profile, stage_parameters
from infomotion_lib.paths import PROJECT, run_paths
from infomotion_lib.provenance import read_json, read_run_card, sha256
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.table2 import pool_names
from infomotion_lib.run import data
from infomotion_lib.run.runner import run_stage
from infomotion_lib.stage_table import TABLE

NAME = "axolotls"
TOY = Source(
    name=NAME,
    label="toy axolotls",
    phrase="the toy axolotls",
    plays="real",
    layout="echonet-dynamic",
    module=__name__,
    parameters=f"{__name__}:ToyParameters",
    drawn_here=True,
)


class ToyParameters(StageParameters):
    """How the toy is drawn."""

    toys_per_class: Count = 2


def provide(folder: Path, *, plays: str, parameters: StageParameters) -> None:
    """Draw the toy: hearts of the phantom, none of them traced, under names of its own."""
    from infomotion_lib.phantom.dataset import make_dataset
    from infomotion_lib.phantom.plan import PhantomRequest, video_counts

    assert isinstance(parameters, ToyParameters) and plays == "real"
    counts = video_counts(parameters.toys_per_class, 1, (1, 1, 1, 1, 1))
    made = make_dataset(folder.parent / "drawn", PhantomRequest(counts=counts, size=56), progress=False)
    listed = pd.read_csv(made / FILE_LIST)
    (folder / VIDEOS).mkdir(parents=True, exist_ok=True)
    for name in listed["FileName"]:
        (made / VIDEOS / f"{name}.avi").replace(folder / VIDEOS / f"{_toy_name(name)}.avi")
    listed.assign(FileName=listed["FileName"].map(_toy_name)).to_csv(folder / FILE_LIST, index=False)


def _toy_name(name: str) -> str:
    return name.replace("phantom", "axolotl")


@pytest.fixture
def toy() -> Iterator[Source]:
    yield SOURCES.add(TOY)
    SOURCES.remove(NAME)


def test_it_goes_through_the_data_stage_and_the_frame_index(toy: Source, tmp_path: Path) -> None:
    profile = tmp_path / "toys.yml"
    values = {"real_data": NAME, "synthetic_data": "none", "toys_per_class": 3, "runs_dir": str(tmp_path)}
    profile.write_text("".join(f"{name}: {value}\n" for name, value in values.items()), encoding="utf-8")
    paths = run_paths("toys", tmp_path)
    run_stage("data", str(profile))
    videos, parameters = (
        pd.read_csv(paths.videos),
        stage_parameters("frame_index", read_profile(str(profile))),
    )
    dataset = open_sources(parameters, paths)["real"]
    index = build_frame_index(dataset, source="real", parameters=parameters, progress=False)
    assert len(videos) == 5 * (3 + 1 + 1) and set(videos["source"]) == {"real"}
    assert videos["file_name"].str.startswith("axolotl_").all() and (videos["status"] == "ok").all()
    assert index["file_name"].tolist() == videos["file_name"].tolist()
    assert (index["phase_source"] == "detected").sum() > len(index) / 2
    pinned = read_json(paths.pins)[NAME]
    assert pinned["SHA256SUMS"] == sha256(paths.data / NAME / "SHA256SUMS")
    assert read_run_card(paths.data)["parameters"]["toys_per_class"] == 3


def test_it_is_named_with_its_label_and_never_as_another(toy: Source, tmp_path: Path) -> None:
    results = Results("toys", make_run(tmp_path, profile="toys", real=NAME, synthetic="none"))
    assert (results.kind, results.title) == ("toy axolotls", "Toy axolotls (profile toys)")
    assert not results.is_phantom and results.first_source == "real"
    text = results_part(results)
    assert "toy axolotls" in table1(results) and "on the toy axolotls" in text
    assert "phantom" not in table1(results).lower()
    names = pool_names(real=NAME, synthetic="none")
    assert names["latte"].endswith("trained on toy axolotls)")


def test_what_has_no_manifest_is_not_passed_on(toy: Source) -> None:
    assert level_of([NAME]) is Level.AGGREGATES


def test_only_its_module_counts_as_code_of_its_data_stage(toy: Source) -> None:
    assert TABLE["data"].loaded({"real_data": NAME, "synthetic_data": "none"}) == (__name__,)


def test_without_its_line_it_is_unknown() -> None:
    with pytest.raises(ParameterError, match=f"real_data = '{NAME}' is not valid: unknown data set"):
        stage_parameters("data", {"real_data": NAME})
    with pytest.raises(ParameterError, match="toys_per_class"):
        stage_parameters("data", {"toys_per_class": 3})
    assert "toys_per_class" not in read_profile("smoke") and not hasattr(data, NAME)


def test_no_other_file_names_it() -> None:
    files = [
        file
        for folder in ("infomotion_lib", "book", "notebooks", "tests", "data_manifests")
        for file in (PROJECT / folder).rglob("*")
        if file.suffix in {".py", ".ipynb", ".md", ".yml", ".json", ".csv"} and "_build" not in file.parts
    ]
    assert len(files) > 300
    naming = {file.name for file in files if NAME in file.read_text(encoding="utf-8", errors="replace")}
    assert naming == {Path(__file__).name}
