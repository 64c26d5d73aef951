"""Figures that keep numbers honest: the controls of the open clips.

Every title states what the drawn numbers say; it is computed from them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from infomotion_lib.reporting.figures.parts import INK, headline
from infomotion_lib.reporting.style import MUTED, PHONE_WIDTH

_NETWORK, _ALTERED, _BLIND = "#D55E00", "#E9A26B", MUTED
_KINDS = {
    "regressor": _NETWORK,
    "shuffled frames": _ALTERED,
    "frozen frame": _ALTERED,
    "random weights": _ALTERED,
}


def control_errors(controls: pd.DataFrame) -> Figure:
    """Mean absolute error of every predictor, one dot per split and a bar the mean.

    Parameters
    ----------
    controls : DataFrame
        From :func:`infomotion_lib.studies.controls.split_controls`.
    """
    names = list(dict.fromkeys(controls["predictor"]))
    fig = Figure(figsize=(PHONE_WIDTH, 0.36 * len(names) + 1.4))
    axis = fig.subplots()
    colours = {name: _KINDS.get(name, _BLIND) for name in names}
    places = {"x": "mae", "y": "predictor", "order": names, "ax": axis}
    sns.barplot(
        controls,
        hue="predictor",
        palette=colours,
        errorbar=None,
        width=0.62,
        saturation=1,
        legend=False,
        **places,
    )
    sns.stripplot(controls, color=INK, size=4, alpha=0.7, jitter=False, **places)
    axis.set(xlabel="mean absolute error (EF points), one dot per split", ylabel="")
    axis.grid(axis="y", visible=False)
    splits = int(controls["split"].nunique())
    wide = controls.pivot_table(index="split", columns="predictor", values="mae")
    nearer = int((wide["regressor"] < wide["constant"]).sum())
    asked = int((wide["regressor"] < wide["requested EF"]).sum())
    title = (
        f"Open clips: the network beats a constant in {nearer} of {splits} splits, the request alone in"
        f" {asked}"
    )
    headline(fig, title)
    return fig


def zero_shot_scatter(answers: ArrayLike, requested: ArrayLike, table: pd.DataFrame) -> Figure:
    """EF that a network trained on phantoms alone gives to the open clips against what was requested, beside
    its controls.

    Parameters
    ----------
    answers, requested : array_like, shape (N,)
        EF predicted and requested, points.
    table : DataFrame
        From :func:`infomotion_lib.studies.zero_shot.zero_shot`.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 3.6))
    left, right = fig.subplots(1, 2, gridspec_kw={"width_ratios": [1, 1.05]})
    left.plot([0, 100], [0, 100], color=MUTED, lw=0.9)
    left.scatter(np.asarray(requested), np.asarray(answers), s=16, color=_NETWORK, alpha=0.7, lw=0)
    left.set_xlabel("requested EF (points)")
    left.set_ylabel("EF by a network trained\nonly on phantoms")
    left.set_xlim(0, 100)
    left.set_ylim(0, 100)
    left.set_aspect("equal")
    rows = table[table["against"] == "requested"].iloc[::-1].reset_index(drop=True)
    for y, row in enumerate(rows.to_dict("records")):
        colour = (
            _NETWORK if row["clips"] == "as they are" else INK if row["clips"] == "pixel change" else _BLIND
        )
        right.plot([row["ci_low"], row["ci_high"]], [y, y], color=colour, lw=2)
        right.plot(row["spearman"], y, marker="o", ms=6, color=colour)
    right.axvline(0, color=INK, lw=0.9)
    right.set_xlim(-1, 1)
    right.set_yticks(range(len(rows)), rows["clips"], fontsize=9)
    right.set_xlabel("rank correlation\nwith requested EF")
    right.grid(axis="y", visible=False)
    rho = rows.set_index("clips")["spearman"]
    title = (
        f"Trained on phantoms only: rank correlation {rho['as they are']:.2f}; plain pixel change gives"
        f" {rho['pixel change']:.2f}"
    )
    headline(fig, title)
    return fig
