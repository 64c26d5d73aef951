"""The second vote: shapes, gain, frame rates; its own weights are the tested ones; training learns and
repeats itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from infomotion_lib.errors import CheckpointError, DataError
from infomotion_lib.frames import phasenet
from infomotion_lib.frames.accuracy import beat_errors, known_phantoms
from infomotion_lib.frames.phasenet import (
    SIDE,
    WEIGHTS,
    WEIGHTS_SHA256,
    build_phasenet,
    curve_phases,
    load_phasenet,
    network_curve,
    network_input,
    network_phases,
)
from infomotion_lib.frames.phasenet_training import PhaseNetSettings, draw_clips, train_phasenet
from infomotion_lib.frames.votes import correlation
from infomotion_lib.provenance import sha256
from infomotion_lib.run.cli import main

TINY = PhaseNetSettings(clips=24, held_out=6, frames=16, shortest=12, render_side=28, steps=12, batch_size=8)


def test_the_library_carries_the_weights_it_was_tested_with() -> None:
    assert sha256(WEIGHTS) == WEIGHTS_SHA256
    assert WEIGHTS.stat().st_size < 300_000
    assert not load_phasenet().training


def test_other_weights_are_not_taken_for_the_librarys_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "phasenet.safetensors"
    save_file({name: value.contiguous() for name, value in build_phasenet().state_dict().items()}, other)
    monkeypatch.setattr(phasenet, "WEIGHTS", other)
    phasenet._shipped.cache_clear()
    with pytest.raises(CheckpointError, match="not the ones this library was tested with"):
        load_phasenet()
    phasenet._shipped.cache_clear()
    assert sum(value.numel() for value in load_phasenet(other).state_dict().values()) > 50_000


def test_what_is_no_phasenet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("hello")
    save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    for name in ("text.safetensors", "other.safetensors", "gone.safetensors"):
        with pytest.raises(CheckpointError, match=name):
            load_phasenet(tmp_path / name)


def test_the_network_gives_one_number_a_frame_and_does_not_see_gain() -> None:
    clip = np.random.default_rng(0).integers(20, 90, (1, 12, SIDE, SIDE)).astype(np.uint8)
    seen, brighter = network_input(clip), network_input(2 * clip)
    assert seen.shape == (1, 4, 12, SIDE, SIDE)
    torch.testing.assert_close(seen, brighter, atol=0.03, rtol=0)
    assert build_phasenet().eval()(seen).shape == (1, 12)


def test_a_fast_clip_is_read_as_slower_ones_between_each_other(
    disc: Callable[..., NDArray[np.uint8]],
) -> None:
    clip = disc(41)
    curve = network_curve(clip, 50.0)
    assert curve.shape == (41,)
    network = load_phasenet()
    with torch.inference_mode():
        even = (
            network(network_input(np.stack([phasenet.resize_clip(clip, SIDE)]))[:, :, ::2])[0]
            .double()
            .numpy()
        )
    np.testing.assert_allclose(curve[::2], even, atol=1e-5)
    assert not np.allclose(curve[::2], network_curve(clip, 25.0)[::2])


def test_phantoms_it_never_saw_are_read_right() -> None:
    rs, late, due = [], [], 0
    for known in known_phantoms(6, n_frames=64, seed=4242):
        phases = network_phases(known.clip, known.fps)
        assert known.volume is not None
        rs.append(correlation(phases.signal, known.volume))
        errors, number, _ = beat_errors(known.es, phases.es, n_frames=64, tolerance=5)
        late, due = [*late, *errors], due + number
    assert np.median(rs) > 0.8
    assert len(late) >= 0.8 * due


def test_short_still_and_wrong_clips() -> None:
    assert not network_phases(np.zeros((5, 30, 30), np.uint8), 50.0).has_both
    assert not network_phases(np.full((40, 30, 30), 90, np.uint8), 50.0).has_both
    for clip, fps in ((np.zeros((40, 30), np.uint8), 50.0), (np.zeros((40, 30, 30), np.uint8), 0.0)):
        with pytest.raises(DataError, match="cannot be detected"):
            network_phases(clip, fps)


def test_any_volume_like_curve_can_be_read() -> None:
    curve = 70 + 30 * np.cos(2 * np.pi * np.arange(96) / 32)
    phases = curve_phases(curve, 40.0)
    assert np.abs(phases.es - np.array([16, 48, 80])).max() <= 1
    assert not curve_phases(curve[:4], 40.0).has_both


def test_the_command_refuses_another_kind_of_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frames", "train-phasenet", "--out", str(tmp_path / "phasenet.pt")]) == 2
    assert "no .safetensors file" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_training_repeats_itself_and_depends_on_the_seed(tmp_path: Path) -> None:
    first = train_phasenet(tmp_path / "first.safetensors", settings=TINY, progress=False)
    train_phasenet(tmp_path / "again.safetensors", settings=TINY, progress=False)
    assert sha256(tmp_path / "first.safetensors") == sha256(tmp_path / "again.safetensors")
    assert -1 <= first["p10_r"] <= first["median_r"] <= 1
    assert load_phasenet(tmp_path / "first.safetensors") is not None
    other = draw_clips(PhaseNetSettings(**{**TINY.__dict__, "seed": 1, "clips": 2}), progress=False)
    mine = draw_clips(TINY, progress=False)
    assert not np.array_equal(other.clips[0], mine.clips[0])
    held = draw_clips(TINY, held_out=True, progress=False)
    assert not {clip.tobytes() for clip in held.clips} & {clip.tobytes() for clip in mine.clips}
    assert mine.volumes.max() <= 1
    assert np.ptp(mine.volumes, axis=1).min() > 0
