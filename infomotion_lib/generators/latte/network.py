"""Latte, class-conditional: a latent video diffusion transformer of alternating spatial and temporal blocks.

Structure after Ma et al., "Latte: Latent Diffusion Transformer for Video Generation" (arXiv 2401.03048),
class-conditional variant: a 2-D patch embedding per frame, fixed sine-cosine positions in space and time,
adaLN-Zero in every block, and ONE timestep embedder and ONE class embedder shared by all blocks. Shapes in
comments: B clips, T frames, N patches, D width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from infomotion_lib.classes import CLASS_NAMES
from infomotion_lib.errors import ParameterError, did_you_mean
from infomotion_lib.linear import Linear


@dataclass(frozen=True)
class LatteSize:
    """Depth (blocks, spatial and temporal together), width and heads of one member of the family."""

    depth: int
    width: int
    heads: int


SIZES = {
    "XL/2": LatteSize(28, 1152, 16),
    "B/2": LatteSize(12, 768, 12),
    "S/2": LatteSize(12, 384, 6),
    "cpu/2": LatteSize(6, 128, 4),
}
"""The published sizes, and one that trains on two CPU cores in minutes; "/2" is the patch side."""

PATCH = 2
TIME_FREQUENCIES = 256


class Latte(nn.Module):
    """Noise predicted in a batch of latent clips.

    Parameters
    ----------
    size : LatteSize
        Depth, width and heads.
    latent_side : int
        Side of a latent frame; even.
    frames : int
        Frames per clip.
    channels : int
        Latent channels.
    n_classes : int
        Classes; one more row of the class table is the null class used for dropout and guidance.
    label_dropout : float
        Share of labels replaced by the null class in training (Latte: 0.1).
    """

    space_position: Tensor
    time_position: Tensor

    def __init__(
        self,
        size: LatteSize,
        *,
        latent_side: int,
        frames: int,
        channels: int = 4,
        n_classes: int = 5,
        label_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if latent_side % PATCH:
            raise ParameterError(
                f"The latent side must be even, not {latent_side}.",
                remedy="Use frames whose side is a multiple of 16.",
            )
        if size.depth % 2:
            raise ParameterError(
                f"Depth must be even (spatial and temporal blocks alternate), not {size.depth}."
            )
        self.size, self.frames, self.channels, self.latent_side = size, frames, channels, latent_side
        self.n_classes, self.label_dropout = n_classes, label_dropout
        grid, width = latent_side // PATCH, size.width
        self.patch_embed = nn.Conv2d(channels, width, kernel_size=PATCH, stride=PATCH)
        self.time_embed = nn.Sequential(
            nn.Linear(TIME_FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.class_embed = nn.Embedding(n_classes + 1, width)
        self.blocks = nn.ModuleList(Block(width, size.heads) for _ in range(size.depth))
        self.final_norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.final_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))
        self.final_linear = nn.Linear(width, PATCH * PATCH * channels)
        self.register_buffer("space_position", space_positions(grid, width), persistent=False)  # (1, N, D)
        self.register_buffer(
            "time_position", sine_cosine(torch.arange(frames), width)[None], persistent=False
        )  # (1, T, D)
        self._initialise()

    @property
    def null_class(self) -> int:
        """Index of the class-table row that stands for "no class"."""
        return self.n_classes

    def some_dropped(self, label: Tensor) -> Tensor:
        """Class indices (B,) of a training step, of which a random share became :attr:`null_class`."""
        if not self.label_dropout:
            return label
        dropped = torch.rand(len(label), device=label.device) < self.label_dropout
        return torch.where(dropped, self.null_class, label)

    def forward(self, latents: Tensor, timestep: Tensor, label: Tensor) -> Tensor:
        """Predicted noise (B, T, C, H, W).

        Parameters
        ----------
        latents : Tensor, shape (B, T, C, H, W)
            Noisy latent clips.
        timestep : Tensor, shape (B,)
            Diffusion steps.
        label : Tensor, shape (B,)
            Class indices; :attr:`null_class` for none.
        """
        clips, frames, channels, height, width = latents.shape
        expected = (self.frames, self.channels, self.latent_side, self.latent_side)
        if (frames, channels, height, width) != expected:
            raise ParameterError(
                f"Latents of shape (B, T, C, H, W) = {tuple(latents.shape)} do not fit a Latte made for"
                f" {expected}."
            )
        condition = self.time_embed(time_frequencies(timestep).to(latents.dtype)) + self.class_embed(
            label
        )  # (B, D)
        x = self.patch_embed(latents.flatten(0, 1)).flatten(2).transpose(1, 2)  # (B*T, N, D)
        x = (x + self.space_position).unflatten(0, (clips, frames))  # (B, T, N, D)
        for index, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            x = (
                block.over_frames(x, condition)
                if index % 2 == 0
                else block.over_time(self._placed(x, index), condition)
            )
        shift, scale = self.final_modulation(condition).chunk(2, dim=-1)
        x = self.final_linear(
            modulate(self.final_norm(x), shift[:, None, None], scale[:, None, None])
        )  # (B, T, N, p*p*C)
        return self._unpatch(x)

    def guided(self, latents: Tensor, timestep: Tensor, label: Tensor, *, guidance: float) -> Tensor:
        """Classifier-free guided noise: null + guidance * (conditional - null); 1 is the conditional
        prediction itself.
        """
        if guidance == 1.0:
            return self(latents, timestep, label)
        null = torch.full_like(label, self.null_class)
        conditional, unconditional = self(
            latents.repeat(2, 1, 1, 1, 1), timestep.repeat(2), torch.cat([label, null])
        ).chunk(2)
        return unconditional + guidance * (conditional - unconditional)

    def _placed(self, x: Tensor, index: int) -> Tensor:
        return x + self.time_position[:, :, None] if index == 1 else x

    def _unpatch(self, x: Tensor) -> Tensor:
        grid = self.latent_side // PATCH
        x = x.unflatten(2, (grid, grid)).unflatten(
            -1, (PATCH, PATCH, self.channels)
        )  # (B, T, gh, gw, p, p, C)
        return x.permute(0, 1, 6, 2, 4, 3, 5).reshape(
            *x.shape[:2], self.channels, self.latent_side, self.latent_side
        )

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.xavier_uniform_(self.patch_embed.weight.view(self.patch_embed.weight.shape[0], -1))
        nn.init.zeros_(self.patch_embed.get_parameter("bias"))
        nn.init.normal_(self.class_embed.weight, std=0.02)
        for name, weight in self.named_parameters():
            if name.startswith("time_embed") and name.endswith("weight"):
                nn.init.normal_(weight, std=0.02)
            if "modulation" in name or name.startswith("final_linear"):
                nn.init.zeros_(weight)


class Block(nn.Module):
    """A transformer block with adaLN-Zero, applied either within frames or along time."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.qkv = Linear(width, 3 * width)
        self.project = Linear(width, width)
        self.mlp = nn.Sequential(
            Linear(width, 4 * width), nn.GELU(approximate="tanh"), Linear(4 * width, width)
        )
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def over_frames(self, x: Tensor, condition: Tensor) -> Tensor:
        """Patches of one frame attend to each other: (B, T, N, D) to the same shape."""
        return self._apply_block(x, condition)

    def over_time(self, x: Tensor, condition: Tensor) -> Tensor:
        """Frames of one patch position attend to each other: (B, T, N, D) to the same shape."""
        return self._apply_block(x.transpose(1, 2), condition).transpose(1, 2)

    def _apply_block(self, x: Tensor, condition: Tensor) -> Tensor:
        shift1, scale1, gate1, shift2, scale2, gate2 = (
            m[:, None, None] for m in self.modulation(condition).chunk(6, dim=-1)
        )
        x = x + gate1 * self._attention(modulate(self.norm1(x), shift1, scale1))
        return x + gate2 * self.mlp(modulate(self.norm2(x), shift2, scale2))

    def _attention(self, x: Tensor) -> Tensor:
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(-2, -3) for part in self.qkv(x).chunk(3, dim=-1)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value)  # (B, G, heads, L, D / heads)
        return self.project(mixed.transpose(-2, -3).flatten(-2))


