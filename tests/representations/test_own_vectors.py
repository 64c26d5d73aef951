"""``infomotion vectors describe``: what a file of vectors holds, and what it knows of EF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.classes import class_name, ef_class
from infomotion_lib.representations.own.describe import describe
from infomotion_lib.representations.own.file import Own, load
from infomotion_lib.representations.own.parameters import OwnParameters
from infomotion_lib.run.cli import main
from infomotion_lib.run.commands.vectors import lines


@pytest.fixture(scope="module")
def index() -> pd.DataFrame:
    """Sixty listed videos, EF in turn from 10 to 69."""
    ef = np.arange(60) + 10.0
    return pd.DataFrame(
        {
            "source": "real",
            "file_name": [f"v{number:02d}" for number in range(60)],
            "split": np.where(np.arange(60) % 3 == 2, "VAL", "TRAIN"),
            "ef": ef,
            "class_name": [class_name(int(number)) for number in ef_class(ef)],
        }
    )


def written(folder: Path, names: list[str], features: np.ndarray) -> Own:
    path = folder / "mine.npz"
    np.savez(path, file_name=names, features=features)
    return load(folder, parameters=OwnParameters.model_construct(vectors=str(path), limit=0), device="cpu")


def test_vectors_that_know_ef_are_told_from_noise(index: pd.DataFrame, tmp_path: Path) -> None:
    names, rng = index["file_name"].tolist(), np.random.default_rng(0)
    knowing = describe(written(tmp_path, names, np.stack([index["ef"], np.ones(60)], axis=1)), index)
    (row,) = knowing.probe.to_dict("records")
    assert row["ridge_r2"] > 0.99 and row["knn_purity"] > 0.8
    assert (knowing.size, knowing.rank, knowing.listed, knowing.lacking) == (2, 1, 60, {})
    noise = describe(written(tmp_path, names, rng.normal(size=(60, 3))), index)
    assert noise.probe["ridge_r2"].iloc[0] < 0.3 and noise.rank == 3


def test_what_it_lacks_and_what_it_does_not_know_is_named(index: pd.DataFrame, tmp_path: Path) -> None:
    names = [*index["file_name"].iloc[3:], "stranger"]
    features = np.arange(58.0 * 4).reshape(58, 4) ** 2
    features[1] = features[0]
    about = describe(written(tmp_path, names, features), index)
    assert about.lacking == {"TRAIN": ["v00", "v01"], "VAL": ["v02"]} and about.unknown == ["stranger"]
    assert about.repeated == 1
    text = "\n".join(lines(about, file=Path("mine.npz"), profile="p"))
    assert "57 of 60 videos of p" in text and "v00, v01" in text and "stranger" in text
    few = describe(written(tmp_path, names[:2], features[:2]), index)
    assert few.probe.empty


def test_the_command_needs_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, ["a", "b"], np.eye(2))
    assert main(["vectors", "describe", str(tmp_path / "mine.npz")]) == 0
    assert "2 vectors of 2 numbers; they span 1 dimensions" in capsys.readouterr().out
    (tmp_path / "broken.npz").write_bytes(b"PK")
    assert main(["vectors", "describe", str(tmp_path / "broken.npz")]) == 2
    assert "Not a file of vectors" in capsys.readouterr().err
