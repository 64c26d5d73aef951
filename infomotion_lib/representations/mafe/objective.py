"""What MAFE minimises: the middle frame, the flow teacher's flow, the identity teacher's identities."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator, Interpolation
from infomotion_lib.representations.ifa.losses import interpolation_loss
from infomotion_lib.representations.ifa.objective import Batch, Losses
from infomotion_lib.representations.mafe.choices import Choices, Method
from infomotion_lib.representations.mafe.losses import flow_loss, reid_loss
from infomotion_lib.representations.mafe.reid import IDENTITY_SIZE
from infomotion_lib.representations.mafe.turned import pooled_appearance

PARTS = ("middle", "flow", "flow_zero", "reid", "reid_mean")
"""Losses before they are weighted: of the middle frame; of the flow, and of an answer of no flow; of the
identities, and of the mean identity as the answer to all. nan where a method does without.
"""


class Made(NamedTuple):
    """What the taught network makes: the middle frame, and identities (B, 2, 128) of both ends."""

    interpolation: Interpolation
    identities: Tensor | None


class TaughtNetwork(nn.Module):
    """The interpolator, and beside it the linear map from appearance to identity."""

    def __init__(self, network: InterFrameInterpolator, *, identifies: bool, seed: int) -> None:
        super().__init__()
        self.network = network
        self.head: nn.Linear | None = None
        if identifies:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                self.head = nn.Linear(network.motion_size, IDENTITY_SIZE)

    def forward(self, first: Tensor, last: Tensor) -> Made:
        """Middle frames between ``first`` and ``last`` (B, 1, H, W), and the identities of these."""
        features = self.network.features(first, last)
        identities = None
        if self.head is not None:
            identities = self.head(pooled_appearance(features)).unflatten(0, (2, -1)).transpose(0, 1)
        return Made(self.network.interpolate(features, first, last), identities)


@dataclass(frozen=True)
class Targets:
    """What the teachers say of every triplet of a store; flows of EchoNet-Dynamic's TRAIN videos take 1.5 GB.

    Attributes
    ----------
    flows : ndarray of float16, shape (N, 2, 2, H, W), or None
        From the middle frame to the first and to the last, x then y, pixels.
    identities : ndarray of float32, shape (N, 2, 128), or None
        Of the first and of the last frame.
    """

    flows: NDArray[np.float16] | None = None
    identities: NDArray[np.float32] | None = None

    @cached_property
    def mean_identity(self) -> NDArray[np.float32]:
        """Of all frames, (128,)."""
        assert self.identities is not None
        mean: NDArray[np.float32] = self.identities.mean(axis=(0, 1))
        return mean

    def rows(self, rows: NDArray[np.int64] | slice) -> Targets:
        """Those of some triplets."""
        return Targets(
            None if self.flows is None else self.flows[rows],
            None if self.identities is None else self.identities[rows],
        )

    def of(self, batch: Batch, *, follow: bool) -> Targets:
        """Those of a step's triplets, changed as the frames were if they are to ``follow``."""
        some = self.rows(batch.rows)
        flows, identities = some.flows, some.identities
        if follow:
            square = flows is None or flows.shape[-1] == flows.shape[-2]  # swaps do not depend on it
            changes = batch.settings.changes(batch.step, count=len(batch.rows), square=square)
            if flows is not None:
                pairs = zip(changes, flows, strict=True)
                flows = np.stack([change.of_flows(flow) for change, flow in pairs])
            if identities is not None:
                both = zip(changes, identities, strict=True)
                identities = np.stack([one[::-1] if change.swap else one for change, one in both])
        return Targets(flows, identities)

    def checksums(self) -> dict[str, int]:
        """What a checkpoint is compared by."""
        both = {"flow targets": self.flows, "identity targets": self.identities}
        return {
            name: 0 if values is None else zlib.crc32(np.ascontiguousarray(values).data)
            for name, values in both.items()
        }


@dataclass(frozen=True)
class MafeObjective:
    """The three losses, weighted.

    Attributes
    ----------
    method : Method
        Which of them.
    choices : Choices
        How.
    targets : Targets
        Of all TRAIN triplets.
    taught : TaughtNetwork
        What is trained.
    flow_weight, reid_weight : float
        Of the losses.
    """

    method: Method
    choices: Choices
    targets: Targets
    taught: TaughtNetwork
    flow_weight: float = 0.01
    reid_weight: float = 1.0
    label: str = "MAFE"
    prefix: str = "mafe"
    parts: tuple[str, ...] = field(default=PARTS)

    @property
    def normed(self) -> bool:
        """Whether the method normalises."""
        return self.method.endswith("norm")

    def trained(self, network: InterFrameInterpolator) -> nn.Module:
        """The network with its linear map."""
        assert self.taught.network is network
        return self.taught

    def losses(self, made: Made, middle: Tensor, batch: Batch) -> Losses:
        """Weighted sum, and the parts as they are."""
        targets = self.targets.of(batch, follow=self.choices.targets_follow).rows(batch.part)
        return self.compared(made, middle, targets, weight=batch.settings.laplacian_weight)

    def compared(self, made: Made, middle: Tensor, targets: Targets, *, weight: float) -> Losses:
        """Losses against some targets; ``weight`` is of the Laplacian term."""
        loss = interpolation_loss(
            made.interpolation, middle, loss=self.choices.reconstruction, laplacian_weight=weight
        )
        nothing = torch.full((), float("nan"))
        parts = [loss, nothing, nothing, nothing, nothing]
        if targets.flows is not None:
            target = torch.from_numpy(targets.flows).to(middle.device).float()
            stages = (
                made.interpolation.flow
                if self.choices.flow_stages == "both"
                else made.interpolation.flow[-1:]
            )
            flow = torch.stack([self._flow(stage.unflatten(1, (2, 2)), target) for stage in stages]).mean()
            parts[1:3] = flow, self._flow(torch.zeros_like(target), target)
            loss = loss + self.flow_weight * flow
        if targets.identities is not None and made.identities is not None:
            identity = torch.from_numpy(targets.identities).to(middle.device)
            mean = torch.from_numpy(self.targets.mean_identity).to(middle.device)
            reid = self._reid(made.identities, identity)
            parts[3:5] = reid, self._reid(mean.expand_as(identity), identity)
            loss = loss + self.reid_weight * reid
        return Losses(loss, made.interpolation, tuple(parts))

    def identity(self) -> Mapping[str, Any]:
        """Method, weights, switches and targets."""
        switches = {f"switch {name}": value for name, value in asdict(self.choices).items()}
        how = {"method": self.method, "flow_weight": self.flow_weight, "reid_weight": self.reid_weight}
        return {**how, **switches, **self.targets.checksums()}

    def _flow(self, flows: Tensor, target: Tensor) -> Tensor:
        return flow_loss(flows, target, normed=self.normed, choices=self.choices)

    def _reid(self, identities: Tensor, target: Tensor) -> Tensor:
        return reid_loss(identities, target, normed=self.normed, choices=self.choices)
