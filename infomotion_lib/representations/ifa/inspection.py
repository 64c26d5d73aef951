"""The network from the inside, for people who want to follow it: shapes, one attention window, flow as
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from infomotion_lib.device import as_unit
from infomotion_lib.errors import ParameterError
from infomotion_lib.representations.ifa.attention import InterFrameBlock, other_frame
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator, as_colour
from infomotion_lib.representations.ifa.pooling import DIRECTIONS, PAIRS

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class WindowView:
    """One window of one attention layer, looking from the first frame to the second; n tokens, h heads.

    Attributes
    ----------
    query, key : ndarray, shape (h, n, d)
        Of the first frame's tokens, and of the second's.
    attention : ndarray, shape (h, n, n)
        A = softmax(Q K^T / sqrt(d) + mask): row = where a token of the first frame looks in the second.
    mask : ndarray, shape (n, n)
        Added to the scores: very negative where a token may not look, as at the padding of a window that the
        map does not fill.
    coordinates : ndarray, shape (n, 2)
        c: x then y of each token, from -1 to 1 over the whole map.
    displacement : ndarray, shape (n, 2 h)
        A c - c, head after head.
    weight, bias : ndarray, shapes (m, 2 h) and (m,)
        W and b of motion = W (A c - c) + b.
    motion : ndarray, shape (n, m)
        What the network goes on with.
    pixels : ndarray, shape (n, 2)
        Centre of each token in the frame, pixels.
    pixels_per_unit : ndarray, shape (2,)
        How many pixels one unit of x and of y is.
    patch : int
        Side of a token in the frame, pixels.
    number : int
        Which window, row by row.
    """

    query: Floats
    key: Floats
    attention: Floats
    mask: Floats
    coordinates: Floats
    displacement: Floats
    weight: Floats
    bias: Floats
    motion: Floats
    pixels: Floats
    pixels_per_unit: Floats
    patch: int
    number: int

    @property
    def moves(self) -> Floats:
        """Expected displacement in pixels, (h, n, 2)."""
        return self.displacement.reshape(len(self.pixels), -1, 2).transpose(1, 0, 2) * self.pixels_per_unit

    def most_shifted(self, still: WindowView, frame: NDArray[np.uint8]) -> tuple[int, int]:
        """Head and token whose expected displacement differs most from that at rest, among the brightest
        quarter of the tokens of the first ``frame`` (H, W), which lie on a wall.

        Parameters
        ----------
        still : WindowView
            The same window, from the first frame to itself.
        """
        light = np.array([self._light(frame, centre) for centre in self.pixels])
        shift = np.linalg.norm(self.moves - still.moves, axis=-1)
        shift = np.where(light >= np.quantile(light, 0.75), shift, 0)
        head, token = np.unravel_index(int(shift.argmax()), shift.shape)
        return int(head), int(token)

    def _light(self, frame: NDArray[np.uint8], centre: Floats) -> float:
        """Mean grey level of the patch about ``centre`` (x, y)."""
        left, top = np.maximum(np.round(centre - (self.patch - 1) / 2).astype(int), 0)
        return float(frame[top : top + self.patch, left : left + self.patch].mean())


@torch.inference_mode()
def follow_window(
    network: InterFrameInterpolator,
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    *,
    scale: int = 8,
    window: int | None = None,
) -> WindowView:
    """One window of the first attention layer at 1/8 or 1/16.

    Parameters
    ----------
    network : InterFrameInterpolator
        Any weights.
    first, second : ndarray of uint8, shape (H, W)
        The two frames.
    scale : {8, 16}
        Which scale.
    window : int, optional
        Number of the window, row by row; by default the one with most contrast in the first frame.

    Raises
    ------
    ParameterError
        If the scale or the window does not exist.
    """
    if scale not in (8, 16):
        raise ParameterError(f"There is no attention at 1/{scale}.", remedy="Take scale = 8 or 16.")
    device = next(network.parameters()).device
    bone = network.feature_bone
    tokens = bone.encode(as_colour(as_unit(np.stack([first, second]), device)[:, None]))[1]
    if scale == 16:
        for block in bone.block4:
            tokens, _ = block(tokens)
        tokens = bone.patch_embed5(bone.norm4(tokens))
    block = (bone.block4 if scale == 8 else bone.block5)[0]
    assert isinstance(block, InterFrameBlock)
    plan, layer = block.plan(tokens), block.attn
    windows = block.norm1(plan.split(tokens))
    query = layer.split_heads(layer.q(windows))
    key = layer.split_heads(layer.kv(other_frame(windows)).chunk(2, dim=-1)[0])
    sight = layer.look(query * layer.scale, key, plan)
    per_unit = np.array([(plan.width - 1) / 2, (plan.height - 1) / 2], dtype=np.float32) * scale
    if window is None:
        contrast = (
            torch.from_numpy(first.astype(np.float32))
            .unfold(0, scale, scale)
            .unfold(1, scale, scale)
            .std(dim=(2, 3))
        )
        window = int(plan.split(contrast[None, :, :, None].to(device))[0, :, :, 0].mean(dim=1).argmax())
    if not 0 <= window < plan.n_windows:
        raise ParameterError(f"There is no window {window}: the map has {plan.n_windows}.")
    coordinates = plan.coordinates[window].cpu().numpy()
    unmasked = np.zeros((len(coordinates), len(coordinates)), dtype=np.float32)
    return WindowView(
        query=query[0, window].cpu().numpy(),
        key=key[0, window].cpu().numpy(),
        attention=sight.attention[0, window].cpu().numpy(),
        mask=unmasked if plan.mask is None else plan.mask[window].cpu().numpy(),
        coordinates=coordinates,
        displacement=sight.displacement[0, window].cpu().numpy(),
        weight=layer.motion_matrix().cpu().numpy(),
        bias=layer.motion_proj.bias.cpu().numpy(),
        motion=layer.motion(sight.displacement)[0, window].cpu().numpy(),
        pixels=(coordinates + 1) * per_unit + (scale - 1) / 2,
        pixels_per_unit=per_unit,
        patch=scale,
        number=window,
    )


@torch.inference_mode()
def shape_table(
    network: InterFrameInterpolator, *, height: int, width: int, pairs: int = PAIRS
) -> pd.DataFrame:
    """Shapes on the way from one pair of frames to one vector per video: ``step``, ``scale``, ``shape``,
    ``numbers``.
    """
    device = next(network.parameters()).device
    frame = torch.zeros(1, 1, height, width, device=device)
    features = network.features(frame, frame)
    rows: list[tuple[str, int, tuple[int, ...]]] = [("pair of frames", 1, (2, 3, height, width))]
    rows += [
        (f"appearance {k}", 2 ** (k - 1), tuple(maps.shape)) for k, maps in enumerate(features.appearance, 1)
    ]
    rows += [
        ("motion, fine", 8, tuple(features.motion[0].shape)),
        ("motion, coarse", 16, tuple(features.motion[1].shape)),
    ]
    rows += [("flow", 1, (1, 4, height, width)), ("mean motion of a direction", 0, (network.motion_size,))]
    rows += [("motion vector of a video", 0, (pairs * DIRECTIONS * network.motion_size,))]
    named = [
        (step, f"1/{scale}" if scale else "", " x ".join(map(str, shape)), int(np.prod(shape)))
        for step, scale, shape in rows
    ]
    return pd.DataFrame(named, columns=["step", "scale", "shape", "numbers"])


@dataclass(frozen=True)
class FilledIn:
    """Middle frames that the network made of one or more triplets, and what they are compared with; all (K,
    H, W) in [0, 1].

    Attributes
    ----------
    first, middle, last : ndarray
        The true frames.
    prediction, average : ndarray
        The network's middle frame, and the naive average of the two ends.
    motion : ndarray, shape (K, 2, H, W)
        Flow from the first to the last frame, seen from the middle: x then y, pixels.
    """

    first: Floats
    middle: Floats
    last: Floats
    prediction: Floats
    average: Floats
    motion: Floats


@torch.inference_mode()
def fill_in(network: InterFrameInterpolator, triplets: NDArray[np.uint8]) -> FilledIn:
    """Middle frames made from the end frames of triplets (K, 3, H, W)."""
    frames = as_unit(triplets, next(network.parameters()).device)
    first, middle, last = (frames[:, k] for k in range(3))
    made = network(first[:, None], last[:, None])
    flow = made.flow[-1]
    arrays = (first, middle, last, made.prediction.mean(dim=1), (first + last) / 2, flow[:, 2:] - flow[:, :2])
    return FilledIn(*(array.cpu().numpy() for array in arrays))
