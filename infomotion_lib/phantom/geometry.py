r"""The moving heart in numbers: cycle, volume, endocardium, pose, tracings.

The left ventricle (LV) is a truncated ellipsoid of revolution about its long axis. With :math:`z \in [0, 1]`
from apex to mitral plane, contraction :math:`s \in [0, 1]` (0 at ED, 1 at ES) and mean radius
:math:`\rho_0(z)` at ED, the long axis is
:math:`L(s) = L_0 (1 - \lambda\,\mathrm{EF}\,s)` and the mean radius

.. math:: \rho(z, s)^2 = \rho_0(z)^2\,\frac{1 - \mathrm{EF}\,s\,[1 + \gamma(h(z) - \bar h)]}{L(s)/L_0},\qquad
          \bar h = \frac{\int \rho_0^2 h}{\int \rho_0^2},\quad h(z) = \cos(\pi z + \varphi)

so that :math:`V(s) = \int_0^1 \pi\rho^2 L\,dz = V_0 (1 - \mathrm{EF}\,s)` exactly, whatever the regional
amplitude :math:`\gamma`. Septal and lateral radius are :math:`\rho_0 [1 + (\rho/\rho_0 - 1)(1 \mp a)]`: their
mean is :math:`\rho` for any asymmetry :math:`a`.

Heart coordinates (x, y): apex at the origin, y down the long axis to the base, x > 0 lateral. Picture
coordinates (u, v): probe at the origin, v down, both in units of the scan depth.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from infomotion_lib.phantom.exact import Floats, cos, sin
from infomotion_lib.phantom.nuisance import Heart

Ints = NDArray[np.int64]

SYSTOLE = 1 / 3
"""Share of the cycle from ED to ES."""

WIDEST = 0.62
"""Level at which the LV is widest, share of the long axis."""

PROFILE_SQUARED = 1 / WIDEST - 1 / (3 * WIDEST * WIDEST)
"""Integral of the squared profile over the long axis, 0 to 1: the ED volume is this times pi, the squared
radius and the length.
"""

FIELD = 1.06
"""Side of the square picture, scan depths."""

TRACING_SIDE = 112
"""Tracings are given in pixels of a picture of this side, whatever the side rendered."""

CHORDS = 20
DEPTH_CM = 14.5
"""Centimetres per scan depth, for volumes in millilitres."""

SMALLEST_SHARE = 0.07
SMALLEST_RADIUS = 0.10
"""Floors of local area and radius at ES over ED; regional and septal/lateral differences are limited to stay
above them.
"""


class Pose(NamedTuple):
    """Where the heart lies in the picture: offset of the apex (T,), cosine and sine of its tilt (T,)."""

    dx: Floats
    dy: Floats
    cos: Floats
    sin: Floats


class TrueFrames(NamedTuple):
    """Frame numbers of every ED and every ES in a clip, ascending."""

    ed: Ints
    es: Ints


def cycle_phase(heart: Heart, frames: ArrayLike) -> Floats:
    """Position of each frame in the heart cycle, 0 <= phase < 1, 0 at ED, 1/3 at ES; shape of ``frames``."""
    return ((heart.start + np.asarray(frames, np.int64)) % heart.cycle) / heart.cycle


def contraction(heart: Heart, frames: ArrayLike) -> Floats:
    """Contraction s of each frame: 0 at ED, 1 at ES, back by early filling (72 %), diastasis and atrial kick
    (28 %).
    """
    phase = cycle_phase(heart, frames)
    squeeze = np.square(sin(np.pi / 2 * np.minimum(phase / SYSTOLE, 1.0)))
    filling = 0.72 * _smoothstep((phase - SYSTOLE) / 0.26) + 0.28 * _smoothstep((phase - 0.84) / 0.16)
    return np.where(phase < SYSTOLE, squeeze, 1.0 - filling)


def volume_curve(heart: Heart, frames: ArrayLike) -> Floats:
    """LV volume over its ED value in each frame: ``1 - EF s``, shape of ``frames``."""
    return 1.0 - heart.ef / 100 * contraction(heart, frames)


def true_frames(heart: Heart, n_frames: int) -> TrueFrames:
    """Every ED and ES frame of a clip of ``n_frames`` frames, exact."""
    position = (heart.start + np.arange(n_frames)) % heart.cycle
    return TrueFrames(np.flatnonzero(position == 0), np.flatnonzero(position == heart.cycle // 3))


def valve_opening(heart: Heart, frames: ArrayLike) -> Floats:
    """Opening of the atrioventricular valves, 0 closed to 1 wide: E wave, diastasis, A wave; shape of
    ``frames``.
    """
    knots = np.array([0.0, 0.02, 0.345, 0.40, 0.52, 0.62, 0.82, 0.90, 0.96, 1.0])
    opening = np.array([0.25, 0.0, 0.0, 1.0, 0.9, 0.40, 0.40, 0.80, 0.65, 0.25])
    phase = cycle_phase(heart, frames)
    left = (
        np.searchsorted(knots, phase, side="right") - 1
    )  # not numpy.interp, whose product and sum may be fused
    share = (phase - knots[left]) / (knots[left + 1] - knots[left])
    return opening[left] + share * (opening[left + 1] - opening[left])


def pose(heart: Heart, frames: ArrayLike) -> Pose:
    """Offset and tilt of the heart in each frame: slow drift of the probe, and swing locked to
    contraction.
    """
    t, s = np.asarray(frames, np.float64), contraction(heart, frames)
    w = 2 * np.pi * t / heart.drift_period
    dx = heart.drift_x * sin(w + heart.drift_phase_x) + heart.swing_x * s
    dy = heart.drift_y * sin(1.3 * w + heart.drift_phase_y) + heart.swing_y * s
    tilt = heart.rotation + heart.swing_rotation * (s + 0.5 * sin(0.8 * w + heart.drift_phase_y))
    return Pose(heart.apex_x + dx, heart.apex_y + dy, cos(tilt), sin(tilt))


def lv_profile(z: ArrayLike) -> Floats:
    """Radius of the ED cavity over its largest, at levels ``z`` from apex (0) to mitral plane (1); 0 outside
    the ellipsoid.
    """
    q = (np.asarray(z, np.float64) - WIDEST) / WIDEST
    return np.sqrt(np.maximum(1.0 - q * q, 0.0))


def lv_length(heart: Heart, s: ArrayLike) -> Floats:
    """Long axis at contraction ``s``, scan depths before zoom."""
    return heart.length * (1.0 - heart.longitudinal * heart.ef / 100 * np.asarray(s, np.float64))


def radius_ratio(heart: Heart, z: Floats, s: Floats) -> tuple[Floats, Floats]:
    """Septal and lateral radius at contraction ``s`` over the ED radius, at levels ``z``; shape by
    broadcasting.
    """
    amplitude, mean = regional_amplitude(heart)
    pattern = 1.0 + amplitude * (cos(np.pi * z + heart.regional_phase) - mean)
    mean_ratio = np.sqrt((1.0 - heart.ef / 100 * s * pattern) / (lv_length(heart, s) / heart.length))
    asymmetry = asymmetry_amplitude(heart)
    return 1.0 + (mean_ratio - 1.0) * (1.0 - asymmetry), 1.0 + (mean_ratio - 1.0) * (1.0 + asymmetry)


def regional_amplitude(heart: Heart) -> tuple[float, float]:
    r"""Amplitude :math:`\gamma` of the regional pattern and its volume-weighted mean :math:`\bar h`.

    The drawn amplitude is limited so that no level keeps less than ``SMALLEST_SHARE`` of its area.
    """
    # the integrals of (1 - q^2) cos(pi z) and (1 - q^2) sin(pi z) over the long axis, with q = (z - w) / w
    w = WIDEST
    even = 2 / (np.pi * np.pi) * (1 / (w * w) - 2 / w)
    odd = 2 / (w * np.pi) - (1 / np.pi - 4 / (np.pi * np.pi * np.pi)) / (w * w)
    mean = float((even * cos(heart.regional_phase) - odd * sin(heart.regional_phase)) / PROFILE_SQUARED)
    largest = float(np.abs(cos(np.pi * np.linspace(0, 1, 101) + heart.regional_phase) - mean).max())
    spare = (1.0 - SMALLEST_SHARE) / (heart.ef / 100) - 1.0
    return min(heart.regional, max(spare, 0.0) / largest), mean


def asymmetry_amplitude(heart: Heart) -> float:
    """Septal/lateral difference, limited so that no side keeps less than ``SMALLEST_RADIUS`` of its
    radius.
    """
    amplitude, _ = regional_amplitude(heart)
    least = 1.0 - heart.ef / 100 * (1.0 + 2.0 * amplitude)
    shortening = 1.0 - np.sqrt(max(least, SMALLEST_SHARE))
    spare = (1.0 - SMALLEST_RADIUS) / shortening - 1.0
    return float(np.clip(heart.asymmetry, -spare, spare))


def lv_radii(heart: Heart, z: ArrayLike, s: ArrayLike) -> tuple[Floats, Floats]:
    """Distance of the septal and the lateral endocardium from the long axis, each (S, Z), scan depths before
    zoom.

    Parameters
    ----------
    heart : Heart
        The heart.
    z : array_like, shape (Z,)
        Levels from apex (0) to mitral plane (1).
    s : array_like, shape (S,)
        Contraction.
    """
    levels = np.atleast_1d(np.asarray(z, np.float64))[None]
    at_ed = heart.radius * lv_profile(levels)
    septal, lateral = radius_ratio(heart, levels, np.atleast_1d(np.asarray(s, np.float64))[:, None])
    return at_ed * septal, at_ed * lateral


def volumes_ml(heart: Heart) -> tuple[float, float]:
    """ESV and EDV in mL; the EDV is the geometry's at ``DEPTH_CM``, the ESV follows from the exact EF."""
    edv = float(np.pi * heart.radius * heart.radius * heart.length * PROFILE_SQUARED) * DEPTH_CM**3
    return edv * (1.0 - heart.ef / 100), edv


