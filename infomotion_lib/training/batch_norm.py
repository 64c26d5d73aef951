"""Batch normalisation over the batch of all processes.

torch's ``SyncBatchNorm`` refuses the CPU. This one takes sums over the processes by ``all_reduce``, with
their gradients, and so is the batch normalisation of one process with the whole batch, on CPUs and GPUs
alike.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from infomotion_lib.training.collective import together


class _Sum(torch.autograd.Function):
    """Sum over the processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(context: Any, values: Tensor) -> Tensor:
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        distributed.all_reduce(total)
        return total


class SharedBatchNorm(_BatchNorm):
    """Batch normalisation of (B, C, ...) whose mean and variance are those of all processes' rows."""

    @classmethod
    def of(cls, norm: _BatchNorm) -> SharedBatchNorm:
        """The same layer, its weights and running values shared with the one it replaces."""
        made = cls(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
        made._parameters, made._buffers, made.training = norm._parameters, norm._buffers, norm.training
        return made

    def forward(self, values: Tensor) -> Tensor:
        """Normalised values, same shape; in evaluation mode by the running mean and variance."""
        if not self.training:
            return super().forward(values)
        over = [0, *range(2, values.dim())]
        shape = [1, -1] + [1] * (values.dim() - 2)
        count = together() * values.numel() // values.shape[1]
        mean = _Sum.apply(values.sum(over)) / count
        centred = values - mean.view(shape)
        variance = _Sum.apply(centred.square().sum(over)) / count
        self._follow(mean.detach(), variance.detach() * count / max(count - 1, 1))
        normalised = centred * torch.rsqrt(variance + self.eps).view(shape)
        return normalised * self.weight.view(shape) + self.bias.view(shape) if self.affine else normalised

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)

    def _check_input_dim(self, input: Tensor) -> None:  # the name of torch
        if input.dim() < 2:
            raise ValueError(f"expected at least 2 dimensions, got {input.dim()}")


def share_batch_norms(module: nn.Module) -> None:
    """Put a :class:`SharedBatchNorm` in the place of every batch normalisation inside a module."""
    for name, child in module.named_children():
        if isinstance(child, _BatchNorm):
            setattr(module, name, SharedBatchNorm.of(child))
        else:
            share_batch_norms(child)
