"""Figures of the second vote: two curves over one clip, how often they agree, what stays when the clip
changes, how far off they are.

Curves are drawn of any clip; no picture of it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
from infomotion_lib.reporting.style import MUTED, PHASE_COLOURS

INK = "#1F2933"
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
        Name of the clip to the detector's phases, the network's, and frames a second.
    volumes : mapping of str to ndarray, optional
        Exact volume where it is known.
    """
    fig = Figure(figsize=(7.2, 1.0 + 1.75 * len(clips)))
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
    fig.legend([*handles, *marks], [*labels, "ES", "ED"], loc="outside lower center", ncols=5, fontsize=8)
    rs = [correlation(first.signal, second.signal) for first, second, _ in clips.values()]
    fig.suptitle(
        (
            f"A network that saw only drawn hearts follows the detector: r {min(rs):.2f} to {max(rs):.2f}"
            if min(rs) >= LEAST_AGREEMENT
            else f"The two votes correlate by {min(rs):.2f} to {max(rs):.2f}"
        ),
        x=0.01,
        ha="left",
        fontsize=11,
        fontweight="bold",
    )
    return fig


def vote_counts(votes: pd.DataFrame) -> Figure:
    """Histogram of the agreement of the two curves by verdict, and the distance of their ES and ED.

    Parameters
    ----------
    votes : DataFrame
        From :func:`infomotion_lib.frames.votes.phase_votes`.
    """
    fig = Figure(figsize=(7.2, 3.1))
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
    left.legend(fontsize=8, loc="upper left")
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
    right.legend(fontsize=8, loc="lower right")
    agreed = int((votes["verdict"] == AGREE).sum())
    fig.suptitle(
        f"The two votes agree on {agreed} of {len(votes)} videos",
        x=0.01,
        ha="left",
        fontsize=11,
        fontweight="bold",
    )
    return fig


def consistency(table: pd.DataFrame) -> Figure:
    """What stays of each voter's curve when the clip is changed, and how well the two agree: in order,
    shuffled, untrained.

    Parameters
    ----------
    table : DataFrame
        From :func:`infomotion_lib.frames.consistency.self_consistency`.
    """
    fig = Figure(figsize=(7.2, 3.7))
    left, right = fig.subplots(1, 2, width_ratios=(3, 2))
    names = [name for name in VARIANT_NAMES if (table["variant"] == name).any()]
    voters = ["detector", "network"]
    _spreads(
        left,
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
        right,
        agreements.assign(voter="both agree"),
        ["both agree"],
        x="clips",
        y="r",
        order=list(_agreements(table)),
    )
    left.set_xticks(
        range(len(names)), [VARIANT_NAMES[name].replace(" ", "\n", 1) for name in names], fontsize=8
    )
    left.set_ylabel("correlation with the curve\nof the clip as it is")
    right.set_xticks(range(3), ["in order", "frames\nshuffled", "untrained"], fontsize=8)
    right.set_ylabel("correlation of\ndetector and network")
    for axis in (left, right):
        axis.axhline(0, color=INK, lw=0.8)
        axis.grid(axis="x", visible=False)
        axis.set(xlabel="", ylim=(None, 1.04))
    handles, labels = left.get_legend_handles_labels()
    spread = "median; line: 10th to 90th percentile"
    fig.legend(
        handles, labels, loc="outside lower center", ncols=2, fontsize=8, title=spread, title_fontsize=8
    )
    fig.suptitle(_agreement_sentence(table), x=0.01, ha="left", fontsize=11, fontweight="bold")
    return fig


