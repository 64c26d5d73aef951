"""The heart at ED, painted once: what each point of tissue echoes, and how atria and right ventricle stretch.

Everything that moves with the tissue is drawn on one grid of material coordinates (X, Y): where a point of
tissue lies in heart coordinates at ED. A frame then only has to find, for each of its samples, which point of
tissue lies there.

What is painted is whole numbers of at most 14 bits. A frame reads it with weights that are multiples of
1/1024, so that each product and each sum of the interpolation fits the 24 bits of a float32: it is exact in
whatever order a processor adds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.phantom.exact import Floats, decibels, exp, length
from infomotion_lib.phantom.geometry import WIDEST, lv_profile
from infomotion_lib.phantom.nuisance import Heart

Image = NDArray[np.float32]

LEFT, TOP, WIDTH, HEIGHT = -0.75, -0.32, 1.50, 1.60
"""Window of the atlas, scan depths."""

TEXEL = 0.0062
"""Grid step at 112 pixels."""

COARSE = 4
"""Texels per step of the stretch fields, which are smooth."""

UNIT = 1 / 1024
"""Step of the painted echo; 0 dB is an amplitude of 1. Rounding adds noise at -71 dB, 30 dB below the darkest
blood.
"""

STRETCH_UNIT = 1 / 128
"""Step of the stretch fields, texels."""

LARGEST = 16383
"""Largest whole number painted: 14 bits."""

LV_WALL, PERICARDIUM, ANNULUS, RV_WALL, ATRIAL_WALL = -3.0, 1.0, -1.0, -6.0, -7.0
TISSUE, CHEST, FAR, LUNG = -14.0, -9.0, -20.0, -20.0
"""Echo levels of walls and surroundings, dB; the heart's ``wall_gain`` comes on top of the first two."""

UNEVEN = 2.0
"""Standard deviation of the surroundings' echo level over a few centimetres, dB."""

