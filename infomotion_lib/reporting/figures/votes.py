"""Figures of the second vote: two curves over one clip, how often they agree, what stays when the clip
changes, how far off they are.

Curves are drawn of any clip; no picture of it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from infomotion_lib.frames.detect import Phases
from infomotion_lib.frames.votes import (
    AGREE,
    CURVES_DIFFER,
    FRAMES_DIFFER,
    LEAST_AGREEMENT,
    UNREADABLE,
    correlation,
)
from infomotion_lib.reporting.figures.parts import INK, headline
from infomotion_lib.reporting.style import MUTED, PHASE_COLOURS, PHONE_WIDTH

VOTER_COLOURS = {"detector": "#009E73", "network": "#7A5195", "both agree": INK}
VOTER_MARKERS = {"detector": "o", "network": "s", "both agree": "D"}
VERDICT_NAMES = {
    AGREE: "agree",
    FRAMES_DIFFER: "frames differ",
    CURVES_DIFFER: "curves differ",
    UNREADABLE: "unreadable",
}
VERDICT_COLOURS = {AGREE: "#009E73", FRAMES_DIFFER: "#E0B000", CURVES_DIFFER: "#D55E00", UNREADABLE: MUTED}
VARIANT_NAMES = {
    "reversed": "backwards",
    "every_second": "every 2nd frame",
    "three_quarters": "first ¾",
    "cut_in": "border cut off",
    "shuffled": "frames shuffled",
}


def vote_curves(
    clips: Mapping[str, tuple[Phases, Phases, float]],
    *,
    volumes: Mapping[str, NDArray[np.float64]] | None = None,
) -> Figure:
    """Both voters' curves over clips, a row each, with the ES and ED that each found.

    Parameters
    ----------
    clips : mapping of str to (Phases, Phases, float)
        Name of the clip to the detector's phases, the network's, and frames per second.
    volumes : mapping of str to ndarray, optional
        Exact volume where it is known.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 1.0 + 1.75 * len(clips)))
    for axis, (name, (detector, network, fps)) in zip(
        np.ravel(fig.subplots(len(clips), 1, squeeze=False)), clips.items(), strict=True
    ):
        time = np.arange(len(network.signal)) / fps
        if volumes and name in volumes:
            axis.plot(time, _standard(volumes[name]), color=MUTED, lw=5, alpha=0.6, label="exact volume")
        for voter, phases in (("detector", detector), ("network", network)):
            curve = _standard(phases.signal)
            axis.plot(
                time,
                curve,
                color=VOTER_COLOURS[voter],
                lw=1.8,
                label=voter,
                ls="-" if voter == "network" else "--",
            )
            for frames, kind, mark in ((phases.es, "es", "v"), (phases.ed, "ed", "^")):
                axis.plot(
                    time[frames],
                    curve[frames],
                    mark,
                    color=PHASE_COLOURS[kind],
                    ms=8,
                    mec=VOTER_COLOURS[voter],
                    mew=1.5,
                    ls="",
                )
        r = correlation(detector.signal, network.signal)
        axis.set_title(f"{name}: the two curves correlate by {r:.2f}", fontsize=9, fontweight="normal")
        axis.set_ylabel("volume (sd)")
        axis.set_xlim(0, time[-1])
    axis.set_xlabel("time in the clip (s)")
    handles, labels = fig.axes[0].get_legend_handles_labels()
    marks = [
        fig.axes[0].plot([], [], mark, color=PHASE_COLOURS[kind], ms=8, ls="")[0]
        for kind, mark in (("es", "v"), ("ed", "^"))
    ]
    fig.legend([*handles, *marks], [*labels, "ES", "ED"], loc="outside lower center", ncols=5, fontsize=9)
    rs = [correlation(first.signal, second.signal) for first, second, _ in clips.values()]
    headline(
        fig,
        f"A network that saw only drawn hearts follows the detector: r {min(rs):.2f} to {max(rs):.2f}"
        if min(rs) >= LEAST_AGREEMENT
        else f"The two votes correlate by {min(rs):.2f} to {max(rs):.2f}",
    )
    return fig


