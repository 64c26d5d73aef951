"""Elementary functions that give the same bits on every processor.

IEEE 754 fixes ``+ - * /`` and the square root to the last bit. The exponential, the sine and their kind it
leaves to each mathematics library, whose last digit depends on the library's version and on the instructions
of the processor. The functions here are made of the fixed operations alone, each a NumPy call of its own: a
compiler that fuses a product and a sum into one instruction, as it does for some processors, finds nothing to
fuse. They take and give float64 and are right to a few units in the last place.
"""

from __future__ import annotations

from math import factorial, pi

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LN_2 = 0.6931471805599453
LN_10 = 2.302585092994046

# A multiple of ln 2 or of half pi is taken away in two parts; the first has its last 20 bits empty, so its
# product with a whole number under a million is exact.
_LN_2_PARTS = (float.fromhex("0x1.62e42fe000000p-1"), float.fromhex("0x1.f473de6af278fp-30"))
_HALF_PI_PARTS = (float.fromhex("0x1.921fb54000000p+0"), float.fromhex("0x1.10b4611a62633p-30"))

_EXP = tuple(1 / factorial(n) for n in range(14))
_SINE = tuple((-1) ** n / factorial(2 * n + 1) for n in range(9))
_COSINE = tuple((-1) ** n / factorial(2 * n) for n in range(9))
_ATANH = tuple(1 / (2 * n + 1) for n in range(12))
_ATAN = tuple((-1) ** n / (2 * n + 1) for n in range(14))


def exp(x: ArrayLike) -> Floats:
    """e to the power of ``x``, for \\|x\\| under 700; shape of ``x``."""
    x = np.asarray(x, np.float64)
    power = np.rint(x / LN_2)
    rest = (x - power * _LN_2_PARTS[0]) - power * _LN_2_PARTS[1]
    return np.ldexp(_polynomial(_EXP, rest), power.astype(np.int32))


def log(x: ArrayLike) -> Floats:
    """Natural logarithm of a positive, normal ``x``; shape of ``x``."""
    mantissa, power = np.frexp(np.asarray(x, np.float64))
    small = mantissa < np.sqrt(0.5)
    mantissa, power = np.where(small, 2 * mantissa, mantissa), power - small
    t = (mantissa - 1) / (mantissa + 1)
    return power * _LN_2_PARTS[0] + (power * _LN_2_PARTS[1] + 2 * t * _polynomial(_ATANH, t * t))


def sin(x: ArrayLike) -> Floats:
    """Sine of ``x`` radians, for \\|x\\| under a million; shape of ``x``."""
    return _wave(x, 0)


def cos(x: ArrayLike) -> Floats:
    """Cosine of ``x`` radians, for \\|x\\| under a million; shape of ``x``."""
    return _wave(x, 1)


def angle(x: ArrayLike, y: ArrayLike) -> Floats:
    """Angle in radians from the y axis towards x, of points with ``y`` 0 or more; shape by broadcasting."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    steep = np.abs(x) > y
    over, under = np.where(steep, y, np.abs(x)), np.where(steep, np.abs(x), y)
    t = over / np.where(under > 0, under, 1.0)
    for _ in range(2):  # halve the angle twice: the series then needs few terms
        t = t / (1 + np.sqrt(1 + t * t))
    flat = 4 * t * _polynomial(_ATAN, t * t)
    return np.copysign(np.where(steep, pi / 2 - flat, flat), x)


def uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number drawn evenly between ``low`` and ``high``: the value of ``rng.uniform``, whose product and sum
    may be fused.
    """
    return low + (high - low) * float(rng.random())


def decibels(level: ArrayLike) -> Floats:
    """Amplitude of ``level`` decibels, 1 at 0 dB; shape of ``level``."""
    return exp(np.asarray(level, np.float64) * (LN_10 / 20))


def length(x: ArrayLike, y: ArrayLike) -> Floats:
    """Length of the vectors (x, y); shape by broadcasting. ``hypot`` is a library's own function."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    return np.sqrt(x * x + y * y)


def _polynomial(coefficients: tuple[float, ...], x: Floats) -> Floats:
    """Sum of ``coefficients[n] * x ** n``, by Horner's scheme."""
    out = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        out = out * x + coefficient
    return out


def _wave(x: ArrayLike, quarter: int) -> Floats:
    """Sine of ``x`` and of so many quarter turns more."""
    x = np.asarray(x, np.float64)
    turns = np.rint(x / (pi / 2))
    rest = (x - turns * _HALF_PI_PARTS[0]) - turns * _HALF_PI_PARTS[1]
    square = rest * rest
    sine, cosine = rest * _polynomial(_SINE, square), _polynomial(_COSINE, square)
    place = (turns.astype(np.int64) + quarter) % 4
    value = np.where(place % 2 == 0, sine, cosine)
    return np.where(place < 2, value, -value)
