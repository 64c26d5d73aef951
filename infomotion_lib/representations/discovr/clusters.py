"""Semantic cluster distillation: video and image tokens of one place agree on soft, balanced clusters."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from infomotion_lib.representations.discovr.variants import Variant, VariantName, variant_of
from infomotion_lib.training.collective import gathered, part_of, together

EPSILON, ITERATIONS, TEMPERATURE = 0.05, 10, 0.1
"""Of Sinkhorn and of the cross entropy, as in the published training script."""

TINY = 1e-6
"""Added to a standard deviation before it divides."""


@dataclass(frozen=True)
class Clusters:
    """What tokens say about clusters.

    Attributes
    ----------
    video_scores, image_scores : Tensor, shape (B, N, K)
        Cosines of tokens and prototypes.
    video_q, image_q : Tensor, shape (B, N, K)
        Their balanced codes; no gradient flows through them.
    """

    video_scores: Tensor
    image_scores: Tensor
    video_q: Tensor
    image_q: Tensor


def prototypes_used(codes: Tensor) -> int:
    """How many prototypes are the first choice of a token, of codes (B, N, K)."""
    return int(codes.flatten(0, -2).argmax(dim=-1).unique().numel())


@torch.no_grad()
def sinkhorn(scores: Tensor, *, iterations: int, epsilon: float) -> Tensor:
    """Balanced codes q of tokens over prototypes, same shape as ``scores``; those of a token sum to 1.

    ``exp(scores / epsilon)`` is scaled in turn so that all prototypes weigh the same and all tokens do;
    computed in logarithms, no score overflows. Without iterations q is a softmax.

    Parameters
    ----------
    scores : Tensor, shape (..., K)
        All leading places are tokens of one problem.
    iterations : int
        Rounds of both scalings.
    epsilon : float
        Weight of the entropy: the smaller, the harder the codes.
    """
    table = scores.reshape(-1, scores.shape[-1]) / epsilon  # (tokens, K)
    tokens, prototypes = table.shape
    for _ in range(iterations):
        table = table - table.logsumexp(dim=0, keepdim=True) - log(prototypes)
        table = table - table.logsumexp(dim=1, keepdim=True) - log(tokens)
    return table.softmax(dim=1).reshape(scores.shape)


def standardised(tokens: Tensor) -> Tensor:
    """Tokens (B, N, D) of frames with mean 0 and deviation 1 over the places of a frame, channel by
    channel.
    """
    return (tokens - tokens.mean(dim=-2, keepdim=True)) / (tokens.std(dim=-2, keepdim=True) + TINY)


def of_length_one(prototypes: Tensor) -> Tensor:
    """Prototypes (K, D) of length 1; the gradient is that to the normalised ones, as if they had been set to
    it before.
    """
    return prototypes + (normalize(prototypes, dim=-1) - prototypes).detach()


def clustered(
    video_features: Tensor, image_features: Tensor, prototypes: Tensor, *, variant: VariantName | Variant
) -> Clusters:
    """Scores and codes of aligned tokens (B, N, D); all clips' tokens, those of other processes too, share
    one Sinkhorn problem per branch.
    """
    known = of_length_one(prototypes)
    video_scores = normalize(video_features, dim=-1) @ known.T
    fixed = known if variant_of(variant).image_term_trains else known.detach()
    image_scores = normalize(image_features.detach(), dim=-1) @ fixed.T
    mine = part_of(together() * len(video_scores))
    video_q, image_q = (
        sinkhorn(gathered(scores), iterations=ITERATIONS, epsilon=EPSILON)[mine]
        for scores in (video_scores, image_scores)
    )
    return Clusters(video_scores, image_scores, video_q, image_q)


def distilled(clusters: Clusters, *, variant: VariantName | Variant) -> tuple[Tensor, Tensor]:
    """Cross entropy of the video scores with the image codes, and of the image scores with the video codes,
    each a mean over tokens.
    """
    hard = variant_of(variant).targets == "hard"

    def term(scores: Tensor, codes: Tensor) -> Tensor:
        rows, wanted = scores.flatten(0, -2), codes.flatten(0, -2)
        return cross_entropy(rows / TEMPERATURE, wanted.argmax(dim=-1) if hard else wanted)

    return term(clusters.video_scores, clusters.image_q), term(clusters.image_scores, clusters.video_q)


def cluster_distillation(
    video_features: Tensor, image_features: Tensor, prototypes: Tensor, *, variant: VariantName | Variant
) -> tuple[Tensor, Tensor]:
    """The two terms of semantic cluster distillation: of the video scores and of the image scores.

    ``-mean_tokens sum_k q_image log softmax(s_video / 0.1)`` and its mirror image, with cosines ``s`` and
    codes ``q`` by :func:`sinkhorn` (10 rounds, epsilon 0.05). Image features and codes are constants.

    Parameters
    ----------
    video_features, image_features : Tensor, shape (B, N, D)
        Tokens of the same places and times.
    prototypes : Tensor, shape (K, D)
        Taken at length 1; gradients are those to prototypes of length 1.
    variant : {"equations", "released"} or Variant
        Soft or hard targets, and whether the second term trains the prototypes.
    """
    clusters = clustered(video_features, image_features, prototypes, variant=variant)
    return distilled(clusters, variant=variant)
