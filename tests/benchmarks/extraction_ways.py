"""Ways to make motion vectors from videos on disk, each a function of rows of a frame index."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import torch
from bench_ifa import plain_backbone
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from infomotion_lib import linear
from infomotion_lib.data.video import read_clip
from infomotion_lib.device import as_unit
from infomotion_lib.representations.ends import pair_frames
from infomotion_lib.representations.ifa.engine import CPU_VIDEOS, OpenVinoMotion
from infomotion_lib.representations.ifa.features import BATCH, extract_features, motions
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.pooling import MotionPooler, _by_video
from infomotion_lib.training.placement import Precision

Vectors = NDArray[np.float32]
Way = Callable[[pd.DataFrame], Vectors]
Compute = Callable[[Tensor, Tensor], Tensor]
"""Vectors (V, D) of frames (3 V, 3, H, W) and pairs (2 V, 2) of V videos."""

PLAIN, OURS = "plain", "ours"
FRAMES, PAIRS = 3, 2


def ours(network: InterFrameInterpolator, *, threads: int, precision: Precision = "32-true") -> Way:
    """The library's own path."""
    reading = motions(2, precision)
    return lambda rows: (
        extract_features(network, rows, out=None, device="cpu", workers=threads, reading=reading).features
    )


def plain(network: InterFrameInterpolator) -> Way:
    """The published network used plainly: every frame decoded, the backbone on each pair, torch's own linear
    layers.
    """

    @torch.inference_mode()
    def vectors(rows: pd.DataFrame) -> Vectors:
        records, made = rows.to_dict("records"), []
        for start in range(0, len(records), BATCH):
            frames = np.stack([_four_frames(row) for row in records[start : start + BATCH]])
            colour = as_unit(frames, torch.device("cpu"))[:, :, None].expand(-1, -1, 3, -1, -1).contiguous()
            made.append(plain_backbone(network, colour, ((0, 1), (2, 3))).numpy())
        return np.concatenate(made)

    def unhelped(rows: pd.DataFrame) -> Vectors:
        with mock.patch.object(linear, "_by_convolution", lambda x: False):
            return vectors(rows)

    return unhelped


def _four_frames(row: Mapping[Any, Any]) -> NDArray[np.uint8]:
    """First and second frame of both motions, of a clip that is decoded whole."""
    wanted, pairs = pair_frames(row)
    return read_clip(row["path"])[np.array(wanted)[pairs.ravel()]]


class Core(nn.Module):
    """The network's part of our path, as compilers and exporters take it."""

    def __init__(self, network: InterFrameInterpolator) -> None:
        super().__init__()
        pooler = MotionPooler(network)
        self.network, self.pooler = pooler.network, pooler

    def forward(self, frames: Tensor, pairs: Tensor) -> Tensor:
        """Vectors of a few videos; see :data:`Compute`."""
        return torch.cat([_by_video(motion, PAIRS) for motion in self.pooler._motion(frames, pairs)], dim=1)


def example(side: int) -> tuple[Tensor, Tensor]:
    """Frames and pairs of as many videos as a CPU takes at a time."""
    pairs = torch.arange(CPU_VIDEOS)[:, None, None] * FRAMES + torch.tensor([[0, 1], [1, 2]])
    grey = torch.rand(CPU_VIDEOS * FRAMES, 1, side, side, generator=torch.Generator().manual_seed(0))
    return grey.expand(-1, 3, -1, -1).contiguous(), pairs.reshape(-1, 2)


def through(compute: Compute, network: InterFrameInterpolator, *, threads: int) -> Way:
    """Our path with the network's part replaced; the number of videos must be a multiple of four."""

    def some(self: MotionPooler, frames: Tensor, pairs: Tensor) -> Tensor:
        needed, local = torch.unique(pairs, return_inverse=True)
        return compute(frames[needed].expand(-1, 3, -1, -1).contiguous(), local.reshape(-1, 2))

    way = ours(network, threads=threads)

    def vectors(rows: pd.DataFrame) -> Vectors:
        with mock.patch.object(MotionPooler, "_some", some):
            return way(rows)

    return vectors


def compiled(network: InterFrameInterpolator, *, side: int, threads: int) -> Compute:
    """By ``torch.compile``."""
    core = torch.compile(Core(network), dynamic=False)

    def compute(frames: Tensor, pairs: Tensor) -> Tensor:
        with torch.inference_mode(False), torch.no_grad():
            laid = frames.clone(memory_format=torch.channels_last)
            made: Tensor = core(laid, pairs.clone())
            return made

    compute(*example(side))
    return compute


def onnxruntime(network: InterFrameInterpolator, *, side: int, threads: int) -> Compute:
    """By ONNX Runtime, from an export in memory."""
    import io

    import onnxruntime as runtime

    file = io.BytesIO()
    names = ["frames", "pairs"]
    with torch.no_grad():
        torch.onnx.export(Core(network), example(side), file, dynamo=False, input_names=names)
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = runtime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    return lambda frames, pairs: torch.from_numpy(
        session.run(None, {"frames": frames.numpy(), "pairs": pairs.numpy()})[0]
    )


