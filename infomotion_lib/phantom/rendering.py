"""A heart becomes a clip of grey frames, by way of the ultrasound machine's own polar grid.

For every sample of every frame: which point of tissue lies here, what does it echo; then the point-spread
function of the beam, noise, log compression, and scan conversion to the square picture. A frame depends on
the heart and its number alone, not on the frames rendered with it.

The same bytes come out on every processor, by construction. Elementary functions are those of :mod:`exact`;
arrays are only added, multiplied, divided and rooted, one operation a call; what is interpolated or convolved
is whole numbers, few enough bits of them that every sum is exact; logarithm and grey map are tables. An echo
has its real and imaginary part in arrays of their own, since a complex product is a place where compilers
fuse.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from infomotion_lib.errors import ParameterError
from infomotion_lib.phantom.atlas import BLOOD_NEW, BLOOD_STILL, UNIT, VALVE
from infomotion_lib.phantom.exact import cos, decibels, length, sin
from infomotion_lib.phantom.geometry import contraction, lv_length, pose, to_picture, valve_opening
from infomotion_lib.phantom.grey import STEPS, power_in_decibels
from infomotion_lib.phantom.nuisance import Heart
from infomotion_lib.phantom.scene import FARTHEST, NEAREST, Scene, build_scene
from infomotion_lib.phantom.tissue import atlas_map, material_coordinates, read

Image = NDArray[np.float32]
Ints = NDArray[np.int64]

SMALLEST_SIDE = 28
CHUNK = 1 << 16
"""Polar samples worked on at once: few enough to stay in the cache."""

NOISE_STRIDE = 0.6180339887498949
"""Golden ratio: frames near in time read the noise bank far apart."""

LEAFLET = 0.010
"""Half the thickness of a valve leaflet, scan depths."""

SOFTEN = np.array([567.0, 2962.0, 567.0])
"""Blur of the picture, a Gaussian of 0.55 pixels, in 4096ths."""
SOFTENED = 4096.0 * 4096.0

VALVE_HEIGHT = 0.87
"""Length of an open leaflet along the long axis, over half the width of its ring."""


def render(
    heart: Heart, frame_indices: Sequence[int] | NDArray[np.integer], *, size: int = 112
) -> NDArray[np.uint8]:
    """Grey frames of a heart, uint8 (T, size, size), in the order asked for.

    Parameters
    ----------
    heart : Heart
        From :func:`~infomotion_lib.phantom.sample_heart`.
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
        raise ParameterError(
            f"A phantom cannot be rendered at {size} pixels.", remedy=f"Give {SMALLEST_SIDE} or more."
        )
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
    field /= np.float32(UNIT)
    np.rint(field, out=field)
    electronic *= np.float32(decibels(scene.heart.noise))
    power = np.zeros(field.shape[1:], np.float32)
    for part, noise in zip(field, electronic, strict=True):
        for number, frame in enumerate(part):
            # whole numbers in float64, 16 bits of echo and 12 of each kernel: exact
            blurred = cv2.sepFilter2D(
                frame, cv2.CV_64F, scene.lateral, scene.axial, borderType=cv2.BORDER_REFLECT_101
            )
            noisy = (blurred * (UNIT * scene.gain)).astype(np.float32) + noise[number]
            power[number] += noisy * noisy
    return power_in_decibels(power) / np.float32(scene.heart.dynamic_range) + scene.offset


