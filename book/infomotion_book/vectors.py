"""Which vectors should the graph use? Values, figure and table, from the runs with several kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infomotion_book import discovr_sweep, vector_study
from infomotion_book.comparisons import comparisons, paired
from infomotion_book.discovr_sweep import LEAST_R2
from infomotion_book.templates import line, parts
from infomotion_lib.reporting.figures.vectors import which_vectors
from infomotion_lib.reporting.flags import health_of
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.style import save_figure, use_style
from infomotion_lib.representations.registry import PAPER, REPRESENTATIONS
from infomotion_lib.selection.registry import SELECTORS

LEVEL = 0.05
FIGURE = "vectors-compared.svg"
WORDS = "vectors.md.jinja"


def results_with_vectors(shown: list[Results]) -> Results | None:
    """The run with most kinds of vectors; None if none has more than the paper's two."""
    most = max(shown, key=lambda results: len(_names(results)), default=None)
    return most if most is not None and len(_names(most)) > len(PAPER) else None


def _names(results: Results) -> list[str]:
    used = results.card("ifa_training").get("parameters", {}).get("representations", PAPER)
    return [name for name in used if name in REPRESENTATIONS]


def compared(results: Results) -> pd.DataFrame:
    """A row per representation of a run, in the order of its probe.

    ``name, label``; ``size`` of the vector; ``ridge_r2`` and ``knn_purity`` of the probe of EF on held-out
    videos; ``healthy`` of ``graphs`` class graphs; ``shared``, percent of the picks on motion vectors that it
    picks too; hard accuracy of the communities' picks on the first source, ``mean``, ``sd``, ``n``, minus
    Random's (``difference``, ``ci_low``, ``ci_high``, ``p_holm``), both at the smallest budget;
    ``graph_flag``; ``fit_seconds`` and ``video_ms``, CPU time to train it and per video.
    """
    probe = results.table("ifa_training", "probe")
    report, picks = (results.table("graph_selection", name) for name in ("graph_report", "selections"))
    cells = results.table("evaluation", "table1")
    if probe is None or report is None or picks is None or cells is None:
        return pd.DataFrame()
    source, budget = cells["source"].iloc[0], int(cells.loc[cells["vpc"] > 0, "vpc"].min())
    differences = paired(results)
    spent = results.card("ifa_training").get("notes", {}).get("cpu_seconds", {})
    rows = []
    for name in _names(results):
        method = _method(name, set(cells["method"]))
        scored = probe[probe["feature"] == name]
        if method is None or scored.empty:
            continue
        graphs = report[(report["feature"] == name) & (report["source"] == source)]
        graphs = graphs[graphs["graph"] == _selecting(results)]
        cost = spent.get(name, {})
        row: dict[str, Any] = {"name": name, "label": REPRESENTATIONS[name].phrase}
        row |= {column: scored.iloc[0][column] for column in ("size", "ridge_r2", "knn_purity")}
        row |= {"taught": _taught(results, name)}
        row |= {"healthy": int((health_of(graphs) == "healthy").sum()), "graphs": len(graphs)}
        row |= {"shared": _shared(picks, method, source=source, vpc=budget)}
        row |= _cell(cells, method, source, budget) | _cell(differences, method, source, budget)
        row |= {"fit_seconds": cost.get("fit", np.nan), "video_ms": _per_video(cost)}
        rows.append(row)
    return pd.DataFrame(rows).sort_values("ridge_r2", ascending=False, ignore_index=True)


def _taught(results: Results, name: str) -> list[str]:
    """Which of MAFE's teachers a run had, for its row."""
    method = results.card("ifa_training").get("parameters", {}).get("mafe_method")
    return [f"method {method}"] if name == "mafe" and method else []


def _per_video(cost: dict[str, float]) -> float:
    return 1000 * cost["vectors"] / cost["videos"] if cost.get("videos") else np.nan


def _selecting(results: Results) -> str:
    return str(results.card("graph_selection").get("parameters", {}).get("selection_graph", "knn"))


def _method(name: str, methods: set[str]) -> str | None:
    """The selector of central videos of communities on these vectors, among those that were tried."""
    asked = (f"infomotion_{name}", "infomotion", "infodist")
    return next((m for m in asked if m in methods and SELECTORS[m].on == (name,)), None)


def _cell(table: pd.DataFrame, method: str, source: str, vpc: int) -> dict[Any, Any]:
    known = table[(table["metric"] == "hard_accuracy")] if "metric" in table else table
    rows = known[(known["method"] == method) & (known["source"] == source) & (known["vpc"] == vpc)]
    kept = ["mean", "sd", "n", "difference", "p_holm", "graph_flag"]
    kept += ["ci_low", "ci_high"] if "difference" in rows else []
    return rows.iloc[0][[name for name in kept if name in rows]].to_dict() if len(rows) else {}


