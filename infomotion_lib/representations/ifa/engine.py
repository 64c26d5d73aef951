"""The motion of a few videos by OpenVINO: the same network, compiled for this processor.

A model is compiled for one size of frames and for :data:`CPU_VIDEOS` videos. Fewer are filled up, so that a
vector does not depend on how many are made with it; a block in which some video's motions share no frame has
a model of its own, of equal numbers to rounding.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn

from infomotion_lib.errors import ParameterError

Engine = Literal["torch", "openvino"]
Motion = Callable[[Tensor, Tensor], list[Tensor]]
"""Pooled motion of both scales, given distinct frames (N, 3, H, W) and pairs (P, 2) of their rows."""

CPU_VIDEOS = 4
"""Videos that a CPU takes at a time: with more, maps of full size leave its caches (measured: 8 cost 8-25 %
more).
"""


def require_openvino(
    *, pooling: str, precision: str, device: str = "cpu", arithmetic: str = "native"
) -> None:
    """Nothing, if OpenVINO can make vectors so, on this machine.

    Raises
    ------
    ParameterError
        Naming the parameter that stands against it, or that the package is missing.
    """
    absent = importlib.util.find_spec("openvino") is None
    obstacles = (
        (arithmetic != "native", "portable arithmetic cannot hold it", "use arithmetic = 'native'"),
        (device == "cuda", "it runs on the processor alone", "use device = 'cpu'"),
        (pooling == "flow", "it makes motion, not flow", "use pooling = 'mean' or 'grid'"),
        (precision != "32-true", "in bfloat16 it changes which videos are near each other", "use '32-true'"),
        (absent, "the package openvino is not installed", "run pip install openvino"),
    )
    for stands, reason, remedy in obstacles:
        if stands:
            raise ParameterError(
                f"OpenVINO cannot make these vectors: {reason}.",
                remedy=f"For it, {remedy}; or use ifa_vector_engine = 'torch'.",
            )


class OpenVinoMotion:
    """Pooled motion as :data:`Motion` has it, float32, of up to :data:`CPU_VIDEOS` videos.

    Parameters
    ----------
    motion : callable
        The same in torch; it is traced when frames of a new size come (a few seconds).
    """

    def __init__(self, motion: Motion) -> None:
        self._module = _Traced(motion)
        self._compiled: dict[tuple[int, ...], Any] = {}

    def __call__(self, frames: Tensor, pairs: Tensor, *, per_video: int) -> list[Tensor]:
        count, most = len(pairs), CPU_VIDEOS * per_video
        shared = CPU_VIDEOS + most  # frames, where each pair of a video begins with the last one's end
        frames = _filled(frames, shared if len(frames) <= shared else 2 * most)
        pairs = _filled(pairs, most)
        key = (*frames.shape, len(pairs))
        if key not in self._compiled:
            self._compiled[key] = _compile(self._module, frames, pairs)
        made = self._compiled[key]([frames.numpy(), pairs.numpy()])
        both = (torch.from_numpy(made[number].copy()).unflatten(0, (2, -1)) for number in range(2))
        return [motion[:, :count].flatten(0, 1) for motion in both]  # forth, then back


def _filled(rows: Tensor, count: int) -> Tensor:
    return torch.cat([rows, rows[-1:].expand(count - len(rows), *rows.shape[1:])]).contiguous()


class _Traced(nn.Module):
    def __init__(self, motion: Motion) -> None:
        super().__init__()
        self.motion = motion

    def forward(self, frames: Tensor, pairs: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.motion(frames, pairs))


def _compile(module: nn.Module, frames: Tensor, pairs: Tensor) -> Any:
    # OpenVINO reports each conversion to its makers unless this package is missing; data may be patients'
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: cannot be imported
    import openvino

    example = (torch.rand_like(frames), pairs.clone())  # a trace keeps no frame of a patient
    shapes = [tuple(part.shape) for part in example]
    with warnings.catch_warnings():  # that sizes become constants: they are, of this model
        warnings.simplefilter("ignore")
        model = openvino.convert_model(module, example_input=example, input=shapes)
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "NUM_STREAMS": 1,
    }
    return openvino.Core().compile_model(model, "CPU", settings)
