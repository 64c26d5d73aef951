"""Where a training runs: the kind of device, how many of them, and in which precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from infomotion_lib.arithmetic import bf16_obstacle
from infomotion_lib.errors import ParameterError
from infomotion_lib.machine import cores

if TYPE_CHECKING:
    import torch

    from infomotion_lib.training.parameters import TrainingParameters

Precision = Literal["32-true", "bf16-mixed"]


@dataclass(frozen=True)
class Placement:
    """Devices of a training.

    Attributes
    ----------
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    devices : int
        Processes per machine: one for each GPU, or so many that share the CPU's cores.
    num_nodes : int
        Machines.
    precision : {"32-true", "bf16-mixed"}
        Of Lightning Fabric.
    """

    device: str = "cpu"
    devices: int = 1
    num_nodes: int = 1
    precision: Precision = "32-true"

    @classmethod
    def of(cls, parameters: TrainingParameters, device: str) -> Placement:
        """That of a stage's parameters, on the device where the stage runs."""
        precision = resolve_precision(parameters.precision, device)
        return cls(device, parameters.devices, parameters.num_nodes, precision)

    @property
    def processes(self) -> int:
        """In all."""
        return self.devices * self.num_nodes

    @property
    def identity(self) -> dict[str, str]:
        """What a checkpoint must agree on: the precision, where it is not the usual one. The number of
        processes is free to change.
        """
        return {} if self.precision == "32-true" else {"precision": self.precision}

    def require_devices(self) -> None:
        """Nothing, if this machine has so many devices.

        Raises
        ------
        ParameterError
            Saying how many there are.
        """
        if self.devices == 1:
            return
        import torch

        from infomotion_lib.device import resolve_device

        if resolve_device(self.device).type == "cuda":
            there, what = torch.cuda.device_count(), "GPUs"
        else:
            there, what = cores(), "processor cores"
        if self.devices > there:
            raise ParameterError(
                f"devices = {self.devices}, but this machine has {there} {what} for them.",
                remedy=f"Use devices = {there} or fewer.",
            )

    def require_shares(self, batch: int, *, name: str = "batch size") -> None:
        """Nothing, if a batch can be dealt out evenly: unequal parts would weigh unequally in the gradient.

        Raises
        ------
        ParameterError
            Naming the batch and the number of processes.
        """
        if batch % self.processes:
            raise ParameterError(
                f"{name} = {batch} cannot be shared by {self.processes} processes (devices = {self.devices},"
                f" num_nodes = {self.num_nodes}).",
                remedy="Use a multiple: batch sizes are of all processes together.",
            )


def resolve_precision(
    precision: Precision | Literal["auto"],
    device: torch.device | str = "auto",
    *,
    environment: Mapping[str, str] | None = None,
    name: str = "precision",
) -> Precision:
    """Precision of a training on a device; ``auto`` is ``bf16-mixed`` where it has the instructions, else
    ``32-true``. ``environment``: variables of the arithmetic that will be in force; those of this process by
    default.

    Raises
    ------
    ParameterError
        If bfloat16 is asked for, by the parameter ``name``, where it would only be slow.
    """
    if precision == "auto":
        return "32-true" if _bf16_obstacle(device, environment) else "bf16-mixed"
    if precision == "bf16-mixed" and (obstacle := _bf16_obstacle(device, environment)):
        raise ParameterError(
            f"bfloat16 would be slower than float32 here: {obstacle}.",
            remedy=(
                f"Use float32 ({name} = '32-true'); on a processor that has it, arithmetic ="
                " 'native' allows it."
            ),
        )
    return precision


def _bf16_obstacle(device: torch.device | str, environment: Mapping[str, str] | None) -> str:
    import torch

    from infomotion_lib.device import resolve_device

    if resolve_device(torch.device(device).type if device != "auto" else "auto").type != "cuda":
        return bf16_obstacle() if environment is None else bf16_obstacle(environment)
    return "" if torch.cuda.is_bf16_supported() else "this GPU has no bfloat16 instructions"
