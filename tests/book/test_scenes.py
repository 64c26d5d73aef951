"""The moving pictures say what their files say; the dots are where the numbers are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from infomotion_book import dots
from infomotion_book.dots import Axis, paper_dots, pool_dots, pool_values
from infomotion_book.evidence import find_evidence
from infomotion_book.html import count
from infomotion_book.paper_values import SHARES
from infomotion_book.ruler import classes, on_ruler
from infomotion_book.scenes import hero, walk
from infomotion_lib.classes import CLASS_NAMES, EF_EDGES, class_name
from infomotion_lib.reporting.results import Results, results_of

HERO = {"rows": ["severe", "mild"], "columns": 4, "picked": [[0, 1], [1, 3]], "candidates": 8, "kept": 2}
WALK = {
    "name": "phantom_000006",
    "ef": 38.44,
    "class_name": "moderate",
    "frames": [{"number": number, "label": "ED" if number == 5 else "midway"} for number in (1, 3, 5, 7, 9)],
    "side": 112,
    "arrows": [[4, 12, 1.5, -2.25]],
    "vector": [0.5, -1.0],
    "graph": {
        "places": [[0.0, 0.0], [1.0, 1.0], [0.5, 0.25]],
        "community": [0, 0, 1],
        "links": [[0, 1]],
        "picks": [1, 2],
        "node": 2,
    },
}


@pytest.fixture
def prepared(tmp_path: Path) -> Results:
    """A run of which nothing is there but the scenes."""
    for name, content in (("hero", HERO), ("walk", WALK)):
        folder = tmp_path / "explore" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return Results("phantom", tmp_path)


def test_a_ring_lies_on_each_pick(prepared: Results) -> None:
    text = hero(prepared)
    assert text.count('class="im-ring"') == 2
    assert "left:25.0%;top:0.0%;width:25.0%;height:50.0%" in text
    assert "left:75.0%;top:50.0%" in text and " of 8 that InfoMotion keeps" in text


def test_the_walk_shows_this_heart(prepared: Results) -> None:
    text = walk(prepared)
    assert text.count('<li class="im-scene">') == 7
    assert "phantom_000006" in text and "38.4 %" in text
    assert '<path d="M4 12l1.5 -2.25"/>' in text and "M0 0v-24.0M1 0v48.0" in text
    assert '<circle cx="50.0" cy="20.0" r="2.2" class="im-own"' in text
    assert text.count('class="im-picked"') == 2 and "2 communities" in text
    assert "frame-5.webp" in text.split("The motion")[1].split("The vector")[0]


def test_without_prepared_scenes_there_is_nothing(tmp_path: Path) -> None:
    bare = Results("phantom", tmp_path)
    assert hero(bare) == walk(bare) == hero(None) == walk(None) == ""
    assert "below 30 %" in classes(None) and "above 70 %" in classes(bare) and "<img" not in classes(bare)


def test_the_ruler_has_every_class_at_its_limits_and_each_heart_at_its_ef() -> None:
    shown = on_ruler({"mild": 41.25})
    assert [one["low"] for one in shown[1:]] == [one["high"] for one in shown[:-1]] == list(EF_EDGES)
    assert [one["ef"] for one in shown] == [None, None, 41.25, None, None] and shown[2]["words"] == "EF 41 %"
    text = classes(results_of("phantom"))
    assert text.count("<img") == len(CLASS_NAMES)
    path = text.split('<path d="')[1].split('"')[0]
    ends = [float(part.split("L")[1].split()[0]) for part in path.split("M")[1:]]
    assert [class_name(ef) for ef in ends] == list(CLASS_NAMES), "each line leads into the band of its class"
    middles = classes(None).split('<path d="')[1].split('"')[0]
    assert middles.startswith("M10 0L15.0 10M30 0L35.0 10")


def test_the_papers_dots_are_its_table() -> None:
    table = paper_dots()
    assert len(table) == 2 + 2 * 2 * 4 and table["mean"].between(30, 90).all()
    assert table.loc[table["vpc"] == 0, "spread"].isna().all()


def test_a_picture_of_dots_says_its_message_above_it() -> None:
    title = re.compile(r'<p class="im-headline">(.*?)</p>')
    (paper,), (leads,) = title.findall(dots.paper_picture()), title.findall(dots.leads_picture())
    table = paper_dots()
    few = (table.loc[table["vpc"] > 0, "mean"] <= max(SHARES)).sum()
    assert paper.endswith(f"{count(few, 16)} selected sets")
    assert leads == "InfoMotion leads in 12 of 12 comparisons; none is significant after correction"
    study = find_evidence()
    assert study is not None
    pools = pool_dots(study)
    better = (pools["other"] > pools["random"]).sum()
    assert f"ahead in {better} of {len(pools)} pools" in title.findall(dots.pool_picture(study))[0]


def test_the_pools_dots_agree_with_the_study() -> None:
    study = find_evidence()
    assert study is not None
    table = pool_dots(study)
    compared = study.compared
    own = compared[
        (compared["method"] == "infomotion")
        & (compared["feature"] == "motion")
        & (compared["graph"] == "knn")
    ]
    own = own[own["vpc"] == study.smallest].iloc[0]
    values = pool_values(table)
    assert values["gain"] == pytest.approx(own["difference"]) and values["better"] == own["pools_better"]
    assert values["pools"] == own["pools"] and np.all(np.diff(table["random"]) >= 0)


def test_an_axis_places_its_ends() -> None:
    axis = Axis(20.0, 70.0, (20, 70))
    assert (axis.place(20), axis.place(70), axis.place(45)) == (126.0, 420.0, 273.0)
