"""Vectors with planted groups, and upstream tables of stage 03, made in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.representations.vectors import Vectors

EF = {"severe": 20.0, "moderate": 35.0, "mild": 45.0, "normal": 60.0, "hyperdynamic": 75.0}


@dataclass(frozen=True)
class Planted:
    """60 vectors in 5 tight, well separated groups of 12."""

    features: NDArray[np.float64]
    group: NDArray[np.int64]


@pytest.fixture
def planted() -> Planted:
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(5), 12)
    return Planted(rng.normal(size=(5, 16))[group] * 4 + rng.normal(size=(60, 16)) * 0.5, group)


@dataclass(frozen=True)
class Pool:
    """Candidates of all five classes, as :func:`select` takes them."""

    features: NDArray[np.float64]
    classes: NDArray[np.str_]
    file_names: NDArray[np.str_]
    ef: NDArray[np.float64]


@pytest.fixture
def pool() -> Pool:
    rng = np.random.default_rng(1)
    classes = np.repeat(CLASS_NAMES, 14)
    ef = np.array([EF[name] for name in classes]) + rng.uniform(-4, 4, len(classes))
    return Pool(
        rng.normal(size=(70, 8)), classes, np.array([f"video_{i:03d}" for i in rng.permutation(70)]), ef
    )


@pytest.fixture
def upstream() -> tuple[pd.DataFrame, Vectors, Vectors]:
    """Frame index and two feature tables: 8 TRAIN, 2 VAL and 2 TEST videos a class, real, and 8 TRAIN,
    synthetic.
    """
    rng = np.random.default_rng(2)
    rows = [
        {
            "source": source,
            "file_name": f"{source}_{split}_{name}_{number}",
            "split": split,
            "ef": EF[name] + rng.uniform(-4, 4),
            "class_name": name,
            "status": "next_ed",
            "systole_start": 3.0,
        }
        for source, split, count in (
            ("real", "TRAIN", 8),
            ("real", "VAL", 2),
            ("real", "TEST", 2),
            ("synthetic", "TRAIN", 8),
        )
        for name in CLASS_NAMES
        for number in range(count)
    ]
    index = pd.DataFrame(rows)
    source, names = index["source"].to_numpy(dtype=str), index["file_name"].to_numpy(dtype=str)
    motion, appearance = (
        Vectors(source, names, rng.normal(size=(len(index), width)).astype(np.float32)) for width in (12, 6)
    )
    return index, motion, appearance
