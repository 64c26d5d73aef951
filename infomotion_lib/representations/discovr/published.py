"""Published checkpoints of DISCOVR, read without running any code of theirs."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping
from math import isqrt
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from infomotion_lib.errors import CheckpointError
from infomotion_lib.representations.discovr.encoder import VIDEO_TUBELET
from infomotion_lib.representations.discovr.network import Discovr
from infomotion_lib.representations.discovr.sizes import DiscovrSize

ALLOWED: tuple[type, ...] = (Namespace,)
"""Classes that may stand in a file beside tensors and plain values: published ones keep their command line in
a Namespace.
"""

HEAD_WIDTH = 64
"""Numbers per attention head of vision transformers S and B."""

PREFIX = re.compile(r"^(module\.)+")

REMEDY = (
    "If you trust its maker, convert it once on a machine that may be lost: torch.save({'model':"
    " torch.load(path, weights_only=False)['model']}, 'discovr.pth')."
)


def load_discovr(
    source: str | Path | Mapping[str, Tensor], *, heads: tuple[int, int] | None = None
) -> Discovr:
    """Network, in evaluation mode, with the weights of a published checkpoint; ``size.bias`` says whether its
    video branch has biases on queries and values.

    Parameters
    ----------
    source : path or state dict
        A PyTorch file with an entry ``model``, or the tensors by name; ``module.`` prefixes are stripped.
        Nothing in the file is executed: it is read with ``weights_only=True``, and of other classes only
        :data:`ALLOWED` may stand in it.
    heads : (int, int), optional
        Attention heads of encoders and decoder, which no tensor tells; by default 64 numbers per head.

    Raises
    ------
    CheckpointError
        If the file holds anything else, saying what and how to convert it; or if names or shapes do not fit.
    """
    shown = str(source) if isinstance(source, str | Path) else "the state dict"
    content = read_checkpoint(source) if isinstance(source, str | Path) else source
    state = {PREFIX.sub("", name): value for name, value in _tensors(content, shown=shown).items()}
    size = size_of(state, heads=heads, shown=shown)
    with torch.device("meta"):
        network = Discovr(size)
    _refuse_misfits(state, network.state_dict(), shown=shown)
    copied = {name: value.detach().to(torch.float32, copy=True) for name, value in state.items()}
    trained = {name for name, _ in network.trained()}
    network.load_state_dict(copied, assign=True)
    for name, value in network.named_parameters():
        value.requires_grad_(name in trained)
    return network.eval()


def read_checkpoint(path: str | Path) -> Any:
    """Content of a PyTorch file of tensors, plain values and the classes of :data:`ALLOWED`.

    Raises
    ------
    CheckpointError
        If there is no such file, it is damaged, or it asks for anything else to be run.
    """
    if not Path(path).is_file():
        raise CheckpointError(f"There is no checkpoint {path}")
    try:
        with torch.serialization.safe_globals(list(ALLOWED)):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds: bad zip, truncated stream, refused pickle
        asked = re.search(r"(?:GLOBAL|global:?|type) ([\w.]+\.[\w.]+)", str(error))
        if asked and not asked[1].startswith("torch."):
            raise CheckpointError(
                f"{path} is not read: it asks for {asked[1]}, which might run code.",
                where=f"Allowed beside tensors: {', '.join(kind.__name__ for kind in ALLOWED)}.",
                remedy=REMEDY,
            ) from None
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"{path} cannot be read as a checkpoint: {reason}", remedy=REMEDY) from None


def size_of(state: Mapping[str, Tensor], *, heads: tuple[int, int] | None, shown: str) -> DiscovrSize:
    """Size of the network that these tensors belong to.

    Raises
    ------
    CheckpointError
        If a tensor that tells it is missing, or only one of video encoder and decoder has biases.
    """
    names = (
        *("encoder.patch_embed.proj.weight", "encoder.pos_embed", "image_student.pos_embed"),
        *("encoder_to_decoder.weight", "video_dino_head.mlp.2.weight", "prototypes"),
        "video_dino_head.last_layer.weight_v",
    )
    if missing := [name for name in names if name not in state]:
        raise CheckpointError(
            f"{shown} is not a checkpoint of DISCOVR: its size cannot be told.",
            where=f"Missing: {', '.join(missing)}.",
        )
    kernel, table, frame_table, between, hidden, prototypes, directions = (state[name] for name in names)
    width, decoder_width, patch = kernel.shape[0], between.shape[0], kernel.shape[-1]
    places, tokens = frame_table.shape[1] - 1, table.shape[1] - 1
    bias = {part: f"{part}.blocks.0.attn.q_bias" in state for part in ("encoder", "decoder")}
    if bias["encoder"] != bias["decoder"]:
        having, lacking = sorted(bias, key=lambda part: not bias[part])
        raise CheckpointError(f"{shown}: {having} has biases on queries and values, and {lacking} has none.")
    encoder_heads, decoder_heads = heads or (width // HEAD_WIDTH, decoder_width // HEAD_WIDTH)
    return DiscovrSize(
        side=isqrt(places) * patch,
        frames=tokens // places * VIDEO_TUBELET,
        patch=patch,
        width=width,
        depth=_blocks(state, "encoder"),
        heads=encoder_heads,
        decoder_width=decoder_width,
        decoder_depth=_blocks(state, "decoder"),
        decoder_heads=decoder_heads,
        hidden=hidden.shape[0],
        bottleneck=directions.shape[1],
        out=directions.shape[0],
        prototypes=prototypes.shape[0],
        bias=bias["encoder"],
    )


def _tensors(content: Any, *, shown: str) -> Mapping[str, Tensor]:
    for key in ("model", "state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not (isinstance(content, Mapping) and all(isinstance(value, Tensor) for value in content.values())):
        raise CheckpointError(f"{shown} does not hold a mapping of names to tensors.")
    return content


def _blocks(state: Mapping[str, Tensor], part: str) -> int:
    return len({name.split(".")[2] for name in state if name.startswith(f"{part}.blocks.")})


def _refuse_misfits(state: Mapping[str, Tensor], expected: Mapping[str, Tensor], *, shown: str) -> None:
    parts = {
        "Missing": sorted(expected.keys() - state.keys()),
        "Unexpected": sorted(state.keys() - expected.keys()),
        "Wrong shape": [
            f"{name}: {tuple(state[name].shape)} instead of {tuple(expected[name].shape)}"
            for name in sorted(expected.keys() & state.keys())
            if state[name].shape != expected[name].shape
        ],
    }
    listed = [
        f"{title}: {', '.join(names[:5])}" + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        for title, names in parts.items()
        if names
    ]
    if listed:
        raise CheckpointError(f"{shown} does not fit the network.", where="; ".join(listed))