def _shared(picks: pd.DataFrame, method: str, *, source: str, vpc: int) -> float:
    """Percent of InfoMotion's picks that a selector picks too, first selection seed."""
    own = picks[(picks["source"] == source) & (picks["vpc"] == vpc) & (picks["selection_seed"] == 0)]
    theirs, ours = (set(own.loc[own["method"] == name, "file_name"]) for name in (method, "infomotion"))
    return 100 * len(theirs & ours) / len(ours) if ours else float("nan")


def fragments(shown: list[Results]) -> dict[str, str]:
    """The generated parts of the page, by name."""
    return parts(WORDS, page_values(shown))


def page_values(shown: list[Results]) -> dict[str, Any]:
    """All that the page speaks of; ``rows`` are none where no run has several kinds of vectors."""
    results = results_with_vectors(shown)
    rows = compared(results) if results else pd.DataFrame()
    known = {
        "rows": records(rows),
        "study": vector_study.find_study(),
        "study_picture": vector_study.FIGURE,
        "sweep": discovr_sweep.find_sweep(),
        "known": flow_beside_paper(shown),
        "over": _over(),
    }
    if results is None or rows.empty:
        return known
    answered = _answered(rows)
    return known | {
        "results": results,
        "answer": answer(rows),
        "probed": findings(rows),
        "judged": findings(answered),
        "picture": FIGURE,
        "alt": _alt(answered),
        "flags": rows["graph_flag"].astype(str).tolist() if "graph_flag" in rows else [],
        "selectors": comparisons(results),
    }


def write_figures(folder: Path, shown: list[Results]) -> list[Path]:
    """The page's pictures: that of the run, where one has several kinds of vectors, and that of the study."""
    results = results_with_vectors(shown)
    rows = compared(results) if results else pd.DataFrame()
    made = [vector_study.write_figure(folder)]
    if len(rows):
        use_style()
        rows = _answered(rows)
        made.append(save_figure(which_vectors(rows, over=_over()), folder / FIGURE, alt=_alt(rows)).path)
    return [path for path in made if path is not None]


def flow_beside_paper(shown: list[Results]) -> dict[str, Any] | None:
    """R2 of EF from plain optical flow and from the paper's vector, and the ``profile`` of the run that has
    both (that with several kinds, else the first); None where none has.
    """
    several = results_with_vectors(shown)
    for results in [several, *shown] if several else shown:
        probe = results.table("ifa_training", "probe")
        r2 = probe.set_index("feature")["ridge_r2"] if probe is not None else pd.Series(dtype=float)
        if {"dense_flow", PAPER[0]} <= set(r2.index):
            return {"flow": r2["dense_flow"], "paper": r2[PAPER[0]], "profile": results.profile}
    return None


def findings(rows: pd.DataFrame) -> dict[str, Any]:
    """What the page's sentences are made of: rows of :func:`compared`, the best probe first.

    ``best`` and ``paper``; ``blind`` encoders that say nothing of EF; ``idle``, which know EF and whose picks
    are not shown to be better; ``oracle`` or None.
    """
    told = records(rows)
    encoders = [row for row in told if not REPRESENTATIONS[row["name"]].oracle]
    by_name = {row["name"]: row for row in told}
    better = [row for row in told if row["p_holm"] < LEVEL and row["difference"] > 0]
    return {
        "best": encoders[0],
        "paper": by_name[PAPER[0]],
        "blind": [row for row in encoders if row["ridge_r2"] < LEAST_R2],
        "idle": [row for row in encoders if row["ridge_r2"] >= LEAST_R2 and row not in better],
        "oracle": next((row for row in told if row not in encoders), None),
        "oracle_better": any(row not in encoders for row in better),
    }


def answer(rows: pd.DataFrame) -> dict[str, Any]:
    """Which encoders pick ``better`` or ``worse`` than Random, and better than the paper's vectors
    (``beside_paper``; None where one pool is all there is), after correction.
    """
    study = vector_study.find_study()
    told = [row for row in records(_answered(rows)) if not REPRESENTATIONS[row["name"]].oracle]
    kept = [row for row in told if row["p_holm"] < LEVEL]
    above = None
    if study is not None:
        leads = study.kept(study.against_paper[study.against_paper["vpc"] == study.smallest], 1)
        known = {row["name"] for row in told}
        above = [row for row in leads if row["feature"] in known]
    return {
        "better": [row for row in kept if row["difference"] > 0],
        "worse": [row for row in kept if row["difference"] < 0],
        "beside_paper": above,
    }


def _answered(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with differences over pools in place of those of one pool, where the study has run."""
    study = vector_study.find_study()
    if study is None:
        return rows
    over_pools = study.against_random[study.against_random["vpc"] == study.smallest].set_index("feature")
    taken = {"difference": "difference", "ci_low": "t_low", "ci_high": "t_high", "p_holm": "p_holm"}
    return rows.assign(**{new: rows["name"].map(over_pools[name]) for new, name in taken.items()})


def _over() -> str:
    """What the picture's intervals are over."""
    study = vector_study.find_study()
    return f"{study.pools} pools" if study else "one pool's runs"


def _alt(rows: pd.DataFrame) -> str:
    return line("vectors_alt.md.jinja", "run", {"rows": records(rows)})
