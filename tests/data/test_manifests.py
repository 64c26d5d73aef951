"""Manifests: valid, complete, true to the readers, and fail-closed on passing data on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest
from data_folders import EchoFolder

from infomotion_book.levels import Level, level_of
from infomotion_lib.data import manifests
from infomotion_lib.data.echodiffusion import REGISTRY, read_registry
from infomotion_lib.data.manifests import (
    conditions,
    describe,
    manifest_names,
    manifest_path,
    may_redistribute,
    problems,
    read_manifest,
    record_columns,
)
from infomotion_lib.data.volume_tracings import COLUMNS
from infomotion_lib.errors import DataError

NAMES = ["camus", "echodiffusion", "echonet-dynamic", "echonet-synthetic", "latte", "own", "phantom"]


def test_every_data_set_has_its_manifest() -> None:
    assert manifest_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_manifest_is_valid_croissant(name: str) -> None:
    pytest.importorskip("mlcroissant")
    assert problems(name) == []


def test_the_validator_finds_a_broken_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlcroissant")
    broken = read_manifest("phantom")
    del broken["distribution"][1]  # FileList.csv, which a record set reads from
    (tmp_path / "phantom.croissant.json").write_text(json.dumps(broken))
    monkeypatch.setattr(manifests, "MANIFESTS", tmp_path)
    assert problems("phantom")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("echonet-dynamic", False),
        ("camus", False),
        ("latte", False),
        ("echonet-synthetic", True),
        ("echodiffusion", True),
        ("phantom", True),
        ("phantom-synthetic", True),
    ],
)
def test_passing_on_follows_the_terms(name: str, allowed: bool) -> None:
    assert may_redistribute(name) is allowed


def test_passing_on_is_never_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="Did you mean echonet-dynamic"):
        may_redistribute("echonet-dynamics")
    silent = read_manifest("phantom")
    silent["odrl:hasPolicy"] = {
        "@type": "odrl:Set",
        "odrl:permission": [{"odrl:action": "odrl:use", "description": "Any use."}],
    }
    (tmp_path / "phantom.croissant.json").write_text(json.dumps(silent))
    monkeypatch.setattr(manifests, "MANIFESTS", tmp_path)
    assert may_redistribute("phantom") is False
    silent["odrl:hasPolicy"]["odrl:permission"][0] = {
        "odrl:action": "odrl:distribute",
        "description": "Among researchers.",
        "odrl:constraint": {"odrl:rightOperand": ["research"]},
    }
    (tmp_path / "phantom.croissant.json").write_text(json.dumps(silent))
    assert may_redistribute("phantom") is False
    del silent["odrl:hasPolicy"]
    (tmp_path / "phantom.croissant.json").write_text(json.dumps(silent))
    with pytest.raises(DataError, match="odrl:hasPolicy"):
        may_redistribute("phantom")


@pytest.mark.parametrize(("name", "free"), [("phantom", Level.EVERYTHING), ("echodiffusion", Level.LINES)])
def test_the_publishing_guard_obeys_the_manifest(
    name: str, free: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert level_of([name]) is free
    gated = read_manifest(name)
    gated["odrl:hasPolicy"]["odrl:prohibition"] = [
        {"odrl:action": "odrl:distribute", "description": "Not to be passed on."}
    ]
    (tmp_path / f"{name}.croissant.json").write_text(json.dumps(gated))
    monkeypatch.setattr(manifests, "MANIFESTS", tmp_path)
    assert level_of([name]) is Level.AGGREGATES


@pytest.mark.parametrize("name", NAMES)
def test_description_tells_terms_files_tables_and_citation(name: str) -> None:
    text, manifest = describe(name), read_manifest(name)
    for word in (manifest["name"], "licence", "passing on", "FileList.csv", "cite", "Split"):
        assert word in text
    assert ("NOT permitted" in text) is not may_redistribute(name)
    flat = " ".join(text.split())
    assert all(
        " ".join(rule.text.split()) in flat for rule in conditions(name).prohibited + conditions(name).obliged
    )
    assert all(len(line) <= 100 or " " not in line.strip() for line in text.splitlines())


def test_manifests_name_the_columns_that_the_readers_read(
    echo_folder: EchoFolder, tiny_phantom: Path
) -> None:
    columns = list(echo_folder.file_list.columns)
    for name in NAMES:
        wanted = [column for column in columns if name != "own" or column not in ("ESV", "EDV")]
        assert record_columns(name, "FileList") == wanted
    assert (
        record_columns("echonet-dynamic", "VolumeTracings")
        == record_columns("phantom", "VolumeTracings")
        == list(COLUMNS)
    )
    for table in ("FileList", "VolumeTracings", "phantom_truth"):
        assert record_columns("phantom", table) == list(
            pd.read_csv(tiny_phantom / f"{table}.csv", nrows=0).columns
        )
    with pytest.raises(DataError, match="Did you mean FileList"):
        record_columns("phantom", "Filelist")


@pytest.mark.parametrize("name", ["phantom", "echonet-dynamic"])
def test_records_of_a_folder_load_through_its_manifest(tiny_phantom: Path, name: str) -> None:
    """The manifest is not only well-formed: Croissant's own loader reads the tables of a local copy by it."""
    mlcroissant = pytest.importorskip("mlcroissant")
    tables = {
        file: tiny_phantom / file for file in ("FileList.csv", "VolumeTracings.csv", "phantom_truth.csv")
    }
    tables = {file: path for file, path in tables.items() if name == "phantom" or file != "phantom_truth.csv"}
    dataset = mlcroissant.Dataset(jsonld=str(manifest_path(name)), mapping=tables)
    first, expected = next(iter(dataset.records("FileList"))), pd.read_csv(tables["FileList.csv"]).iloc[0]
    assert first["FileList/FileName"] == expected["FileName"].encode() and first[
        "FileList/EF"
    ] == pytest.approx(expected["EF"])
    assert next(iter(dataset.records("VolumeTracings")))["VolumeTracings/Frame"] >= 0


def test_hashes_of_the_open_clips_agree_with_the_registry() -> None:
    files = {entry["name"]: entry for entry in read_manifest("echodiffusion")["distribution"]}
    hashes, addresses = read_registry()
    assert files["counterfactual.csv"]["sha256"] == hashes["csv/counterfactual.csv"]
    assert files["counterfactual.csv"]["contentUrl"] == addresses["csv/counterfactual.csv"]
    assert files["LICENSE"]["sha256"] == hashes["LICENSE"]
    assert files["echodiffusion_registry.txt"]["sha256"] == hashlib.sha256(REGISTRY.read_bytes()).hexdigest()
    assert files["repository"]["sha256"] in addresses["counterfactual/0X100009310A3BD7FC.gif"]


def test_broken_json_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "phantom.croissant.json").write_text("{")
    monkeypatch.setattr(manifests, "MANIFESTS", tmp_path)
    with pytest.raises(DataError, match=r"phantom\.croissant\.json is no JSON"):
        read_manifest("phantom")
