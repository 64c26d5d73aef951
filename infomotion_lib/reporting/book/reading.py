"""Sentences and numbers of the text, worked out from result files: no number in the book is typed by hand."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.paths import MANIFESTS
from infomotion_lib.reporting.book.html import block, number, seconds, table
from infomotion_lib.reporting.book.notebooks import card_anchor
from infomotion_lib.reporting.book.table1 import best_constant, cell_row, long_table
from infomotion_lib.reporting.results import FROZEN, Results, records, title_of
from infomotion_lib.reporting.style import SOURCE_NAMES
from infomotion_lib.reporting.summary import constants_text, table1_text

MISSING = "(not run yet)"
PAPER_RUNS = 5
"""Runs behind a cell of the paper's Table 1; inferred from the first author's earlier code."""


def reading(results: Results) -> list[str]:
    """What Table 1 of a run says, in sober sentences; empty where there is no Table 1."""
    hard = [row for row in long_table(results) if row["metric"] == "hard_accuracy" and row["method"] != "whole"]
    if not hard:
        return []
    sentences = []
    constant = best_constant(results)
    if constant:
        above = sum(row["mean"] > constant[1] for row in hard)
        sentences.append(
            f"The best answer that looks at no video ({constant[0][0].lower()}{constant[0][1:]}) is right for {number(constant[1])} % "
            f"of the test videos; {above} of the {len(hard)} distilled cells lie above it."
        )
    sentences += against_random(results)
    runs = results.table("evaluation", "runs")
    if runs is not None and ("pool" not in runs or runs["pool"].nunique() < 2):
        sentences.append(
            "All runs share one pool of videos. Another pool, drawn the same way, would move every cell by far more than the brackets say, "
            "so **no ranking of selectors can be read from this table**."
        )
    return sentences


def against_random(results: Results) -> list[str]:
    """One sentence a pool and size: InfoMotion minus Random, run by run, with its interval."""
    rows = records(results.table("evaluation", "differences"))
    mine = [row for row in rows if row["method"] == "infomotion" and row["metric"] == "hard_accuracy"]
    selected = [row for row in mine if row["graph"] == results.parameters.get("selection_graph")]
    found = []
    for row in selected or mine:
        low, high = row["ci_low"], row["ci_high"]
        verdict = "above it" if low > 0 else "below it" if high < 0 else "no difference that can be told from none"
        found.append(
            f"{SOURCE_NAMES.get(row['source'], row['source'])} pool, {row['vpc']} videos a class: InfoMotion minus Random is "
            f"{number(row['difference'])} points [{number(low)}, {number(high)}] over {row['n_pairs']} paired runs: {verdict}."
        )
    return found


def expected(results: Results) -> str:
    """MyST block with the last words of the run, as the terminal shows them."""
    folder = results.folder("evaluation")
    table_ = pd.read_csv(folder / "table1.csv", keep_default_na=False, na_values=[""])
    lines = [table1_text(table_, title=f"Table 1 of profile {results.profile}")]
    if (folder / "constants.csv").is_file():
        lines.append(constants_text(pd.read_csv(folder / "constants.csv")).replace("), ", "),\n    "))
    return "```text\n" + "\n".join(lines) + "\n```\n"


def spread() -> str:
    """MyST block: InfoMotion's lead in the paper's Table 1 in units of its own spread."""
    file = MANIFESTS / "paper_results.csv"
    if not file.is_file():
        return ""
    ledger = pd.read_csv(file)
    cells = {(row["row"], row["column"]): (row["value"], row["spread"]) for row in ledger[ledger["table"] == "table1"].to_dict("records")}
    rows = []
    for part in ("Dist. Real", "Dist. Synth"):
        for size in ("VPC=5", "VPC=10"):
            ours = cells.get((f"{part} / InfoMotion", size))
            for method in ("Random", "Kmeans", "InfoDist"):
                other = cells.get((f"{part} / {method}", size))
                if ours is None or other is None:
                    continue
                lead, error = ours[0] - other[0], math.sqrt((ours[1] ** 2 + other[1] ** 2) / PAPER_RUNS)
                rows.append([f'<span class="im-keep">{part}, {size}</span>', method, number(lead), number(error), number(lead / error)])
    head = ["Cell", "Against", "Lead, points", "Standard error", "Lead / error"]
    caption = f"The paper's Table 1: lead of InfoMotion beside the standard error of that lead, {PAPER_RUNS} runs a cell assumed"
    return block(table(head, rows, caption=caption, numeric_from=2))


def constant(results: Results | None) -> str:
    """Sentence on the best constant answer of a run."""
    found = best_constant(results) if results else None
    if results is None or found is None:
        return "The evaluation has not run yet, so there is no constant answer to show.\n"
    kind = "phantom's" if results.is_phantom else "run's"
    return f"On the {kind} TEST videos the best such answer is “{found[0]}”: right {number(found[1])} % of the time.\n"


def graphs(results: Results | None) -> str:
    """MyST block: what each recipe's graph looks like to Infomap, on motion vectors."""
    report = results.table("graph_selection", "graph_report") if results else None
    if results is None or report is None:
        return "The graphs have not been built yet.\n"
    motion = report[report["feature"] == "motion"] if "feature" in report else report
    rows = []
    for source, graph in dict.fromkeys(zip(motion["source"], motion["graph"], strict=True)):
        own = motion[(motion["source"] == source) & (motion["graph"] == graph)].set_index("class_name")
        found = [str(int(own.loc[name, "communities"])) if name in own.index else "–" for name in CLASS_NAMES]
        health = ", ".join(sorted({str(flag) for flag in own["flag"]})) if "flag" in own else ""
        rows.append([f"{str(graph).replace('_', ' ')} · {SOURCE_NAMES.get(str(source), str(source)).lower()}", *found, health])
    caption = f"Communities that Infomap finds in the graph of each class, profile {results.profile}"
    note = f'<a href="provenance.html#{card_anchor(results, "graph_selection")}">How this table was made</a>'
    return block(table(["Recipe and pool", *CLASS_NAMES, "Health"], rows, caption=caption, numeric_from=1, note=note))


