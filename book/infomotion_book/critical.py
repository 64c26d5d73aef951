"""Blocks of the critical reading that our runs answer: constants, collapsed graphs, rank of the motion
vector.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from infomotion_book.dots import LEFT, WIDTH
from infomotion_book.html import block
from infomotion_book.table1 import best_constant
from infomotion_book.templates import filled, part
from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.parameters import read_profile
from infomotion_lib.reporting.flags import flag_words, health_of
from infomotion_lib.reporting.results import Results, records

WORDS = "critical.md.jinja"
VECTORS = ("motion", "untrained", "appearance")
"""Kinds of vector whose say on EF was probed."""

PART_COLOURS = {"collapsed": "#C2410C", "shattered": "#E0A030", "other": "#3B82A0"}

DIRECTIONS, PAIRS, HEAD_SIZE = 2, 2, 32
"""Of the motion vector: both directions of both pairs of frames; numbers per head of EMA-VFI."""


def constant(results: Results | None) -> str:
    """Sentence on the best constant answer of a run."""
    answer = best_constant(results) if results else None
    return part(WORDS, "constant", {"results": results, "answer": answer})


def communities(report: pd.DataFrame) -> pd.DataFrame:
    """Communities in the motion graph of each class, a row per source and recipe, with the flags of its
    graphs.
    """
    motion = report[report["feature"] == "motion"] if "feature" in report else report
    flags = health_of(motion).map(lambda flag: flag_words([flag]) or flag) if "flag" in motion else ""
    by_graph = motion.assign(flag=flags).groupby(["source", "graph"], sort=False)
    counts = by_graph.apply(lambda own: own.set_index("class_name")["communities"].reindex(CLASS_NAMES))
    return counts.assign(flag=by_graph["flag"].agg(lambda flags: ", ".join(sorted({*map(str, flags)}))))


def graphs(results: Results | None) -> str:
    """MyST block: what each recipe's graph looks like to Infomap, on motion vectors."""
    report = results.table("graph_selection", "graph_report") if results else None
    rows = records(communities(report).reset_index()) if report is not None else []
    return part(WORDS, "graphs", {"results": results, "rows": rows, "classes": CLASS_NAMES})


def recipes_picture(shown: list[Results]) -> str:
    """MyST block: how many class graphs of each recipe, collapse or are shattered."""
    rows = recipe_bars(shown)
    if not rows:
        return part(WORDS, "not_built")
    values = {"rows": rows, "width": WIDTH, "height": 30 * len(rows) + 26, "colours": PART_COLOURS}
    return block(filled("recipe_bars.svg.jinja", values))


def recipe_bars(shown: list[Results]) -> list[dict[str, Any]]:
    """A row per recipe: ``name``, ``graphs``, how many are ``collapsed`` or ``shattered``, and its bar."""
    rows = []
    for place, (graph, flags) in enumerate(flags_by_recipe(shown).items()):
        counts = {kind: flags.count(kind) for kind in ("collapsed", "shattered")}
        counts["other"] = len(flags) - sum(counts.values())
        parts, x = [], float(LEFT)
        for kind, count in counts.items():
            width = (WIDTH - LEFT - 10) * count / len(flags)
            parts.append({"kind": kind, "x": round(x, 1), "width": round(width, 1)})
            x += width
        name = graph.replace("_", " ")
        rows.append({"name": name, "y": 24 + 30 * place, "graphs": len(flags), "parts": parts, **counts})
    return rows


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


def ranks(shown: list[Results]) -> pd.DataFrame:
    """Size, bound and rank of the motion vector and what it says about EF, a row per profile that has trained
    its network, and one of the paper's size.

    The rank of the paper's size is missing where it has not been trained.
    """
    rows = []
    for results in shown:
        summary, used = results.values("ifa_training", "summary"), results.parameters
        if "rank" in summary:
            probe = records(results.table("ifa_training", "probe"))
            r2 = {str(row["feature"]): float(row["ridge_r2"]) for row in probe}
            rows.append(
                _limits(results.profile, used)
                | {"rank": summary["rank"], "learnt": bool(summary.get("ignited"))}
                | {name: r2.get(name, float("nan")) for name in VECTORS}
            )
    if not any(results.profile == "paper" for results in shown):
        rows.append(_limits("paper", read_profile("paper")))
    return pd.DataFrame(rows, columns=["profile", "width", "numbers", "bound", "rank", "learnt", *VECTORS])


def _limits(profile: str, used: Mapping[str, Any]) -> dict[str, Any]:
    numbers, bound = vector_limits(int(used["ifa_width"]), tuple(used["ifa_depths"]))
    return {"profile": profile, "width": used["ifa_width"], "numbers": numbers, "bound": bound}


def motion_rank(shown: list[Results]) -> str:
    """MyST block, by profile: numbers of the motion vector, its dimensions, and what they say about EF."""
    return part(WORDS, "motion_rank", {"rows": records(ranks(shown)), "kinds": VECTORS})
