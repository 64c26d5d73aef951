"""Phantom folders: the layouts, the same bytes whatever happens on the way, and folders that are refused."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from infomotion_lib.classes import class_name, ef_class
from infomotion_lib.data.records import read_dataset
from infomotion_lib.data.video import probe
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.phantom.dataset import edition_of, make_dataset
from infomotion_lib.phantom.geometry import true_frames
from infomotion_lib.phantom.plan import (
    ED_FIRST_SHARE,
    EDITION,
    PhantomRequest,
    annotate,
    interleave,
    plan_videos,
    video_counts,
)
from infomotion_lib.phantom.sampling import sample_heart
from infomotion_lib.provenance import atomic, sha256

TWO_PER_CLASS = video_counts(2, 1, (1, 1, 1, 2, 1))


def small(**changes: Any) -> PhantomRequest:
    return PhantomRequest(**{"counts": TWO_PER_CLASS, "frames": 20, "size": 28} | changes)


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def plan(train: int = 4, **changes: Any) -> pd.DataFrame:
    request = PhantomRequest(counts=video_counts(train, 1, (2, 2, 2, 2, 2)), **changes)
    rows = [
        (v.file_name, v.split, v.requested_ef, v.heart.ef, v.heart.machine, v.ed, v.es)
        for v in plan_videos(request)
    ]
    return pd.DataFrame(rows, columns=["name", "split", "requested", "ef", "machine", "ed", "es"])


def test_echonet_dynamic_layout(tiny_phantom: Path) -> None:
    listed = pd.read_csv(tiny_phantom / "FileList.csv")
    traced = pd.read_csv(tiny_phantom / "VolumeTracings.csv")
    truth = pd.read_csv(tiny_phantom / "phantom_truth.csv").set_index("FileName")
    assert list(listed) == [
        "FileName",
        "EF",
        "ESV",
        "EDV",
        "FrameHeight",
        "FrameWidth",
        "FPS",
        "NumberOfFrames",
        "Split",
    ]
    assert list(traced) == ["FileName", "X1", "Y1", "X2", "Y2", "Frame"]
    assert not listed["FileName"].str.endswith(".avi").any() and traced["FileName"].str.endswith(".avi").all()
    assert listed["FileName"].is_unique and listed["FileName"].str.fullmatch(r"phantom_\d{6}").all()
    assert set(traced.groupby(["FileName", "Frame"]).size()) == {21}
    assert set(traced.groupby("FileName")["Frame"].nunique()) == {2}
    assert (100 * (listed["EDV"] - listed["ESV"]) / listed["EDV"]).to_numpy() == pytest.approx(
        listed["EF"].to_numpy(), abs=1e-5
    )
    assert truth["EF"].reindex(listed["FileName"]).to_numpy() == pytest.approx(listed["EF"].to_numpy())
    frames = traced.groupby(traced["FileName"].str.removesuffix(".avi"))["Frame"].agg(["min", "max"])
    both = truth[["ED", "ES"]]
    assert (frames["min"] == both.min(axis=1)).all() and (frames["max"] == both.max(axis=1)).all()
    info = probe(tiny_phantom / "Videos" / f"{listed['FileName'][0]}.avi")
    assert (info.n_frames, info.height, info.width, info.fps) == (48, 112, 112, 50.0)


def test_the_readers_find_nothing_to_complain_about(tiny_phantom: Path, tiny_synthetic: Path) -> None:
    real, synthetic = read_dataset(tiny_phantom, strict=True), read_dataset(tiny_synthetic, strict=True)
    assert real.layout == "echonet-dynamic" and not real.faults and len(real.usable) == 35
    assert (
        synthetic.layout == "echonet-synthetic" and synthetic.tracings is None and len(synthetic.usable) == 20
    )
    assert {"requested_ef", "machine", "es_true", "ed_true"} <= set(synthetic.videos)
    assert not set(real.videos["file_name"]) & set(synthetic.videos["file_name"])


def test_echonet_synthetic_layout_is_as_malformed(tiny_synthetic: Path) -> None:
    listed = pd.read_csv(tiny_synthetic / "FileList.csv")
    truth = pd.read_csv(tiny_synthetic / "phantom_truth.csv")
    assert not (tiny_synthetic / "VolumeTracings.csv").exists()
    assert (
        set(listed["Split"]) == {"TRAIN"}
        and set(listed["FPS"]) == {32}
        and set(listed["FrameHeight"]) == {48}
    )
    assert not listed[["ESV", "EDV"]].to_numpy().any() and set(listed["NumberOfFrames"]) != {48}
    assert pd.api.types.is_integer_dtype(listed["EF"]) and (listed["EF"] == truth["RequestedEF"]).all()
    assert (truth["EF"] != truth["RequestedEF"]).any()


def test_classes_and_splits() -> None:
    videos = plan(train=6)
    counts = pd.crosstab(videos["split"], ef_class(videos["ef"]))
    assert (
        counts.loc["TRAIN"].tolist() == [6] * 5
        and counts.loc["VAL"].tolist() == [1] * 5
        and counts.loc["TEST"].tolist() == [2] * 5
    )
    assert videos["name"].is_unique and videos["ef"].between(10, 85).all()


def test_more_videos_keep_those_there_were() -> None:
    few, many = plan(train=3), plan(train=6)
    train = few[few["split"] == "TRAIN"]
    pd.testing.assert_frame_equal(train, many[many["name"].isin(train["name"])].reset_index(drop=True))
    for split in ("VAL", "TEST"):
        pd.testing.assert_frame_equal(*(t[t["split"] == split].reset_index(drop=True) for t in (few, many)))


def test_seed_split_and_role_give_other_videos() -> None:
    base, seeded, synthetic = plan(), plan(seed=1), plan(role="synthetic")
    assert (
        not set(base["ef"]) & set(seeded["ef"])
        and not set(base["ef"]) & set(synthetic["ef"])
        and base["ef"].is_unique
    )


def test_delivered_ef_misses_the_requested_one_by_the_asked_error() -> None:
    videos = plan(train=80, role="synthetic")
    error = videos["ef"] - videos["requested"]
    assert error.std() == pytest.approx(6.0, rel=0.15) and abs(error.mean()) < 1.0
    assert (videos["requested"] % 1 == 0).all() and videos["ef"].between(5, 90).all()
    assert pd.Series(class_name(videos["requested"])).value_counts().tolist() == [80] * 5
    assert plan(role="synthetic", requested_ef_error=0.0).eval("ef == requested").all()


def test_annotated_pairs_are_neighbours_and_mostly_ed_first() -> None:
    ed_first = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        heart, ed, es = annotate(sample_heart(rng, 55.0), 64, rng)
        frames = true_frames(heart, 64)
        assert ed in frames.ed and es in frames.es
        assert es - ed in (heart.cycle // 3, -2 * heart.cycle // 3)
        ed_first += ed < es
    assert ed_first / 300 == pytest.approx(ED_FIRST_SHARE, abs=0.05)


def test_a_short_clip_still_holds_a_pair() -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        heart, ed, es = annotate(sample_heart(rng, 55.0), 19, rng)
        assert min(ed, es) >= 0 and max(ed, es) < 19 and ed in true_frames(heart, 19).ed


def test_interleave_spreads_unequal_counts() -> None:
    mix = interleave((24, 24, 32, 96, 24))
    assert [mix.count(c) for c in range(5)] == [24, 24, 32, 96, 24]
    assert set(mix[:20]) == set(range(5))


def test_workers_do_not_matter(tmp_path: Path) -> None:
    one = make_dataset(tmp_path / "one", small(), progress=False)
    two = make_dataset(tmp_path / "two", small(), workers=2, progress=False)
    assert contents(one) == contents(two)
    before = {path: path.stat().st_mtime_ns for path in one.rglob("*")}
    make_dataset(one, small(), progress=False)
    assert {path: path.stat().st_mtime_ns for path in one.rglob("*")} == before, (
        "a complete folder is left alone"
    )


def test_a_killed_run_resumes_to_the_same_folder(tmp_path: Path) -> None:
    request = small(counts=video_counts(30, 1, (1, 1, 1, 2, 1)))
    whole = make_dataset(tmp_path / "whole", request, progress=False)
    broken = tmp_path / "broken"
    script = (
        "from infomotion_lib.phantom.dataset import make_dataset\n"
        f"from infomotion_lib.phantom.plan import PhantomRequest\nmake_dataset({str(broken)!r}, {request!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", script])
    try:
        deadline = time.monotonic() + 60
        while len(list(broken.glob("Videos/phantom*.avi"))) < 5:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.002)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (broken / "FileList.csv").exists(), "the tables come last"
    writing = [
        atomic(broken / name) for name in ("Videos/phantom_000099.avi", "FileList.csv", "phantom.json")
    ]
    assert all(half.__enter__().exists() for half in writing)
    first = min(broken.glob("Videos/phantom*.avi"))
    made = first.stat().st_mtime_ns
    make_dataset(broken, request, progress=False)
    assert first.stat().st_mtime_ns == made
    assert contents(broken) == contents(whole)


def test_another_request_is_refused(tmp_path: Path) -> None:
    make_dataset(tmp_path, small(), progress=False)
    with pytest.raises(ParameterError, match="seed = 0 there, 1 asked for"):
        make_dataset(tmp_path, small(seed=1), progress=False)
    with pytest.raises(ParameterError, match="role"):
        make_dataset(tmp_path, small(role="synthetic"), progress=False)
    assert json.loads((tmp_path / "phantom.json").read_text())["seed"] == 0


def test_hearts_of_another_edition_are_named_and_never_mixed(tmp_path: Path) -> None:
    make_dataset(tmp_path, small(), progress=False)
    assert edition_of(tmp_path) == EDITION
    request = json.loads((tmp_path / "phantom.json").read_text())
    first = {name: value for name, value in request.items() if name != "edition"} | {
        "renderer": 1
    }  # as edition 1 wrote it
    (tmp_path / "phantom.json").write_text(json.dumps(first))
    missing = min((tmp_path / "Videos").iterdir())
    missing.unlink()
    assert edition_of(tmp_path) == 1 and edition_of(tmp_path / "Videos") is None
    with pytest.raises(ParameterError, match=f"edition 1 of the phantom; this is edition {EDITION}"):
        make_dataset(tmp_path, small(), progress=False)
    assert not missing.exists(), "nothing of this edition was drawn among the others"


def test_foreign_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(DataError, match=r"thesis\.tex"):
        make_dataset(tmp_path, small(), progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(DataError, match="cannot be written"):
        make_dataset(tmp_path / "thesis.tex", small(), progress=False)


@pytest.mark.parametrize(
    "change",
    [
        {"counts": video_counts(-1)},
        {"counts": video_counts(0, 0, (0, 0, 0, 0, 0))},
        {"counts": video_counts(2, 1, (1, 1))},
        {"frames": 12},
        {"size": 20},
        {"level": 2.0},
        {"machine_shares": (0.5, 0.2, 0.1, 0.1, 0.2)},
        {"requested_ef_error": -1.0},
        {"fps": 5.0},
        {"seed": -1},
        {"role": "fake"},
    ],
    ids=str,
)
def test_bad_requests_are_refused_with_a_remedy(change: dict[str, Any]) -> None:
    with pytest.raises(ParameterError) as caught:
        small(**change)
    assert caught.value.remedy


def test_no_worker_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="0 worker processes"):
        make_dataset(tmp_path / "new", small(), workers=0)
    assert not (tmp_path / "new").exists()