def consistency_words(table: pd.DataFrame) -> str:
    """The medians of :func:`consistency` in words: a sentence a voter, and one of what their agreement is
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
    return {name: table.loc[own, "agreement"].dropna() for name, own in rows.items()}


def _agreement_sentence(table: pd.DataFrame) -> str:
    order, chance, untrained = (values.median() for values in _agreements(table).values())
    return f"The two votes correlate by {order:.2f}; shuffled {chance:.2f}, untrained {untrained:.2f}"


def accuracy_by(summary: pd.DataFrame, *, phase: str = "es") -> Figure:
    """Error of each voter by frame rate, EF class and rhythm: median and 90th percentile, with the shares
    found in order and shuffled.

    Parameters
    ----------
    summary : DataFrame
        From :func:`infomotion_lib.studies.phases.summarise_phases`.
    phase : {"es", "ed"}
        Which frame.
    """
    own = summary[(summary["phase"] == phase) & (summary["by"] != "all")]
    groups = list(dict.fromkeys(own["by"]))
    fig = Figure(figsize=(7.2, 4.6))
    axes = fig.subplots(
        2,
        len(groups),
        sharey="row",
        width_ratios=[own.loc[own["by"] == by, "value"].nunique() for by in groups],
    )
    for column, by in enumerate(groups):
        part = own[own["by"] == by]
        values = list(dict.fromkeys(part["value"]))
        for voter, shift in zip(VOTER_COLOURS, (-0.22, 0.0, 0.22), strict=True):
            for order in ("in_order", "shuffled"):
                rows = (
                    part[(part["voter"] == voter) & (part["frames"] == order)]
                    .set_index("value")
                    .reindex(values)
                )
                _points(
                    axes[:, column],
                    np.arange(len(values), dtype=float) + shift,
                    rows,
                    voter,
                    shuffled=order == "shuffled",
                )
        names = [f"{float(value):g} fps" if by == "frame rate" else str(value) for value in values]
        axes[1, column].set_xticks(range(len(values)), names, fontsize=7.5, rotation=30, ha="right")
        axes[0, column].set_xticks(range(len(values)), [])
        for axis in axes[:, column]:
            axis.set_xlim(-0.5, len(values) - 0.5)
            axis.grid(axis="x", visible=False)
        axes[0, column].set_title(f"by {by}", fontsize=9, fontweight="normal")
    axes[0, 0].set_ylabel("error (ms)\nmedian to 90th percentile")
    axes[1, 0].set_ylabel("% found")
    axes[0, 0].set_ylim(bottom=0)
    axes[1, 0].set_ylim(0, 104)
    handles = [
        axes[0, 0].plot([], [], VOTER_MARKERS[voter], color=colour, label=voter)[0]
        for voter, colour in VOTER_COLOURS.items()
    ]
    handles.append(axes[0, 0].plot([], [], "x", color=MUTED, label="frames shuffled")[0])
    fig.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=8)
    whole = summary[
        (summary["by"] == "all") & (summary["phase"] == phase) & (summary["frames"] == "in_order")
    ].set_index("voter")
    medians = whole["median_ms"].astype(float).to_dict()
    text = "; ".join(f"{voter} {medians[voter]:.0f} ms" for voter in VOTER_COLOURS)
    fig.suptitle(
        f"{phase.upper()} on phantoms, median error: {text}",
        x=0.01,
        ha="left",
        fontsize=11,
        fontweight="bold",
    )
    return fig


def third_frame(third: pd.DataFrame, *, edges: Sequence[float] = (26, 31, 36, 41, 46, 51)) -> Figure:
    """How far the third end frame is off, by the true share of systole: the rule of a third against both
    voters.

    Parameters
    ----------
    third : DataFrame
        From :func:`infomotion_lib.studies.phases.run_phase_study`.
    edges : sequence of float
        Between the groups, percent of the beat. Many clips have exactly a third, so it lies inside a group. A
        point stands at its group's mean share.
    """
    fig = Figure(figsize=(7.2, 3.7))
    axes = fig.subplots(1, 2, sharey=True)
    titles = {"next_es": "next ES, after ES and ED", "previous_es": "ES before, from ED and ES"}
    for axis, (asked, title) in zip(axes, titles.items(), strict=True):
        own = third[third["asked"] == asked]
        place = np.digitize(own["systole_percent"], edges)
        for name, colour in (
            ("rule", PHASE_COLOURS["next_es"]),
            ("detector", VOTER_COLOURS["detector"]),
            ("network", VOTER_COLOURS["network"]),
        ):
            off = own[f"{name}_ms"].abs()
            groups = [off[place == number].dropna() for number in range(len(edges) + 1)]
            means = [own.loc[values.index, "systole_percent"].mean() for values in groups]
            points = [
                (x, np.percentile(values, [25, 50, 75]))
                for x, values in zip(means, groups, strict=True)
                if len(values) >= 3
            ]
            if points:
                x, quartiles = [point[0] for point in points], np.stack([point[1] for point in points])
                axis.plot(
                    x,
                    quartiles[:, 1],
                    "-",
                    marker=VOTER_MARKERS.get(name, "^"),
                    color=colour,
                    label=name if name != "rule" else "rule of a third",
                )
                axis.fill_between(x, quartiles[:, 0], quartiles[:, 2], color=colour, alpha=0.15, lw=0)
        axis.axvline(100 / 3, color=INK, lw=1.0, ls=":", label="systole is a third: the rule holds")
        axis.set_title(title, fontsize=9, fontweight="normal")
        axis.set_xlabel("true share of systole (%)")
    axes[0].set_ylabel("error (ms)\nmedian and quartiles")
    axes[0].set_ylim(bottom=0)
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
    rule, detected = (
        " and ".join(
            f"{third.loc[third['asked'] == asked, f'{name}_ms'].abs().median():.0f}" for asked in titles
        )
        for name in ("rule", "detector")
    )
    asked_for = "Median error of the next ES and of the ES before, to the nearest frame"
    text = f"{asked_for}:\nthe rule of a third is off by {rule} ms, the detector by {detected} ms"
    fig.suptitle(text, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return fig


def _points(
    axes: NDArray[np.object_], x: NDArray[np.float64], rows: pd.DataFrame, voter: str, *, shuffled: bool
) -> None:
    top, bottom = axes
    if shuffled:
        if voter != "both agree":
            bottom.plot(x, rows["found_percent"], "x", color=MUTED, ms=6)
        return
    top.vlines(x, rows["median_ms"], rows["p90_ms"], color=VOTER_COLOURS[voter], lw=2)
    top.plot(x, rows["median_ms"], VOTER_MARKERS[voter], color=VOTER_COLOURS[voter], ms=6)
    bottom.plot(x, rows["found_percent"], VOTER_MARKERS[voter], color=VOTER_COLOURS[voter], ms=6)


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