def openvino(network: InterFrameInterpolator, *, side: int, threads: int) -> Compute:
    """By the library's own engine, compiled once: it does that for every data set."""
    engine = OpenVinoMotion(MotionPooler(network)._motion)

    def compute(frames: Tensor, pairs: Tensor) -> Tensor:
        return torch.cat([_by_video(part, PAIRS) for part in engine(frames, pairs, per_video=PAIRS)], dim=1)

    with torch.inference_mode():
        compute(*example(side))
    return compute


def openvino_bf16(network: InterFrameInterpolator, *, side: int, threads: int) -> Compute:
    """By OpenVINO in bfloat16, from a trace."""
    import openvino as engine

    given = example(side)
    with torch.no_grad():
        traced = engine.convert_model(
            Core(network), example_input=given, input=[tuple(part.shape) for part in given]
        )
    asked = {"INFERENCE_PRECISION_HINT": "bf16", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    model = engine.Core().compile_model(traced, "CPU", asked)
    return lambda frames, pairs: torch.from_numpy(model([frames.numpy(), pairs.numpy()])[0].copy())


BF16, OPENVINO = "bfloat16", "OpenVINO"
TRIED: Mapping[str, str] = {
    "torch.compile": "torch",
    "ONNX Runtime": "onnxruntime",
    OPENVINO: "openvino",
    "OpenVINO bfloat16": "openvino",
}
"""By name: the package that must be there."""


def missing_package(name: str) -> str:
    """Package that a way needs and that is not installed; empty if it is."""
    package = TRIED.get(name, "torch")
    return "" if importlib.util.find_spec(package) else package


def way(name: str, network: InterFrameInterpolator, *, side: int, threads: int) -> Way:
    """A way by its name."""
    if name == PLAIN:
        return plain(network)
    precisions: dict[str, Precision] = {OURS: "32-true", BF16: "bf16-mixed"}
    if name in precisions:
        return ours(network, threads=threads, precision=precisions[name])
    makers = {
        "torch.compile": compiled,
        "ONNX Runtime": onnxruntime,
        OPENVINO: openvino,
        "OpenVINO bfloat16": openvino_bf16,
    }
    return through(makers[name](network, side=side, threads=threads), network, threads=threads)


def counted(network: InterFrameInterpolator, side: int) -> dict[str, float]:
    """GFLOP per video of the plain backbone and of our path, as torch counts them: products and convolutions."""
    frames, pairs = example(side)
    with FlopCounterMode(display=False) as of_plain, torch.no_grad():
        plain_backbone(network, frames[None, :FRAMES])
    with FlopCounterMode(display=False) as of_ours, torch.no_grad():
        Core(network)(frames, pairs)
    return {
        PLAIN: of_plain.get_total_flops() / 1e9,
        OURS: of_ours.get_total_flops() / CPU_VIDEOS / 1e9,
    }


@torch.inference_mode()
def peak(*, repeats: int = 3) -> float:
    """GFLOP per CPU second of the fastest of a few large products and convolutions."""
    best = 0.0
    for run in _large():
        with FlopCounterMode(display=False) as counter:
            run()
        for _ in range(repeats):
            started = time.process_time()
            run()
            best = max(best, counter.get_total_flops() / 1e9 / (time.process_time() - started))
    return best


def _large() -> Iterator[Callable[[], Tensor]]:
    square = torch.rand(1536, 1536)
    yield lambda: square @ square
    for channels, side, kernel in ((64, 56, 3), (128, 28, 3), (512, 28, 1)):
        maps = torch.rand(16, channels, side, side).to(memory_format=torch.channels_last)
        weight = torch.rand(channels, channels, kernel, kernel).to(memory_format=torch.channels_last)
        yield lambda maps=maps, weight=weight, kernel=kernel: torch.conv2d(maps, weight, padding=kernel // 2)


@contextmanager
def environment(variables: Mapping[str, str], *, without: tuple[str, ...]) -> Iterator[None]:
    """Variables of the processes that start within the block."""
    import os

    with mock.patch.dict(os.environ, variables):
        for name in without:
            if name not in variables:
                os.environ.pop(name, None)
        yield


def closeness(made: Vectors, exact: Vectors) -> dict[str, Any]:
    """``difference``: largest, relative to the largest number; ``rank_correlation`` of the distances between
    videos.
    """
    from scipy.spatial.distance import pdist
    from scipy.stats import spearmanr

    return {
        "difference": float(np.abs(made - exact).max() / np.abs(exact).max()),
        "rank_correlation": float(spearmanr(pdist(made), pdist(exact)).statistic),
    }
