"""What the privacy filter says of one pool, and of hearts that were planted to try it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from infomotion_lib.generators.privacy.record import CLIPS, PLANTED, roc_areas, summary
from infomotion_lib.reporting.figures.parts import FAINT, INK, headline
from infomotion_lib.reporting.shown_table import ShownTable
from infomotion_lib.reporting.style import MUTED, PHONE_WIDTH, save_figure

DRAWN = "drawn clips"


def show(pool: Path, *, folder: Path, label: str, data: str = "") -> ShownTable:
    """Table of what the filter kept and dropped; ``privacy.svg`` is saved in ``folder``. It has one line
    where no filter ran.

    Parameters
    ----------
    pool : Path
        Folder of the pool.
    label : str
        Name of the generator for readers.
    data : str, optional
        What the videos are called; titles and alt texts name them.
    """
    said = summary(pool)
    if not said:
        frame = pd.DataFrame({"privacy filter": ["none"], "clips dropped": ["–"]})
        notes = ("No clip was compared with the training hearts: this pool is not de-identified.",)
        return ShownTable(frame, f"Privacy of the pool of {label}", notes)
    planted, clips = pd.read_csv(pool / PLANTED), pd.read_csv(pool / CLIPS)
    table = pd.concat([planted, clips.assign(kind=DRAWN)])[["kind", "closest", "kept"]]
    text = "; ".join(
        f"{row.kind} {row.left_out:.0f} % left out" for row in shares(table).itertuples(index=False)
    )
    alt = f"Likeness to the nearest training heart, tau {said['tau']:.3f}. {text}."
    save_figure(likeness(table, tau=said["tau"]), folder / "privacy.svg", alt=alt, data=data)
    return _table(said, planted, label=label)


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """Of each kind: ``kind``, ``n``, percent ``left_out``, ``auc`` against other hearts."""
    areas = roc_areas(table)
    areas.loc[areas["kind"] == DRAWN, "auc"] = np.nan  # what they should be is not known
    return areas.assign(left_out=100 * areas["caught"])


def likeness(table: pd.DataFrame, *, tau: float) -> Figure:
    """Correlation with the nearest training heart of every clip, a row per kind, and the line at tau.

    Parameters
    ----------
    table : DataFrame
        ``kind, closest, kept``.
    """
    rows = shares(table)
    fig = Figure(figsize=(PHONE_WIDTH, 0.42 * len(rows) + 1.5))
    axis = fig.subplots()
    random = np.random.default_rng(0)
    for place, row in enumerate(rows.to_dict("records")):
        values = table.loc[table["kind"] == row["kind"], "closest"].to_numpy(float)
        colour = INK if row["kind"] == DRAWN else MUTED
        height = place + random.uniform(-0.22, 0.22, len(values))
        axis.plot(values, height, "o", ms=3, alpha=0.5, color=colour)
        told = f"{row['left_out']:.0f} %" + ("" if np.isnan(row["auc"]) else f", AUC {row['auc']:.2f}")
        axis.text(1.02, place, told, transform=axis.get_yaxis_transform(), va="center", fontsize=9)
    axis.axvline(tau, color=INK, lw=1.2, ls="--")
    axis.set_yticks(range(len(rows)), rows["kind"])
    axis.set(ylim=(len(rows) - 0.5, -0.5), xlabel="correlation with the nearest training heart")
    drawn = rows.set_index("kind")["left_out"]
    known = drawn.drop(DRAWN, errors="ignore")
    headline(
        fig, f"Left out: {known.iloc[0]:.0f} % of planted copies, {known.iloc[-1]:.0f} % of other hearts"
    )
    return fig


def filter_roc(curves: pd.DataFrame, *, title: str) -> Figure:
    """Share of planted copies left out against the share of other hearts, a curve per kind of copy.

    Parameters
    ----------
    curves : DataFrame
        ``kind, others_left_out, caught``, shares.
    title : str
        What the curves show.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 4.0))
    axis = fig.subplots()
    sns.lineplot(
        curves.assign(others_left_out=100 * curves["others_left_out"], caught=100 * curves["caught"]),
        x="others_left_out",
        y="caught",
        hue="kind",
        style="kind",
        estimator=None,
        ax=axis,
    )
    axis.axline((0, 0), (100, 100), color=FAINT, lw=1, zorder=0)
    axis.set(
        xlim=(0, 100), ylim=(0, 102), xlabel="other hearts left out, %", ylabel="planted copies left out, %"
    )
    axis.legend(title="", loc="lower right", fontsize=9)
    headline(fig, title)
    return fig


def _table(said: dict[str, float], planted: pd.DataFrame, *, label: str) -> ShownTable:
    areas = shares(planted)
    worst = areas.dropna(subset=["auc"]).sort_values("auc").iloc[0]
    frame = pd.DataFrame(
        {
            "clips drawn": [f"{said['drawn']}"],
            "dropped": [f"{said['dropped']} ({said['dropped_percent']:.0f} %)"],
            "not replaced": [f"{said['left_out']}"],
            "τ": [f"{said['tau']:.3f}"],
            "nearest heart, drawn clips": [f"{said['closest']:.3f}"],
            "nearest heart, VAL": [f"{said['real_closest']:.3f}"],
            "dropped of VAL": [f"{said['real_dropped_percent']:.0f} %"],
        }
    )
    notes = (
        "Correlations of features with those of the nearest TRAIN heart, medians. VAL hearts are"
        " nobody's copy: what the rule drops of them is its price.",
        f"Planted training hearts: {areas.iloc[0]['left_out']:.0f} % of plain copies are caught; hardest are"
        f" {worst['kind']}, AUC {worst['auc']:.2f}.",
    )
    return ShownTable(frame, f"Privacy of the pool of {label}", notes)