def latte(
    name: str,
    *,
    latent_side: int = 14,
    frames: int = 16,
    channels: int = 4,
    n_classes: int = len(CLASS_NAMES),
) -> Latte:
    """Untrained network of a named size: ``"S/2"``, ``"B/2"``, ``"XL/2"`` or ``"cpu/2"``.

    Raises
    ------
    ParameterError
        If there is no such size.
    """
    if name not in SIZES:
        raise ParameterError(f"Unknown Latte size: {name}", remedy=did_you_mean(name, SIZES))
    return Latte(SIZES[name], latent_side=latent_side, frames=frames, channels=channels, n_classes=n_classes)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Normalised features shifted and scaled by the condition (adaLN)."""
    return x * (1 + scale) + shift


def sine_cosine(position: Tensor, width: int) -> Tensor:
    """Fixed embedding (L, width) of positions (L,): sines then cosines at geometric frequencies down to
    1/10000.
    """
    frequency = torch.exp(-math.log(10_000) * torch.arange(width // 2, dtype=torch.float64) / (width // 2))
    angle = position.to(torch.float64)[:, None] * frequency
    return torch.cat([angle.sin(), angle.cos()], dim=1).to(torch.float32)


def space_positions(grid: int, width: int) -> Tensor:
    """Fixed embedding (1, grid * grid, width) of patch positions: half the channels for the column, half for
    the row.
    """
    row, column = torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij")
    return torch.cat(
        [sine_cosine(column.flatten(), width // 2), sine_cosine(row.flatten(), width // 2)], dim=1
    )[None]


def time_frequencies(timestep: Tensor) -> Tensor:
    """Sinusoidal features (B, 256) of diffusion steps (B,): cosines then sines."""
    half = TIME_FREQUENCIES // 2
    frequency = torch.exp(-math.log(10_000) * torch.arange(half, device=timestep.device) / half)
    angle = timestep.to(torch.float32)[:, None] * frequency
    return torch.cat([angle.cos(), angle.sin()], dim=1)
