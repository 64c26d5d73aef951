"""The light decoder: from the visible video tokens to a token for every place, in the space of image
tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from infomotion_lib.representations.discovr.blocks import Block
from infomotion_lib.representations.discovr.encoder import VIDEO_EPS


class Decoder(nn.Module):
    """A few blocks and one linear layer."""

    def __init__(self, width: int, depth: int, heads: int, *, out: int, bias: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(width, heads, eps=VIDEO_EPS, bias=bias) for _ in range(depth)])
        self.norm = nn.LayerNorm(width, eps=VIDEO_EPS)
        self.head = nn.Linear(width, out)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, N, out) of tokens (B, N, width)."""
        for block in self.blocks:
            tokens = block(tokens)
        decoded: Tensor = self.head(self.norm(tokens))
        return decoded


def decoder_order(visible: Tensor, count: int) -> Tensor:
    """Places (B, N) in the order in which the decoder has them: those of ``visible`` (B, V), then the masked
    ones, each in raster order.
    """
    masked = torch.ones(len(visible), count, dtype=torch.bool, device=visible.device)
    masked.scatter_(1, visible, False)
    every = torch.arange(count, device=visible.device).expand(len(visible), -1)
    return torch.cat([visible, every[masked].view(len(visible), -1)], dim=1)


def in_raster_order(tokens: Tensor, order: Tensor) -> Tensor:
    """Tokens (B, N, D) put back from the places ``order`` (B, N)."""
    return tokens.gather(1, order.argsort(dim=1)[..., None].expand(-1, -1, tokens.shape[-1]))
