"""The second vote: a small network, trained on phantoms alone, that reads the ventricle's volume off a clip.

No labelled heart taught it: :mod:`phasenet_training` draws what it learns from and made the weights that lie
beside this file. Its curve is read by the same rules as the detector's (:mod:`detect`); what the two have in
common is the clip, not the way they look at it.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.data.video import Clip, resize_clip
from infomotion_lib.errors import CheckpointError
from infomotion_lib.frames.detect import MIN_FRAMES, Phases, check_clip, read_phases
from infomotion_lib.frames.signals import ClipSignals, Curve
from infomotion_lib.provenance import sha256

if TYPE_CHECKING:
    from torch import Tensor, nn

WEIGHTS = Path(__file__).with_name("phasenet.safetensors")
WEIGHTS_SHA256 = "c051d718629a6ed7268299b1c22ca402c89bf2118ab8094ebf54fa9f42329723"
"""Hash of the weights that come with the library; `infomotion frames train-phasenet` makes them again."""

SIDE = 28
"""Side of the frames the network sees, pixels."""

FRAME_RATE = 25.0
"""Frames per second it looks at: a faster clip is read as several slower ones, each between the frames of the
others.
"""

CHANNELS, WIDTHS, DILATIONS = 4, (16, 24, 32), (1, 2, 4)


def build_phasenet() -> nn.Sequential:
    """Network with random weights: (B, 4, T, 28, 28) to one number per frame, (B, T); 59 thousand weights."""
    from torch import nn

    layers: list[nn.Module] = []
    for channels, width in pairwise((CHANNELS, *WIDTHS)):
        layers += [
            nn.Conv3d(channels, width, 3, stride=(1, 2, 2), padding=1, bias=False),
            nn.BatchNorm3d(width),
            nn.ReLU(),
        ]
    width = WIDTHS[-1]
    layers += [nn.Conv3d(width, width, (1, SIDE // 7, SIDE // 7)), nn.ReLU(), nn.Flatten(2)]  # (B, C, T)
    for dilation in DILATIONS:
        layers += [
            nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers, nn.Conv1d(width, 1, 1), nn.Flatten(1))


def network_input(clips: NDArray[np.uint8]) -> Tensor:
    """What the network sees of clips (B, T, 28, 28), float32 (B, 4, T, 28, 28).

    Square root of grey; its departure from the clip's mean picture, so what moves; each standardised over the
    clip, which takes gain out; and the place, x and y.
    """
    import torch

    grey = torch.from_numpy(np.sqrt(clips.astype(np.float32) / 255))
    over = (1, 2, 3)
    moving = grey - grey.mean(dim=1, keepdim=True)
    seen = [
        (channel - channel.mean(dim=over, keepdim=True)) / (channel.std(dim=over, keepdim=True) + 1e-3)
        for channel in (grey, moving)
    ]
    place = torch.linspace(-1, 1, SIDE)
    return torch.stack([*seen, place.expand_as(grey), place[:, None].expand_as(grey)], dim=1)


def network_curve(clip: Clip, fps: float, network: nn.Module | None = None) -> Curve:
    """Volume-like curve (T,) of a clip; its scale and offset mean nothing.

    Parameters
    ----------
    clip : ndarray of uint8, shape (T, H, W)
        Grey frames of an apical view.
    fps : float
        Frames per second.
    network : Module, optional
        In evaluation mode; the one that comes with the library by default.
    """
    import torch

    net = network or load_phasenet()
    stride = max(1, round(fps / FRAME_RATE))
    curve = np.zeros(len(clip))
    with torch.inference_mode():
        seen = network_input(resize_clip(clip, SIDE)[None])
        for first in range(min(stride, len(clip))):
            curve[first::stride] = net(seen[:, :, first::stride])[0].double().numpy()
    return curve


def network_phases(clip: Clip, fps: float, network: nn.Module | None = None) -> Phases:
    """ED and ES frames of a clip in the network's curve, by the detector's own rules; arguments as
    :func:`network_curve`.

    Raises
    ------
    DataError
        If the clip is not (T, H, W) or the frame rate is not positive.
    """
    check_clip(clip, fps)
    return curve_phases(
        network_curve(clip, fps, network) if len(clip) >= MIN_FRAMES else np.zeros(len(clip)), fps
    )


def curve_phases(curve: Curve, fps: float) -> Phases:
    """ED and ES frames in one volume-like curve (T,): filtered and read as the detector's signals are."""
    if len(curve) < MIN_FRAMES:
        none = np.zeros(0, np.int64)
        return Phases(none, none, np.zeros(len(curve)), np.zeros((3, len(curve))), 0.0, 0.0)
    return read_phases(ClipSignals(curve, curve, curve, 0.0), fps)


def load_phasenet(path: str | Path | None = None) -> nn.Module:
    """Network in evaluation mode: the library's own, or the one in a file that
    :func:`phasenet_training.train_phasenet` wrote.

    Raises
    ------
    CheckpointError
        If the file is missing, is no such file, or is not the one the library was tested with.
    """
    return _shipped() if path is None else _read(Path(path))


@cache
def _shipped() -> nn.Module:
    if WEIGHTS.is_file() and (digest := sha256(WEIGHTS)) != WEIGHTS_SHA256:
        raise CheckpointError(
            f"The weights of the second vote are not the ones this library was tested with: {WEIGHTS}",
            where=f"sha256 {digest[:16]}…, expected {WEIGHTS_SHA256[:16]}…",
            remedy="Install the library again, or give your own file where one can be given.",
        )
    return _read(WEIGHTS)


def _read(path: Path) -> nn.Module:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    network = build_phasenet()
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        remedy = "Make it with `infomotion frames train-phasenet`."
        raise CheckpointError(
            f"Not the weights of a PhaseNet: {path}", where=f"Reason: {reason}", remedy=remedy
        ) from None
    return network.eval()
