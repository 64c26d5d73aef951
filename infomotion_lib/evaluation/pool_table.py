"""One row per pool: how true to life it is, whether its label holds, and how near it comes to patients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

PRIVACY = ("tau", "closest", "real_closest", "dropped_percent", "left_out", "real_dropped_percent")
"""Columns that only a pool has which the privacy filter has seen; see
:func:`infomotion_lib.generators.privacy.record.summary`.
"""

DISTANCES = ("frames", "clips")
"""Fréchet distances of single frames and of whole clips."""

_KIND = {"fid": "frames", "fed_frame": "frames", "fvd": "clips", "fed_video": "clips"}


def pool_rows(
    labels: pd.DataFrame,
    held: pd.DataFrame,
    fidelity: pd.DataFrame,
    nearness: pd.DataFrame,
    filtered: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """Rows of ``pools.csv``, in the order of ``held``.

    Columns: ``source``, ``n`` clips; ``frames``, ``clips``, each with ``_metric``, ``_floor`` and
    ``_ceiling``: Fréchet distance to real clips, that of other real clips, and that of noise;
    ``same_class_percent``, ``spearman``, ``ef_error``: how the relabelled EF keeps to the one asked for, the
    last its mean absolute difference in points; those of
    :func:`infomotion_lib.evaluation.nearness.nearness_table`; ``privacy_filter``, and the columns of
    :data:`PRIVACY`, empty where no filter ran.

    Parameters
    ----------
    labels, held : DataFrame
        ``pool_labels.csv`` and ``conditioning.csv`` of stage 06.
    fidelity : DataFrame
        ``fidelity.csv``; a pool of the real clips themselves has no row in it, and no distance.
    nearness : DataFrame
        Of the same pools as ``fidelity``.
    filtered : mapping of str to mapping
        What the filter says of each pool.
    """
    error = (labels["ef"] - labels["requested_ef"]).abs().groupby(labels["source"]).mean()
    near = nearness.set_index("source").drop(columns="n")
    rows = []
    for row in held.to_dict("records"):
        pool = str(row["source"])
        told: dict[str, Any] = {"source": pool, "n": int(row["n"]), **_distances(fidelity, pool)}
        told |= {"same_class_percent": row["same_class_percent"], "spearman": row["spearman"]}
        told |= {"ef_error": float(error.get(pool, np.nan))}
        known = near.loc[pool] if pool in near.index else pd.Series(np.nan, index=near.columns)
        told |= {str(name): value for name, value in known.items()}
        said = filtered.get(pool, {})
        told |= {"privacy_filter": "closest" if said else "none"}
        told |= {name: said.get(name, np.nan) for name in PRIVACY}
        rows.append(told)
    return pd.DataFrame(rows)


def _distances(fidelity: pd.DataFrame, pool: str) -> dict[str, Any]:
    """The first distance of each kind, standard encoders before our own."""
    found: dict[str, Any] = {}
    for kind in DISTANCES:
        metrics = [name for name, of in _KIND.items() if of == kind and name in set(fidelity["metric"])]
        of_kind = fidelity[fidelity["metric"] == (metrics[0] if metrics else "")].set_index("pair")["value"]
        found[kind] = of_kind.get(f"real_vs_{pool}", np.nan)
        found[f"{kind}_metric"] = metrics[0] if metrics else ""
        found[f"{kind}_floor"] = of_kind.get("real_vs_real", np.nan)
        found[f"{kind}_ceiling"] = of_kind.get("real_vs_noise", np.nan)
    return found


def by_vectors(summary: pd.DataFrame, *, vectors: Mapping[str, str]) -> pd.DataFrame:
    """Vectors by generator: a row per cell, ``source, vectors, difference, graph_flag``.

    ``difference`` is the mean hard accuracy of the central clips of communities on these vectors minus that
    of random clips, at the smallest budget; ``graph_flag`` says ``circular`` where the generator was told
    these very vectors.

    Parameters
    ----------
    summary : DataFrame
        ``summary.csv`` of stage 06.
    vectors : mapping of str to str
        Representation by selector of central clips.
    """
    cells = summary[(summary["metric"] == "hard_accuracy") & (summary["vpc"] > 0)]
    columns = ["source", "vectors", "difference", "graph_flag"]
    if cells.empty:
        return pd.DataFrame(columns=columns)
    cells = cells[cells["vpc"] == cells["vpc"].min()]
    by_chance = cells[cells["method"] == "random"].set_index("source")["mean"]
    chosen = cells[cells["method"].isin([*vectors])]
    table = chosen.assign(
        vectors=chosen["method"].map(dict(vectors)),
        difference=chosen["mean"].to_numpy(float) - by_chance.reindex(chosen["source"]).to_numpy(float),
    )
    return table[columns].reset_index(drop=True)


def community_selectors(methods: Iterable[str]) -> dict[str, str]:
    """Representation by selector, of those among ``methods`` that pick central clips of communities on one
    kind of vectors.
    """
    from infomotion_lib.selection.registry import SELECTORS

    central = [name for name in dict.fromkeys(methods) if name.startswith("info") and name in SELECTORS]
    return {name: SELECTORS[name].on[0] for name in central if len(SELECTORS[name].on) == 1}
