"""The losses of one training step, and what it leaves in the network beside its gradients."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from infomotion_lib.representations.discovr.clusters import Clusters, clustered, distilled, standardised
from infomotion_lib.representations.discovr.decoder import decoder_order, in_raster_order
from infomotion_lib.representations.discovr.dino import cross_entropies, image_mean, next_centre, teacher_says
from infomotion_lib.representations.discovr.encoder import Encoder
from infomotion_lib.representations.discovr.head import DinoHead
from infomotion_lib.representations.discovr.masks import Masks
from infomotion_lib.representations.discovr.network import Discovr
from infomotion_lib.representations.discovr.variants import Variant


@dataclass(frozen=True)
class Step:
    """The four losses, with equal weights, and what alarms and pictures look at.

    Attributes
    ----------
    video, image : Tensor
        DINO losses of both branches.
    video_scores, image_scores : Tensor
        The two terms of semantic cluster distillation.
    decoded : Tensor, shape (B, N, D)
        Video tokens as they were compared.
    clusters : Clusters
        Scores and codes of the tokens.
    cls : Tensor, shape (B, D)
        Of the video teacher.
    says : Tensor, shape (B, K)
        Its head's probabilities.
    """

    video: Tensor
    image: Tensor
    video_scores: Tensor
    image_scores: Tensor
    decoded: Tensor
    clusters: Clusters
    cls: Tensor
    says: Tensor

    @property
    def total(self) -> Tensor:
        """Sum of the four losses."""
        return self.video + self.image + self.video_scores + self.image_scores


def training_step(
    network: Discovr, clips: Tensor, masks: Masks, *, temperature: float, momentum: float, variant: Variant
) -> Step:
    """Losses of a batch; before it teachers follow and prototypes are scaled, after it the centres move.

    Parameters
    ----------
    network : Discovr
        Changed in place: teachers, centres, lengths of prototypes.
    clips : Tensor, shape (B, 3, T, S, S)
        Normalised.
    masks : Masks
        What the students see.
    temperature : float
        Of the teachers.
    momentum : float
        With which teachers keep their weights.
    variant : Variant
        The switches.
    """
    network.follow(momentum)
    network.scale_prototypes()
    tokens = network.encoder.embedded(clips)  # once for all masks
    video, cls, says = _video_loss(
        network, clips, tokens, masks.views, temperature=temperature, variant=variant
    )
    image, image_tokens = _image_loss(network, clips, masks.images, temperature=temperature, variant=variant)
    decoded = decode(network, tokens, masks.whole, variant=variant)
    compared = compared_image_tokens(image_tokens, clips=len(clips), variant=variant)
    clusters = clustered(decoded, compared, network.prototypes, variant=variant)
    video_scores, image_scores = distilled(clusters, variant=variant)
    return Step(video, image, video_scores, image_scores, decoded, clusters, cls, says)


def decode(network: Discovr, tokens: Tensor, visible: Tensor, *, variant: Variant) -> Tensor:
    """Token of every place of the video, (B, N, D), from the patches ``visible`` (B, V) among its embedded
    ones.
    """
    _, seen = network.encoder.attended(tokens, visible)
    seen = network.encoder_to_decoder(seen)  # (B, V, d)
    order = decoder_order(visible, network.encoder.size.tokens)
    hidden = network.mask_token.expand(len(tokens), order.shape[1] - seen.shape[1], -1)
    places = network.places.expand(len(tokens), -1, -1)
    places = places.gather(1, order[..., None].expand(-1, -1, places.shape[-1]))
    decoded: Tensor = network.decoder(torch.cat([seen, hidden], dim=1) + places)
    return in_raster_order(decoded, order) if variant.token_order == "raster" else decoded


def compared_image_tokens(tokens: Tensor, *, clips: int, variant: Variant) -> Tensor:
    """Image tokens (B, N, D) that video tokens are compared with, of tokens (B T, n, D) of all frames."""
    if variant.standardise:
        tokens = standardised(tokens)
    by_clip = tokens.view(clips, -1, *tokens.shape[1:])  # (B, T, n, D)
    if variant.image_tokens == "even_frames":
        return by_clip[:, ::2].flatten(1, 2)
    return by_clip.flatten(1, 2)[:, ::2]


def _video_loss(
    network: Discovr, clips: Tensor, tokens: Tensor, views: Tensor, *, temperature: float, variant: Variant
) -> tuple[Tensor, Tensor, Tensor]:
    with torch.no_grad():
        cls, _ = network.video_teacher(clips)
        logits = network.video_teacher_head(cls)
        says = teacher_says(logits, network.video_center, temperature=temperature)
    students = _views(network.encoder, network.video_dino_head, tokens, views)
    network.video_center = next_centre(network.video_center, logits, says, variant)
    return cross_entropies(says, students).mean(), cls, says


def _image_loss(
    network: Discovr, clips: Tensor, views: Tensor, *, temperature: float, variant: Variant
) -> tuple[Tensor, Tensor]:
    frames = clips.transpose(1, 2).flatten(0, 1)[:, :, None]  # (B T, 3, 1, S, S)
    with torch.no_grad():
        cls, tokens = network.image_teacher(frames)
        logits = network.image_teacher_head(cls)
        says = teacher_says(logits, network.image_center, temperature=temperature)
    student = network.image_student
    students = _views(student, network.image_dino_head, student.embedded(frames), views)
    network.image_center = next_centre(network.image_center, logits, says, variant)
    return image_mean(cross_entropies(says, students), variant), tokens


def _views(encoder: Encoder, head: DinoHead, tokens: Tensor, views: Tensor) -> Tensor:
    """Logits (M, B, K) of clips whose embedded patches are seen through ``views`` (M, B, V)."""
    cls, _ = encoder.attended(tokens.repeat(len(views), 1, 1), views.flatten(0, 1))
    logits: Tensor = head(cls)
    return logits.view(len(views), len(tokens), -1)
