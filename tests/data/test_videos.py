"""``videos.csv``: headers are read once, and later stages see what was read then."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from infomotion_lib.classes import class_name
from infomotion_lib.data import records
from infomotion_lib.data.records import Dataset
from infomotion_lib.data.videos import COLUMNS, open_source, open_sources, read_videos, write_videos
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.files import FILE_LIST, TRACINGS
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.parameters import StageParameters
from infomotion_lib.paths import NOTEBOOKS, PROJECT, RunPaths, run_paths
from infomotion_lib.provenance import sha256, start_stage, write_json
from infomotion_lib.run.runner import run_stage

OPENERS = {"open_source", "read_dataset", "probe"}
"""Functions that read headers."""


@pytest.fixture
def run(tmp_path: Path, tiny_phantom: Path, tiny_synthetic: Path) -> RunPaths:
    """A run whose data stage has listed both tiny phantoms."""
    paths = run_paths("smoke", tmp_path)
    paths.data.mkdir(parents=True)
    (paths.data / "phantom").symlink_to(tiny_phantom)
    (paths.data / "phantom-synthetic").symlink_to(tiny_synthetic)
    write_videos(measured(paths), paths.videos)
    return paths


def measured(paths: RunPaths) -> dict[str, Dataset]:
    names = {"real": "phantom", "synthetic": "phantom-synthetic"}
    return {source: open_source(name, data_dir=paths.data) for source, name in names.items()}


def test_what_is_read_is_what_was_measured(run: RunPaths) -> None:
    table = read_videos(run.videos, profile="smoke")
    assert tuple(table) == COLUMNS and not table["path"].str.startswith("/").any()
    for source, before in measured(run).items():
        after = open_sources(StageParameters(), run)[source]
        pd.testing.assert_frame_equal(
            after.videos[list(before.videos)], before.videos, check_dtype=False, check_exact=True
        )
        assert (after.name, after.root, after.layout) == (before.name, before.root, before.layout)
        assert (after.faults, after.notes) == (before.faults, before.notes)
        if before.tracings is not None:
            pd.testing.assert_frame_equal(after.tracings, before.tracings)


def test_no_header_is_read_after_the_data_stage(run: RunPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    probed: list[Path] = []
    monkeypatch.setattr(records, "probe", lambda path: probed.append(path))
    datasets = open_sources(StageParameters(), run)
    index = build_frame_index(datasets["real"], source="real", parameters=FrameIndexParameters())
    assert len(index) == 35 and not probed
    with pytest.raises(AttributeError):
        measured(run)
    assert len(probed) == 1, "the counter counts"


def calls(source: str) -> set[str]:
    tree = ast.parse(source)
    return {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def stage_code() -> Iterator[tuple[str, str]]:
    for notebook in sorted(NOTEBOOKS.glob("*.ipynb")):
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        yield notebook.name, "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    for room in ("frames", "representations", "selection", "regressor", "evaluation", "studies"):
        for file in sorted((PROJECT / "infomotion_lib" / room).rglob("*.py")):
            yield file.relative_to(PROJECT).as_posix(), file.read_text(encoding="utf-8")


def test_no_later_stage_opens_the_folder_of_a_data_set() -> None:
    """The ablation reads pools, which are made after the data stage; the study of the privacy filter reads
    phantoms that it has drawn itself.
    """
    openers = {name: found for name, source in stage_code() if (found := calls(source) & OPENERS)}
    assert openers == {
        "infomotion_lib/evaluation/ablation.py": {"read_dataset"},
        "infomotion_lib/studies/privacy.py": {"open_source"},
    }


def test_limit_takes_the_first_usable_of_each_class_and_split_and_every_unusable(run: RunPaths) -> None:
    table = read_videos(run.videos, profile="smoke")
    faulty = table.index[(table["source"] == "real") & (table["split"] == "TRAIN")][-1]
    table.loc[faulty, "status"] = "truncated"
    table.to_csv(run.videos, index=False)
    limited = open_sources(StageParameters(limit=1), run)
    real = limited["real"]
    sizes = real.usable.groupby(["split", class_name(real.usable["ef"].to_numpy())]).size()
    assert set(sizes) == {1} and len(sizes) == 15
    assert real.videos["status"].value_counts().to_dict() == {"ok": 15, "truncated": 1}
    whole = open_sources(StageParameters(), run)["real"].usable
    first = whole.groupby([whole["split"], class_name(whole["ef"].to_numpy())]).head(1)
    assert real.usable["file_name"].tolist() == first["file_name"].tolist()
    assert len(limited["synthetic"].videos) == 5


def test_another_limit_than_that_of_the_frame_index_is_refused(tmp_path: Path) -> None:
    paths = run_paths("smoke", tmp_path)
    start_stage("frame_index", paths.stage("frame_index"), parameters={"limit": 3}).finish([])
    with pytest.raises(ParameterError, match="frame index was made with limit = 3"):
        run_stage("03", "smoke", overrides={"runs_dir": str(tmp_path)}, limit=2)


def test_a_video_that_changed_is_named_with_the_remedy(run: RunPaths, tmp_path: Path) -> None:
    table = read_videos(run.videos, profile="smoke")
    table.loc[3, "bytes"] += 1
    table.to_csv(run.videos, index=False)
    with pytest.raises(
        DataError, match=rf"1 videos of phantom .* changed .*{table['file_name'][3]}"
    ) as caught:
        open_sources(StageParameters(), run)
    assert "infomotion run data --profile smoke" in caught.value.remedy


@pytest.mark.parametrize("part", [FILE_LIST, TRACINGS])
def test_a_folder_with_other_lists_than_the_data_stage_read_is_refused(
    run: RunPaths, tmp_path: Path, part: str
) -> None:
    phantom = (run.data / "phantom").resolve()
    write_json({"phantom": {name: sha256(phantom / name) for name in (FILE_LIST, TRACINGS)}}, run.pins)
    assert open_sources(StageParameters(), run)["real"].root == phantom
    (run.data / "phantom").unlink()
    shutil.copytree(phantom, run.data / "phantom")
    open_sources(StageParameters(), run)
    lines = (run.data / "phantom" / part).read_text(encoding="utf-8").splitlines(keepends=True)
    (run.data / "phantom" / part).write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(DataError, match=f"{part} of phantom is not what the data stage read") as caught:
        open_sources(StageParameters(), run)
    assert "infomotion run data --profile smoke" in caught.value.remedy
    (run.data / "phantom" / part).unlink()
    with pytest.raises(DataError):
        open_sources(StageParameters(), run)


def test_a_missing_or_foreign_list_is_one_error(run: RunPaths) -> None:
    for content in ("", "file_name\nx\n", 'a,"b\n'):
        run.videos.write_text(content, encoding="utf-8")
        with pytest.raises(DataError, match="is no list of videos"):
            open_sources(StageParameters(), run)
    run.videos.unlink()
    with pytest.raises(DataError, match="not listed") as caught:
        open_sources(StageParameters(), run)
    assert "infomotion run data --profile smoke" in caught.value.remedy