def echo(scene: Scene, frames: Ints, blood: Image) -> Image:
    """Echo before the point-spread function, float32 (2, T, R, B): real and imaginary part; an amplitude of 1
    is 0 dB.

    Parameters
    ----------
    blood : ndarray of float32, shape (2, T, R, B)
        Normal numbers, new in every frame.
    """
    heart = scene.heart
    x, y = material_coordinates(scene, frames)
    where = atlas_map(scene, frames, x, y)
    in_plane, across = (
        [read(part, where, cv2.BORDER_REFLECT_101, x.shape) for part in plane]
        for plane in scene.atlas.speckle
    )
    in_blood = read(scene.atlas.blood, where, cv2.BORDER_REFLECT_101, x.shape)
    slow = sin(2 * np.pi * frames / heart.drift_period)
    tilt = heart.out_of_plane * (np.pi / 2) * (contraction(heart, frames) + 0.3 * slow)
    staying, leaving = ((UNIT * turned(tilt)).astype(np.float32)[:, None, None] for turned in (cos, sin))
    leaflets = _leaflets(scene, frames, x, y, in_blood)
    scatter = in_blood * np.float32(BLOOD_NEW * decibels(heart.blood))
    field = np.empty((2, *x.shape), np.float32)
    for part in range(2):
        np.multiply(in_plane[part], staying, out=field[part])
        field[part] += across[part] * leaving
        field[part] *= leaflets
        field[part] += blood[part] * scatter
    if scene.haze is not None:
        field += scene.haze[:, None]
    return field


def _leaflets(scene: Scene, frames: Ints, x: Image, y: Image, in_blood: Image) -> Image:
    """Factor by which each sample is brightened, float32 (T, R, B): over 1 in blood on a leaflet of either
    atrioventricular valve.
    """
    heart, opening = scene.heart, valve_opening(scene.heart, frames).astype(np.float32)[:, None, None]
    out = np.ones(x.shape, np.float32)
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
    leaflet *= in_blood[:, first:last] > np.float32(
        0.99
    )  # all of it: beside a cavity's edge the wall shines in
    leaflet *= np.float32(decibels(VALVE - heart.blood) / BLOOD_STILL - 1)
    out[:, first:last] += leaflet
    return out


def _valve_rows(scene: Scene, frames: Ints) -> tuple[int, int]:
    """Samples along the beam between which both valves lie in all these frames."""
    heart, (centre, half) = scene.heart, scene.atlas.tricuspid
    x = np.broadcast_to(np.linspace(centre - half, scene.atlas.mitral[1], 9), (len(frames), 9))
    y = lv_length(heart, contraction(heart, frames))[:, None]
    depth = length(*to_picture(heart, x, y, pose(heart, frames)))
    reach = VALVE_HEIGHT * max(half, scene.atlas.mitral[1]) + 2 * LEAFLET
    ends = np.array([depth.min() - heart.zoom * reach, depth.max() + heart.zoom * 2 * LEAFLET])
    first, last = np.clip(
        (ends - NEAREST) / (FARTHEST - NEAREST) * (scene.u.shape[0] - 1) + (0, 2), 0, scene.u.shape[0]
    ).astype(int)
    return int(first), int(last)


def _noise(scene: Scene, frames: Ints) -> tuple[Image, Image]:
    """Blood noise and electronic noise, each float32 (2, T, R, B), of the bank: each frame from a place of
    its own.
    """
    length = 2 * scene.u.size
    starts = (frames * NOISE_STRIDE % 1.0 * (scene.bank.size // 2 - length)).astype(int) * 2
    shape = (2, len(frames), *scene.u.shape)
    blood, electronic = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for number, start in enumerate(starts):
        taken = scene.bank[start : start + 2 * length].reshape(2, 2, *scene.u.shape)
        blood[:, number], electronic[:, number] = taken
    return blood, electronic


def _scan_convert(scene: Scene, levels: Image, out: NDArray[np.uint8]) -> None:
    """Write grey pictures (T, size, size) of polar grey levels (T, R, B)."""
    np.clip(levels, 0, 1, out=levels)
    levels *= np.float32(STEPS)
    np.rint(levels, out=levels)
    for number, polar in enumerate(levels):
        picture = cv2.remap(
            polar, scene.columns, scene.rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        softened = cv2.sepFilter2D(picture, cv2.CV_64F, SOFTEN, SOFTEN, borderType=cv2.BORDER_REFLECT_101)
        out[number] = scene.grey[np.rint(softened / SOFTENED).astype(np.int32)]
