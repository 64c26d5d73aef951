"""The benchmark of motion vectors from disk: its ways agree, its rows say what was measured, the guide shows
them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bench_extraction import KEY, Task, case_rows, indexed, measure
from extraction_ways import OURS, PLAIN, closeness

from infomotion_book import measured
from infomotion_lib.provenance import write_csv


@pytest.fixture(scope="module")
def rows(tiny_phantom: Path) -> pd.DataFrame:
    videos = indexed(tiny_phantom).head(2)
    task = Task(8, "", (PLAIN, OURS), videos, repeats=1, threads=1, side=64)
    shared = {"width": 8, "arithmetic": "native", "processes": 1, "threads": 1, "weights": "random"}
    made = pd.DataFrame(case_rows([measure(task)], videos=2)).assign(**shared)
    return made.assign(processor="a processor", cores=1).set_index("way", drop=False)


def test_both_ways_give_the_same_vectors_and_ours_needs_fewer_operations(rows: pd.DataFrame) -> None:
    assert rows.loc[OURS, "difference"] < 1e-4
    assert rows.loc[OURS, "gflop_a_video"] < 0.85 * rows.loc[PLAIN, "gflop_a_video"]


def test_a_row_says_what_was_measured(rows: pd.DataFrame) -> None:
    assert (rows.loc[PLAIN, "times_plain"], rows.loc[OURS, "times_ours"]) == (1, 1)
    assert rows["times_plain"].loc[OURS] == pytest.approx(1 / rows["times_ours"].loc[PLAIN])
    needed = rows["gflop_a_video"] / rows["peak_gflop_a_cpu_second"]
    assert (rows["share_of_limit"] * rows["cpu_seconds_a_video"]).to_numpy() == pytest.approx(
        needed.to_numpy()
    )
    assert rows["share_of_limit"].between(0, 1, inclusive="neither").all()


@pytest.mark.parametrize(
    "seconds, error, verdict",
    [
        (0.9, 0.0, "too small a gain"),
        (0.5, 0.0, "equal"),
        (0.5, 1e-3, "same order"),
        (0.5, 3.0, "another order"),
    ],
)
def test_the_verdict_follows_gain_equality_and_order(seconds: float, error: float, verdict: str) -> None:
    rng = np.random.default_rng(0)
    exact, noise = rng.normal(size=(2, 12, 6)).astype(np.float32)
    way = {"setup": 0.0}
    ways = {
        name: way | {"rounds": [(spent, spent)], "vectors": exact + share * noise}
        for name, spent, share in ((PLAIN, 2.0, 0.0), (OURS, 1.0, 0.0), ("another", seconds, error))
    }
    part = {"ways": ways, "gflop": {PLAIN: 2.0, OURS: 1.0}, "peak": 10.0, "capability": "AVX2"}
    *_, row = case_rows([part], videos=12)
    assert row["passes"] == verdict


def test_two_processes_are_as_slow_as_the_slower_and_cost_both() -> None:
    def part(wall: float, cpu: float) -> dict[str, object]:
        vectors = np.random.default_rng(int(wall)).normal(size=(3, 4)).astype(np.float32)
        one = {"rounds": [(wall, cpu)], "vectors": vectors, "setup": 0.0}
        return {
            "ways": {PLAIN: one, OURS: one}, "gflop": {PLAIN: 2.0, OURS: 1.0}, "peak": 10.0, "capability": "",
        }  # fmt: skip

    _, ours = case_rows([part(2.0, 1.0), part(3.0, 4.0)], videos=6)
    assert (ours["videos_a_second"], ours["cpu_seconds_a_video"]) == (2.0, pytest.approx(5 / 6))


def test_other_distances_are_another_order() -> None:
    exact = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)
    assert closeness(3 * exact, exact)["rank_correlation"] == pytest.approx(1)
    assert closeness(exact[::-1].copy(), exact)["rank_correlation"] < 0.9


def test_the_guide_shows_every_case_and_what_was_tried(rows: pd.DataFrame, tmp_path: Path) -> None:
    tried = rows.loc[[OURS]].assign(
        way="bfloat16", times_ours=2.25, difference=3e-3, rank_correlation=0.99994, passes="same order"
    )
    write_csv(pd.concat([rows, tried]).assign(videos=24), tmp_path / "extraction.csv")
    text = measured.fragments(tmp_path)["extraction"]
    assert set(KEY) <= set(rows)
    shown = ("24 drawn hearts by width on a processor", "bfloat16", "3e-03", "0.99994", "same order")
    assert all(words in text for words in shown) and text.count("1 × 1 thread") == 2
    assert "not been measured" in measured.fragments(tmp_path / "none")["extraction"]
