"""The page on cost: counted jobs, hours from measured steps, and what nodes make of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from infomotion_book import cost
from infomotion_book.cost_jobs import Kind, Speed, every_value, kinds, read_speed, selected_networks
from infomotion_book.cost_walk import critical_path, lengths, walk_hours
from infomotion_lib.frozen import FROZEN
from infomotion_lib.provenance import write_csv
from infomotion_lib.reporting.results import records


def job(name: str, *counted: tuple[int, float], needs: tuple[str, ...] = ()) -> Kind:
    return Kind(name, tuple((count, {"hour": hours}) for count, hours in counted), needs, ("hour", 1))


def hours(units: dict[str, float]) -> float:
    return units["hour"]


WALK = [job("a", (1, 2)), job("b", (4, 1), (1, 3)), job("c", (2, 1), needs=("a", "b")), job("d", (1, 4), needs=("a",))]  # fmt: skip


@pytest.mark.parametrize(("nodes", "expected"), [(1, 15), (2, 8), (3, 7), (16, 6)])
def test_a_walk_is_never_faster_than_its_chain_nor_than_sharing_without_loss(
    nodes: int, expected: float
) -> None:
    floor, chain = critical_path(WALK, hours)
    assert (floor, chain) == (6, ["a", "d"])
    found = walk_hours(WALK, nodes=nodes, hours=hours)
    total = sum(sum(lengths(kind, hours)) for kind in WALK)
    assert found == expected and found >= max(floor, total / nodes)


def test_more_nodes_never_take_longer() -> None:
    walks = [walk_hours(WALK, nodes=nodes, hours=hours) for nodes in range(1, 12)]
    assert walks == sorted(walks, reverse=True)


def test_jobs_are_counted_as_the_profile_says() -> None:
    paper = every_value("paper")
    found = {kind.name: kind for kind in kinds(paper, shards=7)}
    per_source = selected_networks(paper, paper["methods"])
    assert per_source == len(paper["vpc"]) * paper["n_runs"] * (
        2 + 2 * 3
    )  # two methods on a graph, three recipes
    assert found["table1"].count == 2 * (paper["n_runs"] + per_source)
    assert found["vectors"].count == found["pool"].count == 7
    motion = found["motion"].jobs[0][1]["interpolation"]
    assert motion == paper["ifa_steps"] * paper["ifa_batch_size"]
    assert found["table2"].count == 2 * (paper["n_runs"] + selected_networks(paper, paper["pool_methods"]))
    one, many = (kinds(paper, shards=shards) for shards in (1, 32))
    for a, b in zip(one, many, strict=True):
        for step in a.jobs[0][1]:
            sums = [sum(count * units.get(step, 0) for count, units in kind.jobs) for kind in (a, b)]
            assert sums[0] == pytest.approx(sums[1]), "shards share the work, they add none"


@pytest.mark.parametrize(
    ("stage", "methods"), [("04_evaluation", "methods"), ("06_ablation", "pool_methods")]
)
def test_networks_are_counted_as_a_finished_run_has_them(stage: str, methods: str) -> None:
    runs = pd.read_csv(FROZEN / "phantom" / stage / "runs.csv")
    p = every_value("phantom")
    assert len(runs) == runs["source"].nunique() * (p["n_runs"] + selected_networks(p, p[methods]))


def test_unmeasured_steps_take_the_gains_of_those_that_were() -> None:
    speed = Speed({"a": 2.0, "b": 8.0, "c": 4.0}, {"a": 1.0, "b": 1.0}, {"c": (1.0, 0.5)})
    assert speed.on_a_gpu("a", gain="least") == 1.0
    assert [speed.on_a_gpu("c", gain=gain) for gain in ("most", "middle", "least")] == [0.5, 1.0, 2.0]
    assert speed.gib("c", 4) == 3.0


def test_the_page_names_what_decides(tmp_path: Path) -> None:
    measured = pd.read_csv(cost.STUDIES / cost.STEPS)
    write_csv(measured.assign(cpu_seconds=2 * measured["cpu_seconds"]), tmp_path / cost.STEPS)
    write_csv(pd.read_csv(cost.STUDIES / "latte_steps.csv"), tmp_path / "latte_steps.csv")
    frozen, slower = read_speed(), read_speed(tmp_path)
    assert frozen and slower
    assert cost.values(slower)["threads"] == pytest.approx(2 * cost.values(frozen)["threads"], abs=150)
    said = cost.values(frozen)
    walks = [row["middle"] for row in said["walks"]]
    assert walks == sorted(walks, reverse=True) and walks[-1] >= said["floor"] > 0
    assert said["chain"][-1] == "table2" and len(said["chain_hours"]) == len(said["chain"])
    assert sum(said["chain_hours"]) == pytest.approx(said["floor"])
    rows = [said["kinds"], said["walks"], records(measured)]
    assert cost.fragment(tmp_path).count("<tr>") == sum(1 + len(own) for own in rows)
    assert cost.write_figure(tmp_path, tmp_path) == tmp_path / cost.FIGURE


def test_without_measured_steps_the_page_says_what_to_run(tmp_path: Path) -> None:
    assert cost.COMMAND in cost.fragment(tmp_path) and cost.write_figure(tmp_path, tmp_path) is None
