"""A sampled pool is complete, seeded, resumable, and readable as any other data set."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from infomotion_lib.data.video import read_clip
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.generators import pool as drawing
from infomotion_lib.generators.autoencoder import FittedAutoencoder, build_autoencoder
from infomotion_lib.generators.cutting import Cut
from infomotion_lib.generators.latte.diffusion import LatteRecipe, TrainedLatte
from infomotion_lib.generators.latte.generator import FittedLatte
from infomotion_lib.generators.latte.network import Latte, LatteSize
from infomotion_lib.generators.pool import PoolRequest, begin_pool, check_copied, draw_share, write_pool
from infomotion_lib.provenance import read_json, write_json
from infomotion_lib.share import Share

CUT = Cut(4, 16.0, 32)
CLASS_EF = (20.0, 35.0, 45.0, 60.0, 77.0)


@pytest.fixture(scope="module")
def generator() -> FittedLatte:
    torch.manual_seed(0)
    network = Latte(LatteSize(2, 32, 2), latent_side=4, frames=4).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    trained = TrainedLatte(network, LatteRecipe("tiny/2", 4, 4, class_ef=CLASS_EF), [])
    autoencoder = FittedAutoencoder(build_autoencoder("small").eval(), 1.0, "small")
    return FittedLatte(trained, autoencoder, "weights", side=32, sampling_steps=2)


def make(generator: FittedLatte, root: Path, *, cut: Cut = CUT, per_class: int = 2, seed: int = 3) -> Path:
    return write_pool(generator, root, PoolRequest(cut, per_class, seed, "latte"))


def content(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_exactly_n_clips_a_class_with_their_seeds(generator: FittedLatte, tmp_path: Path) -> None:
    root = make(generator, tmp_path / "pool")
    manifest, files = pd.read_csv(root / "manifest.csv"), pd.read_csv(root / "FileList.csv")
    assert manifest.requested_class.value_counts().to_dict() == dict.fromkeys(
        ("severe", "moderate", "mild", "normal", "hyperdynamic"), 2
    )
    assert manifest.seed.is_unique
    assert files.EF.tolist() == [ef for ef in CLASS_EF for _ in range(2)]
    assert read_clip(root / "Videos" / "latte_000009.avi").shape == (4, 32, 32)


def test_interrupted_pool_resumes_to_the_same_bytes(generator: FittedLatte, tmp_path: Path) -> None:
    whole = make(generator, tmp_path / "whole")
    broken = make(generator, tmp_path / "broken")
    for name in ("FileList.csv", "manifest.csv", "Videos/latte_000004.avi"):
        (broken / name).unlink()
    (broken / "Videos" / "latte_000007.avi").write_bytes(b"half written")
    assert content(make(generator, broken)) == content(whole)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Clips of each batch that is drawn; batches are of four."""
    sizes: list[int] = []
    plain = FittedLatte.draw

    def counted(self: FittedLatte, requests: pd.DataFrame) -> np.ndarray:
        sizes.append(len(requests))
        return plain(self, requests)

    monkeypatch.setattr(drawing, "BATCH", 4)
    monkeypatch.setattr(FittedLatte, "draw", counted)
    return sizes


def begin(generator: FittedLatte, root: Path) -> Path:
    begin_pool(generator, root, PoolRequest(CUT, 2, 3, "latte"))
    return root


def test_any_number_of_shares_gives_the_same_bytes(
    generator: FittedLatte, tmp_path: Path, drawn: list[int]
) -> None:
    whole = content(make(generator, tmp_path / "whole"))
    for count in (1, 3, 7):
        root = begin(generator, tmp_path / str(count))
        drawn.clear()
        for number in range(count, 0, -1):
            draw_share(generator, root, Share(number, count))
        assert sorted(drawn) == [2, 4, 4]
        assert content(make(generator, root)) == whole and len(drawn) == 3, "all clips are taken up"


