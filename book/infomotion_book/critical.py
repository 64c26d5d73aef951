"""Blocks of the critical reading that our own runs answer: constants, collapsed graphs, rank of the motion
vector.
"""

from __future__ import annotations

import pandas as pd

from infomotion_book.html import block, number, table
from infomotion_book.notebooks import card_anchor
from infomotion_book.table1 import best_constant
from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.parameters import read_profile
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.style import SOURCE_NAMES

DIRECTIONS, PAIRS, HEAD_SIZE = 2, 2, 32
"""Of the motion vector: both directions of both pairs of frames; numbers a head of EMA-VFI."""


def constant(results: Results | None) -> str:
    """Sentence on the best constant answer of a run."""
    found = best_constant(results) if results else None
    if results is None or found is None:
        return "The evaluation has not run yet, so there is no constant answer to show.\n"
    kind = "phantom's" if results.is_phantom else "run's"
    name = f"{found[0][0].lower()}{found[0][1:]}"
    return (
        f"On the {kind} TEST videos the best such answer is *{name}*: right {number(found[1])} % of the"
        " time.\n"
    )


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
        rows.append(
            [
                f"{str(graph).replace('_', ' ')} · {SOURCE_NAMES.get(str(source), str(source)).lower()}",
                *found,
                health,
            ]
        )
    caption = f"Communities that Infomap finds in the graph of each class, profile {results.profile}"
    note = f'<a href="provenance.html#{card_anchor(results, "graph_selection")}">How this table was made</a>'
    return block(
        table(["Recipe and pool", *CLASS_NAMES, "Health"], rows, caption=caption, numeric_from=1, note=note)
    )


def collapse(shown: list[Results]) -> str:
    """Sentence: how many class graphs of each recipe collapse, over every profile, source, feature and class
    at hand.
    """
    counts = [
        f"`{graph}` {flags.count('collapsed')} of {len(flags)} collapsed, {flags.count('shattered')}"
        " shattered"
        for graph, flags in flags_by_recipe(shown).items()
    ]
    if not counts:
        return "The graphs have not been built yet.\n"
    return f"Over all profiles of this book, sources, kinds of vector and classes: {'; '.join(counts)}.\n"


def flags_by_recipe(shown: list[Results]) -> dict[str, list[str]]:
    """Health of every class graph of every profile, source and kind of vector at hand, by recipe."""
    reports = [
        report
        for results in shown
        if (report := results.table("graph_selection", "graph_report")) is not None
    ]
    every = pd.concat(reports, ignore_index=True) if reports else pd.DataFrame({"graph": [], "flag": []})
    return {str(graph): own["flag"].tolist() for graph, own in every.groupby("graph", sort=False)}


def vector_limits(width: int, depths: tuple[int, ...]) -> tuple[int, int]:
    """Numbers of the mean motion vector, and the most dimensions they can span, of an EMA-VFI network of
    width F and these depths.

    At each of the two coarse scales a head of a block gives a linear image of one displacement, which has two
    numbers. The average over the picture is linear too, so it cannot span more than 2 x heads x blocks, for
    each direction and pair.

    >>> vector_limits(32, (2, 2, 2, 4, 4))
    (3072, 768)
    """
    channels = (8 * width, 16 * width)
    free = sum(2 * (own // HEAD_SIZE) * depth for own, depth in zip(channels, depths[-2:], strict=True))
    return DIRECTIONS * PAIRS * sum(channels), DIRECTIONS * PAIRS * free


def motion_rank(shown: list[Results]) -> str:
    """MyST block: numbers of the motion vector, the dimensions they can span and do span, and what they say
    about EF, by profile.
    """
    rows = []
    for results in shown:
        summary, used = results.values("ifa_training", "summary"), results.parameters
        if "rank" not in summary:
            continue
        length, bound = vector_limits(int(used["ifa_width"]), tuple(used["ifa_depths"]))
        probe = {
            str(row["feature"]): float(row["ridge_r2"])
            for row in records(results.table("ifa_training", "probe"))
        }
        learnt = "yes" if summary.get("ignited") else "no"
        r2 = [number(probe.get(name, float("nan")), 2) for name in ("motion", "untrained", "appearance")]
        rows.append(
            [
                f'<span class="im-keep">{results.profile}, F = {used["ifa_width"]}</span>',
                str(length),
                str(bound),
                str(summary["rank"]),
                learnt,
                *r2,
            ]
        )
    paper = read_profile("paper")
    length, bound = vector_limits(int(paper["ifa_width"]), tuple(paper["ifa_depths"]))
    if not any(results.profile == "paper" for results in shown):
        rows.append(
            [
                f'<span class="im-keep">paper, F = {paper["ifa_width"]}</span>',
                str(length),
                str(bound),
                *["pending"] * 2,
                *["–"] * 3,
            ]
        )
    head = ["Network", "Numbers", "Bound", "Rank", "Learnt", "R² motion", "R² untrained", "R² appearance"]
    note = (
        "Bound: dimensions that the vectors can span at most; rank: those they do. Learnt: at least 1 dB"
        " better than the average of the two frames. R²: of EF on TEST videos by ridge regression, from"
        " motion vectors, from those of an untrained network, and from appearance vectors; below 0 is worse"
        " than the mean."
    )
    return block(table(head, rows, caption="How much the motion vector can hold", numeric_from=1, note=note))
