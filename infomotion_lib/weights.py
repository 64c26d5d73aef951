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
