"""A published EF checkpoint made into one plain file of this project: named tensors and constants, no pickle,
with its hashes.

The file says which network it holds and what it was made from, so it labels pools whatever network a profile
trains.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from infomotion_lib.errors import CheckpointError, ParameterError
from infomotion_lib.provenance import sha256
from infomotion_lib.regressor.checkpoints import is_ef_regressor, published_regressor, read_weights
from infomotion_lib.regressor.model import ARCHITECTURES, build_regressor
from infomotion_lib.regressor.parameters import LabelsParameters

ECHONET_CLIP = {"clip_frames": 32, "clip_period": 2, "clip_size": 112, "test_clips": 1}
"""Clips that EchoNet-Dynamic's regressors were trained and tested on (``..._32_2_pretrained.pt``: 32 frames,
every second).
"""


class Converted(NamedTuple):
    """``path`` of the file written, ``network`` it holds, ``sha256`` of it, ``source_sha256`` of the
    checkpoint it was made from.
    """

    path: Path
    network: str
    sha256: str
    source_sha256: str


def network_of(weights: Mapping[str, Tensor], *, shown: str = "the checkpoint") -> str:
    """Name of the network of the family whose tensors these are, by name and shape.

    Raises
    ------
    CheckpointError
        If there is none.
    """
    shapes = {name: tuple(value.shape) for name, value in weights.items()}
    for name in ARCHITECTURES:
        with torch.device("meta"):
            expected = {key: tuple(value.shape) for key, value in build_regressor(name).state_dict().items()}
        if expected == shapes:
            return name
    raise CheckpointError(
        f"{shown} holds no network of the family.",
        where=(
            f"{len(shapes)} tensors, the first {next(iter(shapes), 'none')}; known:"
            f" {', '.join(ARCHITECTURES)}"
        ),
        remedy="Published EF checkpoints are EchoNet-Dynamic's r2plus1d_18 and r3d_18.",
    )


def convert_checkpoint(
    source: str | Path, out: str | Path, *, clip: Mapping[str, int] = ECHONET_CLIP
) -> Converted:
    """One safetensors file with the weights of a published EF checkpoint; equal checkpoints give equal bytes.

    Parameters
    ----------
    source : path
        Such as ``r2plus1d_18_32_2_pretrained.pt``: its ``module.`` prefixes are stripped, losses and
        optimiser left behind; none of its code is run.
    out : path
        A ``.safetensors`` file that does not exist yet.
    clip : mapping
        ``clip_frames``, ``clip_period``, ``clip_size``, ``test_clips`` that the weights belong to.

    Raises
    ------
    CheckpointError
        If the file is no EF checkpoint of a network of the family.
    ParameterError
        If ``out`` exists or is no ``.safetensors`` file.
    """
    target = Path(out)
    if target.suffix != ".safetensors" or target.exists():
        what = "is there already" if target.exists() else "is no .safetensors file"
        raise ParameterError(f"{target} {what}.", remedy="Give a new name that ends in .safetensors.")
    weights = read_weights(source)
    if not is_ef_regressor(weights):
        outputs = len(weights["fc.weight"]) if "fc.weight" in weights else "no"
        raise CheckpointError(
            f"{source} does not predict EF: its head has {outputs} outputs.",
            remedy=(
                "Weights of another task, such as Kinetics, can start a training: give them as"
                " regressor_weights."
            ),
        )
    name = network_of(weights, shown=str(source))
    parameters = LabelsParameters.model_validate({"regressor": name, **clip})
    fitted = published_regressor(source, parameters=parameters)
    hashed = sha256(source)
    fitted = replace(fitted, record={**fitted.record, "source_sha256": hashed})
    fitted.save(target)
    return Converted(target, name, sha256(target), hashed)
