"""An earlier, smaller study beside this one: which of its differences from Random come back, and what its vectors were."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from infomotion_lib.evaluation.evidence.arms import MAIN
from infomotion_lib.evaluation.intervals import holm
from infomotion_lib.paths import BOOK
from infomotion_lib.reporting.book.evidence.found import LEVEL, Evidence, Row, below, cell, key_of, p_value, spanned
from infomotion_lib.reporting.book.evidence.tables import WHO
from infomotion_lib.reporting.book.html import block, number, table
from infomotion_lib.reporting.figures.evidence import configuration_name
from infomotion_lib.reporting.results import records

EARLIER = BOOK / "ledgers" / "earlier_study.csv"
"""Its differences from Random with their 95 % bootstrap intervals over pools, quoted."""


def beside_ours(evidence: Evidence) -> str:
    """MyST text: each difference of the earlier study beside the same one here, and how far apart the two are."""
    rows = compared_with_earlier(evidence)
    corrected = holm([row["p"] for row in rows])
    body = [
        [
            f'{cell(row)}<span class="im-under">there: {escape(row["vectors"])}</span>',
            below(f"{_plus(row['earlier'])} [{number(row['ci_low'])}, {number(row['ci_high'])}]"),
            spanned(row),
            below(f"{_plus(row['change'])} [{number(row['change_low'])}, {number(row['change_high'])}]"),
            p_value(p),
        ]
        for row, p in zip(rows, corrected, strict=True)
    ]
    gains = [row for row in rows if row["ci_low"] > 0]
    here = sum(row["t_low"] > 0 for row in gains)
    told = [row for row, p in zip(rows, corrected, strict=True) if p < LEVEL]
    apart = "; ".join(f"{configuration_name(*key_of(row))} ({row['vectors']})" for row in told) or "none"
    said = (
        f"Of its {len(rows)} differences from Random, {len(gains)} had an interval above 0; {here} of these have one here. The two studies "
        f"differ by more than chance after Holm's correction for {len(rows)} comparisons in: {apart}."
    )
    head = [WHO, "There", "Here", "Here minus there", f"p, Holm ({len(rows)})"]
    note = (
        "Hard accuracy minus Random's, points, with 95 % intervals over pools. There: quoted from the earlier study, whose rows are not "
        "part of this book; below each name, the vectors it was given there."
    )
    caption = f"An earlier study on {rows[0]['earlier_pools']} pools beside this one, {rows[0]['vpc']} videos a class"
    return f"{said}{_learnt(evidence)}\n{block(table(head, body, caption=caption, numeric_from=1, note=note))}"


def compared_with_earlier(evidence: Evidence) -> list[Row]:
    """A row a difference of the earlier study: ours of the same configuration, both with intervals, their distance and its p.

    The standard error of a quoted difference is taken from its interval; the two studies share no pool.
    """
    ours: dict[Any, Row] = {(*key_of(row), row["vpc"]): row for row in records(evidence.compared)}
    found: list[Row] = []
    for quoted in records(pd.read_csv(EARLIER, keep_default_na=False)):
        mine = ours.get((*key_of(quoted), quoted["vpc"]))
        if mine is None:
            continue
        reach = float(norm.ppf(0.975))
        error = float(np.hypot((quoted["ci_high"] - quoted["ci_low"]) / (2 * reach), mine["sd"] / np.sqrt(mine["pools"])))
        change = mine["difference"] - quoted["difference"]
        quoted |= {"earlier": quoted["difference"], "earlier_pools": quoted["pools"]} | {
            name: mine[name] for name in ("difference", "t_low", "t_high", "pools")
        }
        span = {"change": change, "change_low": change - reach * error, "change_high": change + reach * error}
        found.append(quoted | span | {"p": float(2 * norm.sf(abs(change) / error))})
    return found


def _learnt(evidence: Evidence) -> str:
    """How far the appearance network learnt its frames, from the record of its training."""
    for name in sorted(evidence.tables.names_of_teachers(MAIN)):
        record = evidence.tables.teachers_called(name)
        if "appearance_last_loss" in record:
            first, last = record["appearance_first_loss"], record["appearance_last_loss"]
            return (
                f" The appearance network here was trained on the EF of single frames: its squared error on the frames it learns from fell "
                f"from {number(100 * first, 0)} % of their variance at the first step to {number(100 * last, 0)} % at the end."
            )
    return ""


def _plus(value: float) -> str:
    return f"{'+' if value > 0 else ''}{number(value)}"
