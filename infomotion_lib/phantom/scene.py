"""What all frames of one clip share: the painted heart, the polar grid, the machine's settings, a bank of
noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from infomotion_lib.phantom.atlas import Atlas, paint
from infomotion_lib.phantom.exact import Floats, angle, cos, decibels, exp, length, sin
from infomotion_lib.phantom.geometry import FIELD
from infomotion_lib.phantom.grey import grey_map
from infomotion_lib.phantom.nuisance import NO_HAZE, Heart

Image = NDArray[np.float32]

SAMPLES, BEAMS = 150, 88
"""Polar grid of a picture of 112 pixels: samples along a beam, beams."""

NEAREST, FARTHEST = 0.02, 1.05
"""First and last sample of a beam, scan depths."""

BLACK = 0.68
"""Share of the dynamic range that lies below the reference level."""

NOISE_BANK = 20
"""Noise kept for each polar sample; a frame takes 4."""

KERNEL_STEPS = 4096
"""Whole steps of the largest weight of a kernel: kernels are whole numbers, so that a convolution of whole
numbers is exact.
"""

NEAR_FIELD_DEPTH = 0.35
_NOISE, _HAZE = 3, 4  # streams of the heart's seed, after the atlas's


@dataclass(frozen=True)
class Scene:
    """One heart on one machine.

    Attributes
    ----------
    heart, size, atlas
        The heart, the side of the picture in pixels, the painted heart.
    u, v : ndarray of float32, shape (R, B)
        Picture coordinates of the polar samples over the zoom: depth R, beam B.
    haze : ndarray of float32, shape (2, R, B), or None
        Near-field clutter, real and imaginary part, which stands still.
    offset : ndarray of float32, shape (R, B)
        Grey level, 0-1, of an echo of 0 dB: gain, depth gain, shadow, sector edge.
    axial, lateral : ndarray of float64
        The two factors of the point-spread function in whole numbers.
    gain : float
        Factor that gives their product energy 1.
    columns, rows : ndarray
        Scan-conversion maps: where each pixel lies on the polar grid.
    bank : ndarray of float32, shape (NOISE_BANK * R * B,)
        Standard normal numbers; every frame reads them from another place.
    grey : ndarray of uint8
        The machine's grey map: see :func:`~infomotion_lib.phantom.grey.grey_map`.
    """

    heart: Heart
    size: int
    atlas: Atlas
    u: Image
    v: Image
    haze: Image | None
    offset: Image
    axial: Floats
    lateral: Floats
    gain: float
    columns: NDArray[np.int16]
    rows: NDArray[np.uint16]
    bank: Image
    grey: NDArray[np.uint8]

    @property
    def grid(self) -> tuple[int, int]:
        """Samples per beam, beams."""
        return int(self.u.shape[0]), int(self.u.shape[1])


def build_scene(heart: Heart, *, size: int) -> Scene:
    """Scene of a heart for pictures of ``size`` pixels."""
    scale = size / 112
    samples, beams = max(round(SAMPLES * scale), 24), max(round(BEAMS * scale), 16)
    depth, across = np.linspace(NEAREST, FARTHEST, samples)[:, None], np.linspace(-1, 1, beams)[None]
    beam = across * heart.half_angle
    haze = None
    if heart.haze > NO_HAZE:
        near = decibels(heart.haze) * exp(-np.square((depth - NEAR_FIELD_DEPTH) / 0.3))
        haze = _normal(heart.seed, _HAZE, (2, samples, beams)) * near.astype(np.float32)
    axial, axial_energy = _gaussian(heart.psf_axial * samples / SAMPLES)
    lateral, lateral_energy = _gaussian(heart.psf_lateral * beams / BEAMS)
    columns, rows = _scan_conversion(size, samples, beams, heart.half_angle)
    return Scene(
        heart=heart,
        size=size,
        atlas=paint(heart, scale=scale),
        u=(depth * sin(beam) / heart.zoom).astype(np.float32),
        v=(depth * cos(beam) / heart.zoom).astype(np.float32),
        haze=haze,
        offset=_offset(heart, depth, across),
        axial=axial,
        lateral=lateral,
        gain=1 / float(np.sqrt(axial_energy * lateral_energy)),
        columns=columns,
        rows=rows,
        bank=_normal(heart.seed, _NOISE, (NOISE_BANK * samples * beams,)),
        grey=grey_map(heart.gamma),
    )


def _normal(seed: int, stream: int, shape: tuple[int, ...]) -> Image:
    """Standard normal numbers of one of a heart's streams, rounded to 1/1024.

    They are drawn in float64, whose few tail values (1 in 3,000) come from a library's logarithm: an error of
    their last digit is 13 orders of magnitude smaller than the step they are rounded to.
    """
    drawn = np.random.default_rng((seed, stream)).standard_normal(shape)
    return (np.rint(drawn * 1024) / 1024).astype(np.float32)


def _offset(heart: Heart, depth: Floats, across: Floats) -> Image:
    shadow = heart.shadow * exp(-np.square((across - heart.shadow_angle) / 0.12)) * (depth > 0.2)
    edge = 9.0 * np.square(np.maximum(np.abs(across) - 0.72, 0) / 0.28)
    level = heart.gain + heart.depth_gain * (depth - 0.5) - shadow - edge
    return (level / heart.dynamic_range + BLACK).astype(np.float32)


def _gaussian(sd: float) -> tuple[Floats, int]:
    """Gaussian kernel in whole numbers, and the sum of their squares: noise keeps its level if divided by the
    root of it.
    """
    reach = max(1, math.ceil(2.5 * sd))
    kernel = np.rint(KERNEL_STEPS * exp(-0.5 * np.square(np.arange(-reach, reach + 1) / sd)))
    return kernel, sum(int(weight) ** 2 for weight in kernel)


def _scan_conversion(
    size: int, samples: int, beams: int, half_angle: float
) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    centre = (np.arange(size) + 0.5) / size
    u, v = (centre[None] - 0.5) * FIELD, centre[:, None] * FIELD
    depth, beam = length(u, v), angle(u, v)
    column = (beam / half_angle + 1) / 2 * (beams - 1)
    row = (depth - NEAREST) / (FARTHEST - NEAREST) * (samples - 1)
    outside = (np.abs(beam) > half_angle) | (depth > FARTHEST) | (depth < NEAREST)
    column, row = np.where(outside, -10, column), np.where(outside, -10, row)
    columns, rows = cv2.convertMaps(column.astype(np.float32), row.astype(np.float32), cv2.CV_16SC2)
    return np.asarray(columns), np.asarray(rows)
