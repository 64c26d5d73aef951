"""A heart becomes a clip of grey frames, by way of the ultrasound machine's own polar grid.

For every sample of every frame: which point of tissue lies here, what does it echo; then the point-spread function of the beam, noise,
log compression, and scan conversion to the square picture. A frame depends on the heart and its number alone, not on the frames
rendered with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from infomotion_lib.data.phantom.atlas import BLOOD_NEW, BLOOD_STILL, VALVE
from infomotion_lib.data.phantom.geometry import contraction, lv_length, pose, to_picture, valve_opening
from infomotion_lib.data.phantom.nuisance import Heart
from infomotion_lib.data.phantom.scene import FARTHEST, NEAREST, Scene, build_scene
from infomotion_lib.data.phantom.tissue import atlas_coordinates, material_coordinates
from infomotion_lib.errors import ParameterError

Image = NDArray[np.float32]
Echo = NDArray[np.complex64]
Ints = NDArray[np.int64]

SMALLEST_SIDE = 28
CHUNK = 1 << 16
"""Polar samples worked on at once: few enough to stay in the cache."""

NOISE_STRIDE = 0.6180339887498949
"""Golden ratio: frames near in time read the noise bank far apart."""

LEAFLET = 0.010
"""Half the thickness of a valve leaflet, scan depths."""

VALVE_HEIGHT = 0.87
"""Length of an open leaflet along the long axis, over half the width of its ring."""


def render(heart: Heart, frame_indices: Sequence[int] | NDArray[np.integer], *, size: int = 112) -> NDArray[np.uint8]:
    """Grey frames of a heart, uint8 (T, size, size), in the order asked for.

    Parameters
    ----------
    heart : Heart
        From :func:`~infomotion_lib.data.phantom.sample_heart`.
    frame_indices : sequence of int, shape (T,)
        Frame numbers from 0, with repeats and gaps as wanted.
    size : int, default 112
        Side of a frame, pixels, 28 or more; the polar grid follows it.

    Raises
    ------
    ParameterError
        If ``size`` is too small or a frame number is negative.
    """
    frames = np.asarray(frame_indices, np.int64).reshape(-1)
    if size < SMALLEST_SIDE:
        raise ParameterError(f"A phantom cannot be rendered at {size} pixels.", remedy=f"Give {SMALLEST_SIDE} or more.")
    if frames.size and frames.min() < 0:
        raise ParameterError(f"A phantom has no frame {frames.min()}.", remedy="Frame numbers start at 0.")
    scene = build_scene(heart, size=size)
    out = np.empty((len(frames), size, size), np.uint8)
    step = max(1, CHUNK // scene.u.size)
    for first in range(0, len(frames), step):
        chunk = frames[first : first + step]
        _scan_convert(scene, grey_levels(scene, chunk), out[first : first + step])
    return out


def grey_levels(scene: Scene, frames: Ints) -> Image:
    """Log-compressed echo on the polar grid, float32 (T, R, B): 0 is black, 1 white, not yet clipped."""
    blood, electronic = _noise(scene, frames)
    field = echo(scene, frames, blood)
    out = np.empty(field.shape, np.float32)
    noise = np.float32(10 ** (scene.heart.noise / 20))
    for number, frame in enumerate(field):
        parts = frame.view(np.float32).reshape(*frame.shape, 2)
        blurred = cv2.sepFilter2D(parts, cv2.CV_32F, scene.lateral, scene.axial, borderType=cv2.BORDER_REFLECT_101)
        noisy = blurred + electronic[number] * noise
        np.multiply(noisy, noisy, out=noisy)
        np.add(noisy[..., 0], noisy[..., 1], out=out[number])
    np.log(out + np.float32(1e-8), out=out)
    return out * np.float32(10 / np.log(10) / scene.heart.dynamic_range) + scene.offset


def echo(scene: Scene, frames: Ints, blood: Echo) -> Echo:
    """Complex echo before the point-spread function, complex64 (T, R, B).

    Parameters
    ----------
    blood : ndarray of complex64, shape (T, R, B)
        Normal numbers, new in every frame.
    """
    heart = scene.heart
    x, y = material_coordinates(scene, frames)
    columns, rows = atlas_coordinates(scene, frames, x, y)
    speckle = cv2.remap(scene.atlas.speckle, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    scatter = np.asarray(cv2.remap(scene.atlas.scatter, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101), np.float32)
    scatter = scatter.reshape(x.shape)
    planes = speckle.view(np.complex64).reshape(*x.shape, 2)  # in the scan plane, and beside it
    slow = np.sin(2 * np.pi * frames / heart.drift_period)
    tilt = heart.out_of_plane * (np.pi / 2) * (contraction(heart, frames) + 0.3 * slow)
    cos, sin = (np.asarray(value, np.complex64)[:, None, None] for value in (np.cos(tilt), np.sin(tilt)))
    field: Echo = np.multiply(planes[..., 0], cos)
    if heart.out_of_plane:
        field += planes[..., 1] * sin
    _add_valves(scene, frames, x, y, scatter, field)
    field += blood * scatter
    if scene.haze is not None:
        field += scene.haze
    return field


def _add_valves(scene: Scene, frames: Ints, x: Image, y: Image, scatter: Image, field: Echo) -> None:
    """Brighten, in place, the samples of ``field`` that lie in blood on a leaflet of either atrioventricular valve."""
    heart, opening = scene.heart, valve_opening(scene.heart, frames).astype(np.float32)[:, None, None]
    first, last = _valve_rows(scene, frames)
    x, y = x[:, first:last], np.float32(heart.length) - y[:, first:last]
    nearest = np.full(x.shape, np.float32(1))
    for centre, half in (scene.atlas.mitral, scene.atlas.tricuspid):
        across = np.abs(x - np.float32(centre))
        hinge = np.float32(0.97 * half)
        along_x = hinge * (np.float32(0.62) * opening - np.float32(0.96))
        along_y = np.float32(half) * (np.float32(VALVE_HEIGHT - 0.55) + np.float32(0.55) * opening)
        across -= hinge
        share = across * along_x
        share += y * along_y
        share /= along_x * along_x + along_y * along_y
        np.clip(share, 0, 1, out=share)
        across -= share * along_x
        away = y - share * along_y
        across *= across
        away *= away
        away += across
        np.minimum(nearest, away, out=nearest)
    leaflet = np.clip(np.float32(1.6) - np.sqrt(nearest) / np.float32(LEAFLET), 0, 1)
    level = 10 ** (heart.blood / 20)
    leaflet *= scatter[:, first:last] > np.float32(0.99 * BLOOD_NEW * level)  # all of it: beside a cavity's edge the wall shines in
    leaflet *= np.float32(VALVE / (BLOOD_STILL * level) - 1)
    leaflet += 1
    field[:, first:last] *= leaflet


def _valve_rows(scene: Scene, frames: Ints) -> tuple[int, int]:
    """Samples along the beam between which both valves lie in all these frames."""
    heart, (centre, half) = scene.heart, scene.atlas.tricuspid
    x = np.broadcast_to(np.linspace(centre - half, scene.atlas.mitral[1], 9), (len(frames), 9))
    y = lv_length(heart, contraction(heart, frames))[:, None]
    depth = np.hypot(*to_picture(heart, x, y, pose(heart, frames)))
    reach = VALVE_HEIGHT * max(half, scene.atlas.mitral[1]) + 2 * LEAFLET
    ends = np.array([depth.min() - heart.zoom * reach, depth.max() + heart.zoom * 2 * LEAFLET])
    first, last = np.clip((ends - NEAREST) / (FARTHEST - NEAREST) * (scene.u.shape[0] - 1) + (0, 2), 0, scene.u.shape[0]).astype(int)
    return int(first), int(last)


def _noise(scene: Scene, frames: Ints) -> tuple[Echo, Image]:
    """Blood noise, complex64 (T, R, B), and electronic noise, float32 (T, R, B, 2): of the bank, each frame from a place of its own."""
    length = 2 * scene.u.size
    starts = (frames * NOISE_STRIDE % 1.0 * (scene.bank.size // 2 - length)).astype(int) * 2
    blood = np.stack([scene.bank[start : start + length] for start in starts]).view(np.complex64)
    electronic = np.stack([scene.bank[start + length : start + 2 * length] for start in starts])
    return blood.reshape(-1, *scene.u.shape), electronic.reshape(-1, *scene.u.shape, 2)


def _scan_convert(scene: Scene, levels: Image, out: NDArray[np.uint8]) -> None:
    """Write grey pictures (T, size, size) of polar grey levels (T, R, B)."""
    np.clip(levels, 0, 1, out=levels)
    for number, polar in enumerate(levels):
        picture = cv2.remap(polar, scene.columns, scene.rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
        picture = cv2.GaussianBlur(picture, (3, 3), 0.55)
        np.power(picture, np.float32(scene.heart.gamma), out=picture)
        np.multiply(picture, np.float32(255), out=picture)
        np.rint(picture, out=picture)
        out[number] = picture
