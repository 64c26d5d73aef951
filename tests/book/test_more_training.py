"""The table of Lattes by training says what the files of each profile say, and stands only where two of a
kind can be compared.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
from standin_run import make_run

from infomotion_book.more_training import POOL, TrainedLatte, comparable, more_training, nearest
from infomotion_book.table2 import STAGE
from infomotion_lib.provenance import write_csv
from infomotion_lib.reporting.results import Results, frozen_results


def run(root: Path, profile: str, *, real: str = "phantom", size: str = "S/2", steps: int = 100) -> Results:
    """A stand-in run whose Latte was trained so."""
    results = Results(profile, make_run(root, profile=profile, real=real))
    file = results.folder(POOL) / "run_card.json"
    card = json.loads(file.read_text(encoding="utf-8"))
    card["parameters"] |= {"latte_size": size, "latte_steps": steps, "latte_side": 64, "latte_batch_size": 4}
    card["notes"]["weights"] = 2_000_000
    file.write_text(json.dumps(card), encoding="utf-8")
    scores = {"method": "whole", "metric": "hard_accuracy", "mean": [45.0, 52.5]}
    write_csv(pd.DataFrame({"source": ["latte", "echosyn"], **scores}), results.folder(STAGE) / "summary.csv")
    return results


def assert_says_what_the_files_say(latte: TrainedLatte) -> None:
    results = latte.results
    conditioning = results.table(STAGE, "conditioning").set_index("source").loc["latte"]
    summary = (
        results.table(STAGE, "summary")
        .query("method == 'whole' and metric == 'hard_accuracy'")
        .set_index("source")["mean"]
    )
    assert (latte.same_class_percent, latte.spearman) == (
        conditioning["same_class_percent"],
        conditioning["spearman"],
    )
    assert (latte.taught, latte.other_taught) == (summary["latte"], summary["echosyn"])
    assert latte.steps == results.card(POOL)["parameters"]["latte_steps"]


def profiles(shown: list[Results]) -> list[str]:
    return [latte.results.profile for latte in comparable(shown)]


def test_rows_of_a_kind_stand_together_with_the_numbers_of_their_files(tmp_path: Path) -> None:
    small, open_, large = (
        run(tmp_path, "phantom"),
        run(tmp_path, "open", real="echodiffusion"),
        run(tmp_path, "more", steps=2_000),
    )
    found = comparable([small, open_, large])
    assert [latte.results.profile for latte in found] == ["phantom", "more", "open"]
    for latte in found:
        assert_says_what_the_files_say(latte)
    shown = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", more_training([small, open_, large]))
    assert [re.findall(r">([\w-]+)</a>", row)[0] for row in shown] == ["phantom", "more", "open"]
    assert "2,000 steps" in shown[1]


def test_a_larger_latte_is_compared_too(tmp_path: Path) -> None:
    found = comparable([run(tmp_path, "phantom"), run(tmp_path, "more", size="B/2")])
    assert [latte.size for latte in found] == ["S/2", "B/2"]


def test_a_pool_that_came_without_a_record_of_its_drawing_has_a_row(tmp_path: Path) -> None:
    found = [run(tmp_path, "phantom"), run(tmp_path, "more", steps=2_000)]
    file = found[1].folder(POOL) / "run_card.json"
    card = json.loads(file.read_text(encoding="utf-8"))
    card["notes"] = {"drawn_elsewhere": {"per_class": 3}}
    file.write_text(json.dumps(card), encoding="utf-8")
    assert [latte.steps for latte in comparable(found)] == [100, 2_000]
    text = more_training(found)
    assert text.count("<tr>") == 3 and "another machine" in text


def test_the_latte_with_the_nearest_frames_is_named(tmp_path: Path) -> None:
    near, far = comparable([run(tmp_path, "phantom"), run(tmp_path, "more", steps=2_000)])
    frames = near.distances
    near = replace(near, distances=frames | {("fed_frame", "real_vs_latte"): 0.0})
    best = nearest([far, near])
    assert best is not None and (best.profile, best.frames) == ("phantom", 0.0)
    assert best.clips == near.times_floor("fed_video") and best.pictures_before_motion == (best.clips > 0)
    level = dict.fromkeys(frames, 0.0)
    assert nearest([replace(far, distances=level)]) is None, "real clips at no distance are no floor"


def test_nothing_is_compared_across_kinds_of_data_or_where_training_is_the_same(tmp_path: Path) -> None:
    small, open_ = run(tmp_path, "phantom"), run(tmp_path, "open", real="echodiffusion", steps=2_000)
    again = run(tmp_path, "again")
    assert not any(profiles(shown) for shown in ([small], [small, open_], [small, again]))
    assert more_training([small]) == ""


def test_frozen_rows_say_what_their_files_say() -> None:
    found = comparable(frozen_results())
    assert found
    for latte in found:
        assert_says_what_the_files_say(latte)
