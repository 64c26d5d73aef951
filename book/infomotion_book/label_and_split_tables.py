"""Two tables below Table 1 of a profile: how good its labels are, and for the open clips the same selectors
over several splits.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from infomotion_book.comparisons import paired
from infomotion_book.html import (
    again,
    folded,
    interval,
    keep,
    number,
    probability,
    spread,
    with_interval,
)
from infomotion_book.notebooks import card_link
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.table1 import method_cell
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.style import METHOD_NAMES
from infomotion_lib.reporting.tables import CONSTANT_NAMES

SHOWN = {"hard_accuracy": "Hard, %", "balanced_accuracy": "Balanced, %", "mae": "MAE, EF points"}
CONTROLS = {"regressor": "all of TRAIN"} | CONSTANT_NAMES
"""Controls of the open clips as the table prints them; the others keep their names, which its note explains.
"""


def label_agreement(results: Results) -> str:
    """MyST block, folded: how the labels of the synthetic pool agree with what else is known; empty where
    there is no such pool.
    """
    rows = records(results.table("labels", "agreement"))
    if not rows or "comparison" not in rows[0]:
        return ""
    lines = [
        [
            row["comparison"],
            row["n"],
            number(row["bias"]),
            number(row["mae"]),
            number(row["r2"], 2),
            number(row["same_class_percent"], 0),
        ]
        for row in rows
    ]
    head = ["Comparison", "Videos", "Difference", "Error", "R²", "Same class, %"]
    notes = (
        "Mean difference and mean error in EF points. Requested: what the generator was asked for."
        " Relabelled: what a regressor trained on the real pool reads off the video; it is the label that"
        " Table 1 selects and trains with.",
        card_link(results, "labels", "How these labels were made"),
    )
    shown = of_rows(head, lines, caption="Requested, relabelled and delivered EF", notes=notes)
    return folded("How good are the labels of the synthetic pool?", page_table(shown))


def open_splits(results: Results | None = None) -> str:
    """MyST text: the selectors over several splits of the open clips, in pairs with Random, above the
    controls of the same splits.

    Parameters
    ----------
    results : Results, optional
        A run on one split, whose largest difference from Random is set beside.
    """
    folder = FROZEN / "studies"
    if not (folder / "open_splits_summary.csv").is_file():
        return (
            "The selectors have not been compared over several splits yet: `infomotion study"
            " open-splits`.\n\n"
        )
    summary, controls = (pd.read_csv(folder / f"open_splits_{name}.csv") for name in ("summary", "controls"))
    runs = pd.read_csv(folder / "open_splits_runs.csv", keep_default_na=False)
    cells = {(row["method"], row["metric"]): row for row in records(summary)}
    graphs = dict(zip(runs["method"], runs["graph"], strict=True))
    lines: list[list[object]] = []
    for method in dict.fromkeys(summary["method"]):
        own = [cells[method, metric] for metric in SHOWN]
        hard = own[0]
        lines.append(
            [
                keep(method_cell(str(method), str(graphs[method]), own)),
                hard["n"],
                *(spread(row["mean"], row["sd"]) for row in own),
                with_interval(hard) if method != "random" else "–",
                probability(hard["p_holm"]),
            ]
        )
    for predictor, part in controls.groupby("predictor", sort=False):
        name = Markup("<i>{}</i>").format(CONTROLS.get(str(predictor), predictor))
        means = [spread(part[metric].mean(), part[metric].std(ddof=0)) for metric in SHOWN]
        lines.append([name, len(part), *means, "–", "–"])
    first, splits = cells["random", "hard_accuracy"], int(controls["split"].nunique())
    compared = int(summary["n_comparisons"].max())
    head = ["Trained on", "n", *SHOWN.values(), "Minus Random", "p, Holm"]
    notes = (
        "In italics: controls. Shuffled frames, frozen frame: the network of all of TRAIN, shown the test"
        " frames in random order or the first one repeated. Random weights: an untrained network, fitted to"
        " TRAIN by a line. Requested EF: no clip, only what was asked of the generator, fitted the same way."
        " Always: one answer for every clip. Mean ± population standard deviation over n networks of"
        f" {splits} seeded splits, {int(controls['n_test'].iloc[0])} test clips each; 5 clips per class,"
        f" {int(first['n'])} Random networks. Splits share clips, so the 95 % interval of the difference is"
        f" the corrected one of Nadeau and Bengio (2003); Holm's correction is for {compared} comparisons; a"
        " control's spread is no interval. The vectors come from networks trained on the phantom, which saw"
        " no open clip; the labels are a published regressor's.",
        explained(str(lines)),
        again("infomotion study open-splits"),
    )
    shown = page_table(of_rows(head, lines, caption="The open clips, several splits", notes=notes))
    return shown + (_one_split(paired(results), cells, splits) if results else "")


def _one_split(differences: pd.DataFrame, cells: dict[tuple[Any, Any], dict[str, Any]], splits: int) -> str:
    """Sentence: the largest difference of one split beside the same selector's over several."""
    rows = [row for row in records(differences) if (row["method"], "hard_accuracy") in cells]
    if not rows:
        return ""
    largest = max(rows, key=lambda row: abs(row["difference"]))
    several = cells[largest["method"], "hard_accuracy"]
    here, there = (in_brackets([row.get("graph_flag")]) for row in (largest, several))
    return (
        "In the one split of Table 1 the largest difference is that of"
        f" {METHOD_NAMES[largest['method']]}{here}, {number(largest['difference'])} points"
        f" {interval(largest['ci_low'], largest['ci_high'])}; over {splits} splits, with vectors of networks"
        f" that saw no open clip, it is {with_interval(several)}{there}. That is what one split of a few"
        " dozen test clips is worth.\n\n"
    )
