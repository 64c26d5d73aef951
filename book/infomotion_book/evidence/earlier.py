"""An earlier, smaller study beside this one: which of its differences from Random come back, and what its
vectors were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t

from infomotion_book.evidence.study import LEVEL, Evidence, Row, below, key_of, spanned
from infomotion_book.evidence.tables import WHO
from infomotion_book.html import interval, number, probability, signed, under
from infomotion_book.page_table import of_rows, page_table
from infomotion_lib.evaluation.intervals import holm
from infomotion_lib.paths import BOOK
from infomotion_lib.reporting.flags import explained
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


def earlier_headroom(_: Evidence) -> str:
    """Sentence: how far its whole set stood above Random, with more steps and with as many."""
    parts = [
        f"{number(row['gap'], 0)} points with {row['steps_whole']:,} steps for the whole"
        f" set and {row['steps_selected']:,} for the few"
        for row in records(headroom_by_steps())
    ]
    return f"Its whole set stood above its random sets by {', and by '.join(parts)}.\n"


@dataclass(frozen=True)
class Repeated:
    """Differences of the earlier study beside ours.

    Attributes
    ----------
    rows : list of rows
        As :func:`compared_with_earlier` gives them.
    gains_there, gains_here : int
        Those whose interval there lies above 0, and how many of these have one above 0 here.
    apart : list of rows
        Those that differ between the studies by more than chance, after correction.
    smallest_p : float
        Smallest corrected p of such a difference.
    """

    rows: list[Row]
    gains_there: int
    gains_here: int
    apart: list[Row]
    smallest_p: float


def repeated(evidence: Evidence) -> Repeated:
    """Which of the earlier study's differences come back."""
    rows = compared_with_earlier(evidence)
    gains = [row for row in rows if row["earlier_low"] > 0]
    return Repeated(
        rows,
        gains_there=len(gains),
        gains_here=sum(row["t_low"] > 0 for row in gains),
        apart=[row for row in rows if row["p_holm"] < LEVEL],
        smallest_p=min(row["p_holm"] for row in rows),
    )


def beside_ours(evidence: Evidence) -> str:
    """MyST text: each difference of the earlier study beside the same one here, and how far apart the two
    are.
    """
    shown = repeated(evidence)
    rows = shown.rows
    body = [
        [
            under(evidence.named(row), f"there: {row['vectors']}"),
            below(f"{signed(row['earlier'])} {interval(row['earlier_low'], row['earlier_high'])}"),
            spanned(row),
            below(f"{signed(row['change'])} {interval(row['change_low'], row['change_high'])}"),
            probability(row["p_holm"]),
        ]
        for row in rows
    ]
    told = [f"{evidence.title(row)} ({row['vectors']})" for row in shown.apart]
    apart = (
        f"the two studies differ by more than chance in: {'; '.join(told)}."
        if told
        else (
            f"no difference can be told from the one there (smallest p {number(shown.smallest_p, 3)}): chance"
            " alone may lie between them."
        )
    )
    said = (
        f"Of its {len(rows)} differences from Random, {shown.gains_there} had an interval above 0;"
        f" {shown.gains_here} of these have one here. After Holm's correction for {len(rows)} comparisons,"
        f" {apart}"
    )
    head = [WHO, "There", "Here", "Here minus there", f"p, Holm ({len(rows)})"]
    notes = (
        "Hard accuracy minus Random's, points, with 95 % intervals by t over pools. There: quoted from the"
        " earlier study, whose rows are not part of this book; below each name, the vectors it was given"
        " there. Here minus there: by Welch's t, which allows for how few pools each study has.",
        explained(str(body)),
    )
    caption = (
        f"An earlier study on {rows[0]['earlier_pools']} pools beside this one, {rows[0]['vpc']} videos a"
        " class"
    )
    drop = error_of_appearance(evidence)
    table = page_table(of_rows(head, body, caption=caption, notes=notes))
    return f"{said}{_learnt(*drop) if drop else ''}\n{table}"


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
    Welch's t.

    Parameters
    ----------
    errors : tuple of float
        Standard error of each mean.
    counts : tuple of int
        Values behind each. The degrees of freedom are Satterthwaite's (1946):
        :math:`(s_1^2+s_2^2)^2 / (s_1^4/(n_1-1) + s_2^4/(n_2-1))`.

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


def _learnt(first: float, last: float) -> str:
    return (
        " The appearance network here was trained on the EF of single frames: its squared error on the frames"
        f" it learns from fell from {number(100 * first, 0)} % of their variance at the first step to"
        f" {number(100 * last, 0)} % at the end."
    )
