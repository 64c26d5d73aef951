"""The vision transformers of DISCOVR: video in tubes of two frames, or single frames."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from infomotion_lib.errors import CheckpointError, ParameterError
from infomotion_lib.representations.discovr.blocks import Block
from infomotion_lib.representations.discovr.positions import encoder_table

Which = Literal["encoder", "video_teacher", "image_student", "image_teacher"]

VIDEO: tuple[Which, ...] = ("encoder", "video_teacher")
IMAGE: tuple[Which, ...] = ("image_student", "image_teacher")

VIDEO_EPS, IMAGE_EPS = 1e-6, 1e-5
"""Of LayerNorm: a wrong one moves the CLS token by 1e-4."""

VIDEO_TUBELET = 2


@dataclass(frozen=True, kw_only=True)
class EncoderSize:
    """What decides the shapes of an encoder.

    Attributes
    ----------
    side, frames : int
        Of a clip; the image encoder sees one frame.
    patch, tubelet : int
        Side in pixels and length in frames of what becomes one token.
    width, depth, heads : int
        Numbers per token, blocks, attention heads.
    eps : float
        Of LayerNorm.
    bias : bool
        Whether queries and values have a bias.
    """

    side: int
    frames: int
    patch: int
    tubelet: int
    width: int
    depth: int
    heads: int
    eps: float
    bias: bool

    def __post_init__(self) -> None:
        if self.side % self.patch or self.frames % self.tubelet or self.width % self.heads:
            raise ParameterError(
                f"Clips of {self.frames} frames of {self.side} pixels do not divide into tubes of"
                f" {self.tubelet} x"
                f" {self.patch} x {self.patch}, or width {self.width} into {self.heads} heads."
            )

    @property
    def places(self) -> int:
        """Patches per frame."""
        return (self.side // self.patch) ** 2

    @property
    def tokens(self) -> int:
        """Patch tokens per clip."""
        return self.frames // self.tubelet * self.places


class PatchEmbedding(nn.Module):
    """One token per tube of pixels: a convolution whose kernel is its stride."""

    def __init__(self, size: EncoderSize) -> None:
        super().__init__()
        kernel = (size.tubelet, size.patch, size.patch)
        self.proj = nn.Conv3d(3, size.width, kernel_size=kernel, stride=kernel)

    def forward(self, clips: Tensor) -> Tensor:
        """Tokens (B, N, D) in the order time, row, column of clips (B, 3, T, S, S)."""
        tokens: Tensor = self.proj(clips).flatten(2).transpose(1, 2)
        return tokens


class Encoder(nn.Module):
    """A vision transformer with a CLS token, which may see some of its patches only."""

    pos_embed: Tensor

    def __init__(self, size: EncoderSize) -> None:
        super().__init__()
        self.size = size
        self.cls_token = nn.Parameter(torch.zeros(1, 1, size.width))
        self.register_buffer("pos_embed", encoder_table(size.tokens, size.width))
        self.patch_embed = PatchEmbedding(size)
        self.blocks = nn.ModuleList(
            [Block(size.width, size.heads, eps=size.eps, bias=size.bias) for _ in range(size.depth)]
        )
        self.norm = nn.LayerNorm(size.width, eps=size.eps)

    def forward(self, clips: Tensor, visible: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """CLS token (B, D) and patch tokens (B, V, D).

        Parameters
        ----------
        clips : Tensor, shape (B, 3, T, S, S)
            Normalised. An image encoder takes the frames of longer clips one by one, so that its B is B T.
        visible : Tensor of int, shape (B, V), optional
            Which patches it sees, as numbers in raster order (time, row, column); by default all.

        Raises
        ------
        ParameterError
            If the clips are not of its size.
        """
        return self.attended(self.embedded(clips), visible)

    def embedded(self, clips: Tensor) -> Tensor:
        """Patch tokens (B, N, D) of clips with their positions, before any attention."""
        size = self.size
        if size.frames == 1 and clips.shape[2] > 1:
            clips = clips.transpose(1, 2).flatten(0, 1)[:, :, None]
        if clips.shape[1:] != (3, size.frames, size.side, size.side):
            raise ParameterError(
                f"This encoder takes clips (B, 3, {size.frames}, {size.side}, {size.side}), not"
                f" {tuple(clips.shape)}."
            )
        tokens: Tensor = self.patch_embed(clips) + self.pos_embed[:, 1:]
        return tokens

    def attended(self, tokens: Tensor, visible: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """CLS token (B, D) and patch tokens (B, V, D) of embedded patches, of which it sees ``visible``."""
        if visible is not None:
            tokens = tokens.gather(1, visible[..., None].expand(-1, -1, tokens.shape[-1]))
        cls = (self.cls_token + self.pos_embed[:, :1]).expand(len(tokens), -1, -1)
        tokens = torch.cat([cls, tokens], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        tokens = self.norm(tokens)
        return tokens[:, 0], tokens[:, 1:]


def discovr_encoder(
    state: Mapping[str, Tensor], *, which: Which, side: int, frames: int, heads: int, patch: int = 16
) -> nn.Module:
    """One of the four encoders, in evaluation mode, from tensors under the published names.

    Parameters
    ----------
    state : mapping of str to Tensor
        State dict of the whole network or more; queries and values have a bias if it holds one. Without a
        table of positions of the right shape, the sinusoids are computed.
    which : {"encoder", "video_teacher", "image_student", "image_teacher"}
        The video student, its teacher, the image student or its teacher.
    side, frames : int
        Of a clip; an image encoder sees one frame at a time, whatever ``frames`` says.
    heads : int
        Attention heads, which no tensor tells.
    patch : int
        Side of a patch, pixels.

    Raises
    ------
    CheckpointError
        If the tensors of this encoder are missing or do not fit.
    ParameterError
        If there is no such encoder.
    """
    if which not in (*VIDEO, *IMAGE):
        raise ParameterError(f"There is no encoder {which!r}: choose one of {', '.join((*VIDEO, *IMAGE))}.")
    own = {
        name.removeprefix(f"{which}."): value for name, value in state.items() if name.startswith(f"{which}.")
    }
    size = encoder_size(own, which=which, side=side, frames=frames, heads=heads, patch=patch)
    with torch.device("meta"):
        encoder = Encoder(size)
    table = encoder_table(size.tokens, size.width)
    if own.get("pos_embed", table).shape != table.shape or "pos_embed" not in own:
        own["pos_embed"] = table
    copied = {name: value.detach().to(torch.float32, copy=True) for name, value in own.items()}
    try:
        encoder.load_state_dict(copied, assign=True)
    except RuntimeError as error:
        raise CheckpointError(
            f"The tensors of {which} do not fit an encoder of DISCOVR.", where=" ".join(str(error).split())
        ) from None
    return encoder.requires_grad_(True).eval()


def encoder_size(
    own: Mapping[str, Tensor], *, which: Which, side: int, frames: int, heads: int, patch: int
) -> EncoderSize:
    """Size of the encoder that these tensors, named without its prefix, belong to.

    Raises
    ------
    CheckpointError
        If they are not those of an encoder, or patches are of another size.
    """
    kernel = own.get("patch_embed.proj.weight")
    tubelet = VIDEO_TUBELET if which in VIDEO else 1
    if kernel is None or kernel.dim() != 5:
        raise CheckpointError(
            f"There are no tensors of {which}.",
            where=f"Looked for {which}.patch_embed.proj.weight (D, 3, t, p, p).",
        )
    if tuple(kernel.shape[1:]) != (3, tubelet, patch, patch):
        raise CheckpointError(
            f"{which} has patches of {tuple(kernel.shape[1:])}, not (3, {tubelet}, {patch}, {patch})."
        )
    depth = len({match[1] for name in own if (match := re.match(r"blocks\.(\d+)\.", name))})
    return EncoderSize(
        side=side,
        frames=frames if which in VIDEO else 1,
        patch=patch,
        tubelet=tubelet,
        width=int(kernel.shape[0]),
        depth=depth,
        heads=heads,
        eps=VIDEO_EPS if which in VIDEO else IMAGE_EPS,
        bias="blocks.0.attn.q_bias" in own,
    )
