"""Published weights of the video ResNet family: read without running their code, refused when they do not
fit.

Two kinds are known: a plain state dict, such as torchvision's on Kinetics-400, and EchoNet-Dynamic's training
checkpoints, a dict whose ``state_dict`` has names that begin with ``module.`` and whose other entries are
losses and the optimiser's state.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from infomotion_lib.errors import CheckpointError
from infomotion_lib.regressor.fitted import FittedRegressor, is_saved_regressor
from infomotion_lib.regressor.inputs import Normalisation
from infomotion_lib.regressor.model import build_regressor
from infomotion_lib.regressor.parameters import LabelsParameters

ECHONET_GREY = Normalisation(mean=32.79, std=49.92, motion_std=1.0)
"""Mean and standard deviation of EchoNet-Dynamic's frames, over its three nearly equal channels (grey levels;
HReynaud/echonet).
"""


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """State dict in a ``.safetensors`` or PyTorch file, ``module.`` prefixes removed; no code of the file is
    run.

    Raises
    ------
    CheckpointError
        If the file is missing, is no weights file, or holds more than tensors and plain values.
    """
    file = Path(path)
    if not file.is_file():
        remedy = "Give the path of a checkpoint; the parameter regressor_weights may also stay empty."
        raise CheckpointError(f"The weights file is not there: {file}", remedy=remedy)
    try:
        content = load_file(file) if file.suffix == ".safetensors" else _unpickle(file)
    except (
        Exception
    ) as error:  # a hostile or broken file can fail in any way; what it wanted to run was not run
        reason = (
            str(error).split(". ")[0].splitlines()[0] if str(error) else type(error).__name__
        )  # torch goes on to advise unsafe loading
        remedy = (
            "Only tensors and plain values are read, never code: if the file holds more, save its state_dict"
            " alone."
        )
        raise CheckpointError(
            f"Not a plain weights file: {file}", where=f"Reason: {reason}", remedy=remedy
        ) from None
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if (
        not isinstance(state, dict)
        or not state
        or not all(isinstance(value, Tensor) for value in state.values())
    ):
        looked = "Looked for tensors by name, or a dict of them under state_dict."
        raise CheckpointError(
            f"No state dict in {file}",
            where=looked,
            remedy="Give a published checkpoint, or save a state_dict alone.",
        )
    return {str(name).removeprefix("module."): value for name, value in state.items()}


def _unpickle(file: Path) -> object:
    scalar = np._core.multiarray.scalar  # type: ignore[attr-defined]  # EchoNet's checkpoints keep r2 as a numpy number
    numbers = [
        scalar,
        (scalar, "numpy.core.multiarray.scalar"),
        np.dtype,
        type(np.dtype(np.float64)),
        type(np.dtype(np.float32)),
    ]
    with torch.serialization.safe_globals(numbers):
        return torch.load(file, map_location="cpu", weights_only=True)


def is_ef_regressor(weights: dict[str, Tensor]) -> bool:
    """Whether the head has one output: such weights were trained on EF and label videos; they may not start a
    comparison.
    """
    head = weights.get("fc.weight")
    return head is not None and head.shape[0] == 1


def published_regressor(
    path: str | Path, *, parameters: LabelsParameters, device: str = "cpu"
) -> FittedRegressor:
    """Regressor with published EF weights, such as EchoNet-Dynamic's ``r2plus1d_18_32_2_pretrained.pt``.

    Frames are normalised as EchoNet-Dynamic's were, and the output is EF in points.

    Parameters
    ----------
    path : path
        The checkpoint.
    parameters : LabelsParameters
        Name of the network and shape of its clips.

    Raises
    ------
    CheckpointError
        If the file is no such checkpoint, or its tensors do not fit the network; the names that differ are
        given.
    """
    weights = read_weights(path)
    network = build_regressor(parameters.regressor)
    if differences := misfit(weights, network):
        raise CheckpointError(
            f"The weights in {path} do not fit {parameters.regressor}.",
            where=differences,
            remedy="Set regressor to the network they belong to (EchoNet-Dynamic's own are r2plus1d_18's).",
        )
    network.load_state_dict(weights)
    shape = (parameters.clip_frames, parameters.clip_period, parameters.clip_size)
    record = {"n_train": "published", "steps": "published", "weights": Path(path).name}
    return FittedRegressor(
        network.eval().to(device),
        parameters.regressor,
        *shape,
        ECHONET_GREY,
        0.0,
        1.0,
        parameters.test_clips,
        record,
    )


def load_regressor(path: str | Path, *, parameters: LabelsParameters, device: str = "cpu") -> FittedRegressor:
    """Regressor in a file of this project, or a published EF checkpoint; which one is seen from the file.

    Raises
    ------
    CheckpointError
        If it is neither, or its weights do not fit.
    """
    if Path(path).suffix == ".safetensors" and is_saved_regressor(path):
        return FittedRegressor.load(path, device=device)
    return published_regressor(path, parameters=parameters, device=device)


def misfit(weights: Mapping[str, Tensor], network: nn.Module) -> str:
    """The first tensors that a network misses, does not know or has in another shape, in words; empty where
    all fit.
    """
    wanted = network.state_dict()
    missing = [name for name in wanted if name not in weights]
    unexpected = [name for name in weights if name not in wanted]
    wrong = [
        f"{name} {tuple(weights[name].shape)}"
        for name in wanted
        if name in weights and weights[name].shape != wanted[name].shape
    ]
    if not (missing or unexpected or wrong):
        return ""
    return f"Missing: {missing[:5]}; unexpected: {unexpected[:5]}; other shapes: {wrong[:5]}"
