"""Which point of tissue lies at each polar sample of each frame.

The LV cavity shrinks as :mod:`geometry` says; the tissue around it moves as an incompressible body of revolution does, so walls thicken
by themselves: :math:`X^2 = x^2 + \\rho_0^2 - \\rho^2` outside the endocardium, :math:`X = x \\rho_0 / \\rho` inside. The base
descends and drags the atria along; right ventricle and left atrium stretch on their own.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from infomotion_lib.data.phantom.atlas import COARSE, LEFT, TOP
from infomotion_lib.data.phantom.geometry import contraction, lv_length, lv_profile, pose, radius_ratio
from infomotion_lib.data.phantom.nuisance import Heart
from infomotion_lib.data.phantom.scene import Scene

Image = NDArray[np.float32]
Ints = NDArray[np.int64]

STEPS = 7
TABLE_TOP, TABLE_BOTTOM = -0.4, 1.5
"""Tables along the long axis: steps a sample of the beam, first and last level in scan depths before zoom."""


def heart_coordinates(scene: Scene, frames: Ints) -> tuple[Image, Image]:
    """Heart coordinates (x, y) of every polar sample, each float32 (T, R, B)."""
    where = pose(scene.heart, frames)
    flip = -1.0 if scene.heart.mirrored else 1.0
    cos, sin = where.cos, where.sin
    x = _affine(scene, flip * cos, -flip * sin, -flip * (cos * where.dx - sin * where.dy))
    y = _affine(scene, sin, cos, -(sin * where.dx + cos * where.dy))
    return x, y


def material_coordinates(scene: Scene, frames: Ints) -> tuple[Image, Image]:
    """Heart coordinates at ED of the tissue at every polar sample, each float32 (T, R, B): the inverse of the LV's motion."""
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


def atlas_coordinates(scene: Scene, frames: Ints, x: Image, y: Image) -> tuple[Image, Image]:
    """Column and row of the atlas for every polar sample, each float32 (T * R, B), with right ventricle and left atrium stretched."""
    heart, atlas = scene.heart, scene.atlas
    s = contraction(heart, frames).astype(np.float32)[:, None, None]
    columns = (x - np.float32(LEFT)) / np.float32(atlas.texel)
    rows = (y - np.float32(TOP)) / np.float32(atlas.texel)
    flat = (-1, x.shape[-1])
    stretch = cv2.remap(
        atlas.stretch,
        columns.reshape(flat) * np.float32(1 / COARSE),
        rows.reshape(flat) * np.float32(1 / COARSE),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).reshape(*x.shape, 4)
    right, left = heart.rv_contraction * s, heart.la_expansion * s
    right, left = right / (1 - right), left / (1 + left)
    columns += right * stretch[..., 0]
    columns += left * stretch[..., 1]
    rows += left * stretch[..., 2]
    return columns.reshape(flat), rows.reshape(flat)


def _affine(scene: Scene, a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> Image:
    """``a u + b v + c`` at every polar sample, (T, R, B)."""
    slope_u, slope_v, offset = (np.asarray(value, np.float32)[:, None, None] for value in (a, b, c))
    out: Image = slope_u * scene.u
    out += slope_v * scene.v
    out += offset
    return out


def _tables(heart: Heart, s: NDArray[np.float64], steps: int) -> tuple[Image, Image, Image, Image]:
    """Along the long axis, by frame and side, each (T, 2, steps) and flat: level at ED, inverse radius ratio, area lost, radius now."""
    y = np.linspace(TABLE_TOP, TABLE_BOTTOM, steps)[None]
    s = s[:, None]
    length = lv_length(heart, s)
    below = y + (heart.length - length) * np.exp(-np.maximum(y - length, 0) / 0.25)
    y_ed = np.where(y < 0, y, np.where(y < length, y * (heart.length / length), below))
    z = y_ed / heart.length
    fade = np.exp(-np.maximum(y_ed - heart.length, 0) / 0.12)
    at_ed = heart.radius * lv_profile(z) * (y >= 0)
    ratio = 1 + (np.stack(radius_ratio(heart, z.clip(0, 1), s), axis=1) - 1) * fade[:, None]
    now = at_ed[:, None] * ratio
    level = np.broadcast_to(y_ed[:, None], ratio.shape)
    tables = (level, 1 / ratio, at_ed[:, None] ** 2 - now**2, now)
    first, second, third, fourth = (np.asarray(table, np.float32).reshape(-1) for table in tables)
    return first, second, third, fourth
