"""From the power of an echo to grey, by lookup tables, as an ultrasound machine does it.

A table is worked out once; reading it is whole-number arithmetic, so a frame holds no logarithm and no power
whose last digit could turn a grey level over.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.phantom.exact import LN_10, exp, log

STEPS = 8191
"""Whole grey levels from black to white before the grey map: 13 bits."""

_DROPPED = 15  # bits of a float32's significand that the table does not look at; 8 of its 23 remain
_FLOOR = 1e-8  # power under which all is equally dark


def power_in_decibels(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Level of each power in dB, right to 0.01 dB (a grey level is 0.15 dB or more); shape of ``power``, 0 or
    more and finite.
    """
    return _levels().take((power + np.float32(_FLOOR)).view(np.int32) >> _DROPPED)


def grey_map(gamma: float) -> NDArray[np.uint8]:
    """Grey value, 0-255, of each of the whole levels from 0 to ``STEPS``: ``255 (level / STEPS) ** gamma``,
    shape (STEPS + 1,).
    """
    share = np.arange(1, STEPS + 1) / STEPS
    return np.concatenate([[0.0], np.rint(255 * exp(gamma * log(share)))]).astype(np.uint8)


@lru_cache(maxsize=1)
def _levels() -> NDArray[np.float32]:
    """Level, dB, of the middle of each cell of the table; only cells of normal, finite powers are filled, and
    read.
    """
    smallest, past = (
        int(np.float32(edge).view(np.int32)) >> _DROPPED for edge in (np.finfo(np.float32).tiny, np.inf)
    )
    cells = np.arange(smallest, past, dtype=np.int32)
    middle = ((cells << _DROPPED) + (1 << (_DROPPED - 1))).view(np.float32)
    levels = np.zeros(1 << 16, np.float32)
    levels[cells] = log(middle) * (10 / LN_10)
    return levels
