"""Which point of tissue lies at each polar sample of each frame.

The LV cavity shrinks as :mod:`geometry` says; the tissue around it moves as an incompressible body of
revolution does, so walls thicken by themselves: :math:`X^2 = x^2 + \\rho_0^2 - \\rho^2` outside the
endocardium, :math:`X = x \\rho_0 / \\rho` inside. The base descends and drags the atria along; right
ventricle and left atrium stretch on their own.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from infomotion_lib.phantom.atlas import COARSE, LEFT, STRETCH_UNIT, TOP
from infomotion_lib.phantom.exact import Floats, exp
from infomotion_lib.phantom.geometry import contraction, lv_length, lv_profile, pose, radius_ratio
from infomotion_lib.phantom.nuisance import Heart
from infomotion_lib.phantom.scene import Scene

Image = NDArray[np.float32]
Ints = NDArray[np.int64]
Map = tuple[NDArray[np.int16], NDArray[np.uint16]]
"""Where to read a painted field: whole columns and rows, and the 32nds beyond them."""

STEPS = 7
TABLE_TOP, TABLE_BOTTOM = -0.4, 1.5
"""Tables along the long axis: steps per sample of the beam, first and last level in scan depths before
zoom.
"""


def heart_coordinates(scene: Scene, frames: Ints) -> tuple[Image, Image]:
    """Heart coordinates (x, y) of every polar sample, each float32 (T, R, B)."""
    where = pose(scene.heart, frames)
    flip = -1.0 if scene.heart.mirrored else 1.0
    cos, sin = where.cos, where.sin
    x = _affine(scene, flip * cos, -flip * sin, -flip * (cos * where.dx - sin * where.dy))
    y = _affine(scene, sin, cos, -(sin * where.dx + cos * where.dy))
    return x, y


def material_coordinates(scene: Scene, frames: Ints) -> tuple[Image, Image]:
    """Heart coordinates at ED of the tissue at every polar sample, each float32 (T, R, B): the inverse of the
    LV's motion.
    """
    x, y = heart_coordinates(scene, frames)
    steps = STEPS * scene.u.shape[0]
    level, inverse, grown, radius = _tables(scene.heart, contraction(scene.heart, frames), steps)
    y -= np.float32(TABLE_TOP)
    y *= np.float32((steps - 1) / (TABLE_BOTTOM - TABLE_TOP))
    y += np.float32(0.5)
    index = np.clip(y, 0, steps - 1, out=y).astype(np.int32)
    index += np.int32(steps) * (x > 0)
    index += (2 * steps * np.arange(len(frames), dtype=np.int32))[:, None, None]
    inside = np.abs(x) < radius.take(index)
    cavity = x * inverse.take(index)
    x_ed = np.multiply(x, x)
    x_ed += grown.take(index)
    np.sqrt(np.maximum(x_ed, 0, out=x_ed), out=x_ed)
    np.copysign(x_ed, x, out=x_ed)
    np.copyto(x_ed, cavity, where=inside)
    return x_ed, level.take(index, out=y, mode="clip")


def atlas_map(scene: Scene, frames: Ints, x: Image, y: Image) -> Map:
    """Where every polar sample reads the atlas, a map of (T * R, B), with right ventricle and left atrium
    stretched.
    """
    heart, atlas = scene.heart, scene.atlas
    s = contraction(heart, frames).astype(np.float32)[:, None, None]
    columns = (x - np.float32(LEFT)) / np.float32(atlas.texel)
    rows = (y - np.float32(TOP)) / np.float32(atlas.texel)
    coarse = _map(columns / np.float32(COARSE), rows / np.float32(COARSE))
    to_right, to_left, down = (read(field, coarse, cv2.BORDER_REPLICATE, x.shape) for field in atlas.stretch)
    right, left = heart.rv_contraction * s, heart.la_expansion * s
    right, left = right / (1 - right) * STRETCH_UNIT, left / (1 + left) * STRETCH_UNIT
    columns += right * to_right
    columns += left * to_left
    rows += left * down
    return _map(columns, rows)


def read(field: Image, where: Map, border: int, shape: tuple[int, ...]) -> Image:
    """Whole numbers of a painted field, interpolated bilinearly at the places of a map: exact, float32 of
    ``shape``.
    """
    return np.asarray(cv2.remap(field, *where, cv2.INTER_LINEAR, borderMode=border), np.float32).reshape(
        shape
    )


def _map(columns: Image, rows: Image) -> Map:
    flat = (-1, columns.shape[-1])
    whole, part = cv2.convertMaps(columns.reshape(flat), rows.reshape(flat), cv2.CV_16SC2)
    return np.asarray(whole, np.int16), np.asarray(part, np.uint16)


def _affine(scene: Scene, a: Floats, b: Floats, c: Floats) -> Image:
    """``a u + b v + c`` at every polar sample, (T, R, B)."""
    slope_u, slope_v, offset = (np.asarray(value, np.float32)[:, None, None] for value in (a, b, c))
    out: Image = slope_u * scene.u
    out += slope_v * scene.v
    out += offset
    return out


def _tables(heart: Heart, s: Floats, steps: int) -> tuple[Image, Image, Image, Image]:
    """Along the long axis, by frame and side, each (T, 2, steps) and flat: level at ED, inverse radius ratio,
    area lost, radius now.
    """
    y = np.linspace(TABLE_TOP, TABLE_BOTTOM, steps)[None]
    s = s[:, None]
    length = lv_length(heart, s)
    below = y + (heart.length - length) * exp(-np.maximum(y - length, 0) / 0.25)
    y_ed = np.where(y < 0, y, np.where(y < length, y * (heart.length / length), below))
    z = y_ed / heart.length
    fade = exp(-np.maximum(y_ed - heart.length, 0) / 0.12)
    at_ed = heart.radius * lv_profile(z) * (y >= 0)
    ratio = 1 + (np.stack(radius_ratio(heart, z.clip(0, 1), s), axis=1) - 1) * fade[:, None]
    now = at_ed[:, None] * ratio
    level = np.broadcast_to(y_ed[:, None], ratio.shape)
    tables = (level, 1 / ratio, np.square(at_ed)[:, None] - np.square(now), now)
    first, second, third, fourth = (np.asarray(table, np.float32).reshape(-1) for table in tables)
    return first, second, third, fourth
