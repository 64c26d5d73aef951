"""The heart at ED, painted once: what each point of tissue echoes, and how atria and right ventricle stretch.

Everything that moves with the tissue is drawn on one grid of material coordinates (X, Y): where a point of tissue lies in heart
coordinates at ED. A frame then only has to find, for each of its samples, which point of tissue lies there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

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

LV_WALL, PERICARDIUM, ANNULUS, RV_WALL, ATRIAL_WALL = -3.0, 1.0, -1.0, -6.0, -7.0
TISSUE, CHEST, FAR, LUNG = -14.0, -9.0, -20.0, -20.0
"""Echo levels of walls and surroundings, dB; the heart's ``wall_gain`` comes on top of the first two."""

UNEVEN = 2.0
"""Standard deviation of the surroundings' echo level over a few centimetres, dB."""

VALVE = 10 ** (-3 / 20)
"""Echo amplitude of a valve leaflet."""

BLOOD_STILL, BLOOD_NEW = 0.35, 0.70
"""Amplitude of a cavity's echo that moves with the tissue, and of that which is new in every frame."""

_SPECKLE, _CLOUDS = 1, 2  # streams of the heart's seed


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


class _Chambers(NamedTuple):
    """The other chambers at ED."""

    left_atrium: _Ellipse
    right_atrium: _Ellipse
    right_ventricle: _Ellipse


def paint(heart: Heart, *, scale: float) -> Atlas:
    """The atlas of one heart.

    Parameters
    ----------
    heart : Heart
        The heart; its seed draws the speckle.
    scale : float
        Side of the picture over 112 pixels; the grid is finer in larger pictures.
    """
    texel = TEXEL / scale
    x, y = _grid(texel)
    chambers = _chambers(heart)
    cavity_edge = (heart.radius * lv_profile(y[:, 0] / heart.length)).astype(np.float32)[:, None] * (y >= 0)
    wall_edge = _outer_profile(heart, y)
    above = y <= heart.length
    in_lv = (np.abs(x) < cavity_edge) & above
    in_rv = (chambers.right_ventricle.distance(x, y) < 1) & (x < -wall_edge) & above
    in_atria = ((chambers.left_atrium.distance(x, y) < 1) | (chambers.right_atrium.distance(x, y) < 1)) & ~above
    blood = in_lv | in_rv | in_atria

    level = _surroundings(heart, chambers, x, y, wall_edge)
    level = _with_wall(heart, level, x, y, cavity_edge, wall_edge)
    level = np.where(blood, heart.blood, level)
    mitral, tricuspid = _rings(heart, chambers.right_ventricle)
    for centre, half in (mitral, tricuspid):
        spot = np.hypot(np.abs(x - centre) - half - 0.012, y - heart.length) < 0.020
        level, blood = np.where(spot, ANNULUS, level), blood & ~spot

    amplitude = np.exp(level * np.float32(np.log(10) / 20)).astype(np.float32)
    still = amplitude * np.where(blood, np.float32(BLOOD_STILL), np.float32(1))
    speckle = np.random.default_rng((heart.seed, _SPECKLE)).standard_normal((*x.shape, 4), np.float32)
    speckle *= still[..., None]
    scatter = amplitude * (blood * np.float32(BLOOD_NEW))
    return Atlas(texel, speckle, scatter, _stretch(heart, chambers.left_atrium, texel), mitral, tricuspid)


def _surroundings(heart: Heart, chambers: _Chambers, x: Image, y: Image, wall_edge: Image) -> Image:
    """Echo level, dB, of all that is neither LV nor blood: chest, mediastinum, lung, walls of the other chambers."""
    cells = np.random.default_rng((heart.seed, _CLOUDS)).standard_normal((12, 12)).astype(np.float32)
    level = TISSUE + UNEVEN * np.asarray(cv2.resize(cells, x.shape[::-1], interpolation=cv2.INTER_CUBIC))
    level += (CHEST - TISSUE) * _ramp(-y / 0.08) + (FAR - TISSUE) * _ramp((y - heart.length - 0.20) / 0.30)
    lung = x > heart.radius + heart.wall + 0.07 + 0.10 * np.maximum(y - heart.length, 0)
    level = np.where(lung, LUNG, level)
    free_wall = (chambers.right_ventricle.distance(x, y) < 1.22) & (x < -wall_edge) & (y <= heart.length)
    level = np.where(free_wall, RV_WALL, level)
    for atrium in (chambers.left_atrium, chambers.right_atrium):
        near = atrium.distance(x, y)
        level = np.where((near < 1.16) & (y > heart.length), ATRIAL_WALL - 20 * np.maximum(near - 1, 0), level)
    return level


def _with_wall(heart: Heart, level: Image, x: Image, y: Image, cavity_edge: Image, wall_edge: Image) -> Image:
    """``level`` with the LV wall in it: bright at both faces, pericardium on the lateral side, dropouts."""
    side = np.abs(x)
    wall = np.full_like(x, LV_WALL + heart.wall_gain)
    for gap in heart.dropouts:
        along = ((y / heart.length).clip(0, 1.25) - gap.level) / gap.width
        wall -= gap.depth * np.exp(-along * along) * (x * gap.side > 0)
    through = ((side - cavity_edge) / np.maximum(wall_edge - cavity_edge, 1e-3)).clip(0, 1)
    within = (side >= cavity_edge) & (side < wall_edge) & (y <= heart.length + 0.012)
    rim = (side >= wall_edge) & (side < wall_edge + 0.016) & (y > -heart.wall) & (y <= heart.length)
    level = np.where(within, wall + 2.0 * np.abs(2 * through - 1) - 1.0, level)
    return np.where(rim, np.where(x > 0, wall + PERICARDIUM - LV_WALL, wall), level)


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


def _chambers(heart: Heart) -> _Chambers:
    outer, base = heart.radius + heart.wall, heart.length
    left_atrium = _Ellipse(0.0, base + 0.115 * heart.la_size, 0.155 * heart.la_size, 0.165 * heart.la_size)
    right_atrium = _Ellipse(-(outer + 0.075), base + 0.105, 0.125, 0.15)
    right_ventricle = _Ellipse(-(outer + 0.13), 0.66 * base, 0.125 * heart.rv_size, 0.50 * base * heart.rv_size**0.5)
    return _Chambers(left_atrium, right_atrium, right_ventricle)


def _rings(heart: Heart, right_ventricle: _Ellipse) -> tuple[tuple[float, float], tuple[float, float]]:
    """Centre and half-width of the mitral and the tricuspid ring."""
    mitral = float(heart.radius * lv_profile(1.0))
    septal, lateral = -(mitral + heart.wall + 0.01), right_ventricle.x - right_ventricle.half_width(heart.length)
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


def _ramp(x: Image) -> Image:
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))
