"""`infomotion generate latte`: a pool from weights on disk, and exit code 2 with one message, nothing
written, for what cannot be met.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from infomotion_lib.data.records import read_dataset
from infomotion_lib.generators.autoencoder import (
    FittedAutoencoder,
    build_autoencoder,
    save_autoencoder,
    weights_of,
)
from infomotion_lib.generators.latte.diffusion import LatteRecipe, TrainedLatte
from infomotion_lib.generators.latte.network import SIZES, Latte
from infomotion_lib.generators.latte.weights import save_latte
from infomotion_lib.provenance import sha256
from infomotion_lib.run.cli import main

CLASS_EF = (20.0, 35.0, 45.0, 60.0, 77.0)


def write_latte(folder: Path, *, n_classes: int = 5, size: str = "cpu/2") -> Path:
    """Untrained weights and their autoencoder, as stage 05 leaves them."""
    torch.manual_seed(0)
    vae = save_autoencoder(
        FittedAutoencoder(build_autoencoder("small").eval(), 1.0, "small"), folder / "autoencoder"
    )
    network = Latte(SIZES["cpu/2"], latent_side=2, frames=8, n_classes=n_classes).eval()
    made = {"fps": 10.0, "class_ef": CLASS_EF[:n_classes], "autoencoder_sha256": sha256(weights_of(vae))}
    recipe = LatteRecipe(size, 2, 8, n_classes, **made)  # type: ignore[arg-type]
    return save_latte(TrainedLatte(network, recipe, []), folder / "latte.safetensors")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_latte(tmp_path_factory.mktemp("latte"))


def generate(weights: Path, out: Path, *words: str) -> int:
    given = [
        "generate",
        "latte",
        "--checkpoint",
        str(weights),
        "--out",
        str(out),
        "--profile",
        "smoke",
        "--side",
        "32",
        "--device",
        "cpu",
    ]
    return main([*given, *(words or ("--per-class", "1"))])


def test_a_pool_is_written_and_completed_after_a_stop(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pool = tmp_path / "pool"
    assert generate(weights, pool, "--per-class", "2", "--guidance", "3", "--seed", "7") == 0
    assert "2 clips of each of 5 classes" in capsys.readouterr().out
    manifest = pd.read_csv(pool / "manifest.csv")
    assert (manifest["requested_class"].value_counts() == 2).all()
    assert set(manifest["guidance"]) == {3.0}
    assert set(manifest["checkpoint_sha256"]) == {sha256(weights)}
    usable = read_dataset(pool).usable
    assert len(usable) == 10
    assert usable["fps"].to_numpy() == pytest.approx(10.0)
    assert usable["requested_ef"].to_numpy() == pytest.approx(np.repeat(CLASS_EF, 2))
    before = {file.name: file.read_bytes() for file in pool.rglob("*.avi")}
    (pool / "Videos" / "latte_000003.avi").unlink()
    (pool / "FileList.csv").unlink()
    assert generate(weights, pool, "--per-class", "2", "--guidance", "3", "--seed", "7") == 0
    assert {file.name: file.read_bytes() for file in pool.rglob("*.avi")} == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--per-class", "1", "--guidance", "0.5"], "Guidance must lie in 1 to 20"),
        (["--per-class", "1", "--frames", "9"], "Frames must lie in 8 to 8"),
        (["--per-class", "1", "--frames", "4"], "Frames must lie in 8 to 8"),
        (["--per-class", "1", "--guidance", "20.5"], "Guidance must lie in 1 to 20"),
        (["--per-class", "1", "--guidance", "nan"], "Guidance must lie in 1 to 20"),
        (["--per-class", "1", "--sampling-steps", "2000"], "Sampling steps must lie in 1 to 1000"),
        (["--per-class", "1", "--sampling-steps", "30"], "must divide 1000: 25 or 40, not 30"),
        (["--per-class", "0"], "at least one clip per class"),
        (["--per-class", "1", "--profile", "paper"], "a Latte of size cpu/2, not S/2"),
    ],
)
def test_what_cannot_be_met_is_refused_before_anything_is_written(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert generate(weights, tmp_path / "pool", *words) == 2
    said = capsys.readouterr()
    assert message in said.err and said.err.count("Error: ") == 1
    assert (said.out, "Traceback" in said.err) == ("", False)
    assert not (tmp_path / "pool").exists()


def test_weights_of_another_class_count_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate(write_latte(tmp_path / "two", n_classes=2), tmp_path / "pool") == 2
    assert "a Latte of classes 2, not 5" in capsys.readouterr().err
    assert not (tmp_path / "pool").exists()


def test_another_autoencoder_is_refused(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(weights.parent, tmp_path / "latte")
    torch.manual_seed(1)
    save_autoencoder(FittedAutoencoder(build_autoencoder("small").eval(), 1.0, "small"), copy / "autoencoder")
    assert generate(copy / weights.name, tmp_path / "pool") == 2
    assert "not the autoencoder that this Latte was trained with" in capsys.readouterr().err
    assert not (tmp_path / "pool").exists()


def test_missing_or_broken_weights_and_foreign_folders(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate(tmp_path / "none.safetensors", tmp_path / "pool") == 2
    assert "infomotion run 05" in capsys.readouterr().err
    pool = tmp_path / "pool"
    assert generate(weights, pool) == 0
    assert generate(weights, pool, "--per-class", "2") == 2
    assert "holds a pool made with another per_class" in capsys.readouterr().err
    assert len(list(pool.rglob("*.avi"))) == 5, "the pool that was there is whole"
    (pool / "pool.json").write_text('{"per_class"')
    assert generate(weights, pool) == 2
    assert "pool.json is damaged" in capsys.readouterr().err
    assert len(list(pool.rglob("*.avi"))) == 5
    broken = shutil.copytree(weights.parent, tmp_path / "latte")
    (broken / weights.name).write_bytes(weights.read_bytes()[:-1000])
    assert generate(broken / weights.name, tmp_path / "other") == 2
    assert "Not a Latte checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
