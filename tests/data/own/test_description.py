"""What an author says of the videos: kept beside them, obeyed by the guard, by exports and by names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infomotion_book.freeze import guard_of
from infomotion_book.levels import Level, level_of
from infomotion_lib.data.manifests import describe, label_of, may_redistribute, problems
from infomotion_lib.data.own.description import Description, describe_folder, description_of
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.paths import run_paths
from infomotion_lib.provenance import write_json
from infomotion_lib.reporting.results import Results
from infomotion_lib.run import cli
from infomotion_lib.selection.export import require_permission

OPEN = Description("Clinic A, 2024", "anyone", True, "CC BY 4.0", "Clinic A (2024)")

words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)


@given(st.builds(Description, words, st.sampled_from(["me", "anyone"]), st.booleans(), words, words))
def test_what_is_said_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, description: Description
) -> None:
    folder = tmp_path_factory.mktemp("own")
    describe_folder(folder, description)
    assert description_of(folder) == description
    assert label_of("own", folder) == description.name
    assert may_redistribute("own", folder) is description.copies


def test_it_is_a_valid_manifest_that_tells_the_terms(tmp_path: Path) -> None:
    describe_folder(tmp_path, OPEN)
    text = " ".join(describe("own", tmp_path).split())
    assert all(word in text for word in ("Clinic A, 2024", "CC BY 4.0", "passing on permitted"))
    pytest.importorskip("mlcroissant")
    assert problems("own", tmp_path) == []


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ({}, Level.AGGREGATES),
        ({"frames": "anyone"}, Level.AGGREGATES),
        ({"copies": True, "licence": "CC BY 4.0"}, Level.LINES),
        ({"copies": True, "licence": "CC BY 4.0", "frames": "anyone"}, Level.EVERYTHING),
    ],
)
def test_the_publishing_guard_obeys_the_answers(answers: dict, level: Level, tmp_path: Path) -> None:
    for name in ("own", "own-synthetic"):
        assert level_of([name], {name: [tmp_path / "undescribed"]}) is level_of([name]) is Level.AGGREGATES
    describe_folder(tmp_path, Description("Clinic A", **answers))
    assert level_of(["own"], {"own": [tmp_path]}) is level
    assert level_of(["own"], {"own": [tmp_path, tmp_path / "undescribed"]}) is Level.AGGREGATES


def test_the_guard_takes_the_stricter_of_then_and_now(tmp_path: Path) -> None:
    data, run = tmp_path / "data" / "own", run_paths("clinic", tmp_path / "runs")
    parameters = {"real_data": "own", "synthetic_data": "none", "data_root": str(data.parent)}
    notes = {"called": {"own": OPEN.name}}
    write_json({"parameters": parameters, "notes": notes}, run.data / "run_card.json")
    for folder in (data, run.data / "own"):
        folder.mkdir(parents=True)
        describe_folder(folder, OPEN)
    results = Results("clinic", run.root)
    assert results.kind == OPEN.name and guard_of(results, run).level is Level.EVERYTHING
    describe_folder(data, Description(OPEN.name))
    assert guard_of(results, run).level is Level.AGGREGATES


def test_exports_are_refused_with_the_authors_answer(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Nobody has said that they may"):
        require_permission("own", tmp_path)
    describe_folder(tmp_path, Description("Clinic A"))
    with pytest.raises(DataError, match="Videos of Clinic A may not be passed on") as caught:
        require_permission("own", tmp_path)
    assert "Their description says so" in str(caught.value)
    describe_folder(tmp_path, OPEN)
    require_permission("own", tmp_path)
    with pytest.raises(DataError, match="echonet-dynamic may not be passed on"):
        require_permission("echonet-dynamic", tmp_path)


def test_the_command_takes_answers_from_options_or_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ["data", "describe", str(tmp_path)]
    monkeypatch.setattr("sys.stdin", open("/dev/null", encoding="utf-8"))  # noqa: SIM115, PTH123  # nobody answers
    assert cli.main(folder) == 2
    assert "nobody answers" in capsys.readouterr().err and description_of(tmp_path) is None
    assert cli.main([*folder, "--pass-on"]) == 2
    assert "need a licence" in capsys.readouterr().err and description_of(tmp_path) is None
    assert cli.main([*folder, "--name", "Clinic A", "--frames", "anyone"]) == 0
    assert description_of(tmp_path) == Description("Clinic A", "anyone")
    assert cli.main([*folder, "--frames", "me", "--cite", "us"]) == 0
    assert description_of(tmp_path) == Description("Clinic A", citation="us")
    assert cli.main(["data", "describe", "phantom", "--frames", "me"]) == 2
    assert "only your own videos can be described" in capsys.readouterr().err


def test_wrong_answers_are_refused() -> None:
    for answers, words in (((" ",), "need a name"), (("A", "all"), "Who may see frames: all")):
        with pytest.raises(ParameterError, match=words):
            Description(*answers)
    assert SOURCES["own"].owned and SOURCES["own-synthetic"].owned
