"""An earlier, smaller study beside this one: which of its differences come back, what its vectors were."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t

from infomotion_book.evidence.study import LEVEL, Evidence, Row, key_of
from infomotion_lib.evaluation.intervals import holm
from infomotion_lib.paths import BOOK
from infomotion_lib.reporting.results import records
from infomotion_lib.studies.selectors.arms import MAIN

EARLIER = BOOK / "ledgers" / "earlier_study.csv"
"""Its differences from Random with the half-widths of their 95 % intervals by t over pools, quoted."""

EARLIER_HEADROOM = BOOK / "ledgers" / "earlier_room.csv"
"""Its hard accuracies of the whole set and of 25 random videos, by training steps, quoted."""


def headroom_by_steps() -> pd.DataFrame:
    """Points by which its whole set stood above Random (``gap``), by the training steps of either."""
    quoted = pd.read_csv(EARLIER_HEADROOM)
    return quoted.assign(gap=quoted["whole"] - quoted["random"])


def repeated(evidence: Evidence) -> dict[str, Any]:
    """Which of the earlier study's differences come back.

    ``rows`` of :func:`compared_with_earlier`; intervals above 0 there (``gains_there``), and how many of
    these are here too (``gains_here``); rows ``apart`` by more than chance after correction, and the
    ``smallest_p``, corrected.
    """
    rows = compared_with_earlier(evidence)
    gains = [row for row in rows if row["earlier_low"] > 0]
    return {
        "rows": rows,
        "gains_there": len(gains),
        "gains_here": sum(row["t_low"] > 0 for row in gains),
        "apart": [row for row in rows if row["p_holm"] < LEVEL],
        "smallest_p": min(row["p_holm"] for row in rows),
    }


def compared_with_earlier(evidence: Evidence) -> list[Row]:
    """A row per difference of the earlier study: ours of the same configuration, both with intervals, their
    distance and its p, before and after Holm's correction.

    The standard error of a quoted difference is the half-width of its interval by t over the factor of that
    interval, which is its sample standard deviation over pools divided by the root of their number, as ours
    is. (The bootstrap intervals that the study also gave are no such measure: with eight pools they are too
    narrow, and they resample networks too.) The two studies share no pool.
    """
    ours: dict[Any, Row] = {(*key_of(row), row["vpc"]): row for row in records(evidence.compared)}
    found: list[Row] = []
    for quoted in records(pd.read_csv(EARLIER, keep_default_na=False)):
        mine = ours.get((*key_of(quoted), quoted["vpc"]))
        if mine is None:
            continue
        there, half, pools = quoted["difference"], quoted["t_half"], quoted["pools"]
        change = mine["difference"] - there
        errors = (half / float(t.ppf(0.975, pools - 1)), mine["sd"] / np.sqrt(mine["pools"]))
        reach, p = welch(change, errors, (pools, mine["pools"]))
        quoted |= {
            "earlier": there,
            "earlier_low": there - half,
            "earlier_high": there + half,
            "earlier_pools": pools,
        }
        quoted |= {name: mine[name] for name in ("difference", "t_low", "t_high", "pools")}
        found.append(
            quoted | {"change": change, "change_low": change - reach, "change_high": change + reach, "p": p}
        )
    corrected = holm([row["p"] for row in found])
    return [row | {"p_holm": float(p)} for row, p in zip(found, corrected, strict=True)]


def welch(difference: float, errors: tuple[float, float], counts: tuple[int, int]) -> tuple[float, float]:
    """Half-width of the 95 % interval of a difference of two independent means, and its two-sided p, by
    Welch's t, from the standard error of each mean and the counts of values behind it.

    The degrees of freedom are Satterthwaite's (1946): :math:`(s_1^2+s_2^2)^2 / (s_1^4/(n_1-1) +
    s_2^4/(n_2-1))`.

    >>> half, p = welch(8**0.5, (1.0, 1.0), (3, 3))  # t = 2 with 4 degrees of freedom
    >>> round(half / 2**0.5, 3), round(p, 3)
    (2.776, 0.116)
    """
    squares = np.square(errors)
    error = float(np.sqrt(squares.sum()))
    freedom = float(squares.sum() ** 2 / (squares**2 / (np.asarray(counts) - 1)).sum())
    return float(t.ppf(0.975, freedom)) * error, float(2 * t.sf(abs(difference) / error, freedom))


def error_of_appearance(evidence: Evidence) -> tuple[float, float] | None:
    """Squared error of the appearance network on the frames it learns from, at its first and last step, as
    a share of their variance; None where no record holds it.
    """
    for name in sorted(evidence.tables.networks_of(MAIN)):
        record = evidence.tables.network_called(name)
        if "appearance_last_loss" in record:
            return record["appearance_first_loss"], record["appearance_last_loss"]
    return None
