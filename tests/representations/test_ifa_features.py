"""Extraction: the plain network's numbers, blocks that resume, videos that are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from reference_formula import formula_frames, formula_state

from infomotion_lib.data.records import Dataset, read_dataset
from infomotion_lib.data.video import write_clip
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.parameters import read_profile
from infomotion_lib.representations.flow.farneback import dense_flow
from infomotion_lib.representations.ifa import features, motion
from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi
from infomotion_lib.representations.ifa.features import extract_features, motions, refuse_degenerate
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.parameters import IfaParameters
from infomotion_lib.representations.ifa.pooling import MotionPooler, rank_bound, vector_size
from infomotion_lib.representations.ifa.settings import TrainingSettings
from infomotion_lib.representations.ifa.training import new_interpolator, train_interpolator
from infomotion_lib.representations.ifa.triplets import TripletStore, attach_paths
from infomotion_lib.representations.probe import measured_rank, probe_table, relative_spectrum
from infomotion_lib.representations.vectors import read_features
from infomotion_lib.training.placement import Placement


@pytest.fixture(scope="module")
def network() -> InterFrameInterpolator:
    return load_ema_vfi(formula_state("ifa_width4"))


@pytest.fixture(scope="module")
def dataset(tiny_phantom: Path) -> Dataset:
    return read_dataset(tiny_phantom)


@pytest.fixture(scope="module")
def rows(dataset: Dataset) -> pd.DataFrame:
    index = build_frame_index(dataset, source="real", parameters=FrameIndexParameters())
    return attach_paths(index, {"real": dataset})


@pytest.mark.parametrize("height, width", [(112, 112), (96, 128)])
@pytest.mark.parametrize("pooling", ["mean", "grid", "flow"])
@torch.inference_mode()
def test_vectors_equal_the_plain_way(
    pooling: str, height: int, width: int, network: InterFrameInterpolator
) -> None:
    frames = formula_frames(7, height, width, seed=3)
    pairs = torch.tensor([[[0, 1], [1, 2]], [[4, 3], [5, 4]], [[6, 0], [2, 6]]])
    vectors = MotionPooler(network, pooling=pooling).vectors(frames, pairs)  # type: ignore[arg-type]
    assert vectors.shape == (3, vector_size(4, pooling))  # type: ignore[arg-type]
    for video, two in enumerate(pairs):
        found, made = (
            network.features(frames[two[:, 0]], frames[two[:, 1]]),
            network(frames[two[:, 0]], frames[two[:, 1]]),
        )
        if pooling == "flow":
            plain = torch.nn.functional.adaptive_avg_pool2d(made.flow[-1], 7).flatten()
        else:
            cells = 4 if pooling == "grid" else 1
            pooled = [
                torch.nn.functional.adaptive_avg_pool2d(maps, cells) for maps in found.motion
            ]  # rows: forth 0, forth 1, back 0, back 1
            plain = torch.cat(
                [maps[[0, 2, 1, 3]].flatten() for maps in pooled]
            )  # pair by pair, forth and back
        torch.testing.assert_close(vectors[video], plain, atol=2e-6, rtol=1e-5)


def test_vectors_of_the_papers_size(tmp_path: Path) -> None:
    """The paper's network takes a step and describes a video by 3,072 numbers."""
    profile = read_profile("paper")
    network = new_interpolator(
        profile["ifa_width"], tuple(profile["ifa_depths"]), seed=0, refine=profile["ifa_refine"]
    )
    frames = formula_frames(3, 96, 96, seed=3)
    grey = (255 * frames[:, 0]).numpy().astype(np.uint8)
    store = TripletStore(grey, np.arange(3)[None], ("a",))
    settings = TrainingSettings(steps=1, batch_size=1, warmup_steps=1)
    trained = train_interpolator(network, store, folder=tmp_path, settings=settings, placement=Placement())
    pooling = profile["pooling"]
    with torch.inference_mode():
        pooler = MotionPooler(trained.network, pooling=pooling)
        (vector,) = pooler.vectors(frames, torch.tensor([[[0, 1], [1, 2]]]))
    assert vector.shape == (3072,) == (vector_size(profile["ifa_width"], pooling),)
    assert torch.isfinite(vector).all()


