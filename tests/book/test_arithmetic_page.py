"""Which pieces and operations are equal on several machines, counted from planted hashes."""

from __future__ import annotations

import pandas as pd

from infomotion_book.arithmetic import Agreement, agreement, operations, short_trainings


def test_only_what_two_machines_have_computed_is_compared() -> None:
    hashes = pd.DataFrame(
        {"one": ["a", "b", "c"], "two": ["a", "x", None], "three": [None, "b", None]},
        index=["equal", "unlike", "alone"],
    )
    assert agreement(hashes) == Agreement(2, ["unlike"])
    assert agreement(hashes[["one"]]) == Agreement(0, [])


def test_trainings_are_apart_by_arithmetic_and_emulated_machines_come_last() -> None:
    rows = [
        {
            "arithmetic": kind,
            "machine": machine,
            "piece": piece,
            "sha256": piece + kind,
            "versions": "torch 2",
        }
        for kind in ("portable", "own")
        for machine in ("an emulated one", "some processor")
        for piece in ("graph", "regressor")
    ]
    parts = list(short_trainings(pd.DataFrame(rows)))
    assert [(kind, versions) for kind, _, versions in parts] == [("portable", "torch 2"), ("own", "torch 2")]
    hashes = parts[0][1]
    assert list(hashes.columns) == ["some processor", "an emulated one"]
    assert list(hashes.index) == ["EF regressor, 20 steps", "neighbour graph"]
    assert agreement(hashes) == Agreement(2, [])


def test_operations_are_counted_by_mode() -> None:
    rows = pd.DataFrame(
        {"mode": ["default", "default", "portable"], "piece": ["exp", "log", "exp"], "one": list("abc"), "two": list("axc")}
    )  # fmt: skip
    assert operations(rows) == {"default": Agreement(2, ["log"]), "portable": Agreement(1, [])}
