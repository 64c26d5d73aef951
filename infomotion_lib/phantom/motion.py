"""Where the tissue seen in one frame lies in another: the true optical flow of a drawn heart.

The drawing asks which tissue lies at a place (:mod:`tissue`); here its motion runs forward: from a pixel to
the heart at ED, and from there to the other frame. Atria and right ventricle, which stretch on their own,
are solved for by a few rounds of substitution. What leaves the plane has no flow, and is left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.phantom.atlas import stretch_at
from infomotion_lib.phantom.exact import Floats, angle, exp, length
from infomotion_lib.phantom.geometry import (
    FIELD,
    contraction,
    lv_length,
    lv_profile,
    picture_to_pixel,
    pose,
    radius_ratio,
    to_picture,
)
from infomotion_lib.phantom.nuisance import Heart
from infomotion_lib.phantom.scene import FARTHEST, NEAREST

ROUNDS = 6
HALVINGS = 40


def true_flow(heart: Heart, first: int, second: int, *, size: int = 112) -> NDArray[np.float32]:
    """Flow (2, size, size) in pixels, x then y: from each pixel of frame ``first`` to where its tissue is in
    frame ``second``; 0 outside the sector, where the picture is black and still.

    Parameters
    ----------
    heart : Heart
        The heart.
    first, second : int
        Frame numbers.
    size : int
        Side of the picture, pixels.
    """
    columns, rows = np.meshgrid(np.arange(size, dtype=np.float64), np.arange(size, dtype=np.float64))
    to_columns, to_rows = carried(heart, columns, rows, first=first, second=second, size=size)
    flow = np.stack([to_columns - columns, to_rows - rows])
    u, v = _picture(columns, rows, size)
    depth = length(u, v)
    seen = (np.abs(angle(u, v)) <= heart.half_angle) & (depth >= NEAREST) & (depth <= FARTHEST)
    return np.where(seen, flow, 0).astype(np.float32)


def carried(
    heart: Heart, columns: Floats, rows: Floats, *, first: int, second: int, size: int = 112
) -> tuple[Floats, Floats]:
    """Columns and rows, each (H, W), where the tissue at places (H, W) of frame ``first`` lies in frame
    ``second``.

    Parameters
    ----------
    heart : Heart
        The heart.
    columns, rows : ndarray, shape (H, W)
        Places in pixels; a pixel's centre has whole coordinates.
    first, second : int
        Frame numbers.
    size : int
        Side of the picture, pixels.
    """
    before, after = (float(contraction(heart, [frame])[0]) for frame in (first, second))
    x, y = _at_ed(heart, *_in_heart(heart, *_picture(columns, rows, size), first), before)
    dx, dy = _stretched(heart, x, y, before)
    painted, down = x + dx, y + dy
    for _ in range(ROUNDS):
        dx, dy = _stretched(heart, x, y, after)
        x, y = painted - dx, down - dy
    x, y = _from_ed(heart, x, y, after)
    u, v = to_picture(heart, x.reshape(1, -1), y.reshape(1, -1), pose(heart, [second]))
    return picture_to_pixel(u.reshape(x.shape), v.reshape(x.shape), size)


def _picture(columns: Floats, rows: Floats, size: int) -> tuple[Floats, Floats]:
    """Picture coordinates of pixels: the inverse of ``picture_to_pixel``."""
    return ((columns + 0.5) / size - 0.5) * FIELD, (rows + 0.5) / size * FIELD


def _in_heart(heart: Heart, u: Floats, v: Floats, frame: int) -> tuple[Floats, Floats]:
    """Heart coordinates of picture coordinates: the inverse of ``to_picture``."""
    where = pose(heart, [frame])
    right, down = u / heart.zoom - where.dx, v / heart.zoom - where.dy
    x, y = where.cos * right - where.sin * down, where.sin * right + where.cos * down
    return (-x if heart.mirrored else x), y


def _at_ed(heart: Heart, x: Floats, y: Floats, s: float) -> tuple[Floats, Floats]:
    """Heart coordinates at ED of the tissue at (x, y) at contraction ``s``."""
    long = float(lv_length(heart, s))
    below = y + (heart.length - long) * exp(-np.maximum(y - long, 0) / 0.25)
    level = np.where(y < 0, y, np.where(y < long, y * (heart.length / long), below))
    then, ratio = _radii(heart, x, level, s)
    now = then * ratio
    outside = np.copysign(np.sqrt(np.maximum(x * x + then * then - now * now, 0)), x)
    return np.where(np.abs(x) < now, x / ratio, outside), level


def _from_ed(heart: Heart, x: Floats, level: Floats, s: float) -> tuple[Floats, Floats]:
    """Heart coordinates at contraction ``s`` of the tissue at (x, level) at ED."""
    long = float(lv_length(heart, s))
    low, high = np.zeros_like(level), np.maximum(level - long, 0)
    for _ in range(HALVINGS):  # below the base: w + (L0 - L) exp(-w / 0.25) = level - L, which rises with w
        middle = (low + high) / 2
        under = middle + (heart.length - long) * exp(-middle / 0.25) < level - long
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    y = np.where(level < 0, level, np.where(level < heart.length, level * (long / heart.length), long + low))
    then, ratio = _radii(heart, x, level, s)
    now = then * ratio
    outside = np.copysign(np.sqrt(np.maximum(x * x - then * then + now * now, 0)), x)
    return np.where(np.abs(x) < then, x * ratio, outside), y


def _radii(heart: Heart, x: Floats, level: Floats, s: float) -> tuple[Floats, Floats]:
    """Radius of the cavity at ED on the side of ``x``, and the radius at contraction ``s`` over it."""
    z = level / heart.length
    then = heart.radius * lv_profile(z) * (level >= 0)
    septal, lateral = radius_ratio(heart, z.clip(0, 1), np.asarray(s))
    fade = exp(-np.maximum(level - heart.length, 0) / 0.12)
    return then, 1 + (np.where(x > 0, lateral, septal) - 1) * fade


def _stretched(heart: Heart, x: Floats, y: Floats, s: float) -> tuple[Floats, Floats]:
    """How far from (x, y) the painted heart is read at contraction ``s``, in x and in y."""
    right, left, down = stretch_at(heart, x, y)
    of_right, of_left = heart.rv_contraction * s, heart.la_expansion * s
    of_right, of_left = of_right / (1 - of_right), of_left / (1 + of_left)
    return of_right * right + of_left * left, of_left * down
