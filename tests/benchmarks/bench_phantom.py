"""Phantom rendering: frames a second of one core, and how much faster than a plain renderer that works frame
by frame.

Run ``python tests/benchmarks/bench_phantom.py``. CPU time, best of several; the plain renderer makes the same
pictures with scipy.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
from scipy.ndimage import map_coordinates
from scipy.signal import convolve2d

from infomotion_lib.phantom.atlas import paint
from infomotion_lib.phantom.nuisance import Heart
from infomotion_lib.phantom.rendering import _noise, echo, render
from infomotion_lib.phantom.sampling import sample_heart
from infomotion_lib.phantom.scene import Scene, build_scene

FRAMES = 64
ASKED_FPS = 300


def cpu_seconds(work: Callable[[], object], *, repeats: int) -> float:
    """Least CPU time of one call."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def plain_frame(scene: Scene, frame: int) -> np.ndarray:
    """One frame without the tricks: dense two-dimensional blur, generic interpolation, double precision."""
    frames = np.array([frame])
    blood, electronic = _noise(scene, frames)
    real, imaginary = echo(scene, frames, blood)[:, 0].astype(np.float64)
    spread = scene.gain * np.outer(scene.axial, scene.lateral)
    field = convolve2d(real + 1j * imaginary, spread, mode="same", boundary="symm")
    field += 10 ** (scene.heart.noise / 20) * (electronic[0, 0] + 1j * electronic[1, 0])
    levels = 10 * np.log10(np.abs(field) ** 2 + 1e-8) / scene.heart.dynamic_range + scene.offset
    fraction = (scene.rows[..., None] // np.array([1, 32]) % 32) / 32
    picture = map_coordinates(
        np.clip(levels, 0, 1),
        (scene.columns[..., 1] + fraction[..., 1], scene.columns[..., 0] + fraction[..., 0]),
        order=1,
    )
    return np.rint(255 * cv2.GaussianBlur(picture, (3, 3), 0.55) ** scene.heart.gamma)


def plain(heart: Heart, frames: int, *, size: int) -> np.ndarray:
    """A clip, frame by frame."""
    scene = build_scene(heart, size=size)
    return np.stack([plain_frame(scene, frame) for frame in range(frames)])


def main() -> None:
    """Print one line a size, and the cost of what all frames of a clip share."""
    cv2.setNumThreads(1)
    heart = sample_heart(np.random.default_rng(0), 60.0)
    print(
        f"phantom rendering, {FRAMES} frames a clip with its set-up, one core (asked at 112 pixels:"
        f" {ASKED_FPS} frames/s)"
    )
    print("size   frames/s   plain frames/s   ratio   set-up ms   mean difference")
    for size in (112, 56, 28):
        seconds = (
            cpu_seconds(lambda size=size: render(heart, np.arange(FRAMES), size=size), repeats=7) / FRAMES
        )  # type: ignore[misc]
        slow = cpu_seconds(lambda size=size: plain(heart, 8, size=size), repeats=2) / 8  # type: ignore[misc]
        setup = cpu_seconds(lambda size=size: build_scene(heart, size=size), repeats=5)  # type: ignore[misc]
        difference = np.abs(plain(heart, 2, size=size) - render(heart, [0, 1], size=size)).mean()
        print(
            f"{size:4d} {1 / seconds:10.0f} {1 / slow:16.0f} {slow / seconds:7.1f} {1e3 * setup:11.1f}"
            f" {difference:17.2f}"
        )
    painting = cpu_seconds(lambda: paint(heart, scale=1.0), repeats=5)
    sampling = cpu_seconds(lambda: sample_heart(np.random.default_rng(0), 60.0), repeats=20)
    print(
        f"painting a heart at 112 pixels {1e3 * painting:.1f} ms, drawing its nuisances"
        f" {1e3 * sampling:.2f} ms"
    )


if __name__ == "__main__":
    main()