def vote_counts(votes: pd.DataFrame) -> Figure:
    """Histogram of the agreement of the two curves by verdict, and the distance of their ES and ED.

    Parameters
    ----------
    votes : DataFrame
        From :func:`infomotion_lib.frames.votes.phase_votes`.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 3.1))
    left, right = fig.subplots(1, 2)
    edges = np.linspace(-1, 1, 33).tolist()
    parts = {
        verdict: votes.loc[votes["verdict"] == verdict, "agreement"].dropna() for verdict in VERDICT_NAMES
    }
    shown = {verdict: values for verdict, values in parts.items() if len(values)}
    left.hist(
        list(shown.values()),
        bins=edges,
        stacked=True,
        color=[VERDICT_COLOURS[verdict] for verdict in shown],
        label=[f"{VERDICT_NAMES[verdict]}: {len(values)}" for verdict, values in shown.items()],
    )
    left.axvline(LEAST_AGREEMENT, color=INK, lw=1.2, ls="--", label="least to agree")
    left.set(
        xlabel="correlation of the two curves",
        ylabel="videos",
        xlim=(min(0.0, float(votes["agreement"].min()) - 0.05), 1),
    )
    left.legend(fontsize=9, loc="upper left", frameon=True, framealpha=0.9, edgecolor="none")
    both = votes.dropna(subset=["es_apart_ms", "ed_apart_ms"])
    for phase in ("es", "ed"):
        distance = both[f"{phase}_apart_ms"]
        if len(distance):
            label = f"{phase.upper()}: median {distance.median():.0f} ms"
            sns.ecdfplot(x=distance, stat="percent", color=PHASE_COLOURS[phase], label=label, ax=right)
    right.set(
        xlabel="distance of the two votes (ms)",
        ylabel="% of videos nearer than this",
        xlim=(0, 500),
        ylim=(0, 102),
    )
    right.legend(fontsize=9, loc="lower right")
    agreed = int((votes["verdict"] == AGREE).sum())
    headline(fig, f"The two votes agree on {agreed} of {len(votes)} videos")
    return fig


def consistency(table: pd.DataFrame) -> Figure:
    """What stays of each voter's curve when the clip is changed, and how well the two agree: in order,
    shuffled, untrained.

    Parameters
    ----------
    table : DataFrame
        From :func:`infomotion_lib.frames.consistency.self_consistency`.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 5.2))
    upper, lower = fig.subplots(2, 1)
    names = [name for name in VARIANT_NAMES if (table["variant"] == name).any()]
    voters = ["detector", "network"]
    _spreads(
        upper,
        table[table["voter"].isin(voters) & table["variant"].isin(names)],
        voters,
        x="variant",
        y="r",
        order=names,
    )
    agreements = pd.concat(
        [values.to_frame("r").assign(clips=name) for name, values in _agreements(table).items()]
    )
    _spreads(
        lower,
        agreements.assign(voter="both agree"),
        ["both agree"],
        x="clips",
        y="r",
        order=list(_agreements(table)),
    )
    upper.set_xticks(
        range(len(names)), [VARIANT_NAMES[name].replace(" ", "\n", 1) for name in names], fontsize=9
    )
    upper.set_ylabel("correlation with the curve\nof the clip as it is")
    lower.set_xticks(range(3), ["in order", "frames shuffled", "untrained"], fontsize=9)
    lower.set_ylabel("correlation of\ndetector and network")
    for axis in (upper, lower):
        axis.axhline(0, color=INK, lw=0.8)
        axis.grid(axis="x", visible=False)
        axis.set(xlabel="", ylim=(None, 1.04))
    handles, labels = upper.get_legend_handles_labels()
    spread = "median; line: 10th to 90th percentile"
    fig.legend(
        handles, labels, loc="outside lower center", ncols=2, fontsize=9, title=spread, title_fontsize=9
    )
    headline(fig, _agreement_sentence(table))
    return fig


def consistency_words(table: pd.DataFrame) -> str:
    """The medians of :func:`consistency` in words: one sentence per voter, and one of what their agreement is
    worth.

    Parameters
    ----------
    table : DataFrame
        From :func:`infomotion_lib.frames.consistency.self_consistency`.
    """
    sentences = []
    for voter in ("detector", "network"):
        medians = table[table["voter"] == voter].groupby("variant")["r"].median()
        parts = [
            f"{name} {medians[variant]:.2f}" for variant, name in VARIANT_NAMES.items() if variant in medians
        ]
        sentences.append(
            f"Median correlation of the {voter}'s curve with its own on the unchanged clip:"
            f" {', '.join(parts)}."
        )
    return " ".join([*sentences, f"{_agreement_sentence(table)}."])


def _agreements(table: pd.DataFrame) -> dict[str, pd.Series[float]]:
    network = table["voter"] == "network"
    rows = {
        "in order": network & (table["variant"] == "as_is"),
        "shuffled": network & (table["variant"] == "shuffled"),
        "untrained": table["voter"] == "random_weights",
    }
    return {name: table.loc[chosen, "agreement"].dropna() for name, chosen in rows.items()}


def _agreement_sentence(table: pd.DataFrame) -> str:
    order, chance, untrained = (values.median() for values in _agreements(table).values())
    return f"The two votes correlate by {order:.2f}; shuffled {chance:.2f}, untrained {untrained:.2f}"


def _spreads(axis: Axes, table: pd.DataFrame, voters: list[str], *, x: str, y: str, order: list[str]) -> None:
    """Median of each voter and group, and a line from the 10th to the 90th percentile."""
    sns.pointplot(
        table,
        x=x,
        y=y,
        order=order,
        hue="voter",
        hue_order=voters,
        palette=VOTER_COLOURS,
        markers=[VOTER_MARKERS[voter] for voter in voters],
        linestyle="none",
        estimator="median",
        errorbar=("pi", 80),
        dodge=0.32 if len(voters) > 1 else False,
        markersize=9,
        markeredgecolor="white",
        markeredgewidth=1,
        zorder=3,
        err_kws={"linewidth": 2.5, "solid_capstyle": "butt", "zorder": 2},
        ax=axis,
    )
    axis.legend().remove()  # one legend for all panels stands below


def _standard(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    return (curve - curve.mean()) / max(float(curve.std()), 1e-9)
