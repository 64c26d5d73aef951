"""The heart at ED, painted once: what each point of tissue echoes, and how atria and right ventricle stretch.

Everything that moves with the tissue is drawn on one grid of material coordinates (X, Y): where a point of tissue lies in heart
coordinates at ED. A frame then only has to find, for each of its samples, which point of tissue lies there.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from infomotion_lib.data.phantom.geometry import WIDEST, lv_profile
from infomotion_lib.data.phantom.nuisance import Heart

Image = NDArray[np.float32]

LEFT, TOP, WIDTH, HEIGHT = -0.75, -0.32, 1.50, 1.60
"""Window of the atlas, scan depths."""

TEXEL = 0.0062
"""Grid step at 112 pixels."""

COARSE = 4
"""Texels a step of the stretch fields, which are smooth."""

# fmt: off
TISSUE, LUNG, CHEST, FAR, PERICARDIUM, ANNULUS, RV_WALL, ATRIAL_WALL = -14.0, -20.0, -9.0, -20.0, 1.0, -1.0, -6.0, -7.0
"""Echo level of the tissues, dB; the LV wall is the reference, -3 dB plus the heart's ``wall_gain``."""
# fmt: on
LV_WALL = -3.0
VALVE = 10 ** (-3 / 20)
BLOOD_STILL, BLOOD_NEW = 0.35, 0.70
"""Amplitude of a cavity's echo that moves with the tissue, and of that which is new in every frame."""


@dataclass(frozen=True)
class Atlas:
    """A painted heart.

    Attributes
    ----------
    texel : float
        Grid step, scan depths.
    speckle : ndarray of float32, shape (H, W, 4)
        Complex echo of the tissue, twice: in the scan plane, and beside it.
    scatter : ndarray of float32, shape (H, W)
        Amplitude of the echo that blood adds, new in every frame; 0 in tissue.
    stretch : ndarray of float32, shape (H / COARSE, W / COARSE, 4)
        Displacement along X by right-ventricular contraction, along X and Y by left-atrial expansion, texels; the last is unused.
    mitral, tricuspid : tuple of (x, half-width)
        Centre and half-width of the valves' rings, in the mitral plane.
    """

    texel: float
    speckle: Image
    scatter: Image
    stretch: Image
    mitral: tuple[float, float]
    tricuspid: tuple[float, float]


@dataclass(frozen=True)
class _Ellipse:
    x: float
    y: float
    a: float
    b: float

    def distance(self, x: Image, y: Image) -> Image:
        """1 on the ellipse, less inside."""
        return np.sqrt(((x - self.x) / self.a) ** 2 + ((y - self.y) / self.b) ** 2)

    def half_width(self, y: float) -> float:
        return self.a * float(np.sqrt(max(1 - ((y - self.y) / self.b) ** 2, 0.0)))


def paint(heart: Heart, *, scale: float, rng: np.random.Generator) -> Atlas:
    """The atlas of one heart.

    Parameters
    ----------
    heart : Heart
        The heart.
    scale : float
        Side of the picture over 112 pixels; the grid is finer in larger pictures.
    rng : numpy.random.Generator
        Draws the speckle.
    """
    texel = TEXEL / scale
    x, y = _grid(texel)
    left_atrium, right_atrium, right_ventricle = _chambers(heart)
    outer = heart.radius + heart.wall
    cavity_edge = (heart.radius * lv_profile(y[:, 0] / heart.length)).astype(np.float32)[:, None] * (y >= 0)
    wall_edge = _outer_profile(heart, y)
    side = np.abs(x)
    in_lv = (side < cavity_edge) & (y <= heart.length)
    in_wall = (side < wall_edge) & ~in_lv & (y <= heart.length + 0.012)
    in_rv = (right_ventricle.distance(x, y) < 1) & (x < -wall_edge) & (y <= heart.length)
    in_la = (left_atrium.distance(x, y) < 1) & (y > heart.length)
    in_ra = (right_atrium.distance(x, y) < 1) & (y > heart.length)
    blood = in_lv | in_rv | in_la | in_ra

    level = TISSUE + _clouds(x.shape, texel, rng, sd=2.0)
    level += (CHEST - TISSUE) * _ramp(-y / 0.08) + (FAR - TISSUE) * _ramp((y - heart.length - 0.20) / 0.30)
    level = np.where(x > outer + 0.07 + 0.10 * np.maximum(y - heart.length, 0), LUNG, level)
    near = right_ventricle.distance(x, y)
    level = np.where((near < 1.22) & (x < -wall_edge) & (y <= heart.length), RV_WALL, level)
    for atrium in (left_atrium, right_atrium):
        near = atrium.distance(x, y)
        level = np.where((near < 1.16) & (y > heart.length), ATRIAL_WALL - 20 * np.maximum(near - 1, 0), level)
    missing = sum(
        (d.depth * np.exp(-((((y / heart.length).clip(0, 1.25) - d.level) / d.width) ** 2)) * (x * d.side > 0) for d in heart.dropouts),
        start=np.zeros_like(x),
    )
    depth = ((side - cavity_edge) / np.maximum(wall_edge - cavity_edge, 1e-3)).clip(0, 1)
    lv_wall = LV_WALL + heart.wall_gain - missing
    level = np.where(in_wall, lv_wall + 2.0 * np.abs(2 * depth - 1) - 1.0, level)
    rim = (side >= wall_edge) & (side < wall_edge + 0.016) & (y > -heart.wall) & (y <= heart.length)
    level = np.where(rim, np.where(x > 0, PERICARDIUM, LV_WALL) + heart.wall_gain - missing, level)
    level = np.where(blood, heart.blood, level)
    mitral, tricuspid = _rings(heart, cavity_edge, y, right_ventricle)
    for centre, half in (mitral, tricuspid):
        spot = np.hypot(np.abs(x - centre) - half - 0.012, y - heart.length) < 0.020
        level, blood = np.where(spot, ANNULUS, level), blood & ~spot

    amplitude = np.exp(level * np.float32(np.log(10) / 20))
    still = (amplitude * np.where(blood, np.float32(BLOOD_STILL), np.float32(1)))[..., None]
    speckle = rng.standard_normal((*x.shape, 4), np.float32) * still
    scatter = amplitude * blood * np.float32(BLOOD_NEW)
    stretch = _stretch(heart, left_atrium, texel)
    return Atlas(texel, speckle.astype(np.float32), scatter.astype(np.float32), stretch, mitral, tricuspid)


