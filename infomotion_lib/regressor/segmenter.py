"""EchoNet-Dynamic's published segmenter: masks of the left ventricle, and ED and ES from their area, frame by
frame.

The network is torchvision's DeepLabV3 on a ResNet-50 with one output. torchvision must match the installed
torch to the letter, so it comes with the extra ``pretrained`` alone; nothing else in this project needs it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from infomotion_lib.data.video import Clip, read_clip, resize_clip
from infomotion_lib.errors import CheckpointError, VideoError
from infomotion_lib.frames.choose import choose_pairs
from infomotion_lib.frames.detect import Phases, read_phases
from infomotion_lib.frames.signals import ClipSignals
from infomotion_lib.progress import track
from infomotion_lib.regressor.checkpoints import ECHONET_GREY, misfit, read_weights

SIDE = 112
"""Side of the frames the published weights were trained on, pixels."""

SEGMENTED_COLUMNS = ("file_name", "fps", "n_frames", "es", "ed", "next_es", "status", "es_area", "ed_area")


def load_segmenter(path: str | Path, *, device: str = "cpu") -> nn.Module:
    """Published segmenter in evaluation mode, such as EchoNet-Dynamic's ``deeplabv3_resnet50_random.pt``.

    Parameters
    ----------
    path : path
        The checkpoint: a dict whose ``state_dict`` has names that begin with ``module.``; it is read without
        running its code.
    device : str
        Where it shall lie.

    Raises
    ------
    CheckpointError
        If torchvision cannot be imported, the file is no such checkpoint, or its tensors do not fit the
        network.
    """
    weights = read_weights(path)
    network = _deeplab()
    weights = {name: value for name, value in weights.items() if not name.startswith("aux_classifier.")}
    if differences := misfit(weights, network):
        raise CheckpointError(
            f"The weights in {path} are not those of EchoNet-Dynamic's DeepLabV3 segmenter.",
            where=differences,
            remedy="Give deeplabv3_resnet50_random.pt; weights that regress EF go to `infomotion relabel`.",
        )
    network.load_state_dict(weights)
    return network.eval().to(device)


def lv_masks(network: nn.Module, clip: Clip, *, batch_size: int = 20) -> NDArray[np.bool_]:
    """Mask (T, 112, 112) of the left ventricle in each frame of a clip (T, H, W)."""
    frames = torch.from_numpy(resize_clip(clip, SIDE)).float()
    grey = ((frames - ECHONET_GREY.mean) / ECHONET_GREY.std)[:, None].expand(-1, 3, -1, -1)
    device = next(network.parameters()).device
    with torch.inference_mode():
        parts = [network(part.to(device))["out"][:, 0].cpu() > 0 for part in grey.split(batch_size)]
    return np.concatenate([part.numpy() for part in parts])


def area_phases(masks: NDArray[np.bool_], fps: float) -> Phases:
    """ED and ES frames in the area of masks (T, H, W), filtered and read as the detector's signals are."""
    area = masks.sum(axis=(1, 2)).astype(np.float64)
    return read_phases(ClipSignals(area, area, area, 0.0), fps)


def segmented_phases(
    videos: pd.DataFrame, network: nn.Module, *, diastole_fraction: float = 2 / 3, progress: bool = True
) -> pd.DataFrame:
    """ED, ES and next ES of each video by the area of its masks.

    Parameters
    ----------
    videos : DataFrame
        Usable rows of a data set: ``file_name, path, fps``.
    network : Module
        From :func:`load_segmenter`.
    diastole_fraction : float
        Share of diastole in the cycle, where the next ES lies beyond what was seen.
    progress : bool
        Show a progress bar on a terminal.

    Returns
    -------
    DataFrame
        :data:`SEGMENTED_COLUMNS`: ``status`` as the frame index has it for detected videos; areas in pixels
        of 112 x 112.
    """
    rows = list(
        zip(
            videos["file_name"].astype(str),
            videos["path"].astype(str),
            videos["fps"].astype(float),
            strict=True,
        )
    )
    steps = track(rows, label="Segmenting", unit="video") if progress else rows
    return pd.DataFrame(
        [_row(*row, network, diastole_fraction) for row in steps], columns=list(SEGMENTED_COLUMNS)
    ).astype(dict.fromkeys(("n_frames", "es", "ed", "next_es"), "Int64"))


def _row(name: str, path: str, fps: float, network: nn.Module, diastole_fraction: float) -> dict[str, object]:
    row: dict[str, object] = {"file_name": name, "fps": fps}
    try:
        masks = lv_masks(network, read_clip(path))
    except VideoError as error:
        return row | {"status": error.fault}
    area = masks.sum(axis=(1, 2))
    best = choose_pairs(
        area_phases(masks, fps), n_frames=len(masks), diastole_fraction=diastole_fraction, use_detected=True
    )
    row["n_frames"] = len(masks)
    if best is None:
        return row | {"status": "no_phase"}
    es, ed, pairs = best
    next_es = pairs.systole[2] if pairs.systole else None
    status = "detected" if pairs.usable and pairs.status != "clamped" else pairs.status
    return row | {
        "es": es,
        "ed": ed,
        "next_es": next_es,
        "status": status,
        "es_area": int(area[es]),
        "ed_area": int(area[ed]),
    }


def _deeplab() -> nn.Module:
    """DeepLabV3 with one output per pixel, random weights, nothing downloaded."""
    try:
        from torchvision.models.segmentation import deeplabv3_resnet50
    except (
        ImportError,
        RuntimeError,
        OSError,
    ) as error:  # a torchvision built for another torch fails in any of these ways
        raise CheckpointError(
            "The segmenter needs torchvision, which cannot be imported here.",
            where=f"Reason: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
            remedy=(
                "pip install 'infomotion[pretrained]' in an environment whose torch is the same build (CUDA)"
                " as torchvision's."
            ),
        ) from None
    network = deeplabv3_resnet50(weights=None, weights_backbone=None, aux_loss=False)
    last = network.classifier[-1]
    network.classifier[-1] = nn.Conv2d(last.in_channels, 1, last.kernel_size)
    plain: nn.Module = network
    return plain
