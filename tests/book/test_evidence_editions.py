"""Rows of two editions of the phantom: published apart, read together where a page needs both."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path

import pytest

from infomotion_book.evidence import find_evidence, fragments, values, worlds
from infomotion_lib.phantom.plan import EDITION
from infomotion_lib.studies.selectors import rows
from infomotion_lib.studies.selectors.arms import EQUAL_STEPS, MAIN, WHOLE, WORLDS
from infomotion_lib.studies.selectors.rows import publish, published_folder

sys.path.insert(0, str(Path(__file__).parent.parent / "studies"))
from evidence_rows import made_up


def test_equal_steps_are_read_from_the_edition_that_has_them(tmp_path: Path) -> None:
    earlier = made_up({WHOLE: 30.0}, pools=4)
    earlier.settings.pop("edition")
    publish(earlier, published_folder(1, tmp_path))
    before = find_evidence(tmp_path)
    assert before is not None and values.equal_steps(before) is None
    publish(made_up({WHOLE: 9.0}, pools=4, arms=("equal_steps",)), published_folder(EDITION, tmp_path))
    evidence = find_evidence(tmp_path)
    assert evidence is not None and (equal := values.equal_steps(evidence)) is not None
    assert equal["pools"] == 4 and equal["edition"] == EDITION and 5 < equal["gap"] < 13
    told = fragments(tmp_path)["evidence_headroom"]
    assert f"drawn by edition {EDITION} of the phantom" in told and "not run yet" not in told


def test_ablations_are_read_from_the_later_edition_once_all_its_pools_are_there(tmp_path: Path) -> None:
    publish(made_up({}, pools=12, arms=(MAIN, *WORLDS)), published_folder(1, tmp_path))
    arms, begun = (EQUAL_STEPS, *WORLDS), {"infomotion": 9.0}
    later = published_folder(EDITION, tmp_path)
    publish(made_up(begun, pools=12, arms=arms[:-1]), later)
    before = find_evidence(tmp_path)
    assert before is not None and before.unchanged == MAIN and before.changed is before.tables
    shutil.rmtree(later)
    publish(made_up(begun, pools=12, arms=arms), later)
    evidence = find_evidence(tmp_path)
    assert evidence is not None and evidence.unchanged == EQUAL_STEPS and evidence.changed is evidence.later
    tried = worlds.worlds(evidence)
    assert list(tried) == list(WORLDS) and all(world.holds for world in tried.values())
    assert not any(world.above for world in worlds.worlds(before).values())
    assert {name for name, _ in worlds.moves(evidence)} == set(WORLDS)


def test_rows_are_published_by_edition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "published_folder", partial(published_folder, root=tmp_path))
    for edition, folder in ((1, tmp_path), (2, tmp_path / "edition_2")):
        tables = made_up({}, pools=2)
        tables.settings["edition"] = edition
        assert {path.parent for path in publish(tables)} == {folder}
