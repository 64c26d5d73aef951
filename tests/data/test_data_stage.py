"""The run card of the data stage says which edition of the phantom was drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from infomotion_lib.files import PHANTOM_REQUEST as REQUEST
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.paths import run_paths
from infomotion_lib.provenance import read_json, read_run_card, write_json
from infomotion_lib.run import data

SMALL = {
    "phantom_train_per_class": 1,
    "phantom_val_per_class": 1,
    "phantom_test_counts": [1, 1, 1, 1, 1],
    "workers": 1,
}


def test_the_edition_is_that_of_each_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = stage_parameters(
        "data", read_profile("smoke"), overrides={"runs_dir": str(tmp_path), **SMALL}
    )
    folder = run_paths(parameters.profile, parameters.runs_dir).data
    data.run(parameters)
    drawn = {
        name: read_json(folder / name / REQUEST).get("edition", 1)
        for name in ("phantom", "phantom-synthetic")
    }
    assert read_run_card(folder)["notes"]["phantom_edition"] == drawn
    monkeypatch.setattr(data, "provide", lambda *_, **__: None)  # the folders as they lie there
    for name, edition in {"phantom": None, "phantom-synthetic": 7}.items():
        request = {
            key: value for key, value in read_json(folder / name / REQUEST).items() if key != "edition"
        }
        write_json(request | ({"edition": edition} if edition else {}), folder / name / REQUEST)
    data.run(parameters)
    assert read_run_card(folder)["notes"]["phantom_edition"] == {"phantom": 1, "phantom-synthetic": 7}