def test_a_killed_share_alone_draws_again(
    generator: FittedLatte, tmp_path: Path, drawn: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, root = content(make(generator, tmp_path / "whole")), begin(generator, tmp_path / "shared")
    draw_share(generator, root, Share(2, 2))
    drawn.clear()
    plain = FittedLatte.draw

    def killed(self: FittedLatte, requests: pd.DataFrame) -> np.ndarray:
        if drawn:
            raise KeyboardInterrupt
        return plain(self, requests)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(FittedLatte, "draw", killed)
        draw_share(generator, root, Share(1, 2))
    draw_share(generator, root, Share(1, 2))
    assert drawn == [4, 2] and content(make(generator, root)) == whole and drawn == [4, 2]


def test_a_share_of_a_pool_begun_otherwise_is_refused(generator: FittedLatte, tmp_path: Path) -> None:
    root = begin(generator, tmp_path / "pool")
    with pytest.raises(DataError, match="another guidance"):
        draw_share(replace(generator, guidance=generator.guidance + 1), root, Share(1, 2))


def test_what_a_kill_left_half_written_is_swept_away(generator: FittedLatte, tmp_path: Path) -> None:
    whole = make(generator, tmp_path / "whole")
    early, late = tmp_path / "early", shutil.copytree(whole, tmp_path / "late")
    early.mkdir()
    (early / ".unfinished.pool.x.json").write_text("{")
    (late / "Videos" / ".unfinished.latte_000001.x.avi").write_bytes(b"RIFF")
    for killed in (early, late):
        assert content(make(generator, killed)) == content(whole)


@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_a_truncated_clip_is_drawn_again(generator: FittedLatte, tmp_path: Path, keep: float) -> None:
    root = make(generator, tmp_path / "pool")
    before = content(root)
    file = root / "Videos" / "latte_000002.avi"
    file.write_bytes(file.read_bytes()[: int(keep * file.stat().st_size)])
    assert content(make(generator, root)) == before


@pytest.mark.parametrize("damage", ['{"per_class": 2', "[]", ""])
def test_a_pool_with_a_damaged_record_is_refused_and_left_as_it_is(
    generator: FittedLatte, tmp_path: Path, damage: str
) -> None:
    root = make(generator, tmp_path / "pool")
    (root / "pool.json").write_text(damage)
    before = content(root)
    with pytest.raises(DataError, match="is damaged") as caught:
        make(generator, root)
    assert caught.value.exit_code == 2
    assert content(root) == before


def test_other_requests_and_foreign_folders_are_refused(generator: FittedLatte, tmp_path: Path) -> None:
    root = make(generator, tmp_path / "pool")
    with pytest.raises(DataError, match="another seed"):
        make(generator, root, seed=4)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="not empty"):
        make(generator, tmp_path / "other")
    with pytest.raises(ParameterError, match="at least one"):
        make(generator, tmp_path / "none", per_class=0)
    with pytest.raises(ParameterError, match="positive number of frames per second"):
        make(generator, tmp_path / "none", cut=Cut(4, 0.0, 32))
    assert not (tmp_path / "none").exists()


def copied(root: Path, *, cut: Cut = CUT, per_class: int = 2, generator: str = "latte") -> Path:
    return check_copied(root, cut=cut, per_class=per_class, generator=generator)


def test_a_pool_drawn_elsewhere_is_taken_if_it_is_whole_and_fits(
    generator: FittedLatte, tmp_path: Path
) -> None:
    pool = make(generator, tmp_path / "pool")
    before = content(pool)
    assert copied(pool) == pool and content(pool) == before
    record = read_json(pool / "pool.json")
    write_json({name: value for name, value in record.items() if name != "generator"}, pool / "pool.json")
    assert copied(pool) == pool, "earlier versions did not name the generator"


def test_a_pool_drawn_elsewhere_that_does_not_fit_is_refused(generator: FittedLatte, tmp_path: Path) -> None:
    pool = make(generator, tmp_path / "pool")
    for why, wanted in (
        ("severe 2, .* asks for 3 of each class", {"per_class": 3}),
        ("10 clips of the pool have another shape, such as 4 frames at 16", {"cut": Cut(8, 16.0, 32)}),
        ("another shape", {"cut": Cut(4, 12.5, 32)}),
        ("another shape", {"cut": Cut(4, 16.0, 64)}),
        ("drawn by latte, not by other", {"generator": "other"}),
    ):
        with pytest.raises(DataError, match=why):
            copied(pool, **wanted)  # type: ignore[arg-type]
    (pool / "Videos" / "latte_000003.avi").unlink()
    with pytest.raises(DataError, match="1 of 10 clips of the pool are missing, latte_000003 the first"):
        copied(pool)
    (pool / "manifest.csv").unlink()
    with pytest.raises(DataError, match=r"No finished pool: manifest\.csv missing"):
        copied(pool)
