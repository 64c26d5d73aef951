"""Parameters of every stage that trains a network which several devices may share."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infomotion_lib.arithmetic import variables
from infomotion_lib.parameters import StageParameters

SHARED_BY = frozenset({"devices", "num_nodes"})
"""Parameters that say how many processes train together. They decide the order of sums, and so last digits; a
training may go on with other numbers of them.
"""


class TrainingParameters(StageParameters):
    """On how many devices networks are trained, and in which precision."""

    devices: int = Field(
        1,
        ge=1,
        le=1024,
        description="processes of a training on each machine: one per GPU, or sharing the cores",
    )
    num_nodes: int = Field(
        1, ge=1, le=1024, description="machines of a training; more than one: `srun infomotion train STAGE`"
    )
    precision: Literal["32-true", "bf16-mixed", "auto"] = Field(
        "32-true", description="of all trainings but the IFA's (ifa_precision); not yet run on several GPUs"
    )

    def require_machine(self) -> None:
        """Refuse devices that are not there, batches that they cannot share, bfloat16 where there is none."""
        super().require_machine()
        if (self.devices, self.num_nodes, self.precision) == (1, 1, "32-true"):
            return
        from infomotion_lib.training.placement import Placement, resolve_precision

        placement = Placement(self.device, self.devices, self.num_nodes)
        placement.require_devices()
        for name in type(self).model_fields:
            if name.endswith("_batch_size"):
                placement.require_shares(getattr(self, name), name=name)
        if self.precision == "bf16-mixed":
            asked = variables(self.arithmetic, threads=self.workers)
            resolve_precision(self.precision, self.device, environment=asked)
