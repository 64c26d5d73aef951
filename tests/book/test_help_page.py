"""The page of the registered study says what its rows say, and that there are none while there are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from infomotion_book import help_page
from infomotion_book.first_page import findings, sentences
from infomotion_lib.provenance import write_csv
from infomotion_lib.studies.help.published import KEY
from infomotion_lib.studies.help.registration import registration
from infomotion_lib.studies.help.tables import ARM_METRICS

OWN = registration()


def rows(stage: int, gains: dict[str, dict[str, float]], *, pools: int) -> pd.DataFrame:
    rng = np.random.default_rng(stage)
    rule = OWN.content[f"stage_{stage}"]
    made = [
        dict.fromkeys(ARM_METRICS, 1.0)
        | {"registration": OWN.hash, "stage": stage, "world": world, "pool": pool, "arm": arm, "draw": draw}
        | {"videos": "1 2", "hard_accuracy": 45 + gain + float(rng.normal(0, 0.5))}
        for world, arms in gains.items()
        for pool in range(pools)
        for arm, gain in arms.items()
        for draw in range(rule["sets"][arm])
    ]
    return pd.DataFrame(made).sort_values(KEY, ignore_index=True)


@pytest.fixture
def gated(tmp_path: Path) -> Path:
    gains = {world: {"random": 0.0, "oracle": 5.0 * (world == "wrong_ef")} for world in OWN.worlds}
    write_csv(rows(0, gains, pools=6), tmp_path / "stage_0.csv")
    return tmp_path


def test_without_rows_there_is_no_answer(tmp_path: Path) -> None:
    study = help_page.find_study(tmp_path)
    assert not study.gated and help_page.page_values(study).keys() == {"study", "picture"}
    assert OWN.hash in help_page.fragment(tmp_path)
    assert "faults" not in sentences(findings([], evidence=tmp_path, helped=tmp_path, paper=tmp_path))
    assert help_page.write_figure(tmp_path, tmp_path) is None


def test_nobody_looks_before_the_end(tmp_path: Path, gated: Path) -> None:
    few = rows(0, {"as_is": {"random": 0.0, "oracle": 9.0}}, pools=2)
    write_csv(few, tmp_path / "few" / "stage_0.csv")
    text = help_page.fragment(tmp_path / "few")
    assert f"{len(few)} rows" in text and "9.0" not in text
    study = help_page.find_study(gated)
    assert study.gated and not study.finished and study.worlds == ["wrong_ef"]
    known = help_page.page_values(study)
    assert [row["world"] for row in known["gate"] if row["enters"]] == ["wrong_ef"]
    assert "answers" not in known and "arms" not in known
    assert help_page.fragment(gated).count("<table") == 1


def test_the_answer_is_that_of_the_rows(gated: Path) -> None:
    arms = dict.fromkeys(OWN.content["stage_1"]["sets"], 0.0) | {"agree_infomotion": 6.0, "oracle": 8.0}
    write_csv(rows(1, {"wrong_ef": arms}, pools=20), gated / "stage_1.csv")
    study = help_page.find_study(gated)
    known = help_page.page_values(study)
    assert study.sentences[0].startswith("wrong EF: Agreeing InfoMotion beats both rivals")
    assert {row["arm"] for row in known["arms"]} == set(arms) and len(known["answers"]) == 2
    metrics = [row["metric"] for row in known["secondary"]]
    assert metrics == ["hard_accuracy", "bad"] * (len(metrics) // 2) and metrics, (
        "the page shows them in pairs"
    )
    text = help_page.fragment(gated)
    assert text.count("<table") == 4 and "* " + study.sentences[0].replace("wrong", "Wrong", 1) in text
    assert "agree_infomotion" not in text and "wrong_ef" not in text, "codes are for files"
    assert "central picks add +6" in text or "central picks add +5" in text
    told = sentences(findings([], evidence=gated, helped=gated, paper=gated))
    assert "In all 1 registered worlds it beats" in told and "wrong EF +" in told
    picture = help_page.write_figure(gated, gated)
    assert picture is not None and picture.is_file()
    drawn = help_page.room_and_gain(study.gate, study.gains)
    assert "Agreeing InfoMotion" in {
        " ".join(text.get_text().split()) for text in drawn.findobj(Text) if isinstance(text, Text)
    }