def _grid(texel: float) -> tuple[Image, Image]:
    columns, rows = round(WIDTH / texel) + 1, round(HEIGHT / texel) + 1
    x = LEFT + texel * np.arange(columns, dtype=np.float32)
    y = TOP + texel * np.arange(rows, dtype=np.float32)
    return np.broadcast_to(x[None], (rows, columns)), np.broadcast_to(y[:, None], (rows, columns))


def _outer_profile(heart: Heart, y: Image) -> Image:
    """Half-width of the LV with its wall at ED; 0 above the apex."""
    centre = WIDEST * heart.length
    q = (y - np.float32(centre)) / np.float32(centre + 0.8 * heart.wall)
    return np.float32(heart.radius + heart.wall) * np.sqrt(np.maximum(1 - q * q, 0))


def _chambers(heart: Heart) -> tuple[_Ellipse, _Ellipse, _Ellipse]:
    """Left atrium, right atrium and right ventricle at ED."""
    outer, base = heart.radius + heart.wall, heart.length
    left_atrium = _Ellipse(0.0, base + 0.115 * heart.la_size, 0.155 * heart.la_size, 0.165 * heart.la_size)
    right_atrium = _Ellipse(-(outer + 0.075), base + 0.105, 0.125, 0.15)
    right_ventricle = _Ellipse(-(outer + 0.13), 0.66 * base, 0.125 * heart.rv_size, 0.50 * base * heart.rv_size**0.5)
    return left_atrium, right_atrium, right_ventricle


def _rings(heart: Heart, cavity_edge: Image, y: Image, rv: _Ellipse) -> tuple[tuple[float, float], tuple[float, float]]:
    mitral = float(heart.radius * lv_profile(1.0))
    septal, lateral = -(mitral + heart.wall + 0.01), rv.x - rv.half_width(heart.length)
    return (0.0, mitral), ((septal + lateral) / 2, max((septal - lateral) / 2, 0.05))


def _stretch(heart: Heart, left_atrium: _Ellipse, texel: float) -> Image:
    step = COARSE * texel
    x, y = _grid(step)
    beyond = np.maximum(-x - _outer_profile(heart, y), 0)  # distance from the septum into the right ventricle
    free_wall = np.float32(0.255 * heart.rv_size)
    right = -np.where(beyond < free_wall, beyond, free_wall * np.exp(-(beyond - free_wall) / 0.15))
    right = right * _ramp(y / 0.10) * _ramp((heart.length + 0.10 - y) / 0.10)
    outside = np.maximum(left_atrium.distance(x, y) - 1, 0)
    fade = np.exp(-outside / 0.5) * _ramp((y - heart.length) / 0.06)
    fields = [right, -(x - left_atrium.x) * fade, -(y - left_atrium.y) * fade]
    return np.stack([*fields, np.zeros_like(x)], axis=-1).astype(np.float32) / np.float32(texel)


def _clouds(shape: tuple[int, ...], texel: float, rng: np.random.Generator, *, sd: float) -> Image:
    """Smooth variation of the echo level, dB."""
    cells = rng.standard_normal((12, 12)).astype(np.float32)
    return np.asarray(cv2.resize(cells, shape[::-1], interpolation=cv2.INTER_CUBIC)) * np.float32(sd)


def _ramp(x: Image) -> Image:
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))
