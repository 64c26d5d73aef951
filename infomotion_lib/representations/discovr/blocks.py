"""Pre-norm transformer blocks, under the parameter names of published vision transformers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MLP_RATIO = 4


class Attention(nn.Module):
    """Attention among all tokens (B, N, D); with ``bias``, queries and values have one and keys have none."""

    def __init__(self, width: int, heads: int, *, bias: bool) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(width)) if bias else None
        self.v_bias = nn.Parameter(torch.zeros(width)) if bias else None
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Mixed tokens (B, N, D)."""
        count, length, width = tokens.shape
        bias = None
        if self.q_bias is not None and self.v_bias is not None:
            bias = torch.cat([self.q_bias, torch.zeros_like(self.q_bias), self.v_bias])
        joint = nn.functional.linear(tokens, self.qkv.weight, bias)
        query, key, value = joint.view(count, length, 3, self.heads, -1).permute(
            2, 0, 3, 1, 4
        )  # (B, heads, N, d)
        if tokens.is_cuda:  # needs no (N, N) matrix in memory
            mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        else:  # plain products: the same digits wherever matrix products are
            weight = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
            mixed = weight.softmax(dim=-1) @ value
        projected: Tensor = self.proj(mixed.transpose(1, 2).reshape(count, length, width))
        return projected


class Mlp(nn.Module):
    """Two layers with an exact GELU between them, token by token."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, MLP_RATIO * width)
        self.fc2 = nn.Linear(MLP_RATIO * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, N, D)."""
        changed: Tensor = self.fc2(nn.functional.gelu(self.fc1(tokens)))
        return changed


class Block(nn.Module):
    """Attention and MLP, each added to its input, after a LayerNorm of its own."""

    def __init__(self, width: int, heads: int, *, eps: float, bias: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.attn = Attention(width, heads, bias=bias)
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.mlp = Mlp(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, N, D)."""
        tokens = tokens + self.attn(self.norm1(tokens))
        changed: Tensor = tokens + self.mlp(self.norm2(tokens))
        return changed
