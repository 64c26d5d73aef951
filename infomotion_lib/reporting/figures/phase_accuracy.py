"""Figures of the phase study: how far detector, network and the rule of a third are off on phantoms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from infomotion_lib.reporting.figures.parts import FAINT, INK, headline, legend_below
from infomotion_lib.reporting.figures.votes import VOTER_COLOURS, VOTER_MARKERS
from infomotion_lib.reporting.style import PHASE_COLOURS, PHONE_WIDTH

_NEAR_MS = 50.0


def error_curves(errors: pd.DataFrame, summary: pd.DataFrame, *, most: float = 200.0) -> Figure:
    """Share of the true frames that each voter finds within so many ms, a panel per phase, with the same
    frames shuffled.

    Parameters
    ----------
    errors : DataFrame
        ``fps, frames, voter, phase, error_frames`` of every frame found, see
        :func:`infomotion_lib.studies.phases.run_phase_study`.
    summary : DataFrame
        From :func:`infomotion_lib.studies.phases.summarise_phases`, for how many were due.
    most : float
        End of the axis, ms.
    """
    whole = (
        summary[summary["by"] == "all"].set_index(["frames", "voter", "phase"])["due"].astype(float).to_dict()
    )
    fig = Figure(figsize=(PHONE_WIDTH, 3.6))
    axes = fig.subplots(1, 2, sharey=True)
    near = {}
    for axis, phase in zip(axes, ("es", "ed"), strict=True):
        for voter in ("detector", "network"):
            for frames, look in (("in_order", "-"), ("shuffled", ":")):
                own = (errors["frames"] == frames) & (errors["voter"] == voter) & (errors["phase"] == phase)
                rows = errors[own]
                away = np.sort((1000 * rows["error_frames"].abs() / rows["fps"]).to_numpy(float))
                share = 100 * np.arange(1, len(away) + 1) / whole[frames, voter, phase]
                label = voter + (", shuffled" if frames == "shuffled" else "")
                axis.step(away, share, where="post", color=VOTER_COLOURS[voter], ls=look, label=label)
                near[phase, voter, frames] = (
                    float(share[away <= _NEAR_MS][-1]) if (away <= _NEAR_MS).any() else 0.0
                )
        axis.axvline(_NEAR_MS, color=FAINT, lw=5, alpha=0.6, zorder=0)
        axis.set_title(phase.upper(), fontsize=10, fontweight="normal")
        axis.set(xlim=(0, most), ylim=(0, 102), xlabel="error of at most (ms)")
    axes[0].set_ylabel("% of the true frames")
    legend_below(fig, axes[0], most=2)
    text = " and ".join(
        f"{near['es', voter, 'in_order']:.0f} % ({voter})" for voter in ("detector", "network")
    )
    chance = near["es", "detector", "shuffled"]
    headline(fig, f"Of all ES, {text} are found within {_NEAR_MS:.0f} ms; {chance:.0f} % when shuffled")
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
    fig, worst = Figure(figsize=(PHONE_WIDTH, 3.7)), 0.0
    axes = fig.subplots(1, 2, sharey=True)
    titles = {"next_es": "next ES", "previous_es": "ES before"}
    for axis, (asked, title) in zip(axes, titles.items(), strict=True):
        part = third[third["asked"] == asked]
        place = np.digitize(part["systole_percent"], edges)
        for name, colour in (
            ("rule", PHASE_COLOURS["next_es"]),
            ("detector", VOTER_COLOURS["detector"]),
            ("network", VOTER_COLOURS["network"]),
        ):
            off = part[f"{name}_ms"].abs()
            groups = [off[place == number].dropna() for number in range(len(edges) + 1)]
            means = [part.loc[values.index, "systole_percent"].mean() for values in groups]
            points = [
                (x, np.percentile(values, [25, 50, 75]))
                for x, values in zip(means, groups, strict=True)
                if len(values) >= 3
            ]
            if points:
                if name == "rule":
                    worst = max(worst, *(float(point[1][1]) for point in points))
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
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    headline(fig, f"The rule of a third is off by up to {worst:.0f} ms when systole is not a third")
    return fig
