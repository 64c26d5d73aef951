"""The beats of one recording on its curve: what the detector saw, and where the rule puts each next ES."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from infomotion_lib.reporting.figures.frames import DIASTOLE_COLOUR, SHADE, SYSTOLE_COLOUR
from infomotion_lib.reporting.figures.parts import INK, headline
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import PHASE_COLOURS, PHONE_WIDTH

COLUMN_NAMES = {
    "es": "ES",
    "ed": "ED",
    "next_es": "next ES",
    "rule_es": "by the rule",
    "diastole_ms": "diastole, ms",
    "systole_ms": "systole, ms",
    "systole_share": "systole of the cycle",
    "beats_a_minute": "beats per minute",
    "rule_error_ms": "rule minus seen, ms",
}


def beat_by_beat(signal: ArrayLike, beats: pd.DataFrame, *, fps: float) -> Figure:
    """Curve of a recording with its beats shaded, the detected ES and ED, and the rule's next ES.

    Parameters
    ----------
    signal : array_like, shape (T,)
        The detector's, standard deviations.
    beats : DataFrame
        From :func:`infomotion_lib.frames.beats.whole_beats`.
    fps : float
        Frames per second.
    """
    curve = np.asarray(signal, float)
    low, span = float(curve.min()), float(np.ptp(curve)) or 1.0
    fig = Figure(figsize=(PHONE_WIDTH, 3.5))
    axis = fig.subplots()
    axis.plot(np.arange(len(curve)) / fps, curve, color=INK, lw=1.8)
    for beat in records(beats):
        for start, end, colour in (("es", "ed", DIASTOLE_COLOUR), ("ed", "next_es", SYSTOLE_COLOUR)):
            axis.axvspan(beat[start] / fps, beat[end] / fps, color=colour, alpha=SHADE, lw=0)
        share, late = f"systole {beat['systole_share']:.0%}", f"rule {beat['rule_error_ms']:+.0f} ms"
        words = f"beat {beat['beat']}\n{share}\n{late}"
        middle = (beat["es"] + beat["next_es"]) / 2 / fps
        axis.text(middle, low + 1.42 * span, words, ha="center", va="top", fontsize=9)
    _marks(fig, curve, beats, fps)
    axis.set(
        xlabel="time in the recording (s)",
        ylabel="volume curve of\nthe detector (sd)",
        xlim=(0, (len(curve) - 1) / fps),
        ylim=(low - 0.12 * span, low + 1.45 * span),
    )
    fig.legend(loc="outside lower center", ncols=3, fontsize=9)
    headline(fig, beats_sentence(beats))
    return fig


def beats_sentence(beats: pd.DataFrame) -> str:
    """What the beats say about the rule of a third, in one line."""
    if beats.empty:
        return "No whole beat was detected"
    share, miss = beats["systole_share"], beats["rule_error_ms"].abs()
    number = f"{len(beats)} beats" if len(beats) > 1 else "One beat"
    return (
        f"{number}: systole takes {share.min():.0%} to {share.max():.0%} of each;"
        f" the rule misses by {miss.min():.0f} to {miss.max():.0f} ms"
    )


def beats_table(beats: pd.DataFrame) -> pd.DataFrame:
    """The beats as a reader meets them: frames, milliseconds and shares, rounded, a row per beat."""
    digits = {"diastole_ms": 0, "systole_ms": 0, "systole_share": 2, "beats_a_minute": 0, "rule_error_ms": 0}
    rounded = beats.round(digits).convert_dtypes().set_index("beat").rename_axis(None)
    return rounded[[*COLUMN_NAMES]].rename(columns=COLUMN_NAMES)


def _marks(fig: Figure, curve: np.ndarray, beats: pd.DataFrame, fps: float) -> None:
    (axis,) = fig.axes
    ends = sorted({*beats["es"], *beats["next_es"]})
    inside = [frame for frame in beats["rule_es"] if frame < len(curve)]
    for frames, mark, colour, name in (
        (ends, "v", PHASE_COLOURS["es"], "ES detected"),
        (list(beats["ed"]), "^", PHASE_COLOURS["ed"], "ED detected"),
    ):
        axis.plot(np.array(frames) / fps, curve[frames], mark, color=colour, ms=9, mec="white", label=name)
    axis.plot(
        np.array(inside) / fps,
        curve[inside],
        "o",
        mfc="none",
        mec=PHASE_COLOURS["next_es"],
        mew=2,
        ms=11,
        label="next ES by the rule",
    )