VALVE = -3.0
"""Echo level of a valve leaflet, dB."""

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
    speckle : ndarray of float32, shape (2, 2, H, W)
        Echo of the tissue in steps of ``UNIT``: in the scan plane and beside it, real and imaginary part of
        each.
    blood : ndarray of float32, shape (H, W)
        1 in blood, 0 in tissue.
    stretch : ndarray of float32, shape (3, H / COARSE, W / COARSE)
        Displacement along X by right-ventricular contraction, along X and along Y by left-atrial expansion,
        in steps of ``STRETCH_UNIT``.
    mitral, tricuspid : tuple of (x, half-width)
        Centre and half-width of the valves' rings, in the mitral plane.
    """

    texel: float
    speckle: Image
    blood: Image
    stretch: Image
    mitral: tuple[float, float]
    tricuspid: tuple[float, float]


@dataclass(frozen=True)
class _Ellipse:
    x: float
    y: float
    a: float
    b: float

    def distance(self, x: Floats, y: Floats) -> Floats:
        """1 on the ellipse, less inside."""
        return length((x - self.x) / self.a, (y - self.y) / self.b)

    def half_width(self, y: float) -> float:
        along = (y - self.y) / self.b
        return self.a * float(np.sqrt(max(1 - along * along, 0.0)))


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
    cavity_edge = (heart.radius * lv_profile(y[:, 0] / heart.length))[:, None] * (y >= 0)
    wall_edge = _outer_profile(heart, y)
    above = y <= heart.length
    in_lv = (np.abs(x) < cavity_edge) & above
    in_rv = (chambers.right_ventricle.distance(x, y) < 1) & (x < -wall_edge) & above
    in_atria = (
        (chambers.left_atrium.distance(x, y) < 1) | (chambers.right_atrium.distance(x, y) < 1)
    ) & ~above
    blood = in_lv | in_rv | in_atria

    level = _surroundings(heart, chambers, x, y, wall_edge)
    level = _with_wall(heart, level, x, y, cavity_edge, wall_edge)
    level = np.where(blood, heart.blood, level)
    mitral, tricuspid = _rings(heart, chambers.right_ventricle)
    for centre, half in (mitral, tricuspid):
        spot = length(np.abs(x - centre) - half - 0.012, y - heart.length) < 0.020
        level, blood = np.where(spot, ANNULUS, level), blood & ~spot

    still = decibels(level) * np.where(blood, BLOOD_STILL, 1.0)
    speckle = np.random.default_rng((heart.seed, _SPECKLE)).standard_normal((2, 2, *x.shape))
    speckle *= still / UNIT
    stretch = _stretch(heart, chambers.left_atrium, texel) / STRETCH_UNIT
    return Atlas(texel, _whole(speckle), blood.astype(np.float32), _whole(stretch), mitral, tricuspid)


def _whole(values: Floats) -> Image:
    return np.rint(values).clip(-LARGEST, LARGEST).astype(np.float32)


def _surroundings(heart: Heart, chambers: _Chambers, x: Floats, y: Floats, wall_edge: Floats) -> Floats:
    """Echo level, dB, of all that is neither LV nor blood: chest, mediastinum, lung, walls of the other
    chambers.
    """
    cells = np.random.default_rng((heart.seed, _CLOUDS)).standard_normal((12, 12))
    level = TISSUE + UNEVEN * _enlarged(_enlarged(cells, x.shape[0]).T, x.shape[1]).T
    level += (CHEST - TISSUE) * _ramp(-y / 0.08) + (FAR - TISSUE) * _ramp((y - heart.length - 0.20) / 0.30)
    lung = x > heart.radius + heart.wall + 0.07 + 0.10 * np.maximum(y - heart.length, 0)
    level = np.where(lung, LUNG, level)
    free_wall = (chambers.right_ventricle.distance(x, y) < 1.22) & (x < -wall_edge) & (y <= heart.length)
    level = np.where(free_wall, RV_WALL, level)
    for atrium in (chambers.left_atrium, chambers.right_atrium):
        near = atrium.distance(x, y)
        level = np.where(
            (near < 1.16) & (y > heart.length), ATRIAL_WALL - 20 * np.maximum(near - 1, 0), level
        )
    return level


def _enlarged(cells: Floats, rows: int) -> Floats:
    """``cells`` (N, M) at ``rows`` places along the first axis, (rows, M), by cubic convolution (Keys 1981)
    with a = -0.75.

    OpenCV has it too, but with float32 weights whose last digits depend on the processor.
    """
    place = (np.arange(rows) + 0.5) * (len(cells) / rows) - 0.5
    first = np.floor(place)
    near = place - first
    far = 1 - near
    inner = [(1.25 * t - 2.25) * t * t + 1 for t in (near, far)]  # of the cells at distance t < 1
    outer = [((-0.75 * (1 + t) + 3.75) * (1 + t) - 6.0) * (1 + t) + 3.0 for t in (near, far)]  # at 1 + t
    out = np.zeros((rows, cells.shape[1]))
    for step, weight in zip((-1, 0, 1, 2), (outer[0], inner[0], inner[1], outer[1]), strict=True):
        out += weight[:, None] * cells[(first.astype(int) + step).clip(0, len(cells) - 1)]
    return out


def _with_wall(
    heart: Heart, level: Floats, x: Floats, y: Floats, cavity_edge: Floats, wall_edge: Floats
) -> Floats:
    """``level`` with the LV wall in it: bright at both faces, pericardium on the lateral side, dropouts."""
    side = np.abs(x)
    wall = np.full_like(x, LV_WALL + heart.wall_gain)
    for gap in heart.dropouts:
        along = ((y / heart.length).clip(0, 1.25) - gap.level) / gap.width
        wall -= gap.depth * exp(-along * along) * (x * gap.side > 0)
    through = ((side - cavity_edge) / np.maximum(wall_edge - cavity_edge, 1e-3)).clip(0, 1)
    within = (side >= cavity_edge) & (side < wall_edge) & (y <= heart.length + 0.012)
    rim = (side >= wall_edge) & (side < wall_edge + 0.016) & (y > -heart.wall) & (y <= heart.length)
    level = np.where(within, wall + 2.0 * np.abs(2 * through - 1) - 1.0, level)
    return np.where(rim, np.where(x > 0, wall + PERICARDIUM - LV_WALL, wall), level)


def _grid(texel: float) -> tuple[Floats, Floats]:
    columns, rows = round(WIDTH / texel) + 1, round(HEIGHT / texel) + 1
    x, y = LEFT + texel * np.arange(columns), TOP + texel * np.arange(rows)
    return np.broadcast_to(x[None], (rows, columns)), np.broadcast_to(y[:, None], (rows, columns))


def _outer_profile(heart: Heart, y: Floats) -> Floats:
    """Half-width of the LV with its wall at ED; 0 above the apex."""
    centre = WIDEST * heart.length
    q = (y - centre) / (centre + 0.8 * heart.wall)
    return (heart.radius + heart.wall) * np.sqrt(np.maximum(1 - q * q, 0))


def _chambers(heart: Heart) -> _Chambers:
    outer, base = heart.radius + heart.wall, heart.length
    left_atrium = _Ellipse(0.0, base + 0.115 * heart.la_size, 0.155 * heart.la_size, 0.165 * heart.la_size)
    right_atrium = _Ellipse(-(outer + 0.075), base + 0.105, 0.125, 0.15)
    right_ventricle = _Ellipse(
        -(outer + 0.13), 0.66 * base, 0.125 * heart.rv_size, 0.50 * base * float(np.sqrt(heart.rv_size))
    )
    return _Chambers(left_atrium, right_atrium, right_ventricle)


def _rings(heart: Heart, right_ventricle: _Ellipse) -> tuple[tuple[float, float], tuple[float, float]]:
    """Centre and half-width of the mitral and the tricuspid ring."""
    mitral = float(heart.radius * lv_profile(1.0))
    septal, lateral = (
        -(mitral + heart.wall + 0.01),
        right_ventricle.x - right_ventricle.half_width(heart.length),
    )
    return (0.0, mitral), ((septal + lateral) / 2, max((septal - lateral) / 2, 0.05))


def _stretch(heart: Heart, left_atrium: _Ellipse, texel: float) -> Floats:
    """Displacements of :class:`Atlas`, texels, shape (3, H / COARSE, W / COARSE)."""
    return _stretch_at(heart, left_atrium, *_grid(COARSE * texel)) / texel


def stretch_at(heart: Heart, x: Floats, y: Floats) -> Floats:
    """Displacements of :class:`Atlas` at points of the heart at ED, scan depths before zoom, (3, ...)."""
    return _stretch_at(heart, _chambers(heart).left_atrium, x, y)


def _stretch_at(heart: Heart, left_atrium: _Ellipse, x: Floats, y: Floats) -> Floats:
    beyond = np.maximum(-x - _outer_profile(heart, y), 0)  # distance from the septum into the right ventricle
    free_wall = 0.255 * heart.rv_size
    right = -np.where(beyond < free_wall, beyond, free_wall * exp(-(beyond - free_wall) / 0.15))
    right = right * _ramp(y / 0.10) * _ramp((heart.length + 0.10 - y) / 0.10)
    outside = np.maximum(left_atrium.distance(x, y) - 1, 0)
    fade = exp(-outside / 0.5) * _ramp((y - heart.length) / 0.06)
    return np.stack([right, -(x - left_atrium.x) * fade, -(y - left_atrium.y) * fade])


def _ramp(x: Floats) -> Floats:
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))
