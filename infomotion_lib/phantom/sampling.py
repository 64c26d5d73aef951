"""Drawing a heart: every nuisance from its table, independently of the ejection fraction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from infomotion_lib.errors import ParameterError
from infomotion_lib.phantom.exact import Floats, angle, cos, length, sin, uniform
from infomotion_lib.phantom.geometry import lv_radii, pose, to_picture
from infomotion_lib.phantom.nuisance import (
    DEFAULT_LEVEL,
    EF_LIMITS,
    MACHINE_SHARES,
    MACHINES,
    MAX_DROPOUTS,
    NO_HAZE,
    NUISANCE_FPS,
    NUISANCES,
    SOURCES,
    Dropout,
    Heart,
    Role,
    Style,
    check_level,
    check_role,
    check_shares,
)

DEEPEST, WIDEST_OFFSET, EDGE_ANGLE = 1.0, 0.51, 0.01
"""The LV stays above this depth, within this distance of the midline, and this many radians inside the
sector.
"""


def sample_heart(
    rng: np.random.Generator,
    ef: float,
    *,
    level: float = DEFAULT_LEVEL,
    machine_shares: Sequence[float] | None = None,
    fps: float = NUISANCE_FPS,
    role: Role = "real",
) -> Heart:
    """A heart with exactly this EF, its nuisances drawn independently of it.

    Zoom and sector are corrected where the LV would leave the picture, by the ED shape alone, so this knows
    nothing of EF either.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of every draw.
    ef : float
        Ejection fraction, percentage points within ``EF_LIMITS``.
    level : float, default 0.4
        Nuisance level between the easy (0) and the extreme (1) phantom.
    machine_shares : sequence of float, optional
        Shares of the five scanner styles; the role's own by default.
    fps : float, default 50
        Frame rate of the clip; heart rate and drift are kept in seconds.
    role : {"real", "synthetic"}
        The source to imitate, a key of :data:`SOURCES`.

    Raises
    ------
    ParameterError
        If ``ef``, ``level``, the shares, ``fps`` or ``role`` are out of range.
    """
    level, fps, role = check_level(level), check_fps(fps), check_role(role)
    shares = check_shares(MACHINE_SHARES[role] if machine_shares is None else machine_shares)
    if not EF_LIMITS[0] <= ef <= EF_LIMITS[1]:
        raise ParameterError(
            f"A phantom heart cannot have an EF of {ef}.",
            remedy=f"Give points from {EF_LIMITS[0]:g} to {EF_LIMITS[1]:g}.",
        )
    values: dict[str, Any] = {
        name: uniform(rng, *row.at(level)) for name, row in NUISANCES.items() if name != "dropout"
    }
    values["haze"] = NO_HAZE
    machine = MACHINES[int(rng.choice(len(MACHINES), p=np.divide(shares, sum(shares))))]
    phases = 2 * np.pi * rng.random(3)
    beginning = rng.random()
    dropouts = tuple(_dropout(rng, level) for _ in range(int(rng.integers(0, MAX_DROPOUTS + 1))))
    seed = int(rng.integers(1 << 31))
    for style in (machine, SOURCES[role]):
        _apply(rng, values, style)
    cycle = max(2, round(values.pop("cycle") * fps / NUISANCE_FPS / 3)) * 3
    values["drift_period"] *= fps / NUISANCE_FPS
    heart = Heart(
        **values,
        cycle=cycle,
        mirrored=machine.mirrored,
        ef=float(ef),
        machine=machine.name,
        start=int(beginning * cycle),
        drift_phase_x=float(phases[0]),
        drift_phase_y=float(phases[1]),
        regional_phase=float(phases[2]),
        dropouts=dropouts,
        seed=seed,
    )
    return keep_in_view(heart)


def check_fps(fps: float) -> float:
    """The frame rate, if a beat has enough frames at it.

    Raises
    ------
    ParameterError
        Otherwise.
    """
    if not (np.isfinite(fps) and 10 <= fps <= 500):
        raise ParameterError(
            f"A phantom cannot have {fps} frames per second.",
            remedy="Give 10 to 500: a beat needs several frames.",
        )
    return float(fps)


def keep_in_view(heart: Heart) -> Heart:
    """The same heart, its LV at ED inside sector and picture in every pose of the motion.

    As an operator would: the probe is turned towards the LV, then the sector opened and the zoom lowered,
    each only as far as needed.
    """
    u, v = _outline(heart)
    across, spare = angle(u, v), heart.half_angle - EDGE_ANGLE
    low, high = float(across.min()), float(across.max())
    turn = -(low + high) / 2 if high - low > 2 * spare else float(np.clip(0.0, -spare - low, spare - high))
    c, s = float(cos(turn)), float(sin(turn))
    x, y = heart.apex_x, heart.apex_y
    heart = replace(heart, apex_x=c * x + s * y, apex_y=c * y - s * x, rotation=heart.rotation + turn)
    u, v = _outline(heart)
    zoom = min(heart.zoom, DEEPEST / float(length(u, v).max()), WIDEST_OFFSET / float(np.abs(u).max()))
    return replace(
        heart, zoom=zoom, half_angle=max(heart.half_angle, float(np.abs(angle(u, v)).max()) + EDGE_ANGLE)
    )


def _outline(heart: Heart) -> tuple[Floats, Floats]:
    """Picture coordinates over the zoom of the endocardium at ED, in the poses of four periods of
    the drift.
    """
    z = np.linspace(0.0, 1.0, 21)
    septal, lateral = lv_radii(heart, z, [0.0])
    moments = pose(heart, np.arange(0, int(4 * heart.drift_period), 3))
    x = np.concatenate([-septal, lateral], axis=1).repeat(len(moments.dx), axis=0)
    y = np.broadcast_to(heart.length * np.concatenate([z, z]), x.shape)
    return to_picture(replace(heart, zoom=1.0), x, y, moments)


def _dropout(rng: np.random.Generator, level: float) -> Dropout:
    z, side, width = float(rng.random()), int(rng.choice((-1, 1))), uniform(rng, 0.08, 0.22)
    return Dropout(z, side, width, uniform(rng, *NUISANCES["dropout"].at(level)))


def _apply(rng: np.random.Generator, values: dict[str, Any], style: Style) -> None:
    for name, bounds in style.redraw.items():
        values[name] = uniform(rng, *bounds)
    for name, bounds in style.add.items():
        values[name] += uniform(rng, *bounds)
    for name, bounds in style.scale.items():
        values[name] *= uniform(rng, *bounds)