@pytest.mark.parametrize("pooling", ["mean", "grid", "flow"])
def test_the_vector_of_half_a_beat_is_that_of_its_pair(pooling: str, network: InterFrameInterpolator) -> None:
    frames = formula_frames(4, 64, 64, seed=3)
    pooler = MotionPooler(network, pooling=pooling)  # type: ignore[arg-type]
    both = pooler.vectors(frames, torch.tensor([[[0, 1], [1, 2]], [[2, 1], [3, 2]]]))
    one = pooler.vectors(frames, torch.tensor([[[1, 2]], [[3, 2]]]))
    assert one.shape == (2, vector_size(4, pooling, 1)) and 2 * one.shape[1] == both.shape[1]  # type: ignore[arg-type]
    fine = one.shape[1] if pooling == "flow" else _fine_numbers(network, 16 if pooling == "grid" else 1)
    for alone, of_both in ((one[:, :fine], both[:, : 2 * fine]), (one[:, fine:], both[:, 2 * fine :])):
        torch.testing.assert_close(alone, of_both[:, of_both.shape[1] // 2 :], atol=2e-6, rtol=1e-5)


def _fine_numbers(network: InterFrameInterpolator, cells: int) -> int:
    """Numbers of one pair at the finer scale, forth and back."""
    frame = torch.zeros(1, 1, 64, 64)
    return 2 * cells * network.features(frame, frame).motion[0].shape[1]


def test_vectors_of_half_beats_say_so(
    rows: pd.DataFrame, network: InterFrameInterpolator, tmp_path: Path
) -> None:
    filling = ["diastole_start", "diastole_mid", "diastole_end"]
    half = rows.head(4).copy()
    half[filling] = pd.NA
    extract_features(network, half, out=tmp_path / "half.npz", device="cpu")
    extract_features(network, rows.head(4), out=tmp_path / "whole.npz", device="cpu")
    single, whole = read_features(tmp_path / "half.npz"), read_features(tmp_path / "whole.npz")
    assert single.identity.endswith("-1pair") and whole.identity == ""
    assert (single.size, whole.size) == (vector_size(4, "mean", 1), vector_size(4, "mean"))
    store = TripletStore.from_frame_index(half.assign(split="TRAIN"))
    assert all(name.endswith(" systole") for name in store.names) and 0 < len(store) <= 4


def test_half_beats_and_whole_ones_are_not_mixed(rows: pd.DataFrame, tmp_path: Path) -> None:
    half = rows.copy()
    half[["diastole_start", "diastole_mid", "diastole_end"]] = pd.NA
    for table, pairs in ((half, 2), (rows, 1)):
        with pytest.raises(DataError, match="motions per video") as error:
            motion.fit(table, table, folder=tmp_path, parameters=IfaParameters(pairs=pairs), device="cpu")
        assert "same value of pairs" in error.value.remedy


@torch.inference_mode()
def test_network_itself_is_left_alone(network: InterFrameInterpolator) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    MotionPooler(network)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@torch.inference_mode()
def test_mean_motion_spans_no_more_than_the_bound() -> None:
    network = load_ema_vfi(formula_state("ifa_width4"))
    assert rank_bound(network) == 48
    rng = torch.Generator().manual_seed(0)
    frames = torch.rand(180, 1, 32, 32, generator=rng)
    vectors = (
        MotionPooler(network)
        .vectors(frames, torch.arange(60)[:, None, None] * 3 + torch.tensor([[0, 1], [1, 2]]))
        .numpy()
    )
    assert vectors.shape == (60, 384) and measured_rank(vectors) == 48
    assert relative_spectrum(vectors)[48] < 1e-7


@pytest.mark.parametrize(
    "width, depths, bound, size", [(8, (2, 2, 2, 2, 2), 96, 768), (32, (2, 2, 2, 4, 4), 768, 3072)]
)
def test_bounds_and_sizes_of_the_published_networks(
    width: int, depths: tuple[int, ...], bound: int, size: int
) -> None:
    with torch.device("meta"):
        assert rank_bound(InterFrameInterpolator(width, depths)) == bound
    assert (
        vector_size(width, "mean") == size
        and vector_size(width, "grid") == 16 * size
        and vector_size(width, "flow") == 392
    )


def test_rows_are_sorted_and_whole(
    rows: pd.DataFrame, network: InterFrameInterpolator, tmp_path: Path
) -> None:
    shuffled = rows.sample(frac=1, random_state=0)
    table = extract_features(network, shuffled, out=tmp_path / "motion_features.npz", device="cpu")
    again = read_features(tmp_path / "motion_features.npz")
    assert np.array_equal(again.features, table.features) and again.features.dtype == np.float32
    assert again.file_name.tolist() == sorted(rows["file_name"]) and len(table.missing) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["motion_features.npz"]
    assert (
        table.rows_of(shuffled) == [again.file_name.tolist().index(name) for name in shuffled["file_name"]]
    ).all()


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "BLOCK", 4)


@pytest.mark.usefixtures("small_blocks")
def test_a_broken_run_goes_on(
    rows: pd.DataFrame, network: InterFrameInterpolator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some, out = rows.head(10), tmp_path / "motion_features.npz"
    calls: list[int] = []
    vectors = MotionPooler.vectors

    def counted(self: MotionPooler, frames: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
        calls.append(len(pairs))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return vectors(self, frames, pairs)

    monkeypatch.setattr(MotionPooler, "vectors", counted)
    with pytest.raises(KeyboardInterrupt):
        extract_features(network, some, out=out, batch_size=4, device="cpu")
    assert not out.exists()
    resumed = extract_features(network, some, out=out, batch_size=4, device="cpu")
    assert len(calls) == 4, "two blocks are kept, the third is done again"
    monkeypatch.undo()
    monkeypatch.setattr(features, "BLOCK", 4)
    fresh = extract_features(network, some, out=tmp_path / "fresh.npz", batch_size=4, device="cpu")
    assert np.array_equal(resumed.features, fresh.features)


@pytest.mark.usefixtures("small_blocks")
def test_blocks_of_other_weights_are_not_taken_up(
    rows: pd.DataFrame, network: InterFrameInterpolator, tmp_path: Path
) -> None:
    some, out = rows.head(4), tmp_path / "motion_features.npz"
    fresh = extract_features(network, some, out=out, batch_size=4, device="cpu")
    parts = tmp_path / "motion_features.npz.parts"
    other = load_ema_vfi({name: value * 1.01 for name, value in network.state_dict().items()})
    table = extract_features(other, some, out=out, batch_size=4, device="cpu")
    parts.mkdir()
    np.savez(parts / "000000.npz", **table.arrays())
    assert np.array_equal(
        extract_features(network, some, out=out, batch_size=4, device="cpu").features, fresh.features
    )


def test_videos_without_frames_are_listed(
    rows: pd.DataFrame, network: InterFrameInterpolator, tmp_path: Path
) -> None:
    some = rows.head(6).copy()
    some.loc[some.index[0], ["diastole_start", "status"]] = [pd.NA, "no_phase"]
    (tmp_path / "cut.avi").write_bytes(Path(some.iloc[1]["path"]).read_bytes()[:5000])
    write_clip(
        tmp_path / "odd.avi",
        np.random.default_rng(0).integers(0, 255, (48, 100, 112), dtype=np.uint8),
        fps=50,
    )
    write_clip(tmp_path / "blank.avi", np.full((48, 112, 112), 9, dtype=np.uint8), fps=50)
    for number, name in ((1, "cut"), (2, "odd"), (3, "blank")):
        some.loc[some.index[number], "path"] = str(tmp_path / f"{name}.avi")
    table = extract_features(network, some, out=tmp_path / "motion_features.npz", device="cpu")
    listed = dict(zip(table.missing["file_name"], table.missing["status"], strict=True))
    names = some["file_name"].tolist()
    assert listed == {
        names[0]: "no_phase",
        names[1]: "unreadable",
        names[2]: "odd_size",
        names[3]: "blank_frames",
    }
    assert table.file_name.tolist() == names[4:]


def test_vectors_that_say_nothing_name_their_videos(
    rows: pd.DataFrame, network: InterFrameInterpolator, tmp_path: Path
) -> None:
    table = extract_features(network, rows.head(4), out=tmp_path / "motion_features.npz", device="cpu")
    for value, what in ((np.nan, "not finite"), (np.inf, "not finite"), (0.0, "constant")):
        vectors = table.features.copy()
        vectors[2] = value
        with pytest.raises(DataError, match=rf"{what}: real/{table.file_name[2]}"):
            refuse_degenerate(type(table)(table.source, table.file_name, vectors, table.missing))
    same = np.repeat(table.features[:1], 4, axis=0)
    with pytest.raises(DataError, match="same motion vector"):
        refuse_degenerate(type(table)(table.source, table.file_name, same, table.missing))
    dead = load_ema_vfi({name: value * float("nan") for name, value in network.state_dict().items()})
    with pytest.raises(DataError, match="not finite"):
        extract_features(dead, rows.head(4), out=tmp_path / "dead.npz", device="cpu")
    assert not (tmp_path / "dead.npz").exists()


def test_senseless_requests_are_refused(
    rows: pd.DataFrame, network: InterFrameInterpolator, tmp_path: Path
) -> None:
    for wrong in ({"batch_size": 0}, {"pooling": "max"}):
        with pytest.raises(ParameterError):
            extract_features(network, rows, out=tmp_path / "x.npz", device="cpu", **wrong)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="No video has end frames"):
        extract_features(network, rows.assign(systole_end=pd.NA), out=tmp_path / "x.npz", device="cpu")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError, match=r"torn\.npz"):
        read_features(tmp_path / "torn.npz")


def test_triplets_come_from_train_alone(rows: pd.DataFrame) -> None:
    train, val = (
        TripletStore.from_frame_index(rows),
        TripletStore.from_frame_index(rows, split="VAL", workers=2),
    )
    assert (len(train), len(val)) == (40, 10)
    names = {name.split("/")[1].split()[0] for name in train.names}
    assert names == set(rows.loc[rows["split"] == "TRAIN", "file_name"])
    assert train.batch(np.array([3, 0])).shape == (2, 3, 112, 112) and len(train.subset(5)) == 5


def test_unknown_videos_are_named(rows: pd.DataFrame, dataset: Dataset) -> None:
    index = rows.drop(columns="path")
    with pytest.raises(DataError, match="nobody"):
        attach_paths(index.assign(file_name="nobody"), {"real": dataset})


def test_probe_finds_what_is_there_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    ef = rng.uniform(15, 85, 200)
    noise = rng.normal(size=(200, 20)).astype(np.float32)
    telling = noise.copy()
    telling[:, 0] = ef * 10
    train = np.arange(200) < 120
    table = probe_table({"telling": telling, "noise": noise}, ef, train=train, test=~train).set_index(
        "feature"
    )
    assert table.loc["telling", "ridge_r2"] > 0.99 and table.loc["telling", "knn_purity"] > 0.9
    assert table.loc["noise", "ridge_r2"] < 0.1 and 0.1 < table.loc["noise", "knn_purity"] < 0.35
    with pytest.raises(DataError, match="both TRAIN and held out"):
        probe_table({"noise": noise}, ef, train=train, test=train)


def test_dense_flow_points_the_right_way() -> None:
    rng = np.random.default_rng(1)
    texture = np.kron(rng.integers(0, 255, (14, 14)), np.ones((8, 8))).astype(np.uint8)
    flow = dense_flow(texture, np.roll(texture, 3, axis=1))[20:-20, 20:-20]
    assert np.median(flow[..., 0]) == pytest.approx(3, abs=0.5) and abs(np.median(flow[..., 1])) < 0.3


def test_bfloat16_vectors_are_float32_and_nearly_those_of_float32(network: InterFrameInterpolator) -> None:
    frames, pairs = formula_frames(3, 64, 64, seed=3), torch.tensor([[[0, 1], [1, 2]]])
    exact = MotionPooler(network).vectors(frames, pairs)
    low = MotionPooler(network, precision="bf16-mixed").vectors(frames, pairs)
    assert low.dtype == torch.float32 and not torch.equal(low, exact)
    assert (low - exact).abs().max() < 0.03 * exact.abs().max()


def test_bfloat16_vectors_are_refused_where_they_would_be_slow(
    network: InterFrameInterpolator, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    with pytest.raises(ParameterError, match="bfloat16 would be slower"):
        extract_features(network, rows, out=None, device="cpu", reading=motions(2, "bf16-mixed"))
