"""The two scores of DD-Ranking (Li et al., 2025) by their names: what a selected set loses to the whole set,
and gains over Random, under one evaluation with hard labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def dd_ranking(
    runs: pd.DataFrame, *, by: Sequence[str], metric: str = "hard_accuracy", whole: str = "whole"
) -> pd.DataFrame:
    """``hlr`` and ``ior`` of each method in each group, accuracy points.

    ``hlr``, hard label recovery: accuracy of the whole set minus that of the selected one; the lower, the
    better. ``ior``, improvement over random: accuracy of the selected set minus that of a random one of the
    same size; the higher, the better.

    Parameters
    ----------
    runs : DataFrame
        A row per network: ``method`` (``random`` and ``whole`` among them), the metric, and the columns of
        ``by``. Networks of a method in a group are averaged.
    by : sequence of str
        What a group is: the pool, and the videos per class if there are several. The whole set has no
        budget: it is matched by all of ``by`` but ``vpc``.
    metric : str
        An accuracy, percent.

    Returns
    -------
    DataFrame
        ``by``, ``method``, ``hlr``, ``ior``; nan where the group has no whole or no random set.
    """
    groups = list(by)
    means = runs.groupby([*groups, "method"], sort=False)[metric].mean().reset_index()
    pools = [name for name in groups if name != "vpc"]
    of_whole = means[means["method"] == whole].groupby(pools)[metric].mean().rename("of_whole")
    of_random = means[means["method"] == "random"].set_index(groups)[metric].rename("of_random")
    chosen = means[~means["method"].isin([whole, "random"])]
    joined = chosen.join(of_whole, on=pools).join(of_random, on=groups)
    scores = {"hlr": joined["of_whole"] - joined[metric], "ior": joined[metric] - joined["of_random"]}
    return joined.assign(**scores)[[*groups, "method", "hlr", "ior"]].reset_index(drop=True)
