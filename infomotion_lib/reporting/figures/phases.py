"""Figures of the detector: its signal over a clip, its error against exact phases, and the controls that need
no truth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from infomotion_lib.frames.accuracy import TOLERANCE_MS, beat_errors
from infomotion_lib.frames.detect import Phases
from infomotion_lib.reporting.figures.parts import INK, edge_note, headline
from infomotion_lib.reporting.style import MUTED, PHASE_COLOURS, PHONE_WIDTH

CONTROL_COLOUR = MUTED
COMPONENT_NAMES = ("dark area", "central component", "radial flow")
COMPONENT_COLOURS = ("#7A5195", "#0072B2", "#009E73")


def detector_errors(summary: pd.DataFrame, errors: pd.DataFrame) -> Figure:
    """Histograms of the detector's error in ms for ES and ED, frames in order against the same frames
    shuffled.

    Parameters
    ----------
    summary, errors : DataFrame
        From :func:`infomotion_lib.frames.accuracy.detector_error`.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 3.6))
    axes = fig.subplots(1, 2, sharey=True)
    table = {(row["frames"], row["phase"]): row for row in summary.to_dict("records")}
    edge = max(100.0, float(errors["error_ms"].abs().max())) if len(errors) else 200.0
    edges = np.linspace(-edge, edge, 22)
    for axis, phase in zip(axes, ("es", "ed"), strict=True):
        for order, colour, name in (
            ("shuffled", CONTROL_COLOUR, "frames shuffled"),
            ("in_order", PHASE_COLOURS[phase], "frames in order"),
        ):
            row = table[order, phase]
            values = errors.loc[(errors["frames"] == order) & (errors["phase"] == phase), "error_ms"]
            weights = np.full(len(values), 100 / max(float(row["due"]), 1.0))
            filled = order == "in_order"
            axis.hist(
                values,
                bins=edges.tolist(),
                weights=weights,
                histtype="stepfilled" if filled else "step",
                color=colour,
                alpha=0.85 if filled else 1.0,
                lw=0 if filled else 1.8,
                zorder=2 if filled else 3,
                label=f"{name}: {row['found_share']:.0%} found",
            )
        axis.axvline(0, color=INK, lw=0.8)
        shift = f", mean {table['in_order', phase]['bias_ms']:+.0f} ms"
        if ("exact_volume", phase) in table:
            shift += f"\n({table['exact_volume', phase]['bias_ms']:+.0f} ms on the exact volume)"
        axis.set_title(f"{phase.upper()}{shift}", fontsize=9, fontweight="normal")
        axis.set_xlabel("detected − true (ms)")
        axis.set_ylim(top=axis.get_ylim()[1] * 1.4)
        axis.legend(fontsize=9, loc="upper left", frameon=True, framealpha=0.9, edgecolor="none")
    axes[0].set_ylabel("% of the true phases")
    seen, control = table["in_order", "es"], table["shuffled", "es"]
    headline(
        fig,
        f"Phantom: {seen['found_share']:.0%} of ES found, median error {seen['median_ms']:.0f} ms; "
        f"{control['found_share']:.0%} and {control['median_ms']:.0f} ms by chance",
    )
    return fig


def phase_signal(
    phases: Phases,
    control: Phases,
    *,
    fps: float,
    true_es: Sequence[float] = (),
    true_ed: Sequence[float] = (),
) -> Figure:
    """Detector signal over a clip with the phases found, above the same for its frames shuffled.

    Parameters
    ----------
    phases, control : Phases
        Of the clip in order and shuffled.
    fps : float
        Frames per second.
    true_es, true_ed : sequence of float
        True frames, if known; the title then says how many of those in the clip have a mark within
        :data:`TOLERANCE_MS`.
    """
    fig = Figure(figsize=(PHONE_WIDTH, 4.4))
    axes = fig.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    for axis, seen, name in zip(
        axes, (phases, control), ("frames in order", "the same frames shuffled"), strict=True
    ):
        _signal(axis, seen, fps, components=seen is phases)
        axis.set_title(f"{name}: agreement {seen.confidence:.2f}", fontsize=9, fontweight="normal")
        axis.set_ylabel("signal (sd)")
    for name, colour, truth in (("ES", PHASE_COLOURS["es"], true_es), ("ED", PHASE_COLOURS["ed"], true_ed)):
        inside = [frame for frame in truth if 0 <= frame < len(phases.signal)]
        for number, frame in enumerate(inside):
            axes[0].axvline(frame / fps, color=colour, lw=1.2, ls=":", label="" if number else f"true {name}")
    axes[1].set_xlabel("time in the clip (s)")
    fig.legend(*axes[0].get_legend_handles_labels(), fontsize=9, ncols=4, loc="outside lower center")
    heard = [_heard(phases.es, true_es, phases, fps), _heard(phases.ed, true_ed, phases, fps)]
    text = f"{heard[0]} ES and {heard[1]} ED found in {len(phases.signal) / fps:.1f} s"
    if len(phases.es) > 1:
        text += f": {60 * fps / float(np.diff(phases.es).mean()):.0f} beats per minute"
    headline(fig, text)
    return fig


