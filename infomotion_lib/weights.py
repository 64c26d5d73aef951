"""Weights on disk: one safetensors file per network, with what is needed to build it again in one JSON entry
of its header.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infomotion_lib.errors import CheckpointError
from infomotion_lib.provenance import atomic

if TYPE_CHECKING:
    from torch import Tensor, nn


def save_weights(network: nn.Module, path: str | Path, *, kind: str, about: Mapping[str, Any]) -> Path:
    """Path of the network's weights, written whole; equal weights make equal files.

    Parameters
    ----------
    network : Module
        Its whole state is stored, on the CPU.
    path : path
        A ``.safetensors`` file.
    kind : str
        Name of the header's only entry (several would come in any order); it tells one kind of network from
        another.
    about : mapping
        What must be known to build the network again, as JSON values.
    """
    from safetensors.torch import save_file

    state = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    with atomic(path) as temporary:
        save_file(state, temporary, metadata={kind: json.dumps(about)})
    return Path(path)


def read_weights(path: str | Path, *, kind: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What :func:`save_weights` was told about the network, and its tensors by name.

    Raises what opening, parsing and looking up raise: use it inside :func:`refused`.
    """
    from safetensors import safe_open

    with safe_open(str(path), framework="pt", device="cpu") as stream:
        about = json.loads((stream.metadata() or {})[kind])
        return about, {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118  # not a dict


def is_kind(path: str | Path, kind: str) -> bool:
    """Whether the file is one that :func:`save_weights` wrote for this kind of network."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt", device="cpu") as stream:
            return kind in (stream.metadata() or {})
    except (OSError, SafetensorError):
        return False


@contextmanager
def refused(what: str, *, remedy: str) -> Iterator[None]:
    """Turns any failure to read weights or to fit them into a network into one clear error.

    Raises
    ------
    CheckpointError
        Saying ``what``, the first words of the reason, and the remedy.
    """
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, KeyError, TypeError, SafetensorError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split("\n")[:2]).replace("\t", "") or type(error).__name__
        raise CheckpointError(what, where=f"Reason: {reason}", remedy=remedy) from None


def read_checkpoint(path: Path, identity: Mapping[str, Any], *, device: Any) -> dict[str, Any]:
    """What a training of this identity kept of itself, to go on from.

    Parameters
    ----------
    path : Path
        File of ``torch.save``, with the training's own ``identity`` among its entries.
    identity : mapping
        What must be equal for the checkpoint to be gone on from: settings, start weights, videos.
    device : device
        Where its tensors go.

    Raises
    ------
    CheckpointError
        If the file is damaged, or belongs to another run.
    """
    import torch

    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        kept = dict(state["identity"])
    except Exception as error:  # torch raises many kinds for a damaged file
        raise CheckpointError(
            f"{path} cannot be read: {type(error).__name__}", remedy="Delete it to train anew."
        ) from None
    if other := [name for name, value in identity.items() if kept.get(name) != value]:
        raise CheckpointError(
            f"{path} belongs to another run: it differs in {', '.join(other)}.",
            remedy="Delete its folder to train anew, or take back the change to continue it.",
        )
    return state
