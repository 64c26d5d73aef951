"""Figures of MAFE itself: the flow that teaches beside the flow that was learnt, and its three losses."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from infomotion_lib.errors import DataError
from infomotion_lib.frame_table import has_frames
from infomotion_lib.reporting.figures.ifa import flow_panels
from infomotion_lib.reporting.figures.parts import INK, headline
from infomotion_lib.reporting.style import MUTED, PHONE_WIDTH, save_figure

ADDED = {"flow": ("flow_zero", "no flow"), "reid": ("reid_mean", "mean identity")}
"""Added losses: the answer that knows nothing, by its column and its name."""

TITLES = {"middle": "middle frame", "flow": "flow", "reid": "identity"}


def show(fitted: Any, rows: pd.DataFrame, *, folder: Path, parameters: Any, data: str = "") -> list[Any]:
    """Figures of the flows of one VAL heart, by DIS, by the network and, if it was drawn, as they are, and of
    the losses by training step; ``mafe_flow.svg`` and ``mafe_losses.svg`` are saved in ``folder``.

    Parameters
    ----------
    fitted : Taught
        Trained in this run.
    rows : DataFrame
        Frame index with a ``path`` column.
    folder : path
        Where figures go.
    parameters : MafeParameters
        Of the run.
    data : str, optional
        What the videos are called; titles and alt texts name them.
    """
    from infomotion_lib.representations.ifa.inspection import fill_in
    from infomotion_lib.representations.ifa.triplets import TripletStore
    from infomotion_lib.representations.mafe.flows import dis_flows, exact_flows

    shown = []
    video = rows[(rows["split"] == "VAL") & has_frames(rows)].head(1)
    store = TripletStore.from_frame_index(video, split="VAL")
    triplets = store.batch(np.arange(len(store)))
    flows = {"DIS": dis_flows(store)}
    with suppress(DataError):  # not a drawn heart: nobody knows its true flow
        flows["true"] = exact_flows(store, video)
    panels = {name: (flow[:, 1] - flow[:, 0]).astype(np.float32) for name, flow in flows.items()}
    panels["network"] = fill_in(fitted.network, triplets).motion
    names = [name.rsplit(" ", 1)[1] for name in store.names]
    apart = {name: _apart(panels["network"], flow) for name, flow in panels.items() if name != "network"}
    alt = "Flow from first to last frame of a VAL heart. The network's differs by " + "; ".join(
        f"{value:.1f} pixels from {name}" for name, value in apart.items()
    )
    fig = flow_panels(triplets[:, 0] / 255, panels, names=names)
    shown.append(save_figure(fig, folder / "mafe_flow.svg", alt=f"{alt}, on average.", data=data))
    log = fitted.trained.log
    if len(log):
        alt = f"Losses of MAFE by training step. Alarms at the end: {', '.join(fitted.alarms) or 'none'}."
        fig = loss_curves(log, method=parameters.mafe_method, alarms=fitted.alarms)
        shown.append(save_figure(fig, folder / "mafe_losses.svg", alt=alt, data=data))
    return shown


def loss_curves(log: pd.DataFrame, *, method: str, alarms: list[str]) -> Figure:
    """Each loss before it is weighted by training step, a panel per loss that the method has; of an added one
    also what an answer that knows nothing costs.

    Parameters
    ----------
    log : DataFrame
        ``step`` and the parts of the loss.
    method : str
        Of the training.
    alarms : list of str
        For the headline.
    """
    kept = [name for name in TITLES if log[name].notna().any()]
    fig = Figure(figsize=(PHONE_WIDTH, 0.7 + 1.9 * len(kept)), layout="constrained")
    window = max(len(log) // 20, 1)
    for axis, name in zip(fig.subplots(len(kept), 1, squeeze=False, sharex=True)[:, 0], kept, strict=True):
        axis.plot(log["step"], log[name].rolling(window, min_periods=1).median(), color=INK, label="network")
        if name in ADDED:
            column, label = ADDED[name]
            values = log[column].rolling(window, min_periods=1).median()
            axis.plot(log["step"], values, color=MUTED, ls="--", label=label)
            axis.legend(fontsize=9.5)
        axis.set(ylabel=f"loss of the\n{TITLES[name]}")
        axis.ticklabel_format(axis="y", useOffset=False, style="plain")
        axis.yaxis.set_major_locator(MaxNLocator(5))
    axis.set_xlabel("step")
    headline(fig, "; ".join(alarms) if alarms else f"Training by method {method} raised no alarm")
    return fig


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    """Mean length of the difference of flows (K, 2, H, W), pixels."""
    return float(np.linalg.norm(one - other, axis=1).mean())