def hardness() -> str:
    """MyST block: how much better the whole phantom pool is than a few random videos, by machine style."""
    file = FROZEN / "studies" / "hardness_summary.csv"
    if not file.is_file():
        return "This study has not run yet: `infomotion study hardness`.\n"
    rows_ = [row for row in records(pd.read_csv(file, keep_default_na=False, na_values=["nan"])) if row["metric"] == "hard_accuracy"]
    accuracy = {(row["set"], row["machine"]): row for row in rows_}
    gap = accuracy["gap", ""]
    rows = []
    for machine in dict.fromkeys(name for _, name in accuracy):
        cells = [accuracy[kind, machine] for kind in ("random", "whole")]
        rows.append([machine or "all styles", *(f"{number(c['mean'])} [{number(c['ci_low'])}, {number(c['ci_high'])}]" for c in cells)])
    caption = f"Hard accuracy in percent on {int(gap['pools'])} independent phantom pools, 95 % intervals over pools"
    note = (
        f"The whole set is {number(gap['mean'])} [{number(gap['ci_low'])}, {number(gap['ci_high'])}] points better. "
        f"{accuracy['random', '']['n']} random draws of 5 videos a class, {accuracy['whole', '']['n']} whole sets of "
        "60 a class; the TEST videos of this study are as many in each class. Regenerate: <code>infomotion study hardness</code>."
    )
    return block(table(["Machine style", "25 random videos", "All of TRAIN"], rows, caption=caption, numeric_from=1, note=note))


def numbers(results: Results | None) -> dict[str, str]:
    """Substitutions for the pages' prose, by name; ``(not run yet)`` where a number is missing."""
    found = dict.fromkeys(NAMES, MISSING)
    found["lead_kind"] = "phantom"
    if results is None or not results.exists:
        return found
    found["lead_profile"] = results.profile
    if not results.is_phantom:
        found["lead_kind"] = {"echodiffusion": "open clips"}.get(str(results.parameters["real_data"]), str(results.parameters["real_data"]))
    status = results.table("frame_index", "status_counts")
    if status is not None:
        found["n_videos"] = str(int(status["n"].sum()))
        found["n_test"] = str(int(status[(status["split"] == "TEST") & (status["source"] != "synthetic")]["n"].sum()))
    return found


NAMES = ("lead_profile", "lead_kind", "n_videos", "n_test")
"""Every name that a page may use as ``{{ name }}``."""


def glance(results: Results | None) -> str:
    """MyST block with a handful of numbers of a run, each with what it must be read against."""
    if results is None or not long_table(results):
        return ""
    source = "open" if results.parameters.get("real_data") == "echodiffusion" else "real"
    rows = []
    found = best_constant(results)
    if found:
        rows.append(["No training at all", found[0], f"{number(found[1])} %"])
    size = min(int(row["vpc"]) for row in long_table(results) if row["vpc"] > 0)
    for name, method, vpc in (
        (f"{size} videos a class", "random", size),
        (f"{size} videos a class", "infomotion", size),
        ("Every TRAIN video", "whole", 0),
    ):
        row = cell_row(results, source=source, method=method, vpc=vpc)
        if row is not None:
            what = {"random": "chosen at random", "infomotion": "chosen by InfoMotion", "whole": "the whole set"}[method]
            spread_ = f" ± {number(row['sd'])}" if row["sd"] == row["sd"] else ""
            rows.append([name, what, f"{number(row['mean'])}{spread_} %"])
    kind = "phantom data" if results.is_phantom else results.title
    note = 'The whole table, with intervals and what may be concluded, is under <a href="results.html">results</a>.'
    return block(table(["Trained on", "Which", "Hard accuracy"], rows, caption=f"At a glance, on {kind}", numeric_from=2, note=note))


def stage_times(results: Results) -> str:
    """MyST block with the time and device of each stage."""
    rows = [
        [title_of(stage), seconds(card_seconds(results.card(stage))), str(results.card(stage).get("device", ""))]
        for stage in results.stages
    ]
    rows.append(["Together", seconds(sum(card_seconds(results.card(stage)) for stage in results.stages)), ""])
    return block(table(["Stage", "Time", "Device"], rows, caption=f"Time of each stage, profile {results.profile}", numeric_from=1))


def card_seconds(card: dict[str, Any]) -> float:
    """Wall time of a stage, its notebook's start included where the card knows it."""
    return float(card.get("stage_seconds", card.get("wall_seconds", 0.0)))
