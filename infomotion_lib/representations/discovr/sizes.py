"""Sizes of DISCOVR by name: the published one, a small one, and those that a CPU trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class DiscovrSize:
    """What decides the shapes of the whole network.

    Attributes
    ----------
    side, frames, patch : int
        Of a clip and its patches; a tube spans two frames.
    width, depth, heads : int
        Of all four encoders.
    decoder_width, decoder_depth, decoder_heads : int
        Of the decoder.
    hidden, bottleneck, out : int
        Of the DINO heads.
    prototypes : int
        Clusters of tokens; few enough for the tokens of a batch to fill them.
    bias : bool
        Whether queries and values of video encoders and decoder have a bias.
    """

    side: int
    frames: int
    patch: int
    width: int
    depth: int
    heads: int
    decoder_width: int
    decoder_depth: int
    decoder_heads: int
    hidden: int
    bottleneck: int
    out: int
    prototypes: int
    bias: bool = True

    @property
    def places(self) -> int:
        """Patches per frame."""
        return (self.side // self.patch) ** 2


def _published(*, width: int, heads: int) -> DiscovrSize:
    return DiscovrSize(
        side=112,
        frames=64,
        patch=16,
        width=width,
        depth=12,
        heads=heads,
        decoder_width=width // 2,
        decoder_depth=4,
        decoder_heads=heads // 2,
        hidden=2048,
        bottleneck=256,
        out=16_384,
        prototypes=3000,
    )


SIZES: Mapping[str, DiscovrSize] = MappingProxyType(
    {
        "tiny": DiscovrSize(
            side=32,
            frames=4,
            patch=8,
            width=24,
            depth=1,
            heads=3,
            decoder_width=24,
            decoder_depth=1,
            decoder_heads=3,
            hidden=32,
            bottleneck=16,
            out=32,
            prototypes=8,
        ),
        "cpu": DiscovrSize(
            side=64,
            frames=16,
            patch=8,
            width=96,
            depth=4,
            heads=3,
            decoder_width=96,
            decoder_depth=2,
            decoder_heads=3,
            hidden=256,
            bottleneck=64,
            out=256,
            prototypes=64,
        ),
        "vit_s": _published(width=384, heads=6),
        "vit_b": _published(width=768, heads=12),
    }
)
"""``vit_b`` is the published network; ``vit_s`` has its width, heads and decoder halved (published for the
encoder, assumed for the decoder).
"""
