"""Figures of MCDM itself: how it learnt, and how much of a donor's motion its clips show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from infomotion_lib.reporting.figures.parts import INK, headline, legend_below
from infomotion_lib.reporting.figures.pools import pool_colour
from infomotion_lib.reporting.shown_table import ShownTable
from infomotion_lib.reporting.style import MUTED, PHONE_WIDTH, save_figure


def show(fitted: Any, lessons: Any, *, folder: Path, parameters: Any, data: str = "") -> ShownTable:
    """Table of how much of the donors' motion is kept; ``motion_kept.svg`` is saved in ``folder``.

    Parameters
    ----------
    fitted : FittedMcdm
        Trained in this run.
    lessons : Lessons
        Videos it learnt from.
    parameters : McdmParameters
        Of the run.
    data : str, optional
        What the videos are called; titles and alt texts name them.
    """
    table = fitted.kept
    if len(table):
        means = table.groupby("clips", sort=False)[["own", "others"]].mean()
        text = "; ".join(
            f"{name}: {_written(row['own'])} with the own donor, {_written(row['others'])} with others"
            for name, row in means.iterrows()
        )
        alt = f"Correlation of the motion vectors of clips with those of their donors. {text}."
        save_figure(kept_figure(table), folder / "motion_kept.svg", alt=alt, data=data)
    return kept_table(table, fitted.facts, identity=identity_of(fitted.settings()))


def kept_figure(table: pd.DataFrame) -> Figure:
    """Correlation of each clip with its own donor and the mean with the others, by kind of clips.

    Parameters
    ----------
    table : DataFrame
        ``clips, clip, own, others``, see :mod:`infomotion_lib.generators.mcdm.kept`.
    """
    kinds = list(dict.fromkeys(table["clips"]))
    fig = Figure(figsize=(PHONE_WIDTH, 0.8 + 0.75 * len(kinds)))
    axis = fig.subplots()
    for place, kind in enumerate(kinds):
        rows = table[table["clips"] == kind].dropna(subset=["own"])
        for shift, column, colour, label in (
            (-0.13, "own", pool_colour("mcdm"), "own donor"),
            (0.13, "others", MUTED, "other donors, mean"),
        ):
            values = rows[column].to_numpy(dtype=float)
            height = np.full(len(values), place + shift)
            axis.plot(values, height, "o", color=colour, ms=5, alpha=0.7, label=label if not place else None)
            if np.isfinite(values).any():
                axis.plot(np.nanmean(values), place + shift, "|", color=INK, ms=16, mew=2)
    axis.axvline(0, color=MUTED, lw=1, ls="--")
    axis.set_yticks(range(len(kinds)), kinds)
    axis.set(xlim=(-1, 1), ylim=(len(kinds) - 0.5, -0.5), xlabel="correlation of motion vectors")
    legend_below(fig, axis, most=2)
    headline(fig, _kept_sentence(table))
    return fig


def _kept_sentence(table: pd.DataFrame) -> str:
    """How much more a clip of the last kind moves like its own donor than like the others."""
    kind = str(table["clips"].iloc[-1])
    rows = table[table["clips"] == kind]
    own, others = _written(rows["own"].mean()), _written(rows["others"].mean())
    return f"Motion of {kind}: correlation {own} with their own donor, {others} with other donors"


def kept_table(table: pd.DataFrame, facts: dict[str, Any], *, identity: str) -> ShownTable:
    """By kind of clips, how many show a beat and the mean correlations; its notes give losses on VAL and
    whether the pool shows patients.
    """
    rows = [
        {
            "clips": kind,
            "drawn": len(part),
            "with a vector": int(part["own"].notna().sum()),
            "own donor": _written(part["own"].mean()),
            "other donors": _written(part["others"].mean()),
        }
        for kind, part in table.groupby("clips", sort=False)
    ]
    columns = ["clips", "drawn", "with a vector", "own donor", "other donors"]
    losses = "; ".join(f"{name} {value:.4f}" for name, value in facts.get("val_loss", {}).items())
    notes = [
        "Correlation of a clip's motion vector with that of the VAL video whose motion it was told, and with"
        " those of the others, all less the mean of TRAIN videos and divided by their spread.",
        *([f"Error of the velocity on VAL clips: {losses}."] if losses else []),
        identity,
    ]
    return ShownTable(
        pd.DataFrame(rows, columns=columns), "How much of a donor's motion is kept", tuple(notes)
    )


def identity_of(settings: dict[str, Any]) -> str:
    """Whether clips of these settings show patients, in a sentence."""
    hearts = {"real": "Hearts are frames of the videos that it learnt from", "drawn": "Hearts are drawn"}
    return f"{hearts[settings['hearts']]}, motions are those of reference videos: {settings['identity']}."


def _written(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"
