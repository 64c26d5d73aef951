"""Noise of any covariance is told from planted groups."""

from __future__ import annotations

import numpy as np
import pytest

from infomotion_lib.selection.noise import NOISE_FLAG, structure_p
from infomotion_lib.selection.selectors import select


def noise(rng: np.random.Generator, shape: str) -> np.ndarray:
    """60 structureless vectors of one covariance."""
    normal = rng.standard_normal((60, 40))
    if shape == "one long axis":
        normal[:, 0] *= 20
    if shape == "decaying":
        normal *= np.exp(-0.2 * np.arange(40))
    return normal @ rng.standard_normal((40, 200)) if shape == "correlated" else normal


@pytest.mark.parametrize("shape", ["round", "one long axis", "decaying", "correlated"])
def test_noise_is_flagged(shape: str) -> None:
    rng = np.random.default_rng(1)
    chosen = select(
        noise(rng, shape),
        ["mild"] * 60,
        file_names=[f"v{i:02d}" for i in range(60)],
        method="infomotion",
        vpc=5,
    )
    assert chosen.flags["mild"] in (NOISE_FLAG, "collapsed")


@pytest.mark.parametrize("dimensions", [6, 16])
def test_planted_groups_are_not(dimensions: int) -> None:
    rng = np.random.default_rng(2)
    centres = 3.5 / np.sqrt(2) * np.eye(6, dimensions)  # each 3.5 sd from the others
    vectors = np.repeat(centres, 50, axis=0) + rng.standard_normal((300, dimensions))
    names = [f"v{i:03d}" for i in range(300)]
    chosen = select(vectors, ["normal"] * 300, file_names=names, method="infomotion", vpc=5)
    assert chosen.flags["normal"] == "healthy"


def test_p_is_that_of_a_test() -> None:
    """Under the hypothesis p is at most .1 about one time in ten, not most of the time."""
    rng = np.random.default_rng(3)
    p = [structure_p(noise(rng, "decaying"), draws=19, seed=seed) for seed in range(20)]
    assert np.mean(np.array(p) <= 0.1) <= 0.3
    assert np.min(p) < np.max(p)


def test_what_cannot_be_judged_has_no_p() -> None:
    rng = np.random.default_rng(4)
    assert np.isnan(structure_p(rng.standard_normal((7, 3))))
    assert np.isnan(structure_p(np.ones((20, 3))))
    assert np.isnan(structure_p(rng.standard_normal((20, 3)), draws=0))