def _heard(heard: NDArray[np.int64], truth: Sequence[float], phases: Phases, fps: float) -> str:
    """How many were found, and of how many true ones in the clip where those are known: ``1 of 2``."""
    if not len(truth):
        return f"{len(heard)}"
    errors, due, _ = beat_errors(
        truth, heard, n_frames=len(phases.signal), tolerance=TOLERANCE_MS * fps / 1000, margin=0
    )
    return f"{len(errors)} of {due}"


def _signal(axis: Axes, phases: Phases, fps: float, *, components: bool) -> None:
    time = np.arange(len(phases.signal)) / fps
    if components:
        for curve, colour, name in zip(phases.components, COMPONENT_COLOURS, COMPONENT_NAMES, strict=True):
            axis.plot(time, curve, color=colour, lw=1.0, alpha=0.75, label=name)
    axis.plot(time, phases.signal, color=INK if components else CONTROL_COLOUR, lw=2.2, label="their sum")
    for frames, kind, mark in ((phases.es, "es", "v"), (phases.ed, "ed", "^")):
        axis.plot(
            time[frames],
            phases.signal[frames],
            mark,
            color=PHASE_COLOURS[kind],
            ms=9,
            mec="white",
            ls="",
            label=f"{kind.upper()} found",
        )


def clip_controls(control: pd.DataFrame, *, gate: float) -> Figure:
    """Three controls that need no truth, a dot per clip: order of the frames, residual against its gate,
    fraction rule against detection; the numbers at the right are medians.

    Parameters
    ----------
    control : DataFrame
        From :func:`infomotion_lib.frames.accuracy.order_control`.
    gate : float
        Largest residual of a trusted clip.
    """
    order, shuffled = (control[control["frames"] == name] for name in ("in_order", "shuffled"))
    passing, late = order["residual"] <= gate, order["rule_error_ms"].dropna()
    rows = (
        ("correlation with\nthe next frame", order["lag1"], shuffled["lag1"], None),
        ("residual after\nflow", order["residual"], shuffled["residual"], gate),
        ("next ES: rule −\ndetected (ms)", late, None, 0.0),
    )
    fig = Figure(figsize=(PHONE_WIDTH, 4.0))
    for axis, (name, straight, mixed, line) in zip(fig.subplots(len(rows), 1), rows, strict=True):
        orders = [("in order", straight), *([("shuffled", mixed)] if mixed is not None else [])]
        table = pd.concat([values.dropna().to_frame("value").assign(frames=word) for word, values in orders])
        _strip(axis, table, [word for word, _ in orders])
        if line is not None:
            axis.axvline(line, color=INK, lw=1.2, ls="--")
        axis.set_xlabel("")
        axis.set_title(name.replace("\n", " "), fontsize=10, fontweight="normal")
    by_chance = int(shuffled["complete"].sum())
    text = (
        f"{passing.sum()} of {len(order)} clips hang together; {len(late)} show a whole beat, {by_chance}"
        " when shuffled"
    )
    headline(fig, text)
    return fig


def _strip(axis: Axes, table: pd.DataFrame, orders: list[str]) -> None:
    """Every clip as a dot, a row per order of its frames, and the median as a bar with its number."""
    look = {"x": "value", "y": "frames", "order": orders, "ax": axis}
    palette = {"in order": PHASE_COLOURS["ed"], "shuffled": CONTROL_COLOUR}
    sns.stripplot(table, hue="frames", palette=palette, legend=False, size=3, alpha=0.5, jitter=False, **look)
    shaken = np.random.default_rng(0)  # seaborn's own jitter would draw another figure each time
    for dots in axis.collections:
        places = np.asarray(dots.get_offsets())
        dots.set_offsets(places + np.c_[np.zeros(len(places)), shaken.uniform(-0.3, 0.3, len(places))])
    for place, word in enumerate(orders):
        median = float(table.loc[table["frames"] == word, "value"].median())
        if np.isfinite(median):
            axis.plot([median, median], [place - 0.35, place + 0.35], color=INK, lw=2.5)
            edge_note(axis, f"{median:.2g}", place, shift=(4, 0), size=9)
    axis.set_ylabel("")
    axis.grid(axis="y", visible=False)
