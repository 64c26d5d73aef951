"""Every selector minus Random, run by run, corrected for the number of comparisons: the table of a profile
and its sentences.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from infomotion_book.html import interval, keep, number, probability, under, with_interval
from infomotion_book.notebooks import card_link
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.table1 import method_cell
from infomotion_lib.evaluation.intervals import paired_differences
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.style import METHOD_NAMES
from infomotion_lib.reporting.summary import shown_source

LEVEL = 0.05


def paired(results: Results) -> pd.DataFrame:
    """Paired differences of a run, worked out from its ``runs.csv``, with ``graph_flag``; empty where nothing
    can be paired with Random.
    """
    runs = results.table("evaluation", "runs")
    if runs is None or not {"random"} < set(runs["method"]) - {"whole"}:
        return pd.DataFrame()
    found, flags = paired_differences(runs), results.graph_flags
    return found.assign(graph_flag=[flags.get(_key(row), "") for row in records(found)])


def comparisons(results: Results) -> str:
    """MyST block of the paired differences, with p-values before and after correction; empty where there are
    none.
    """
    rows = records(paired(results))
    if not rows:
        return ""
    lines = [
        [
            under(keep(method_cell(row["method"], row["graph"], [row])), shown_source(row["source"])),
            row["vpc"],
            with_interval(row),
            number(row["effect_size"], 2),
            probability(row["p_value"]),
            probability(row["p_holm"]),
        ]
        for row in rows
    ]
    first = rows[0]
    units = (
        f"{first['n_pools']} pools" if first["n_pools"] > 1 else f"{first['n_pairs']} paired runs of one pool"
    )
    head = [under("Selector", "pool"), "VPC", "Minus Random", "Effect", "p", "p, Holm"]
    notes = (
        f"Points of hard accuracy over {units}. In brackets: 95 % intervals, bootstrap over them, too narrow"
        " with so few; p is by t-test, which allows for how few they are, so trust p where the two disagree."
        " VPC: videos a class. Effect: size of the effect, the mean difference over the standard deviation of"
        " the differences. Holm’s correction is for all"
        f" {first['n_comparisons']} rows of this table.",
        explained(str(lines)),
        card_link(results, "evaluation", "How the runs were made"),
    )
    return page_table(of_rows(head, lines, caption="Every selector minus Random, in pairs", notes=notes))


def against_random(results: Results) -> list[str]:
    """One sentence per pool and size on InfoMotion minus Random, and one on all selectors together; empty
    where nothing is paired.
    """
    rows = records(paired(results))
    if not rows:
        return []
    mine = [row for row in rows if row["method"] == "infomotion"]
    selected = [row for row in mine if row["graph"] == results.parameters.get("selection_graph")]
    found = [
        f"{shown_source(row['source'])} pool, {row['vpc']} videos a class: {_named(row)} minus Random is"
        f" {number(row['difference'])} points {interval(row['ci_low'], row['ci_high'])} over"
        f" {row['n_pairs']} paired runs: {_verdict(row)}."
        for row in selected or mine
    ]
    clear, kept = ([row for row in rows if told(row)] for told in (is_clear, is_kept))
    names = ", ".join(dict.fromkeys(_named(row) for row in kept))
    found.append(
        f"Of {len(rows)} comparisons with Random, {len(clear) or 'none'}"
        f" {'has' if len(clear) < 2 else 'have'} a bootstrap interval without 0; {len(kept) or 'none'}"
        f" {'remains' if len(kept) < 2 else 'remain'} after Holm’s correction for {rows[0]['n_comparisons']}"
        f" comparisons{f' ({names})' if names else ''}."
    )
    flags = explained(*found)
    return [*found[:-1], f"{found[-1]} {flags}" if flags else found[-1]]


def is_clear(row: dict[str, Any]) -> bool:
    """Whether the interval of a difference has no 0 in it."""
    return bool(row["ci_low"] > 0 or row["ci_high"] < 0)


def is_kept(row: dict[str, Any]) -> bool:
    """Whether a difference remains after correction for all that are compared."""
    return bool(row["p_holm"] < LEVEL)


def _verdict(row: dict[str, Any]) -> str:
    if not is_clear(row):
        return "chance alone could explain it"
    side = "above it" if row["ci_low"] > 0 else "below it"
    return (
        side if is_kept(row) else f"{side}, but not after correction for {row['n_comparisons']} comparisons"
    )


def _named(row: dict[str, Any]) -> str:
    return METHOD_NAMES.get(row["method"], row["method"]) + in_brackets([row["graph_flag"]])


def _key(row: dict[str, Any]) -> tuple[str, str, str, int]:
    return str(row["source"]), str(row["method"]), str(row["graph"]), int(row["vpc"])
