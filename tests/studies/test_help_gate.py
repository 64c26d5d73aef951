"""Stage 0 on tiny pools of other seeds: rows carry the hash, a cut study goes on, other rows are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infomotion_lib.errors import DataError
from infomotion_lib.studies.help.gate import ROWS_FILE, run_gate
from infomotion_lib.studies.help.registration import REGISTERED, Registration, registration


def tiny(folder: Path, **changes: object) -> Registration:
    """The registration with networks of a few steps, pools of a few hearts, and seeds that are not
    registered.
    """
    content = json.loads(REGISTERED.read_bytes())
    content["parameters"] |= {
        "phantom_train_per_class": 4,
        "phantom_val_per_class": 1,
        "phantom_test_counts": [1, 1, 1, 2, 1],
        "steps_selected": 2,
        "vpc": [1],
        "study_render_size": 28,
    }
    content["worlds"] = {
        "as_is": [],
        "broken_clips": [{"kind": "anatomy_jumps", "rate": 0.2}, {"kind": "frozen", "rate": 0.2}],
    }
    content["stage_0"] |= {"seeds": [11], "sets": {"random": 1, "oracle": 2}, "oracle_draws": 2, **changes}
    path = folder / "registration.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return registration(path)


def test_a_row_per_network_with_the_hash(tmp_path: Path) -> None:
    own = tiny(tmp_path)
    rows = run_gate(tmp_path, own=own)
    assert len(rows) == 6 and set(rows["registration"]) == {own.hash}
    oracle = rows[(rows["world"] == "broken_clips") & (rows["arm"] == "oracle")]
    assert oracle["bad"].tolist() == [0, 0]
    assert {"hard_accuracy", "mae", "bias", "error_sd", "steps", "seconds"} <= set(rows)
    file = tmp_path / ROWS_FILE
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    cut = [line for line in lines if '"draw": 1' not in line]  # a kill before the second oracle network
    file.write_text("".join(cut), encoding="utf-8")
    again = run_gate(tmp_path, own=own)
    clock = ["seconds", "seconds_choosing"]
    assert len(cut) == 4 and again.drop(columns=clock).equals(rows.drop(columns=clock))
    with pytest.raises(DataError, match="another registration"):
        run_gate(tmp_path, own=tiny(tmp_path, oracle_draws=3))


def test_registered_seeds_are_those_of_no_test() -> None:
    content = registration().content
    assert content["stage_0"]["seeds"] == list(range(970000, 970006))
    assert content["stage_1"]["first_seed"] == 980000
