"""A pool under the privacy filter: planted copies are drawn again or left out, others stay, and what became
of each clip is written down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from data_folders import textured_clip
from numpy.typing import NDArray

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.errors import DataError
from infomotion_lib.generators.cutting import Cut
from infomotion_lib.generators.pool import PoolRequest, check_copied, write_pool
from infomotion_lib.generators.privacy.clips import ClipFilter, RealClips, features
from infomotion_lib.generators.privacy.planted import CHANGES, planted
from infomotion_lib.generators.privacy.record import OF_REAL, OTHERS, of_real_hearts, roc_areas, summary
from infomotion_lib.generators.privacy.training import reidentification, told_apart
from infomotion_lib.provenance import read_json, write_csv

SIDE, CUT = 32, Cut(3, 16.0, 32)
TRAIN, OTHER = 24, 12


def heart(seed: int) -> NDArray[np.uint8]:
    """A clip (3, 32, 32) of a bright disc of its own place, size and texture."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    row, column = random.uniform(8, 24, 2)
    radius = random.uniform(4, 10)
    texture = textured_clip(seed, frames=CUT.frames, height=SIDE, width=SIDE) // 3
    frames = [
        np.hypot(rows - row, (columns - column) * random.uniform(0.9, 1.1)) < radius - frame
        for frame in range(CUT.frames)
    ]
    return (texture + 150 * np.stack(frames)).astype(np.uint8)


def real(first: int, count: int) -> RealClips:
    clips = np.stack([heart(seed) for seed in range(first, first + count)])
    return RealClips(clips, np.arange(count), tuple(f"video{seed}" for seed in range(first, first + count)))


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> ClipFilter:
    train, other = real(0, TRAIN), real(1000, OTHER)
    path = tmp_path_factory.mktemp("filter") / "reidentification.safetensors"
    network = reidentification(train.clips, train.videos, steps=30, path=path)
    again = reidentification(train.clips, train.videos, steps=30, path=path)
    known, unknown = (features(network, part.clips) for part in (train, other))
    assert np.array_equal(features(again, train.clips), known), "a finished network is taken up"
    accuracy = told_apart(network, other.clips, other.videos)
    return ClipFilter(network, train, other, known, unknown, 95, "each", 2, accuracy)


@dataclass(frozen=True)
class Copier:
    """Draws a training heart where its row says so, and else a heart that nobody has seen."""

    copies: dict[int, tuple[str, ...]]
    given: bool = False

    def requests(self, *, per_class: int, seed: int) -> pd.DataFrame:
        names = [name for name in CLASS_NAMES for _ in range(per_class)]
        rows = np.arange(len(names)) + (0 if self.given else seed % 1000 * 100)
        files = [f"toy_{row}" for row in range(len(names))]
        table = {"FileName": files, "requested_class": names, "requested_ef": 50.0, "number": rows}
        return pd.DataFrame(table)

    def draw(self, requests: pd.DataFrame) -> NDArray[np.uint8]:
        clips = []
        for name, number in zip(requests["FileName"], requests["number"], strict=True):
            turn = 1 if "again" in name else 0
            clips.append(heart(3 if name.split("_again")[0] in self.copies.get(turn, ()) else 5000 + number))
        return np.stack(clips)

    def settings(self) -> dict[str, Any]:
        return {"toy": True}

    def summary(self) -> dict[str, Any]:
        return {}


def make(copier: Copier, root: Path, judge: ClipFilter | None) -> Path:
    return write_pool(copier, root, PoolRequest(CUT, 2, 1, "toy", judge))