def to_picture(heart: Heart, x: Floats, y: Floats, where: Pose) -> tuple[Floats, Floats]:
    """Picture coordinates (u, v), each (T, N), of heart coordinates (x, y), each (T, N)."""
    x = -x if heart.mirrored else x
    c, s = where.cos[:, None], where.sin[:, None]
    return heart.zoom * (c * x + s * y + where.dx[:, None]), heart.zoom * (-s * x + c * y + where.dy[:, None])


def tracing(heart: Heart, frame: int, *, chords: int = CHORDS) -> Floats:
    """Tracing of one frame, (1 + chords, 4): rows X1, Y1, X2, Y2, first the long axis from apex to mitral
    plane, then the chords.

    The chords stand at the middles of equal slices of the long axis, from apex to base, so that the method of
    discs gives the EF. Units are pixels of a picture of side ``TRACING_SIDE``; a pixel's centre has whole
    coordinates.
    """
    s = contraction(heart, [frame])
    z = (np.arange(chords) + 0.5) / chords
    septal, lateral = lv_radii(heart, z, s)
    y = lv_length(heart, s)[:, None] * np.concatenate([[0.0, 1.0], z, z])[None]
    x = np.concatenate([np.zeros((1, 2)), -septal, lateral], axis=1)
    u, v = to_picture(heart, x, y, pose(heart, [frame]))
    columns, rows = picture_to_pixel(u[0], v[0], TRACING_SIDE)
    ends = np.stack([columns, rows], axis=1)
    axis = np.concatenate([ends[0], ends[1]])[None]
    return np.concatenate([axis, np.concatenate([ends[2 : 2 + chords], ends[2 + chords :]], axis=1)])


def picture_to_pixel(u: Floats, v: Floats, side: int) -> tuple[Floats, Floats]:
    """Column and row of picture coordinates in a square picture of ``side`` pixels; a pixel's centre has
    whole coordinates.
    """
    return (u / FIELD + 0.5) * side - 0.5, v / FIELD * side - 0.5


def _smoothstep(x: Floats) -> Floats:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)
