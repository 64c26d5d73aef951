"""Several commands do one study: any number of parts gives the same rows, and a killed one alone goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from evidence_rows import made_up

from infomotion_lib.errors import DataError
from infomotion_lib.json_lines import Row, whole_lines
from infomotion_lib.share import Share
from infomotion_lib.studies.rows import RowFile, identity_of
from infomotion_lib.studies.runner import Job, Plan, run
from infomotion_lib.studies.selectors import resume
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.rows import publish, tables_of
from infomotion_lib.studies.selectors.study import run_study

POOLS = 5
made: list[int] = []


def two_rows(task: int, known: list[Row]) -> Iterator[Row]:
    for number in range(len(known), 2):
        made.append(task)
        yield {"number": number, "square": task**2}


def killed(task: int, known: list[Row]) -> Iterator[Row]:
    for row in two_rows(task, known):
        if made[1:]:
            raise KeyboardInterrupt
        yield row


def plan(pools: list[int] | None = None) -> Plan[int]:
    """A study of five pools, or what is left of it."""
    identity = identity_of({}, format=1)
    listed = range(POOLS) if pools is None else pools
    jobs = [Job({"pool": pool}, identity, pool, number=pool) for pool in listed]
    return Plan(jobs, two_rows, label="squares", total=lambda known: 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made.clear()
    return tmp_path / "rows.jsonl"


@pytest.mark.parametrize("count", [1, 3, 7])
def test_any_number_of_parts_gives_the_same_rows(path: Path, count: int) -> None:
    alone = run(plan())
    made.clear()
    for number in range(count, 0, -1):
        run(plan(), file=RowFile(path, Share(number, count)))
    assert sorted(made) == sorted([*range(POOLS)] * 2), "no row twice"
    assert run(plan(), file=RowFile(path)) == alone and len(made) == 2 * POOLS
    assert not whole_lines(path), "the whole study has nothing left to add"


def test_a_killed_part_alone_goes_on(path: Path) -> None:
    alone = run(plan())
    run(plan(), file=RowFile(path, Share(2, 2)))
    made.clear()
    broken = Plan(plan().jobs, killed, label="squares", total=lambda known: 2)
    with pytest.raises(KeyboardInterrupt):
        run(broken, file=RowFile(path, Share(1, 2)))
    made.clear()
    run(plan(), file=RowFile(path, Share(1, 2)))
    assert made == [0, 2, 2, 4, 4], "its first row is kept"
    assert run(plan(), file=RowFile(path)) == alone


def test_a_part_keeps_to_its_pools_when_others_have_finished_theirs(path: Path) -> None:
    """A plan that lists only what is left is shared by the pools' own numbers."""
    run(plan([1, 2, 4]), file=RowFile(path, Share(1, 2)))
    assert made == [2, 2, 4, 4]


def test_each_part_takes_up_the_published_rows_of_its_pools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = made_up({"infomotion": 1.0}, pools=POOLS)
    monkeypatch.setattr(resume, "read_published", lambda folder: published)
    monkeypatch.setattr(resume, "settings_name", lambda settings: "s")
    alone = RowFile(tmp_path / "alone" / "rows.jsonl")
    assert resume.take_up(alone, tmp_path, "s")
    for share in (Share(3, 3), Share(1, 3), Share(2, 3)):
        file = RowFile(tmp_path / "parts" / "rows.jsonl", share)
        assert resume.take_up(file, tmp_path, "s")
        assert all(share.has(row["pool"]) for row in whole_lines(file.own))
    for folder, rows in (("one", alone.rows()), ("three", file.rows())):
        publish(tables_of(rows, published.settings, published.feature_networks), tmp_path / folder)
    written = sorted((tmp_path / "one").iterdir())
    assert len(written) >= 4
    assert all(table.read_bytes() == (tmp_path / "three" / table.name).read_bytes() for table in written)
    assert len(pd.read_csv(tmp_path / "three" / "networks.csv")) == len(published.networks)


def test_a_part_does_not_train_the_networks_that_all_share(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not trained yet") as error:
        run_study(tmp_path, parameters=EvidenceParameters.model_validate({}), share=Share(1, 2))
    assert error.value.remedy == "Run `infomotion study selectors --minutes 0` once, then its parts."
