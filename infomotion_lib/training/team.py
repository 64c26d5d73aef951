"""The processes of a training, as one of them sees them, on top of Lightning Fabric."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from infomotion_lib.device import resolve_device
from infomotion_lib.training.batch_norm import share_batch_norms
from infomotion_lib.training.collective import part_of
from infomotion_lib.training.placement import Placement

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PATIENCE = timedelta(hours=6)
"""How long a process waits for the others: the first may look at VAL, or read videos, meanwhile."""


class Team:
    """Processes that train one network together; each calls the same methods in the same order.

    Parameters
    ----------
    fabric : Fabric
        Of this process, launched where there are several.
    placement : Placement
        Where the training runs.
    """

    def __init__(self, fabric: Fabric, placement: Placement) -> None:
        self._fabric, self.placement = fabric, placement

    @classmethod
    def alone(cls, placement: Placement) -> Team:
        """This very process, on one device, whatever cluster it may have been started on."""
        from lightning_fabric import Fabric  # its import takes a second: only training pays
        from lightning_fabric.plugins.environments.lightning import LightningEnvironment

        fabric = Fabric(
            accelerator=_accelerator(placement),
            devices=1,
            precision=placement.precision,
            plugins=[LightningEnvironment()],
        )
        return cls(fabric, placement)

    @property
    def device(self) -> torch.device:
        """Of this process."""
        return self._fabric.device

    @property
    def size(self) -> int:
        """Number of processes."""
        return self._fabric.world_size

    @property
    def leads(self) -> bool:
        """Whether this process writes logs and checkpoints and looks at VAL: the first does."""
        return bool(self._fabric.is_global_zero)

    def setup(self, module: nn.Module, optimiser: torch.optim.Optimizer) -> tuple[Any, Any]:
        """The module on its device, its gradients averaged over the processes, and the optimiser.

        State is read and written through what was given, whose names have no prefix.
        """
        if self.size > 1:
            share_batch_norms(module)
        return cast(tuple[Any, Any], self._fabric.setup(module, optimiser))

    def backward(self, loss: Tensor) -> None:
        """Gradients of a loss that is a mean over this process's part of the batch."""
        self._fabric.backward(loss)

    def part(self, count: int) -> slice:
        """Rows of a batch of ``count`` that are this process's."""
        return part_of(count) if self.size > 1 else slice(None)


def several(placement: Placement, *, start_method: str, plugins: list[Any] | None = None) -> Fabric:
    """Fabric of several processes: distributed data parallel, gloo on CPUs and NCCL on GPUs."""
    from lightning_fabric import Fabric
    from lightning_fabric.strategies.ddp import DDPStrategy

    # every step of a training is the same graph, in which not every weight need have a part
    strategy = DDPStrategy(
        start_method=start_method,  # type: ignore[arg-type]  # a word of torch's
        timeout=PATIENCE,
        static_graph=True,
    )
    return Fabric(
        accelerator=_accelerator(placement),
        devices=placement.devices,
        num_nodes=placement.num_nodes,
        precision=placement.precision,
        strategy=strategy,
        plugins=plugins,
    )


def _accelerator(placement: Placement) -> str:
    return resolve_device(placement.device.partition(":")[0]).type
