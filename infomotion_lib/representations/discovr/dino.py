"""Self-distillation: students who see little say what a teacher says who sees all."""

from __future__ import annotations

import torch
from torch import Tensor

from infomotion_lib.representations.discovr.variants import Variant
from infomotion_lib.training.collective import mean_of, rank, together

STUDENT_TEMPERATURE = 0.1
CENTRE_MOMENTUM = 0.8
"""What the published code runs; an option of 0.9 never reaches it."""

IMAGE_SCALE, CHUNK = 256, 1024


def teacher_temperature(step: int, *, first: float, last: float, steps: int) -> float:
    """Temperature at a step (published: an epoch) counted from 0: ``steps`` even values from first to last,
    then the last.
    """
    if step >= steps - 1:
        return last
    return first + (last - first) * step / (steps - 1)


def teacher_says(logits: Tensor, centre: Tensor, *, temperature: float) -> Tensor:
    """Probabilities of the teacher, same shape as its logits: softmax of ``(logits - centre) /
    temperature``.
    """
    return ((logits.detach() - centre) / temperature).softmax(dim=-1)


def cross_entropies(says: Tensor, students: Tensor) -> Tensor:
    """``-sum_k p_teacher log p_student`` of each view and row, (M, R), of probabilities (R, K) and logits
    (M, R, K).
    """
    return -(says * (students / STUDENT_TEMPERATURE).log_softmax(dim=-1)).sum(dim=-1)


def image_mean(values: Tensor, variant: Variant) -> Tensor:
    """Loss of the image branch from cross entropies (N, B T), weighted as the variant says."""
    if variant.image_weight == "mean":
        return values.mean()
    processes, frames = together(), together() * values.shape[1]
    begins = (frames - 1) // CHUNK * CHUNK  # the last chunk, of the frames of all processes
    if processes == 1:
        return values[:, begins:].mean() * IMAGE_SCALE / frames
    here = values[:, max(begins - rank() * values.shape[1], 0) :]
    mean = here.sum() / (len(values) * (frames - begins))
    return processes * mean * IMAGE_SCALE / frames  # the mean over processes is the loss


@torch.no_grad()
def next_centre(
    centre: Tensor, logits: Tensor, says: Tensor, variant: Variant, *, momentum: float = CENTRE_MOMENTUM
) -> Tensor:
    """Centre (1, K) after a step: a moving mean of the teacher's logits, or of its probabilities, over the
    batch of all processes.
    """
    new = mean_of((logits if variant.centre_of == "logits" else says).mean(dim=0, keepdim=True))
    return centre * momentum + new * (1 - momentum)
