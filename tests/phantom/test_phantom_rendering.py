"""Rendered frames: deterministic, in agreement with the tracings, and textured by tissue that moves."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from scipy.signal import convolve2d

from infomotion_lib.errors import ParameterError
from infomotion_lib.phantom.geometry import (
    contraction,
    lv_length,
    lv_profile,
    lv_radii,
    picture_to_pixel,
    pose,
    to_picture,
    tracing,
    true_frames,
)
from infomotion_lib.phantom.nuisance import MACHINES, Heart
from infomotion_lib.phantom.rendering import echo, grey_levels, render
from infomotion_lib.phantom.sampling import sample_heart
from infomotion_lib.phantom.scene import build_scene
from infomotion_lib.phantom.tissue import material_coordinates


def heart_of(machine: int, *, seed: int = 0, ef: float = 60.0) -> Heart:
    return sample_heart(np.random.default_rng([seed, machine]), ef, machine_shares=np.eye(5)[machine])


@pytest.mark.parametrize("size", [28, 56, 112, 224])
def test_any_size(size: int) -> None:
    clip = render(heart_of(0), [0, 7], size=size)
    assert clip.shape == (2, size, size) and clip.dtype == np.uint8
    assert 15 < clip.mean() < 120 and clip.max() > 100


def test_small_frames_show_the_same_heart() -> None:
    heart = heart_of(0)
    large, small = render(heart, [10])[0], render(heart, [10], size=56)[0]
    halved = cv2.GaussianBlur(cv2.resize(large, (56, 56), interpolation=cv2.INTER_AREA), (0, 0), 2.0)
    assert np.corrcoef(halved.ravel(), cv2.GaussianBlur(small, (0, 0), 2.0).ravel())[0, 1] > 0.95


def test_a_frame_depends_on_its_number_alone() -> None:
    for machine in range(5):
        heart = sample_heart(
            np.random.default_rng(machine), 80.0, level=1.0, machine_shares=np.eye(5)[machine]
        )
        clip = render(heart, np.arange(40))
        assert (render(heart, [17, 3, 3]) == clip[[17, 3, 3]]).all()
        assert all((render(heart, [frame])[0] == clip[frame]).all() for frame in range(0, 40, 7))
        assert (clip[1:] != clip[:-1]).any(axis=(1, 2)).all()


def test_outside_the_sector_is_black() -> None:
    for machine in range(5):
        frame = render(heart_of(machine), [0])[0]
        assert frame[:20, :30].max() == 0 and frame[:20, -30:].max() == 0 and frame[-1, [0, -1]].max() == 0


@pytest.mark.parametrize("machine", range(5), ids=[machine.name for machine in MACHINES])
@pytest.mark.parametrize("phase", ["ed", "es"])
def test_the_tracing_lies_on_the_edge_of_the_dark_cavity(machine: int, phase: str) -> None:
    """Over many draws of the speckle, the wall beyond each chord's ends is brighter than the blood; it blooms
    by the beam's width.
    """
    heart = replace(heart_of(machine), dropouts=(), shadow=0.0, blood=-28.0, haze=-60.0)
    frame = int(getattr(true_frames(heart, 200), phase)[1])
    mean = np.mean([render(replace(heart, seed=seed), [frame])[0] for seed in range(16)], axis=0)
    rows = tracing(heart, frame)[3:17]
    across = (rows[:, 2:] - rows[:, :2]) / np.linalg.norm(rows[:, 2:] - rows[:, :2], axis=1, keepdims=True)

    def grey(points: np.ndarray) -> np.ndarray:
        return np.asarray(map_coordinates(mean, points.T[::-1], order=1))

    for ends, outwards in ((rows[:, :2], -across), (rows[:, 2:], across)):
        inside, outside = grey(ends - 2.0 * outwards), grey(ends + 2.0 * outwards)
        assert (outside > inside).mean() >= 0.9 and outside.mean() > 1.5 * inside.mean()
        profile = np.stack([grey(ends + shift * outwards) for shift in np.arange(-4, 5)]).mean(axis=1)
        steepest = np.arange(-3.5, 4)[np.diff(profile).argmax()]
        depth = np.hypot(ends[:, 0] - 55.5, ends[:, 1]).mean()
        beam = heart.psf_lateral * 2 * heart.half_angle / 87 * depth  # sd of the blur across beams, pixels
        assert -1.0 - 1.6 * beam <= steepest <= 1.0, "the edge of the cavity is where the tracing says"


def test_the_rendered_cavity_has_the_traced_area() -> None:
    heart = heart_of(0, seed=5)
    frames = np.asarray(true_frames(heart, 100).es[:1])
    scene = build_scene(heart, size=112)
    x, y = material_coordinates(scene, frames)
    inside = (np.abs(x) < heart.radius * lv_profile(y / heart.length)) & (y > 0) & (y < heart.length)
    depth = np.hypot(scene.u, scene.v) * heart.zoom
    cell = depth * (depth[1, 0] - depth[0, 0]) * (2 * heart.half_angle / (depth.shape[1] - 1))
    rendered = float((cell * inside[0]).sum())
    z = np.linspace(0, 1, 2001)
    septal, lateral = lv_radii(heart, z, [1.0])
    drawn = float(np.trapezoid((septal + lateral)[0], z) * lv_length(heart, 1.0)) * heart.zoom**2
    assert rendered == pytest.approx(drawn, rel=0.01)


def test_speckle_moves_with_the_wall() -> None:
    heart = replace(
        heart_of(0, seed=2),
        out_of_plane=0.0,
        noise=-60.0,
        dropouts=(),
        regional=0.0,
        asymmetry=0.0,
        start=0,
        cycle=30,
    )
    frames = np.array([0, 5])
    z, side = np.meshgrid(np.linspace(0.25, 0.85, 60), [-1.0, 1.0])
    z, side = z.ravel(), side.ravel()
    s = contraction(heart, frames)
    radii = np.stack([np.where(side < 0, *(r[0] for r in lv_radii(heart, z, [value]))) for value in s])
    middle = radii[0] + heart.wall / 2
    x = side * np.sqrt(middle**2 - radii[0] ** 2 + radii**2)
    y = z * lv_length(heart, s)[:, None]
    columns, rows = picture_to_pixel(*to_picture(heart, x, y, pose(heart, frames)), 112)
    clip = render(heart, frames).astype(float)
    first, moved = (map_coordinates(clip[i], [rows[i], columns[i]], order=1) for i in range(2))
    still = map_coordinates(clip[1], [rows[0], columns[0]], order=1)
    assert np.corrcoef(first, moved)[0, 1] > 0.6
    assert np.corrcoef(first, still)[0, 1] < np.corrcoef(first, moved)[0, 1] - 0.2


def test_out_of_plane_motion_loses_the_speckle() -> None:
    heart = replace(heart_of(0), start=0, cycle=30)
    scene = build_scene(heart, size=56)
    silent = np.zeros((2, 2, *scene.u.shape), np.float32)

    def correlation(amount: float) -> float:
        moving = replace(
            heart,
            out_of_plane=amount,
            ef=5.0,
            swing_x=0.0,
            swing_y=0.0,
            swing_rotation=0.0,
            drift_x=0.0,
            drift_y=0.0,
        )
        real, imaginary = echo(build_scene(moving, size=56), np.array([0, 10]), silent)
        first, last = real + 1j * imaginary
        return float(abs(np.vdot(first, last)) / np.linalg.norm(first) / np.linalg.norm(last))

    assert correlation(0.6) < 0.75 * correlation(0.0)


def test_the_separable_blur_is_the_dense_one() -> None:
    heart = replace(heart_of(4), noise=-200.0)
    scene = build_scene(heart, size=56)
    frames = np.array([3])
    from infomotion_lib.phantom.rendering import _noise

    real, imaginary = echo(scene, frames, _noise(scene, frames)[0])[:, 0]
    spread = scene.gain * np.outer(scene.axial, scene.lateral)
    dense = convolve2d(real + 1j * imaginary, spread, mode="same", boundary="symm")
    expected = 10 * np.log10(np.abs(dense) ** 2 + 1e-8) / heart.dynamic_range + scene.offset
    inner = (slice(8, -8), slice(12, -12))
    difference = np.abs(grey_levels(scene, frames)[0] - expected)[
        inner
    ]  # an echo is rounded to 1/1024: -71 dB of noise
    assert np.median(difference) < 1e-3 and (difference[expected[inner] > 0] < 0.02).all()


def test_haze_stands_still_and_shadow_darkens() -> None:
    clear = replace(heart_of(0), haze=-60.0, shadow=0.0)
    hazy, shaded = replace(clear, haze=-13.0), replace(clear, shadow=18.0, shadow_angle=0.0)
    base, haze, shade = (render(heart, [0])[0].astype(float) for heart in (clear, hazy, shaded))
    assert haze[30:50, 50:62].mean() > base[30:50, 50:62].mean() + 10
    assert shade[40:100, 54:58].mean() < base[40:100, 54:58].mean() - 10


@pytest.mark.parametrize(("frames", "size"), [([0], 20), ([-1], 112)])
def test_bad_requests(frames: list[int], size: int) -> None:
    with pytest.raises(ParameterError):
        render(heart_of(0), frames, size=size)
