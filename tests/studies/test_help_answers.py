"""The registered rule, on rows whose answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.paths import PROJECT
from infomotion_lib.studies.help.answers import answer_table, detectable, equivalence_p, gate_table
from infomotion_lib.studies.help.registration import REGISTERED, check_rows, refuse_others, registration
from infomotion_lib.studies.help.tables import sentences
from infomotion_lib.studies.selectors.settings import DECIDING, LATER

OWN = registration()


def rows_of(
    stage: int, gains: dict[str, dict[str, float]], *, pools: int, spread: float, seed: int = 0
) -> pd.DataFrame:
    """Made-up rows: every arm of every world with its gain over Random."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        [
            {
                "stage": stage,
                "world": world,
                "pool": pool,
                "arm": arm,
                "draw": draw,
                "hard_accuracy": 45 + gain + spread * float(rng.standard_normal()),
            }
            for world, arms in gains.items()
            for pool in range(pools)
            for arm, gain in arms.items()
            for draw in range(OWN.content[f"stage_{stage}"]["sets"][arm])
        ]
    )


def test_the_gate_opens_for_three_at_most() -> None:
    gains = {"as_is": 0.0, "wrong_ef": 9.0, "broken_clips": 7.0, "near_copies": 5.0, "regressor_noise": 6.0}
    rows = rows_of(0, {w: {"random": 0, "oracle": g} for w, g in gains.items()}, pools=6, spread=0.3)
    table = gate_table(rows, OWN).set_index("world")
    assert table["passes"].tolist() == [False, True, True, True, True]
    assert set(table.index[table["enters"]]) == {"wrong_ef", "broken_clips", "regressor_noise"}
    assert not gate_table(rows[rows["pool"] < 5], OWN)["passes"].any(), "no look before the last pool"


def test_a_noisy_headroom_does_not_pass() -> None:
    rows = rows_of(0, {w: {"random": 0, "oracle": 4} for w in OWN.worlds}, pools=6, spread=20)
    table = gate_table(rows, OWN)
    assert not table.loc[table["low"] <= 0, "passes"].any() and (table["low"] <= 0).any()


def test_three_answers() -> None:
    gains = {
        "wrong_ef": {"random": 0.0, "kmeans": 0.0, "agree_infomotion": 6.0},
        "broken_clips": {"random": 0.0, "kmeans": 0.0, "agree_infomotion": 0.0},
    }
    table = answer_table(rows_of(1, gains, pools=20, spread=0.5), list(gains), OWN).set_index("world")
    assert table.loc[["wrong_ef"], "answer"].unique().tolist() == ["beats"]
    assert table.loc[["broken_clips"], "answer"].unique().tolist() == ["equivalent"]
    wide = answer_table(rows_of(1, gains, pools=20, spread=30, seed=1), ["broken_clips"], OWN)
    assert set(wide["answer"]) == {"undecided"} and (wide["detectable"] > 5).all()


def test_one_rival_is_not_enough() -> None:
    gains = {"wrong_ef": {"random": 0.0, "kmeans": 6.0, "agree_infomotion": 6.0}}
    table = answer_table(rows_of(1, gains, pools=20, spread=0.5), ["wrong_ef"], OWN)
    assert set(table["answer"]) == {"undecided"}


def test_worse_is_not_better() -> None:
    gains = {"wrong_ef": {"random": 6.0, "kmeans": 6.0, "agree_infomotion": 0.0}}
    table = answer_table(rows_of(1, gains, pools=20, spread=0.5), ["wrong_ef"], OWN)
    assert set(table["answer"]) == {"undecided"} and (table["p_holm"] == 1).all()


def test_no_answer_before_the_last_pool() -> None:
    """Nor before the last network of the last pool."""
    gains = {"wrong_ef": {"random": 0.0, "kmeans": 0.0, "agree_infomotion": 6.0}}
    table = answer_table(rows_of(1, gains, pools=19, spread=0.5), ["wrong_ef"], OWN)
    assert set(table["answer"]) == {"not all pools"}
    rows = rows_of(1, gains, pools=20, spread=0.5)
    assert set(answer_table(rows, ["wrong_ef"], OWN)["answer"]) == {"beats"}
    assert set(answer_table(rows[:-1], ["wrong_ef"], OWN)["answer"]) == {"not all pools"}
    with pytest.raises(DataError, match="that is the finding"):
        answer_table(pd.DataFrame(), [], OWN)


def test_numbers_of_a_textbook() -> None:
    """A paired t-test of 20 pools with sd 1 finds 0.66 sd at .05 with power .8."""
    value = np.linspace(-1, 1, 20)
    value /= value.std(ddof=1)
    assert detectable(value, level=0.05, power=0.8) == pytest.approx(0.66, abs=0.01)
    assert equivalence_p(value, margin=2) < 0.001 < 0.5 < equivalence_p(value + 2.5, margin=2)


def test_other_settings_are_refused(tmp_path: Path) -> None:
    stage = OWN.content["stage_1"]
    refuse_others({"pools": 20}, registered=stage)
    with pytest.raises(ParameterError, match="pools = 12"):
        refuse_others({"pools": 12}, registered=stage)
    with pytest.raises(ParameterError, match="wrong_ef"):
        OWN.contaminations("wrong_eff")
    changed = tmp_path / "registration.json"
    for name in set(DECIDING) | set(LATER):
        free = name.startswith(("study_", "softmax_")) and name != "study_render_size"
        assert free or name == "steps_whole" or name in OWN.content["parameters"], name
    changed.write_bytes(REGISTERED.read_bytes().replace(b'"pools": 20', b'"pools": 21'))
    other = registration(changed)
    assert other.hash != OWN.hash
    with pytest.raises(DataError, match="another registration"):
        check_rows([{"registration": OWN.hash}, {"registration": other.hash}], OWN)
    changed.write_bytes(REGISTERED.read_bytes().replace(b'"copy_below": 0.3', b'"copy_below": 0.2'))
    with pytest.raises(DataError, match="not the registered one: copy_below"):
        registration(changed)


def test_the_page_shows_the_hash() -> None:
    page = (PROJECT / "book" / "preregistration.md").read_text(encoding="utf-8")
    assert OWN.hash in page


def test_a_sentence_per_world() -> None:
    gains = {
        "wrong_ef": {"random": 0.0, "kmeans": 0.0, "agree_infomotion": 6.0},
        "broken_clips": {"random": 0.0, "kmeans": 0.0, "agree_infomotion": 0.0},
        "near_copies": {"random": 0.0, "kmeans": 0.0, "agree_infomotion": 0.0},
    }
    rows = rows_of(1, gains, pools=20, spread=0.5)
    wide = rows_of(1, {"near_copies": gains["near_copies"]}, pools=20, spread=30)
    rows = pd.concat([rows[rows["world"] != "near_copies"], wide])
    answers = answer_table(rows, list(gains), OWN)
    first, second, third = sentences(answers, OWN)
    assert first.startswith("wrong EF: Agreeing InfoMotion beats both rivals (+")
    assert "points [" in first and "] to K-means" in first
    assert "equivalent to both rivals, within 2 points" in second
    assert "undecided; with 80 % power" in third
    assert (answers["detectable_first"] > answers["detectable"]).all()
