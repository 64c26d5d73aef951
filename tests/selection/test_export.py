"""Passing a selection on: a data set that reads like any other, and a refusal where the source forbids it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from infomotion_lib.data.records import Dataset, read_dataset
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.provenance import sha256
from infomotion_lib.selection.export import Cell, export_distilled, published_selection
from infomotion_lib.selection.registry import SELECTORS


@pytest.fixture(scope="module")
def phantom(tiny_phantom: Path) -> Dataset:
    return read_dataset(tiny_phantom, name="phantom")


@pytest.fixture(scope="module")
def selections(phantom: Dataset) -> pd.DataFrame:
    names = phantom.usable.query("split == 'TRAIN'")["file_name"].head(4).tolist()
    rows = [
        {
            "source": "real",
            "method": method,
            "graph": graph,
            "vpc": 1,
            "selection_seed": seed,
            "class_name": "mild",
            "file_name": name,
        }
        for method, graph in (("random", ""), ("infomotion", "knn"))
        for seed in (0, 1)
        for name in (names[seed * 2 : seed * 2 + 2] if method == "random" else names[:2])
    ]
    return pd.DataFrame(rows).assign(
        graph_flag=lambda table: table["graph"].map({"": "", "knn": "collapsed"})
    )


def labels(dataset: Dataset, *, shift: float = 0.0) -> pd.Series:
    return dataset.videos.set_index("file_name")["ef"] + shift


def test_the_exported_folder_is_a_data_set(
    phantom: Dataset, selections: pd.DataFrame, tmp_path: Path
) -> None:
    picks = Cell("real", "infomotion", vpc=1).rows(selections)
    folder = export_distilled(
        picks,
        phantom,
        folder=tmp_path / "out",
        labels=labels(phantom),
        settings={"method": "infomotion", "vpc": 1},
    )
    read = read_dataset(folder, layout="echonet-dynamic", strict=True)
    assert sorted(read.videos["file_name"]) == sorted(picks["file_name"])
    assert set(read.videos["split"]) == {"TRAIN"} and (read.videos["status"] == "ok").all()
    pd.testing.assert_series_equal(
        read.videos.set_index("file_name")["ef"].sort_index(),
        labels(phantom)[picks["file_name"]].sort_index(),
        atol=1e-6,
    )
    assert read.tracings is not None and set(read.tracings["FileName"]) == set(picks["file_name"])
    source = phantom.videos.set_index("file_name")["path"]
    for name in picks["file_name"]:
        assert (folder / "Videos" / f"{name}.avi").read_bytes() == Path(source[name]).read_bytes()
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        value, name = line.split("  ")
        assert sha256(folder / name) == value
    card = (folder / "README.md").read_text()
    assert "| graph health | collapsed |" in card and "not healthy" in card and "phantom" in card
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_its_croissant_manifest_is_valid(phantom: Dataset, selections: pd.DataFrame, tmp_path: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    picks = Cell("real", "random", vpc=1, selection_seed=1).rows(selections)
    folder = export_distilled(
        picks, phantom, folder=tmp_path / "out", labels=labels(phantom), settings={"method": "random"}
    )
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    assert len(list(dataset.records("FileList"))) == 2


def test_relabelled_ef_stands_beside_the_requested_one(
    phantom: Dataset, selections: pd.DataFrame, tmp_path: Path
) -> None:
    picks = Cell("real", "random", vpc=1).rows(selections)
    folder = export_distilled(
        picks, phantom, folder=tmp_path / "out", labels=labels(phantom, shift=1.5), settings={}
    )
    table = pd.read_csv(folder / "FileList.csv")
    assert (table["EF"] - table["RequestedEF"]).to_numpy() == pytest.approx([1.5, 1.5], abs=1e-5)


@pytest.mark.parametrize(
    ("name", "why"), [("echonet-dynamic", "may not be passed on"), ("nobody-knows", "No manifest")]
)
def test_a_source_that_forbids_copies_is_refused(
    phantom: Dataset, selections: pd.DataFrame, tmp_path: Path, name: str, why: str
) -> None:
    gated = replace(phantom, name=name)
    picks = Cell("real", "random", vpc=1).rows(selections)
    with pytest.raises(DataError, match=why):
        export_distilled(picks, gated, folder=tmp_path / "out", labels=labels(phantom), settings={})
    with pytest.raises(DataError, match=why):
        published_selection(selections, gated, source="real")
    assert not list(tmp_path.iterdir())


def test_a_full_folder_and_a_lost_video_are_refused(
    phantom: Dataset, selections: pd.DataFrame, tmp_path: Path
) -> None:
    picks = Cell("real", "random", vpc=1).rows(selections)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="holds something already"):
        export_distilled(picks, phantom, folder=tmp_path / "full", labels=labels(phantom), settings={})
    with pytest.raises(DataError, match="not in phantom, such as ghost"):
        export_distilled(
            picks.assign(file_name="ghost"),
            phantom,
            folder=tmp_path / "out",
            labels=labels(phantom),
            settings={},
        )
    assert (tmp_path / "full" / "mine.txt").read_text() == "keep" and not (tmp_path / "out").exists()


def test_published_selections_name_and_hash_each_video_once(
    phantom: Dataset, selections: pd.DataFrame
) -> None:
    table = published_selection(selections, phantom, source="real")
    assert len(table) == 4 + 2  # random draws twice, infomotion returns
    assert set(table.loc[table["method"] == "infomotion", "selection_seeds"]) == {"0 1"}
    assert table["sha256"].str.fullmatch("[0-9a-f]{64}").all()
    source = phantom.videos.set_index("file_name")["path"]
    assert table["sha256"][0] == sha256(source[table["file_name"][0]])


def test_a_set_that_was_not_selected_is_named(selections: pd.DataFrame) -> None:
    assert "herding_ef" in SELECTORS
    with pytest.raises(ParameterError, match="nothing with method = infomoton\nDid you mean infomotion"):
        Cell("real", "infomoton", vpc=1).rows(selections)
    with pytest.raises(ParameterError, match="vpc = 7"):
        Cell("real", "random", vpc=7).rows(selections)
