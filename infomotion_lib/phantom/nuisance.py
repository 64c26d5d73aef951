"""The nuisance model of the phantom: every number is in the two tables of this file.

A nuisance is anything that changes the picture and says nothing about the ejection fraction (EF). Each is
drawn uniformly from a range that runs from an easy phantom (level 0) to an extreme one (level 1); the
project's level is 0.4. On top come five scanner styles of unequal frequency. Lengths are in units of the scan
depth, levels in decibels, angles in radians.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np

from infomotion_lib.errors import ParameterError, did_you_mean

Role = Literal["real", "synthetic"]
Range = tuple[float, float]

DEFAULT_LEVEL = 0.4
EF_LIMITS = (5.0, 90.0)
"""EF that the geometry can deliver exactly at every level, percentage points."""

NUISANCE_FPS = 50.0
"""Frame rate at which the table gives heart cycle and drift period."""

MAX_DROPOUTS = 2


@dataclass(frozen=True)
class Nuisance:
    """One row of the nuisance table: where a value is drawn from, at both ends of the level."""

    easy: Range
    extreme: Range
    unit: str
    meaning: str

    def at(self, level: float) -> Range:
        """Lower and upper end of the range at one level, each mixed linearly between easy and extreme."""
        low, high = (
            (1 - level) * easy + level * extreme
            for easy, extreme in zip(self.easy, self.extreme, strict=True)
        )
        return low, high


# fmt: off
NUISANCES: Mapping[str, Nuisance] = MappingProxyType({
    # heart                       easy             extreme          unit
    "cycle":            Nuisance((26.0, 44.0),    (20.0, 56.0),    "frames at 50 fps", "heart cycle"),
    "length":           Nuisance((0.50, 0.60),    (0.40, 0.60),    "depth", "LV long axis at ED; the short ones are foreshortened"),
    "radius":           Nuisance((0.155, 0.215),  (0.135, 0.225),  "depth", "LV radius at ED; the large ones are dilated"),
    "wall":             Nuisance((0.055, 0.085),  (0.045, 0.100),  "depth", "LV wall thickness at ED"),
    "longitudinal":     Nuisance((0.26, 0.38),    (0.12, 0.45),    "share of EF", "long-axis shortening over EF"),
    "regional":         Nuisance((0.0, 0.0),      (0.0, 0.50),     "share", "difference of motion along the wall, EF kept"),
    "asymmetry":        Nuisance((0.0, 0.0),      (-0.35, 0.35),   "share", "lateral minus septal motion, EF kept"),
    "rv_contraction":   Nuisance((0.0, 0.0),      (0.0, 0.35),     "share", "RV width lost in systole"),
    "rv_size":          Nuisance((0.85, 1.20),    (0.85, 1.20),    "factor", "RV size"),
    "la_expansion":     Nuisance((0.12, 0.12),    (0.0, 0.30),     "share", "LA radius gained in systole"),
    "la_size":          Nuisance((0.75, 1.20),    (0.75, 1.20),    "factor", "LA size"),
    # probe
    "apex_x":           Nuisance((-0.05, 0.05),   (-0.07, 0.07),   "depth", "apex beside the probe's axis"),
    "apex_y":           Nuisance((0.14, 0.20),    (0.14, 0.20),    "depth", "apex below the probe"),
    "rotation":         Nuisance((-0.20, 0.20),   (-0.35, 0.35),   "rad", "tilt of the long axis"),
    "zoom":             Nuisance((0.88, 1.15),    (0.82, 1.25),    "factor", "scan depth setting"),
    "half_angle":       Nuisance((0.62, 0.76),    (0.56, 0.78),    "rad", "half the sector's opening"),
    "drift_x":          Nuisance((0.0, 0.012),    (0.0, 0.030),    "depth", "slow drift of the probe, amplitude"),
    "drift_y":          Nuisance((0.0, 0.012),    (0.0, 0.030),    "depth", "slow drift of the probe, amplitude"),
    "drift_period":     Nuisance((50.0, 160.0),   (50.0, 160.0),   "frames at 50 fps", "period of the drift"),
    "swing_x":          Nuisance((0.0, 0.0),      (-0.035, 0.035), "depth", "translation locked to contraction"),
    "swing_y":          Nuisance((0.0, 0.0),      (-0.035, 0.035), "depth", "translation locked to contraction"),
    "swing_rotation":   Nuisance((0.0, 0.0),      (-0.06, 0.06),   "rad", "rotation locked to contraction, and half as much slow"),
    "out_of_plane":     Nuisance((0.0, 0.0),      (0.0, 0.60),     "quarter turns", "speckle lost as tissue leaves the plane"),
    # picture
    "gain":             Nuisance((-6.0, 5.0),     (-9.0, 7.0),     "dB", "overall gain"),
    "dynamic_range":    Nuisance((42.0, 62.0),    (38.0, 66.0),    "dB", "log compression"),
    "gamma":            Nuisance((0.85, 1.25),    (0.85, 1.25),    "exponent", "grey map"),
    "depth_gain":       Nuisance((-10.0, 6.0),    (-10.0, 6.0),    "dB a depth", "time-gain compensation left over"),
    "blood":            Nuisance((-30.0, -20.0),  (-30.0, -20.0),  "dB", "level of the cavities"),
    "wall_gain":        Nuisance((-3.0, 3.0),     (-3.0, 3.0),     "dB", "level of the LV wall"),
    "dropout":          Nuisance((0.0, 0.0),      (6.0, 25.0),     "dB", "depth of each of up to two wall dropouts"),
    "shadow":           Nuisance((0.0, 10.0),     (0.0, 18.0),     "dB", "depth of one rib or lung shadow"),
    "shadow_angle":     Nuisance((-0.6, 0.6),     (-0.6, 0.6),     "half sector", "where the shadow falls"),
    "psf_axial":        Nuisance((0.8, 1.2),      (0.8, 1.2),      "samples of 150", "blur along the beam, sd"),
    "psf_lateral":      Nuisance((1.3, 2.2),      (1.3, 2.2),      "beams of 88", "blur across beams, sd"),
    "noise":            Nuisance((-38.0, -28.0),  (-38.0, -28.0),  "dB", "electronic noise"),
})
# fmt: on


@dataclass(frozen=True)
class Style:
    """What a machine, or a source, does to the values of the table: draws anew, adds, multiplies.

    Attributes
    ----------
    redraw, add, scale : mapping of str to (low, high)
        Value replaced by, increased by or multiplied by a uniform draw.
    mirrored : bool
        Septum on the right of the picture.
    """

    name: str
    share: float = 1.0
    redraw: Mapping[str, Range] = field(default_factory=dict)
    add: Mapping[str, Range] = field(default_factory=dict)
    scale: Mapping[str, Range] = field(default_factory=dict)
    mirrored: bool = False


# fmt: off
MACHINES: tuple[Style, ...] = (
    Style("standard", 0.52),
    Style("dark",     0.20, redraw={"dynamic_range": (36, 46)}, add={"gain": (-13, -8)}),
    Style("hazy",     0.13, redraw={"haze": (-22, -13), "dynamic_range": (50, 66)}, add={"gain": (2, 2)}),
    Style("zoomed",   0.09, redraw={"half_angle": (0.46, 0.56)}, scale={"zoom": (1.20, 1.35)}),
    Style("mirrored", 0.06, redraw={"psf_axial": (1.4, 1.9), "psf_lateral": (2.4, 3.4), "gamma": (1.3, 1.6)}, add={"gain": (3, 3)},
          mirrored=True),
)
"""The five scanner styles and their usual shares. They change appearance, not motion; whether that favours
selectors that look at appearance is open.
"""

SOURCES: Mapping[Role, Style] = MappingProxyType({
    "real": Style("real"),
    "synthetic": Style("synthetic", add={"gain": (1, 3), "noise": (-5, -3), "out_of_plane": (0.10, 0.30)},
                       scale={"psf_axial": (1.15, 1.35), "psf_lateral": (1.15, 1.35), "drift_x": (0.5, 0.5), "drift_y": (0.5, 0.5)}),
})
"""How the synthetic source differs, as pictures from a generator do: smoother, cleaner, a little brighter, a
steadier probe, and a texture that does not hold on to the tissue. Its machine shares differ too."""

MACHINE_SHARES: Mapping[Role, tuple[float, ...]] = MappingProxyType({
    "real": tuple(machine.share for machine in MACHINES),
    "synthetic": (0.34, 0.14, 0.30, 0.18, 0.04),
})
# fmt: on

NO_HAZE = -60.0
"""Haze level, dB, of the machines that have none."""


@dataclass(frozen=True)
class Dropout:
    """A stretch of LV wall that echoes less: level along the long axis, side, width, all as shares, and depth
    in dB.
    """

    level: float
    side: int
    width: float
    depth: float


@dataclass(frozen=True)
class Heart:
    """One phantom heart and the way it is scanned: EF, timing, and the drawn value of every nuisance.

    The fields up to ``noise`` carry the names, units and meanings of :data:`NUISANCES`, except that ``cycle``
    is a whole number of this clip's frames, a multiple of three, so that ED and ES fall on frames, and that
    each of ``dropouts`` has its own depth. ``haze`` is in dB, ``start`` is the frame of the cycle (0 = ED) at
    which the clip begins, ``seed`` draws speckle and noise.
    """

    cycle: int
    length: float
    radius: float
    wall: float
    longitudinal: float
    regional: float
    asymmetry: float
    rv_contraction: float
    rv_size: float
    la_expansion: float
    la_size: float
    apex_x: float
    apex_y: float
    rotation: float
    zoom: float
    half_angle: float
    drift_x: float
    drift_y: float
    drift_period: float
    swing_x: float
    swing_y: float
    swing_rotation: float
    out_of_plane: float
    gain: float
    dynamic_range: float
    gamma: float
    depth_gain: float
    blood: float
    wall_gain: float
    shadow: float
    shadow_angle: float
    psf_axial: float
    psf_lateral: float
    noise: float
    haze: float
    mirrored: bool
    ef: float
    machine: str
    start: int
    drift_phase_x: float
    drift_phase_y: float
    regional_phase: float
    dropouts: tuple[Dropout, ...]
    seed: int


def check_level(level: float) -> float:
    """The nuisance level, if it lies between 0 and 1.

    Raises
    ------
    ParameterError
        Otherwise.
    """
    if not (np.isfinite(level) and 0 <= level <= 1):
        raise ParameterError(
            f"The nuisance level {level} is out of range.",
            remedy="0 is the easy phantom, 1 the extreme one, 0.4 the default.",
        )
    return float(level)


def check_shares(shares: Sequence[float]) -> tuple[float, ...]:
    """Shares of the scanner styles as floats, none negative, with sum 1.

    Raises
    ------
    ParameterError
        Otherwise.
    """
    values = tuple(float(share) for share in shares)
    names = ", ".join(machine.name for machine in MACHINES)
    if len(values) != len(MACHINES) or min(values, default=0.0) < 0 or not abs(sum(values) - 1) < 1e-6:
        raise ParameterError(
            f"The machine shares {values} are not valid (sum {sum(values):g}).",
            remedy=f"Give {len(MACHINES)} shares, none negative, with sum 1, for: {names}.",
        )
    return values


def check_role(role: str) -> Role:
    """The role, if it is one of :data:`SOURCES`.

    Raises
    ------
    ParameterError
        Otherwise.
    """
    for known in SOURCES:
        if role == known:
            return known
    raise ParameterError(f"Unknown role of a phantom: {role}", remedy=did_you_mean(str(role), SOURCES))
