"""Whatever a profile says, it is accepted or refused with one message before anything is written."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from drawn_profiles import drawn, fields
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infomotion_lib.errors import InfoMotionError, ParameterError
from infomotion_lib.run.prepare import prepare

EXAMPLES = 30


def outcome(values: dict[str, Any], runs: Path) -> str:
    """``accepted`` or the message, nothing written."""
    try:
        prepare("smoke", overrides={**values, "runs_dir": str(runs)})
    except InfoMotionError as error:
        assert str(error).strip() and "Traceback" not in str(error) and error.exit_code == 2
        return str(error)
    finally:
        assert not runs.exists()
    return "accepted"


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_wild_values_are_accepted_or_refused_in_words(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.delenv("INFOMOTION_DATA", raising=False)
    here = tmp_path / "file"
    here.touch()
    outcome(drawn(random.Random(seed), wild=True, here=here), tmp_path / "runs")


def test_draws_reach_every_parameter_and_both_outcomes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    here = tmp_path / "file"
    here.touch()
    draws = [drawn(random.Random(seed), wild=True, here=here) for seed in range(900)]
    assert {name for values in draws for name in values} >= fields().keys() - {
        "profile",
        "runs_dir",
        "workers",
        "generator",
    }
    tame = [drawn(random.Random(seed), wild=False, here=here, most=2) for seed in range(12)]
    accepted = [outcome(values, tmp_path / "runs") for values in tame].count("accepted")
    wild = [outcome(values, tmp_path / "runs") for values in draws[:20]].count("accepted")
    assert accepted > 3 and wild < 20


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"learning_rate": float("inf")}, "learning_rate"),
        ({"ifa_steps": 10**30}, "ifa_steps"),
        ({"phantom_seed": 2**40}, "phantom_seed"),
        ({"runs_dir": "a\0b"}, "control character"),
        ({"ifa_weights": "{folder}"}, "must be a file, and is none"),
        ({"autoencoder_weights": "{file}"}, "must be a folder, and is none"),
        ({"inception_weights": "{file}"}, "inception_weights needs inception_sha256"),
        ({"pool_methods": ["kmeans_own"]}, "own vectors"),
        ({"representations": ["appearance"], "methods": ["random"]}, "lacks motion"),
        ({"representations": ["motion"], "methods": ["random", "infomotion"]}, "lacks appearance"),
        ({"phantom_frames": 24}, "None of 30 videos lasts"),
        ({"latte_condition": "requested"}, "no requested EF"),
    ],
)
def test_what_only_a_late_stage_would_have_found(values: dict[str, Any], words: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    places = {"{file}": str(tmp_path / "file"), "{folder}": str(tmp_path)}
    placed = {name: places.get(str(value), value) for name, value in values.items()}
    with pytest.raises(InfoMotionError, match=words):
        prepare("smoke", overrides={"runs_dir": str(tmp_path / "runs"), **placed})
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", ["ifa_precision", "ifa_vector_precision"])
def test_bfloat16_without_its_instructions_is_refused_at_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(ParameterError, match="bfloat16 would be slower"):
        prepare("smoke", overrides={"runs_dir": str(tmp_path / "runs"), name: "bf16-mixed"})
