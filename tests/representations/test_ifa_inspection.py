"""Looking inside: the window's numbers are the network's, and the figures draw what they are given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver
from numpy.typing import NDArray
from reference_formula import formula_frames, formula_state

from infomotion_lib.errors import ParameterError
from infomotion_lib.reporting.figures.attention import attention_window
from infomotion_lib.reporting.figures.ifa import (
    components_by_ef,
    filled_in_strip,
    flow_panels,
    probe_bars,
    spectrum,
    training_curves,
)
from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi
from infomotion_lib.representations.ifa.inspection import fill_in, follow_window, shape_table
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator


@pytest.fixture(scope="module")
def network() -> InterFrameInterpolator:
    return load_ema_vfi(formula_state("ifa_width8"))


def grey(seed: int, *, height: int = 112, width: int = 112) -> NDArray[np.uint8]:
    return (formula_frames(1, height, width, seed=seed)[0, 0].numpy() * 255).astype(np.uint8)


@pytest.mark.parametrize("scale", [8, 16])
@pytest.mark.parametrize("size", [(112, 112), (96, 128), (64, 64)])
def test_a_window_holds_the_networks_own_numbers(
    scale: int, size: tuple[int, int], network: InterFrameInterpolator
) -> None:
    first, second = (grey(seed, height=size[0], width=size[1]) for seed in (1, 2))
    view = follow_window(network, first, second, scale=scale, window=0)
    block = (network.feature_bone.block4 if scale == 8 else network.feature_bone.block5)[0]
    seen: list[torch.Tensor] = []
    handle = block.register_forward_hook(lambda module, inputs, outputs: seen.append(outputs[1]))
    with torch.inference_mode():
        network.features(*(torch.from_numpy(frame)[None, None].float() / 255 for frame in (first, second)))
    handle.remove()
    ours = torch.from_numpy(view.motion)
    inside = np.abs(view.coordinates).sum(axis=1) > 0  # padding has coordinates 0
    columns, rows = np.rint((view.pixels[inside] - (scale - 1) / 2) / scale).astype(int).T
    torch.testing.assert_close(
        ours[torch.from_numpy(inside)], seen[0][0][rows, columns], atol=1e-5, rtol=1e-4
    )
    assert np.allclose(view.attention.sum(axis=-1), 1, atol=1e-5)
    scores = view.query @ view.key.transpose(0, 2, 1) / np.sqrt(view.query.shape[-1]) + view.mask
    looked = np.exp(scores - scores.max(axis=-1, keepdims=True))
    assert np.allclose(looked / looked.sum(axis=-1, keepdims=True), view.attention, atol=1e-5)
    moved = (view.attention @ view.coordinates - view.coordinates).transpose(1, 0, 2).reshape(49, -1)
    assert np.allclose(moved @ view.weight.T + view.bias, view.motion, atol=1e-4)


def test_windows_that_do_not_exist_are_refused(network: InterFrameInterpolator) -> None:
    with pytest.raises(ParameterError, match="has 4"):
        follow_window(network, grey(1), grey(2), window=4)
    with pytest.raises(ParameterError, match="1/4"):
        follow_window(network, grey(1), grey(2), scale=4)


def test_the_window_with_most_contrast_is_taken(network: InterFrameInterpolator) -> None:
    first = np.full((112, 112), 40, dtype=np.uint8)
    first[60:110, 2:50] = np.random.default_rng(0).integers(0, 255, (50, 48))
    assert follow_window(network, first, first).number == 2


def test_shapes_end_in_the_vector(network: InterFrameInterpolator) -> None:
    table = shape_table(network, height=112, width=96)
    assert table["shape"].tolist()[6:8] == ["2 x 64 x 14 x 12", "2 x 128 x 7 x 6"]
    assert table["numbers"].iloc[-1] == 768


def test_filled_in_frames_are_the_networks(network: InterFrameInterpolator) -> None:
    triplets = np.stack([np.stack([grey(seed + k) for k in range(3)]) for seed in (0, 5)])
    made = fill_in(network, triplets)
    assert made.prediction.shape == (2, 112, 112) and made.motion.shape == (2, 2, 112, 112)
    assert np.allclose(made.average, (made.first + made.last) / 2)
    first, last = (torch.from_numpy(triplets[:, k]).float().div(255)[:, None] for k in (0, 2))
    with torch.inference_mode():
        whole = network(first, last)
    assert np.allclose(made.motion, (whole.flow[-1][:, 2:] - whole.flow[-1][:, :2]).numpy(), atol=1e-5)
    assert np.allclose(made.prediction, whole.prediction.mean(dim=1).numpy(), atol=1e-6)


def test_arrows_of_opposite_walls_differ_in_colour_and_cancel() -> None:
    flow = np.zeros((1, 2, 28, 28))
    flow[0, 0, :, :10], flow[0, 0, :, 18:] = 3, -3
    fig = flow_panels(np.zeros((1, 28, 28)), {"network": flow}, names=["heart"])
    assert "keeps 0% of 2.1 px (network)" in title_of(fig)
    (arrows,) = (item for item in fig.axes[0].collections if isinstance(item, Quiver))
    assert len(np.unique(arrows.get_facecolor()[:, :3], axis=0)) == 2
    assert (np.abs(arrows.U) == 3).all(), "no arrow where nothing moves"


def title_of(figure: Figure) -> str:
    return figure.get_suptitle() or " ".join(
        (axis.get_title(loc="left") or axis.get_title()) for axis in figure.axes
    )


@pytest.mark.parametrize("count", [1, 3])
def test_picture_figures_draw_any_number_of_rows(count: int, network: InterFrameInterpolator) -> None:
    triplets = np.stack([np.stack([grey(seed + k) for k in range(3)]) for seed in range(count)])
    names, made = [f"video {k}" for k in range(count)], fill_in(network, triplets)
    strip = filled_in_strip(
        made.first, made.middle, made.last, prediction=made.middle, average=made.average, names=names
    )
    assert "100% smaller" in title_of(strip)
    worse = filled_in_strip(
        made.first, made.middle, made.last, prediction=1 - made.middle, average=made.average, names=names
    )
    assert "LARGER" in title_of(worse)
    panels = flow_panels(
        made.first, {"network": made.motion, "zero": np.zeros_like(made.motion)}, names=names
    )
    assert "of 0.0 px (zero)" in title_of(panels)
    view = follow_window(network, triplets[0, 0], triplets[0, 2])
    still = follow_window(network, triplets[0, 0], triplets[0, 0], window=view.number)
    head, token = view.most_shifted(still, triplets[0, 0])
    drawn = attention_window(triplets[0, 0], triplets[0, 2], view, still, head=head, token=token)
    shift = np.linalg.norm(view.moves[head, token] - still.moves[head, token])
    assert f"by {shift:.1f} px" in title_of(drawn) and ("hardly" in title_of(drawn)) == (shift < 0.25)
    for figure in (strip, panels, drawn):
        figure.canvas.draw_idle()


def test_training_figure_says_whether_it_ignited() -> None:
    log = pd.DataFrame(
        {
            "step": [1, 2, 3, 4],
            "loss": [4.0, 3, 2, 1],
            "lr": 1e-3,
            "psnr": [np.nan, 24, np.nan, 26.5],
            "psnr_naive": 25.0,
        }
    )
    assert "learnt motion: +1.50 dB" in title_of(training_curves(log))
    assert "did not learn motion: -1.00 dB" in title_of(training_curves(log.head(3)))
    assert "no VAL videos" in title_of(training_curves(log.assign(psnr=np.nan)))
    assert "no VAL videos" in title_of(training_curves(log.head(0)))


def test_number_figures_state_their_numbers() -> None:
    rng = np.random.default_rng(0)
    values = np.r_[np.geomspace(1, 1e-3, 12), np.full(30, 1e-9)]
    assert "12 (trained)" in title_of(spectrum({"trained": values, "untrained": values}, bound=12))
    ef = rng.uniform(15, 85, 40)
    points = {"motion": np.c_[ef, -ef], "appearance": rng.normal(size=(40, 2))}
    assert "|ρ| = 1.00" in title_of(
        components_by_ef(points, {name: np.array([0.6, 0.2]) for name in points}, ef)
    )
    many = dict.fromkeys(("motion", "appearance", "mafe", "discovr", "truth"), rng.normal(size=(40, 2)))
    panels = components_by_ef(many, dict.fromkeys(many, np.array([0.6, 0.2])), ef).axes[: len(many)]
    assert len({round(panel.get_position().y0, 3) for panel in panels}) == 3, "two in a row"
    table = pd.DataFrame(
        {
            "feature": ["motion", "untrained", "truth"],
            "ridge_r2": [0.7, -0.2, 1.0],
            "knn_purity": [0.4, 0.2, 0.9],
        }
    )
    bars = probe_bars(table, chance=0.2)
    assert "motion (the paper's)" in title_of(bars)
    assert "-0.20 (no bar)" in [text.get_text() for text in bars.axes[0].texts]
