"""What the processes of a training know together; each of these functions does nothing where there is one
process.
"""

from __future__ import annotations

import torch
from torch import Tensor, distributed


def together() -> int:
    """Number of processes that train together."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def rank() -> int:
    """Number of this process, from 0."""
    return distributed.get_rank() if together() > 1 else 0


def part_of(count: int) -> slice:
    """Rows of a batch of ``count`` that are this process's."""
    size = count // together()
    return slice(rank() * size, (rank() + 1) * size)


@torch.no_grad()
def mean_of(value: Tensor) -> Tensor:
    """Mean over the processes, without a gradient."""
    if together() == 1:
        return value
    total = value.detach().clone()
    distributed.all_reduce(total)
    return total / together()


@torch.no_grad()
def gathered(rows: Tensor) -> Tensor:
    """Rows (B, ...) of all processes, (B processes, ...), without a gradient."""
    if together() == 1:
        return rows
    parts = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(together())]
    distributed.all_gather(parts, rows.detach().contiguous())
    return torch.cat(parts)
