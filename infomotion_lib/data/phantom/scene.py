"""What all frames of one clip share: the painted heart, the polar grid, the machine's settings, a bank of noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from infomotion_lib.data.phantom.atlas import Atlas, paint
from infomotion_lib.data.phantom.geometry import FIELD
from infomotion_lib.data.phantom.nuisance import NO_HAZE, Heart

Image = NDArray[np.float32]

SAMPLES, BEAMS = 150, 88
"""Polar grid of a picture of 112 pixels: samples along a beam, beams."""

NEAREST, FARTHEST = 0.02, 1.05
"""First and last sample of a beam, scan depths."""

BLACK = 0.68
"""Share of the dynamic range that lies below the reference level."""

NOISE_BANK = 20
"""Noise kept for each polar sample; a frame takes 4."""

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
    haze : ndarray of complex64, shape (R, B), or None
        Complex near-field clutter, which stands still.
    offset : ndarray of float32, shape (R, B)
        Grey level, 0-1, of an echo of 0 dB: gain, depth gain, shadow, sector edge.
    axial, lateral : ndarray of float32
        The two factors of the point-spread function, energy 1.
    columns, rows : ndarray
        Scan-conversion maps: where each pixel lies on the polar grid.
    bank : ndarray of float32, shape (NOISE_BANK * R * B,)
        Standard normal numbers; every frame reads them from another place.
    """

    heart: Heart
    size: int
    atlas: Atlas
    u: Image
    v: Image
    haze: NDArray[np.complex64] | None
    offset: Image
    axial: Image
    lateral: Image
    columns: NDArray[np.int16]
    rows: NDArray[np.uint16]
    bank: Image

    @property
    def grid(self) -> tuple[int, int]:
        """Samples a beam, beams."""
        return int(self.u.shape[0]), int(self.u.shape[1])


def build_scene(heart: Heart, *, size: int) -> Scene:
    """Scene of a heart for pictures of ``size`` pixels."""
    scale = size / 112
    samples, beams = max(round(SAMPLES * scale), 24), max(round(BEAMS * scale), 16)
    depth = np.linspace(NEAREST, FARTHEST, samples, dtype=np.float32)[:, None]
    across = np.linspace(-1, 1, beams, dtype=np.float32)[None]
    angle = across * np.float32(heart.half_angle)
    haze = None
    if heart.haze > NO_HAZE:
        near: Image = 10 ** (heart.haze / 20) * np.exp(-(((depth - NEAR_FIELD_DEPTH) / 0.3) ** 2))
        haze = np.random.default_rng((heart.seed, _HAZE)).standard_normal((samples, 2 * beams), np.float32).view(
            np.complex64
        ) * near.astype(np.float32)
    columns, rows = _scan_conversion(size, samples, beams, heart.half_angle)
    return Scene(
        heart=heart,
        size=size,
        atlas=paint(heart, scale=scale),
        u=depth * np.sin(angle) / np.float32(heart.zoom),
        v=depth * np.cos(angle) / np.float32(heart.zoom),
        haze=haze,
        offset=_offset(heart, depth, across),
        axial=_gaussian(heart.psf_axial * samples / SAMPLES),
        lateral=_gaussian(heart.psf_lateral * beams / BEAMS),
        columns=columns,
        rows=rows,
        bank=np.random.default_rng((heart.seed, _NOISE)).standard_normal(NOISE_BANK * samples * beams, np.float32),
    )


def _offset(heart: Heart, depth: Image, across: Image) -> Image:
    shadow = heart.shadow * np.exp(-(((across - heart.shadow_angle) / 0.12) ** 2)) * (depth > 0.2)
    edge = 9.0 * np.maximum(np.abs(across) - 0.72, 0) ** 2 / 0.28**2
    level = heart.gain + heart.depth_gain * (depth - 0.5) - shadow - edge
    return (level / heart.dynamic_range + BLACK).astype(np.float32)


def _gaussian(sd: float) -> Image:
    """Gaussian kernel whose squares sum to 1: noise keeps its level."""
    reach = max(1, math.ceil(2.5 * sd))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sd) ** 2)
    return (kernel / np.sqrt((kernel**2).sum())).astype(np.float32)


def _scan_conversion(size: int, samples: int, beams: int, half_angle: float) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    centre = (np.arange(size) + 0.5) / size
    u, v = (centre[None] - 0.5) * FIELD, centre[:, None] * FIELD
    depth, angle = np.hypot(u, v), np.arctan2(u, v)
    column = (angle / half_angle + 1) / 2 * (beams - 1)
    row = (depth - NEAREST) / (FARTHEST - NEAREST) * (samples - 1)
    outside = (np.abs(angle) > half_angle) | (depth > FARTHEST) | (depth < NEAREST)
    column, row = np.where(outside, -10, column), np.where(outside, -10, row)
    columns, rows = cv2.convertMaps(column.astype(np.float32), row.astype(np.float32), cv2.CV_16SC2)
    return np.asarray(columns), np.asarray(rows)
