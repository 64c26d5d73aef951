"""How near the numbers that a library may compute otherwise lie to a rounding boundary, over the hearts of
all phantom profiles.

Drawing uses operations that IEEE 754 fixes, tables, and sums of whole numbers: nothing there can differ. One
thing is left: a normal number of the tail (1 in 3,000) comes out of NumPy's generator by way of the C
library's ``log1p``, and is rounded to a whole number at once. A last digit that differs matters only if the
number lies within that digit of a boundary between two whole numbers.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from phantom_requests import request_of

from infomotion_lib.parameters import profile_names
from infomotion_lib.phantom import atlas, scene
from infomotion_lib.phantom.nuisance import Heart
from infomotion_lib.phantom.plan import Request, plan_videos

TAIL = 3.6541528853610088
"""Where the tail of NumPy's ziggurat begins."""

ULPS = 4
"""Units in the last place by which the tail numbers of two mathematics libraries may differ: far more than
any of them states.
"""


def test_no_tail_number_lies_on_a_boundary(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = []
    for profile in profile_names():
        for source in ("real", "synthetic"):
            request = request_of(profile, source)
            if request is not None:
                rows.append((profile, source, *margins(request, monkeypatch)))
    table = pd.DataFrame(rows, columns=["profile", "source", "hearts", "tail numbers", "nearest", "error"])
    with capsys.disabled():
        print(
            "\nnearest: least distance of a tail number from a boundary; error: what a library may differ by;"
            " in steps\n"
        )
        print(table.to_string(index=False))
    assert len(table) and (table["nearest"] > 10 * table["error"]).all()


def margins(request: Request, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int, float, float]:
    """Hearts of a pool, their tail numbers, the least distance of one from a boundary, and the largest error,
    both in steps.
    """
    hearts, count, nearest, error = 0, 0, 0.5, 0.0
    for video in plan_videos(request):
        hearts += 1
        for normal, scaled in rounded_numbers(video.heart, request.size, monkeypatch):
            tail = np.abs(normal) > TAIL
            distance = np.abs(scaled[tail] - np.floor(scaled[tail]) - 0.5)
            count += int(tail.sum())
            nearest = min(nearest, float(distance.min(initial=0.5)))
            error = max(error, ULPS * float(np.spacing(np.abs(scaled[tail])).max(initial=0.0)))
    return hearts, count, nearest, error


def rounded_numbers(
    heart: Heart, size: int, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Normal numbers of a heart, and what is rounded to whole numbers: the speckle in its steps, noise and
    haze in 1024ths.
    """
    painted: list[NDArray[np.float64]] = []
    whole = atlas._whole
    with monkeypatch.context() as watched:
        watched.setattr(atlas, "_whole", lambda values: painted.append(values) or whole(values))
        grid = scene.build_scene(heart, size=size).grid
    speckle = next(values for values in painted if values.ndim == 4)
    numbers = [(normal(heart, atlas._SPECKLE, speckle.shape), speckle)]
    for stream, shape in ((scene._NOISE, (scene.NOISE_BANK * grid[0] * grid[1],)), (scene._HAZE, (2, *grid))):
        drawn = normal(heart, stream, shape)
        numbers.append((drawn, drawn * 1024))
    return numbers


def normal(heart: Heart, stream: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.random.default_rng((heart.seed, stream)).standard_normal(shape)
