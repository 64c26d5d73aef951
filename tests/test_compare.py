"""A run beside the frozen results of its profile."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from infomotion_lib import frozen as frozen_files
from infomotion_lib import machine
from infomotion_lib.errors import StageError
from infomotion_lib.paths import run_paths
from infomotion_lib.provenance import read_json, sha256, start_stage, write_csv, write_json
from infomotion_lib.reporting.compare import comparison_text, difference_in_words
from infomotion_lib.reporting.difference import PINS, SUMS, Side, first_difference
from infomotion_lib.reporting.results import Results
from infomotion_lib.run import cli

COLUMNS = ["source", "method", "graph", "vpc", "metric", "mean", "sd", "n"]


def run_in(folder: Path, *, mean: float, data: str) -> Results:
    paths = run_paths("phantom", folder)
    run = start_stage("data", paths.data, parameters={})
    (paths.data / "FileList.csv").write_text(data, encoding="utf-8")
    run.finish([paths.data / "FileList.csv"])
    table = pd.DataFrame(
        [
            ("real", "whole", "", 0, "hard_accuracy", 75.0, 1.0, 5),
            ("real", "infomotion", "knn", 5, "hard_accuracy", mean, 2.0, 5),
            ("real", "infomotion", "knn", 5, "mae", 9.0, 1.0, 5),
        ],
        columns=COLUMNS,
    )
    evaluation = start_stage("evaluation", paths.stage("evaluation"), parameters={})
    evaluation.finish([write_csv(table, paths.stage("evaluation") / "table1.csv")])
    return Results("phantom", paths.root)


def test_cells_meet_by_name_and_equal_files_are_counted(tmp_path: Path) -> None:
    frozen = run_in(tmp_path / "frozen", mean=48.5, data="same")
    own = run_in(tmp_path / "own", mean=51.0, data="same")
    text, cells = comparison_text(frozen, own)
    assert cells["difference"].tolist() == [0.0, 2.5], "one row a cell, hard accuracy alone"
    assert "48.5 ± 2.0" in text
    assert "+2.5" in text
    assert "data 1 of 1, evaluation 0 of 1" in text


def test_other_data_are_seen(tmp_path: Path) -> None:
    text, _ = comparison_text(
        run_in(tmp_path / "a", mean=1.0, data="one"), run_in(tmp_path / "b", mean=1.0, data="two")
    )
    assert "data 0 of 1, evaluation 1 of 1" in text


def test_a_side_without_table_1_is_named(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="There is no Table 1") as caught:
        comparison_text(run_in(tmp_path, mean=1.0, data=""), Results("phantom", tmp_path / "nowhere"))
    assert "nowhere" in str(caught.value)
    assert "make reproduce" in str(caught.value)


def test_without_cards_of_the_data_their_equality_is_not_claimed(tmp_path: Path) -> None:
    sides = [run_in(tmp_path / name, mean=1.0, data="same") for name in ("frozen", "own")]
    assert "All stages that both runs hold are equal" in comparison_text(*sides)[0]
    for side in sides:
        (side.folder("data") / "run_card.json").unlink()
    text, _ = comparison_text(*sides)
    assert "equal to the byte: 4 · Evaluation." in text and "video" not in text and "Data" not in text


def card(stage: str, **changes: Any) -> dict[str, Any]:
    """A made-up run card: parameters, code, versions and machine are the same on each unless said
    otherwise.
    """
    told = {"processor": "AMD EPYC", "vendor": "AMD", "family": "25", "model": "1", "stepping": "1", "instructions": ["avx2"], "gpu": "",
            "cores": 2, "variables": {}, "cxx_library": "libstdc++.so.6"}  # fmt: skip
    plain = {
        "stage": stage,
        "git": {"commit": "a" * 40, "dirty": False},
        "parameters": {"profile": "phantom", "real_data": "phantom", "workers": 2, "knn_k": 8},
        "outputs": {f"runs/phantom/{stage}/table.csv": "0"},
        "device": "cpu",
        "python": "3.11.7",
        "packages": {"numpy": "2.4.6", "torch": "2.13.0"},
        "code": {"science": "1", "figures": "1", "notebook": "1"},
        "machine": told,
        "notes": {"phantom_edition": {"phantom": 2}} if stage == "data" else {},
    }
    return plain | changes


PINNED = {
    "phantom": {"FileList.csv": "l", "videos": 4, SUMS: "v"},
    "phantom-synthetic": {"FileList.csv": "m", "videos": 4, SUMS: "w"},
}


def run_of(*, pins: dict[str, Any] | None = None, videos: dict[str, str] | None = None, data: dict[str, Any] | None = None,
           labels: dict[str, Any] | None = None) -> Side:  # fmt: skip
    """A run of two stages, as its cards tell it."""
    pins = PINNED if pins is None else pins
    outputs = {"x/data/phantom/FileList.csv": "l", f"x/data/{PINS}": str(sorted(map(str, pins.items())))}
    cards = {
        "data": card("data", **{"outputs": outputs} | (data or {})),
        "labels": card("labels", **(labels or {})),
    }
    return Side(cards, pins, videos or {})


OTHER = {"outputs": {"runs/phantom/labels/table.csv": "1"}}
ELSEWHERE = {**card("x")["machine"], "family": "26", "instructions": ["avx2", "avx512f"]}
CODE = card("x")["code"]
SLOWER = {**card("x")["machine"], "variables": {"ATEN_CPU_CAPABILITY": "avx2"}}


def videos_of(**digests: str) -> dict[str, Any]:
    return {
        name: PINNED[name] | {SUMS: digests.get(name.replace("-", "_"), PINNED[name][SUMS])}
        for name in PINNED
    }


ALL_EQUAL = "equal: the parameters, the code, the versions of packages."
CASES: dict[str, tuple[Side, str, list[str], str]] = {
    "nothing": (
        run_of(),
        "",
        [],
        "All stages that both runs hold are equal to the byte, the videos too: Data, Relabelling.",
    ),
    "videos": (
        run_of(pins=videos_of(phantom_synthetic="z")),
        "data",
        ["data"],
        (
            "is Data, other videos in phantom-synthetic: nothing else that the cards record differs; equal:"
            " the parameters, the code"
        ),
    ),
    "videos since": (
        run_of(videos={"phantom": "v", "phantom-synthetic": "moved"}),
        "data",
        ["data"],
        "videos of phantom-synthetic here that are not as",
    ),
    "videos by processor": (
        run_of(pins=videos_of(phantom="z"), data={"machine": ELSEWHERE}),
        "data",
        ["data", "machine"],
        (
            "other videos in phantom: of what the cards record, only the machine (AMD EPYC (family 25, model"
            f" 1, AVX2) there, AMD EPYC (family 26, model 1, AVX-512) here) differs; {ALL_EQUAL}"
        ),
    ),
    "list": (
        run_of(
            data={
                "outputs": {"x/data/phantom/FileList.csv": "k", f"x/data/{PINS}": "k"},
                "parameters": {"phantom_seed": 1, **card("x")["parameters"]},
            }
        ),
        "data",
        ["data", "parameters"],
        (
            "other bytes in phantom/FileList.csv: of what the cards record, only the parameters (phantom_seed"
            " absent there, 1 here) differ;"
        ),
    ),
    "edition": (
        run_of(pins=videos_of(phantom="z"), data={"notes": {}}),
        "data",
        ["data"],
        "edition 2 of the phantom there, edition 1 here",
    ),
    "parameters": (
        run_of(labels=OTHER | {"parameters": {"knn_k": 9, "real_data": "phantom", "workers": 64}}),
        "labels",
        ["parameters"],
        (
            "other bytes in labels/table.csv: of what the cards record, only the parameters (knn_k 8 there, 9"
            " here) differ; equal: the code"
        ),
    ),
    "code": (
        run_of(labels=OTHER | {"code": CODE | {"science": "2"}}),
        "labels",
        ["code"],
        "the code (commit aaaaaaaaaaaa there",
    ),
    "notebook": (
        run_of(labels=OTHER | {"code": CODE | {"notebook": "2"}}),
        "labels",
        ["code"],
        "only the code (commit aaaaaaaaaaaa there",
    ),
    "figures decide nothing": (
        run_of(labels=OTHER | {"code": CODE | {"figures": "2"}}),
        "labels",
        ["unexplained"],
        "not explained",
    ),
    "versions": (
        run_of(labels=OTHER | {"packages": {"numpy": "2.4.7", "torch": "2.13.0"}}),
        "labels",
        ["versions"],
        "only the versions of packages (numpy 2.4.6 there, 2.4.7 here) differ;",
    ),
    "Python": (
        run_of(labels=OTHER | {"python": "3.11.9"}),
        "labels",
        ["versions"],
        "(Python 3.11.7 there, 3.11.9 here)",
    ),
    "processor": (
        run_of(labels=OTHER | {"machine": ELSEWHERE}),
        "labels",
        ["machine"],
        (
            "only the machine (AMD EPYC (family 25, model 1, AVX2) there, AMD EPYC (family 26, model 1,"
            f" AVX-512) here) differs; {ALL_EQUAL}"
        ),
    ),
    "arithmetic": (
        run_of(labels=OTHER | {"machine": SLOWER}),
        "labels",
        ["machine"],
        "only the machine (ATEN_CPU_CAPABILITY unset there, avx2 here) differs",
    ),
    "device": (
        run_of(labels=OTHER | {"device": "cuda"}),
        "labels",
        ["machine"],
        "only the machine (device cpu there, cuda here) differs",
    ),
    "unexplained": (
        run_of(labels=OTHER),
        "labels",
        ["unexplained"],
        (
            "other bytes in labels/table.csv: nothing that the cards record differs, so it is not explained;"
            " equal: the parameters, the code, the versions of packages, the machine."
        ),
    ),
    "two at once": (
        run_of(labels=OTHER | {"machine": ELSEWHERE, "packages": {"numpy": "1", "torch": "2.13.0"}}),
        "labels",
        ["versions", "machine"],
        "of what the cards record, the versions of packages (numpy 2.4.6 there, 1 here); the machine (",
    ),
}


@pytest.mark.parametrize(("own", "stage", "kinds", "said"), list(CASES.values()), ids=list(CASES))
def test_the_first_stage_that_differs_and_why(own: Side, stage: str, kinds: list[str], said: str) -> None:
    found = first_difference(run_of(), own)
    assert (found.stage, [reason.kind for reason in found.reasons]) == (stage, kinds)
    assert found.kind == (kinds[0] if kinds else "")
    assert said in difference_in_words(found)
    assert not found.unknown, found.unknown


@pytest.mark.parametrize(
    ("changes", "kinds", "said"),
    [
        (
            {"cxx_library": "libc++.1.dylib"},
            ["platform"],
            "Other platform: 3 · Graphs and selection has other bytes in graph_selection/communities.csv"
            " (cxx_library libstdc++.so.6 there, libc++.1.dylib here; equal: the parameters, the code, the"
            " versions of packages). Infomap's random draws depend on the C++ library",
        ),
        ({}, ["machine"], "only the machine ("),
        (
            {"cxx_library": "libc++.1.dylib", "knn_k": 16},
            ["parameters", "machine"],
            "The first stage that differs",
        ),
    ],
    ids=["platform", "processor alone", "a parameter too"],
)
def test_other_communities_on_another_platform_are_called_so(
    changes: dict[str, Any], kinds: list[str], said: str
) -> None:
    stage, knn_k = "graph_selection", changes.get("knn_k", 8)
    library = {"cxx_library": changes.get("cxx_library", "libstdc++.so.6")}
    frozen, own = (
        card(
            stage,
            outputs={f"runs/phantom/{stage}/communities.csv": hashed},
            machine=ELSEWHERE | more,
            parameters={"knn_k": k},
        )
        for hashed, more, k in (
            ("0", {"cxx_library": "libstdc++.so.6", "family": "25"}, 8),
            ("1", library, knn_k),
        )
    )
    if kinds == ["platform"]:
        frozen["machine"]["family"] = own["machine"]["family"]
    found = first_difference(Side({stage: frozen}), Side({stage: own}))
    assert [reason.kind for reason in found.reasons] == kinds
    assert said in difference_in_words(found)


def unfrozen(side: Side) -> Side:
    """The same, as results that were frozen without the file that pins the videos."""
    return replace(side, pins={}, videos={})


def test_videos_are_compared_by_the_hash_of_their_pins_where_the_frozen_side_keeps_no_more() -> None:
    same = first_difference(unfrozen(run_of()), run_of())
    assert same.stage == "" and same.videos, "equal hashes of what pins the videos: equal videos"
    other = first_difference(unfrozen(run_of()), run_of(pins=videos_of(phantom="z")))
    assert other.kind == "data" and "of which data set is not known" in other.detail
    code = {"code": {"science": "2", "figures": "1", "notebook": "1"}}
    maybe = first_difference(unfrozen(run_of()), run_of(pins=videos_of(phantom="z"), data=code))
    assert maybe.kind == "code" and not maybe.videos, "other code may write another record of equal videos"
    assert maybe.unknown == (f"videos, since {PINS} is not at hand for both runs",)
    assert "Not compared: videos" in difference_in_words(maybe)
    moved = first_difference(unfrozen(run_of()), run_of(videos={"phantom": "moved"}))
    assert moved.kind == "data" and "videos of phantom here" in moved.detail


def test_videos_that_nobody_hashed_are_not_called_equal() -> None:
    own = {"echonet-dynamic": {"FileList.csv": "l", "videos": 9}}
    found = first_difference(run_of(pins=own), run_of(pins=own))
    assert found.stage == "" and not found.videos
    told = difference_in_words(found)
    assert (
        "videos too" not in told
        and "Not compared: videos of echonet-dynamic, which the data stage did not hash." in told
    )


def test_a_name_alone_does_not_make_two_processors_one() -> None:
    old = {name: value for name, value in card("labels").items() if name != "machine"} | {
        "processor": "AMD EPYC",
        "gpu": "",
    }
    frozen = replace(run_of(), cards={"labels": old})
    found = first_difference(frozen, replace(run_of(labels=OTHER), cards={"labels": card("labels", **OTHER)}))
    assert found.kind == "unexplained" and "machine" not in found.equal
    assert any("“AMD EPYC”, a name that several kinds share" in text for text in found.unknown)
    intel = card("labels", **OTHER, machine={**ELSEWHERE, "processor": "Xeon"})
    named = first_difference(frozen, replace(run_of(), cards={"labels": intel}))
    assert named.kind == "machine" and "processor AMD EPYC there, Xeon here" in named.detail


def test_what_a_card_does_not_tell_is_not_called_equal() -> None:
    fewer = {"packages": {"numpy": "2.4.6"}}
    found = first_difference(run_of(), run_of(labels=OTHER | fewer | {"machine": ELSEWHERE}))
    assert found.unknown == ("versions of torch, which one card alone names",)
    assert [reason.kind for reason in found.reasons] == [
        "machine"
    ] and "only the machine" not in difference_in_words(found)
    python = {
        "python": "3.12.1",
        "code": {"science": "9", "figures": "9", "notebook": "9"},
    }  # other hashes of the same commit
    assert first_difference(run_of(), run_of(labels=OTHER | python)).kind == "versions"
    bare = [{k: v for k, v in card("labels", **more).items() if k != "code"} for more in ({}, OTHER)]
    told = first_difference(Side({"labels": bare[0]}), Side({"labels": bare[1]}))
    assert "code" in told.equal, "without hashes one clean commit says it"
    dirty = [{**one, "git": {"commit": "a" * 40, "dirty": True}} for one in bare]
    told = first_difference(Side({"labels": dirty[0]}), Side({"labels": dirty[1]}))
    assert "code" not in told.equal and told.unknown[0].startswith("code, of which the cards tell neither")
    later = {**bare[1], "git": {"commit": "b" * 40, "dirty": False}}
    assert first_difference(Side({"labels": bare[0]}), Side({"labels": later})).kind == "code"
    alone = first_difference(run_of(), replace(run_of(), cards={"data": run_of().cards["data"]}))
    assert alone.stages == ("data",) and alone.unknown == (
        "labels, which one of the two runs has not finished",
    )


def test_videos_are_hashed_as_they_lie_there(tmp_path: Path) -> None:
    frozen, own = (run_in(tmp_path / name, mean=1.0, data="same") for name in ("frozen", "own"))
    for side in (frozen, own):
        folder = side.folder("data")
        (folder / "phantom/Videos").mkdir(parents=True)
        (folder / "phantom/Videos/a.avi").write_bytes(b"moving pictures")
        (folder / "phantom" / SUMS).write_text(
            f"{sha256(folder / 'phantom/Videos/a.avi')}  a.avi\n", encoding="utf-8"
        )
        pins = write_json({"phantom": {"videos": 1, SUMS: sha256(folder / "phantom" / SUMS)}}, folder / PINS)
        start_stage("data", folder, parameters={}).finish([folder / "FileList.csv", pins])
    shutil.rmtree(frozen.folder("data") / "phantom")
    (frozen.folder("data") / PINS).unlink()
    assert "equal to the byte, the videos too" in comparison_text(frozen, own)[0]
    (own.folder("data") / "phantom/Videos/a.avi").write_bytes(b"other pictures")
    assert (
        "Data, videos of phantom here that are not as their data stage left them"
        in comparison_text(frozen, own)[0]
    )
    (own.folder("data") / "phantom/Videos/a.avi").unlink()
    assert "videos of phantom here" in comparison_text(frozen, own)[0], (
        "a video that is gone is not an equal one"
    )


def test_the_command_writes_both_machines_beside_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen_files, "FROZEN", tmp_path / "frozen")
    sides = {
        name: run_in(tmp_path / folder, mean=1.0, data="same")
        for name, folder in (("frozen", "frozen"), ("own", "runs"))
    }
    told = CliRunner().invoke(
        cli.app, ["compare", "--runs-dir", str(tmp_path / "runs"), "--out", str(tmp_path / "two.csv")]
    )
    assert told.exit_code == 0, told.output
    beside = read_json(tmp_path / "two.json")
    assert beside == {name: machine.of_card(side.card("evaluation")) for name, side in sides.items()}
    assert beside["own"]["architecture"]
