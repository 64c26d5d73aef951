"""Inter-frame attention: each token of one frame looks for itself in a window of the other.

For one head, with queries Q from a frame and keys K, values V from the other, over the n tokens of a window::

    A          = softmax(Q K^T / sqrt(d) + mask)      where each token went                    (n, n)
    appearance = P (A V)                              what the other frame looks like there    (n, C)
    motion     = W (A c - c) + b                      expected position there minus own        (n, m)

with c the tokens' coordinates. The published network embeds c by a linear map before it averages; the rows of
A sum to one, so the embedding's bias cancels and both linear maps fold into the one W used here (Zhang et
al., CVPR 2023, equations 2-4).
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from infomotion_lib.linear import Linear, linear
from infomotion_lib.representations.ifa.windows import WindowPlan, window_plan

HEAD_WIDTH = 32
"""Channels of an attention head at every size of the published network."""


class Sight(NamedTuple):
    """What one attention layer saw.

    Attributes
    ----------
    attention : Tensor
        ``(2B, windows, heads, n, n)``: A, rows are tokens of the frame, columns tokens of the other.
    displacement : Tensor
        ``(2B, windows, n, 2 * heads)``: A c - c, an (x, y) pair per head, in map coordinates (the map is 2
        wide).
    """

    attention: Tensor
    displacement: Tensor


class InterFrameAttention(nn.Module):
    """Attention of a frame's windows on the same windows of the other frame.

    Parameters
    ----------
    channels : int
        Channels of a token.
    motion_channels : int
        Channels of the motion this layer gives.
    heads : int
        Attention heads.
    """

    def __init__(self, channels: int, motion_channels: int, *, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = (channels // heads) ** -0.5
        self.q = Linear(channels, channels)
        self.kv = Linear(channels, 2 * channels)
        self.cor_embed = nn.Linear(2, motion_channels)
        self.proj = Linear(channels, channels)
        self.motion_proj = nn.Linear(motion_channels, motion_channels)

    def look(self, query: Tensor, key: Tensor, plan: WindowPlan) -> Sight:
        """Attention and expected displacement of every token.

        Parameters
        ----------
        query, key : Tensor
            ``(2B, windows, heads, n, C / heads)``: queries of each frame, scaled, and keys of the other
            frame.
        plan : WindowPlan
            Gives mask and coordinates.
        """
        scores = query @ key.transpose(-2, -1)
        if plan.mask is not None:
            scores = scores + plan.mask[:, None]
        attention = scores.float().softmax(dim=-1)
        with torch.autocast(
            query.device.type, enabled=False
        ):  # A c - c is a small difference: always in full precision
            moved = (attention @ plan.coordinates[:, None]).transpose(2, 3)  # (2B, windows, n, heads, 2)
            displacement = (moved - plan.coordinates[:, :, None]).flatten(3)
        return Sight(attention, displacement)

    def split_heads(self, tokens: Tensor) -> Tensor:
        """Tokens ``(2B, windows, n, C)`` as ``(2B, windows, heads, n, C / heads)``."""
        return tokens.unflatten(-1, (self.heads, -1)).transpose(2, 3)

    def gather(self, attention: Tensor, value: Tensor) -> Tensor:
        """Appearance ``(2B, windows, n, C)`` found where each token looks, P (A V); values split
        into heads.
        """
        return cast(Tensor, self.proj((attention.to(value.dtype) @ value).transpose(2, 3).flatten(3)))

    def motion_matrix(self) -> Tensor:
        """W ``(m, 2 * heads)`` of motion = W (A c - c) + b: the coordinate embedding, head by head, then the
        projection.
        """
        m = self.motion_proj.in_features
        by_head = self.cor_embed.weight.unflatten(0, (self.heads, -1))  # (heads, m / heads, 2)
        project = self.motion_proj.weight.unflatten(1, (self.heads, -1))  # (m, heads, m / heads)
        return torch.einsum("ohk,hkc->ohc", project, by_head).reshape(m, 2 * self.heads)

    def motion(self, displacement: Tensor) -> Tensor:
        """Motion ``(..., m)`` of displacements ``(..., 2 * heads)``; affine, so the mean motion is the motion
        of the mean.
        """
        return linear(displacement, self.motion_matrix(), self.motion_proj.bias)


class Mixer(nn.Module):
    """Two linear layers with a 3 x 3 depth-wise convolution between them, token map in, token map out."""

    def __init__(self, channels: int, *, ratio: int = 4) -> None:
        super().__init__()
        hidden = ratio * channels
        self.fc1 = Linear(channels, hidden)
        self.dwconv = nn.ModuleDict({"dwconv": nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)})
        self.fc2 = Linear(hidden, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """Token map ``(B, H, W, C)`` from one of the same shape."""
        hidden = self.fc1(tokens).permute(0, 3, 1, 2)
        hidden = self.dwconv["dwconv"](hidden).permute(0, 2, 3, 1)
        return cast(Tensor, self.fc2(F.gelu(hidden)))


class InterFrameBlock(nn.Module):
    """Attention on the other frame, then the mixer, both residual; gives the appearance to go on with, and
    the motion.

    Parameters
    ----------
    channels, motion_channels, heads : int
        As of :class:`InterFrameAttention`.
    window : int
        Side of a window, tokens.
    shift : int
        Cyclic shift of the windows, tokens.
    """

    def __init__(self, channels: int, motion_channels: int, *, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.window, self.shift = window, shift
        self.norm1 = nn.LayerNorm(channels, eps=1e-6)
        self.attn = InterFrameAttention(channels, motion_channels, heads=heads)
        self.norm2 = nn.LayerNorm(channels, eps=1e-6)
        self.mlp = Mixer(channels)

    def plan(self, tokens: Tensor) -> WindowPlan:
        """Window plan of a token map ``(B, H, W, C)``."""
        return window_plan(
            tokens.shape[1], tokens.shape[2], window=self.window, shift=self.shift, device=tokens.device
        )

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Appearance ``(2B, H, W, C)`` and motion ``(2B, H, W, m)``.

        Parameters
        ----------
        tokens : Tensor
            ``(2B, H, W, C)``: rows 0..B-1 of the first frames, B..2B-1 of the second.
        """
        plan = self.plan(tokens)
        windows = self.norm1(plan.split(tokens))
        query = self.attn.split_heads(self.attn.q(windows) * self.attn.scale)
        key, value = (
            self.attn.split_heads(part) for part in self.attn.kv(other_frame(windows)).chunk(2, dim=-1)
        )
        sight = self.attn.look(query, key, plan)
        motion = plan.join(self.attn.motion(sight.displacement))
        return self.blend(plan.join(windows + self.attn.gather(sight.attention, value))), motion

    def blend(self, tokens: Tensor) -> Tensor:
        """Token map after the mixer's residual."""
        return cast(Tensor, tokens + self.mlp(self.norm2(tokens)))


def other_frame(rows: Tensor) -> Tensor:
    """Rows of the other frame: the two halves of the batch axis swapped."""
    return torch.roll(rows, rows.shape[0] // 2, dims=0)
