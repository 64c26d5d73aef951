"""Weights in and out: published EMA-VFI checkpoints and our own, by parameter name, without running any code
of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from infomotion_lib.errors import CheckpointError
from infomotion_lib.provenance import atomic
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator

CACHED_BUFFERS = (".attn_mask", ".HW")
"""Ends of the names of buffers that published checkpoints cache for their training size; not weights."""


def load_ema_vfi(source: str | Path | Mapping[str, Tensor], *, window: int = 7) -> InterFrameInterpolator:
    """Network, in evaluation mode, with the weights of a published or own checkpoint; its size is read off
    the tensors.

    Parameters
    ----------
    source : path or state dict
        A ``.safetensors`` file, a PyTorch file of tensors (``.pkl``, ``.pt``, ``.pth``; read with
        ``weights_only=True``), or the mapping itself. ``module.`` prefixes are stripped, a ``state_dict`` or
        ``model`` entry is opened, cached ``attn_mask`` and ``HW`` buffers are ignored. Without any ``unet.``
        tensor the network has no refinement U-Net.
    window : int
        Side of an attention window; the weights do not depend on it (published: 7).

    Raises
    ------
    CheckpointError
        If the file cannot be read safely, or names or shapes do not fit; missing and unexpected names are
        listed.
    """
    shown = str(source) if isinstance(source, (str, Path)) else "the state dict"
    raw = read_tensors(source) if isinstance(source, (str, Path)) else source
    state = clean_names(raw, shown=shown)
    width, depths = infer_size(state, shown=shown)
    with torch.device("meta"):
        network = InterFrameInterpolator(
            width, depths, window=window, refine=any(name.startswith("unet.") for name in state)
        )
    _refuse_misfits(state, network.state_dict(), shown=shown)
    network.load_state_dict(
        {name: value.detach().to(torch.float32, copy=True) for name, value in state.items()}, assign=True
    )
    return network.requires_grad_(True).eval()


def save_interpolator(network: InterFrameInterpolator, path: str | Path) -> Path:
    """Path of the network's weights, written whole as safetensors under the published names."""
    state = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    with atomic(path) as temporary:
        save_file(state, temporary, metadata={"format": "pt"})  # one entry: several come in any order
    return Path(path)


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """Tensors of a checkpoint file by name; nothing in the file is executed.

    Raises
    ------
    CheckpointError
        If the file does not exist, is no checkpoint, or holds anything but tensors.
    """
    file = Path(path)
    if not file.is_file():
        raise CheckpointError(f"There is no checkpoint {file}")
    try:
        if file.suffix == ".safetensors":
            return dict(load_file(file))
        content = torch.load(file, map_location="cpu", weights_only=True)
    except SafetensorError as error:
        raise CheckpointError(f"{file} is not a whole safetensors file: {error}") from None
    except Exception as error:  # torch raises many kinds: bad zip, truncated stream, refused pickle
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(
            f"{file} cannot be read as a file of tensors: {reason}",
            remedy="Only files of plain tensors are opened.",
        ) from None
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if (
        not isinstance(content, dict)
        or not content
        or not all(isinstance(value, Tensor) for value in content.values())
    ):
        raise CheckpointError(f"{file} does not hold a mapping of names to tensors.")
    return content


def clean_names(state: Mapping[str, Tensor], *, shown: str) -> dict[str, Tensor]:
    """Tensors by the names of our network: ``module.`` stripped, cached buffers dropped.

    Raises
    ------
    CheckpointError
        If two names become one.
    """
    clean: dict[str, Tensor] = {}
    for name, value in state.items():
        bare = re.sub(r"^(module\.)+", "", name)
        if bare.endswith(CACHED_BUFFERS):
            continue
        if bare in clean:
            raise CheckpointError(f"{shown} holds {bare} twice, with and without its module. prefix.")
        clean[bare] = value
    return clean


def infer_size(state: Mapping[str, Tensor], *, shown: str = "the state dict") -> tuple[int, tuple[int, ...]]:
    """Width and depths of the network that these tensors belong to.

    Raises
    ------
    CheckpointError
        If the tensors that tell the size are missing.
    """
    first = state.get("feature_bone.block1.conv.0.weight")
    convolutions = [
        len({name for name in state if re.fullmatch(rf"feature_bone\.block{k}\.conv\.\d+\.bias", name)})
        for k in (1, 2, 3)
    ]  # only convolutions have a bias; PReLU has none
    blocks = [
        len({name.split(".")[2] for name in state if name.startswith(f"feature_bone.block{k}.")})
        for k in (4, 5)
    ]
    depths = tuple(convolutions + blocks)
    if first is None or first.dim() != 4 or not all(depths):
        raise CheckpointError(
            f"{shown} is not an EMA-VFI checkpoint: its size cannot be told.",
            where=(
                f"Looked for feature_bone.block1.conv.0.weight and the blocks 1 to 5; found depths {depths}."
            ),
        )
    return first.shape[0], depths


def _refuse_misfits(state: Mapping[str, Tensor], expected: Mapping[str, Tensor], *, shown: str) -> None:
    missing, unexpected = sorted(expected.keys() - state.keys()), sorted(state.keys() - expected.keys())
    wrong = [
        f"{name}: {tuple(state[name].shape)} instead of {tuple(expected[name].shape)}"
        for name in sorted(expected.keys() & state.keys())
        if state[name].shape != expected[name].shape
    ]
    if missing or unexpected or wrong:
        parts = {"Missing": missing, "Unexpected": unexpected, "Wrong shape": wrong}
        listed = "; ".join(f"{title}: {', '.join(names)}" for title, names in parts.items() if names)
        raise CheckpointError(f"{shown} does not fit the network.", where=listed)