def test_copies_are_drawn_again_and_left_out_if_they_come_back(judge: ClipFilter, tmp_path: Path) -> None:
    lenient = replace(judge, percentile=100.0)
    stubborn = Copier({0: ("toy_1", "toy_4"), 1: ("toy_4",)})
    root = make(stubborn, tmp_path / "pool", lenient)
    clips, manifest = pd.read_csv(root / "privacy.csv"), pd.read_csv(root / "manifest.csv")
    first = clips[clips["round"] == 0].set_index("FileName")
    assert not first.loc["toy_1", "kept"] and first.loc["toy_1", "closest"] == pytest.approx(1, abs=0.01)
    assert first.loc["toy_1", "nearest_video"] == "video3"
    assert not set(manifest["FileName"]) & {"toy_1", "toy_4", "toy_4_again1", "toy_4_again2"}
    assert set(manifest["FileName"]) == set(clips.loc[clips["kept"], "FileName"])
    kept = {path.stem for path in (root / "Videos").glob("*.avi")}
    assert kept == set(manifest["FileName"]) == set(pd.read_csv(root / "FileList.csv")["FileName"])
    assert (manifest["privacy_filter"] == "closest").all()
    assert read_json(root / "pool.json")["privacy_filter"] == "closest"
    before = {path.name: path.read_bytes() for path in root.rglob("*.*")}
    assert {path.name: path.read_bytes() for path in make(stubborn, root, lenient).rglob("*.*")} == before
    assert check_copied(root, cut=CUT, per_class=2, generator="toy") == root, "a class may lack clips"
    write_csv(of_real_hearts(lenient), root / OF_REAL)
    found = summary(root)
    assert found["drawn"] == len(clips) and found["left_out"] == 10 - len(manifest) >= 1
    assert found["dropped"] == (~clips["kept"]).sum() >= 4


def test_a_given_clip_cannot_be_drawn_again(judge: ClipFilter, tmp_path: Path) -> None:
    lenient = replace(judge, percentile=100.0)
    root = make(Copier({0: ("toy_0",)}, given=True), tmp_path / "pool", lenient)
    clips = pd.read_csv(root / "privacy.csv")
    assert (clips["round"] == 0).all() and not clips.set_index("FileName").loc["toy_0", "kept"]
    with pytest.raises(DataError, match="leaves none of 10 clips"):
        make(Copier({0: tuple(f"toy_{n}" for n in range(10))}, given=True), tmp_path / "other", lenient)


def test_without_the_filter_nothing_changes(tmp_path: Path) -> None:
    root = make(Copier({0: ("toy_1",)}), tmp_path / "pool", None)
    assert "privacy_filter" not in pd.read_csv(root / "manifest.csv")
    assert "privacy_filter" not in read_json(root / "pool.json") and not (root / "privacy.csv").exists()
    assert summary(root) == {}


def test_planted_copies_stand_out_from_other_hearts(judge: ClipFilter) -> None:
    table = planted(judge, most=12)
    assert list(dict.fromkeys(table["kind"])) == [*CHANGES, OTHERS]
    areas = roc_areas(table).set_index("kind")
    assert areas.loc["copies", "auc"] == 1 and areas.loc["copies", "caught"] == 1
    assert table.loc[table["kind"] == "copies", "own"].all()
    assert areas.loc["copies, darker", "auc"] > 0.95
    assert np.isnan(areas.loc[OTHERS, "auc"]) and areas.loc[OTHERS, "caught"] < 1
    alone = judge.report([judge.other.clips[0]])
    assert alone.closest[0] == pytest.approx(of_real_hearts(judge)["closest"][0])
    published = replace(judge, scaling="published").report(list(judge.other.clips))
    assert len(published.closest) == OTHER


def test_two_videos_are_needed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="two TRAIN videos or more, not 1"):
        reidentification(real(0, 1).clips, np.zeros(1, int), steps=1, path=tmp_path / "w.safetensors")
    assert np.isnan(told_apart(reidentification(real(0, 2).clips, np.arange(2), steps=1, path=tmp_path / "w.safetensors"), real(0, 1).clips, np.zeros(1, int)))  # fmt: skip


def test_the_figure_and_table_carry_the_numbers(judge: ClipFilter, tmp_path: Path) -> None:
    from infomotion_lib.reporting.figures.privacy import show
    from infomotion_lib.reporting.style import alt_text

    root = make(Copier({0: ("toy_1",)}), tmp_path / "pool", replace(judge, percentile=100.0))
    write_csv(of_real_hearts(judge), root / OF_REAL)
    write_csv(planted(judge, most=6), root / "privacy_planted.csv")
    shown = show(root, folder=tmp_path / "figures", label="Toy", data="Toy, trained on Klinik A")
    assert "100 % of plain copies are caught" in shown.notes[1]
    alt = alt_text(tmp_path / "figures" / "privacy.svg")
    assert alt.startswith("Toy, trained on Klinik A: ") and "copies 100 % left out" in alt
    plain = make(Copier({}), tmp_path / "plain", None)
    assert "not de-identified" in show(plain, folder=tmp_path / "figures", label="Toy").notes[0]
