"""The solutions of the notebooks' exercises run, on data of the shape that each notebook has at its end."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest

from infomotion_lib.evaluation.metrics import constant_predictors
from infomotion_lib.paths import NOTEBOOKS
from infomotion_lib.phantom.geometry import true_frames
from infomotion_lib.phantom.rendering import render
from infomotion_lib.phantom.sampling import sample_heart
from infomotion_lib.studies.scoreboard import scoreboard

NUMBERS = ("01", "02", "03", "04", "05", "06")
SOLUTION = re.compile(r"<details>\n<summary>Solution</summary>\n\n```python\n(.*?)\n```", re.DOTALL)


def key_frames() -> dict[str, Any]:
    heart = sample_heart(np.random.default_rng(3), ef=60.0)
    return {"heart": heart, "n_frames": 72, "truth": true_frames(heart, 72), "render": render}


def beating(count: int = 3) -> np.ndarray:
    """A disc that grows and shrinks, (count, 16, 32, 32)."""
    y, x = np.mgrid[:32, :32] - 15.5
    sizes = 8 + 4 * np.sin(2 * np.pi * np.arange(16) / 10 + np.arange(count)[:, None])
    return np.where(np.hypot(x, y) < sizes[..., None, None], 30, 180).astype(np.uint8)


def motion() -> dict[str, Any]:
    middle, average = beating(2)[:, 4] / 255, beating(2)[:, [2, 6]].mean(axis=1) / 255
    across = np.tile(np.repeat([1.0, -1.0], 16), (2, 32, 1))
    flow = np.stack([across, np.zeros_like(across)], axis=1)
    prediction = 0.9 * middle + 0.1 * average
    return {"guess": SimpleNamespace(middle=middle, average=average, prediction=prediction, motion=flow)}


def selection() -> dict[str, Any]:
    return {"scoreboard": scoreboard}


def evaluation() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    test = pd.DataFrame({"ef": rng.uniform(15, 85, 60)})
    runs = pd.DataFrame({"source": "real", "method": "random", "hard_accuracy": rng.uniform(40, 60, 5)})
    return {"test": test, "runs": runs}


def generators() -> dict[str, Any]:
    clips = dict(zip(("severe", "normal", "hyperdynamic"), beating(), strict=True))
    return {"clips": clips, "p": SimpleNamespace(latte_fps=12.5)}


def ablation() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    asked = rng.uniform(15, 85, 80)
    read = np.where(np.arange(80) < 40, asked, 55 + rng.normal(size=80))
    labels = pd.DataFrame({"source": np.repeat(["echosyn", "latte"], 40), "requested_ef": asked, "ef": read})
    return {"reading": SimpleNamespace(labels=labels)}


MATERIAL: dict[str, Callable[[], dict[str, Any]]] = dict(
    zip(NUMBERS, (key_frames, motion, selection, evaluation, generators, ablation), strict=True)
)


def solutions(number: str) -> list[str]:
    (file,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    (limits,) = [cell.source for cell in nbformat.read(file, as_version=4).cells if cell.id == "limits"]
    assert limits.count("(ten lines)**.**") == len(SOLUTION.findall(limits)), "each has code to run"
    return SOLUTION.findall(limits)


@pytest.fixture(scope="module")
def solved() -> dict[str, list[dict[str, Any]]]:
    """Names that the solutions of each notebook leave behind."""
    left: dict[str, list[dict[str, Any]]] = {}
    for number in NUMBERS:
        left[number] = []
        for source in solutions(number):
            names = {"np": np, "pd": pd, **MATERIAL[number]()}
            exec(compile(source, f"exercise of {number}", "exec"), names)
            left[number].append(names)
    return left


@pytest.mark.parametrize("number", NUMBERS)
def test_two_exercises_are_solved_in_about_ten_lines(number: str) -> None:
    written = solutions(number)
    assert len(written) >= 2
    for source in written:
        ast.parse(source)
        assert 4 <= len([line for line in source.splitlines() if line.strip()]) <= 15


def test_a_detector_of_dark_pixels_finds_the_beats(solved: dict[str, list[dict[str, Any]]]) -> None:
    detector, rule = solved["01"]
    assert np.median(list(detector["off"].values())) <= 5
    assert rule["missed"].loc[0.33].abs().max() < 1 and rule["missed"].loc[0.45, 60] < -100


def test_the_mean_loses_what_the_length_keeps(solved: dict[str, list[dict[str, Any]]]) -> None:
    psnr, flows = solved["02"][0]["psnr"], solved["02"][1]["flows"]
    assert (psnr["gain"] > 0).all()
    assert (flows["whole"].abs() < 1e-9).all() and (flows["length"] > 0.9).all()


def test_the_proxy_dislikes_a_spread_of_ef(solved: dict[str, list[dict[str, Any]]]) -> None:
    by_ef, farthest = solved["03"][0]["by_ef"], solved["03"][1]["farthest"]
    assert by_ef.interval[0] > 0, "worse than Random, as the solution says of the vectors that ship"
    assert len(by_ef.table) == len(farthest.table) == 12


def test_every_answer_of_one_class_scores_alike(solved: dict[str, list[dict[str, Any]]]) -> None:
    constant, interval = solved["04"]
    best = constant_predictors(constant["test"]["ef"], constant["test"]["ef"])["hard_accuracy"].max()
    assert constant["constant"]["hard"].max() == pytest.approx(best)
    assert constant["constant"]["balanced"].max() == pytest.approx(100 / len(np.unique(constant["label"])))
    assert interval["low"] < interval["accuracy"].mean() < interval["high"]


def test_clips_that_beat_have_a_rate(solved: dict[str, list[dict[str, Any]]]) -> None:
    change, rates = solved["05"][0]["change"], solved["05"][1]["rates"]
    assert (change["from frame to frame"] > 0).all()
    assert all(abs(rate - 60 * 12.5 / 10) < 15 for rate in rates.values()), "ten frames per beat"


def test_labels_that_hold_and_labels_that_do_not(solved: dict[str, list[dict[str, Any]]]) -> None:
    held = solved["06"][0]["held_by_hand"]
    assert held["echosyn"] == 1 and held["latte"] < 0.6
    assert 0 < solved["06"][1]["p_value"] <= 1
