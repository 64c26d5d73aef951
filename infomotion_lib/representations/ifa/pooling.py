"""Motion maps to one vector per video, without computing what the vector does not need.

The plain way runs the backbone on both pairs of a video and averages its motion maps. The same numbers come
cheaper:

- the two motions of a video share a frame, so three frames are encoded, not four (all that sees one frame at
  a time: the convolutions, the first block's norm, queries, keys and values);
- motion is affine in the displacement A c - c, so displacements are averaged first and projected once per
  map;
- the last block's appearance path (values, projection, mixer) feeds nothing and is left out;
- queries, keys and values come from one product; convolutions run channels-last; a CPU takes four videos at a
  time.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from infomotion_lib.errors import ParameterError
from infomotion_lib.linear import linear
from infomotion_lib.representations.ifa.attention import InterFrameBlock, other_frame
from infomotion_lib.representations.ifa.engine import CPU_VIDEOS, Engine, OpenVinoMotion, require_openvino
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator, as_colour, check_frames
from infomotion_lib.representations.ifa.windows import WindowPlan
from infomotion_lib.training.placement import Precision

Pooling = Literal["mean", "grid", "flow"]
GRID, FLOW_GRID = 4, 7
DIRECTIONS, PAIRS = 2, 2


def vector_size(width: int, pooling: Pooling, pairs: int = PAIRS) -> int:
    """Numbers per video: 96 F (mean), 16 times that (grid), or 392 (flow); half of them of a single pair."""
    _refuse_unknown(pooling)
    if pooling == "flow":
        return pairs * 4 * FLOW_GRID**2
    return pairs * DIRECTIONS * 24 * width * (GRID**2 if pooling == "grid" else 1)


def rank_bound(network: InterFrameInterpolator, pairs: int = PAIRS) -> int:
    """Most dimensions that mean motion vectors can span: 2 x heads x blocks, summed over both scales, x
    directions x pairs.
    """
    blocks = [
        block for blocks in (network.feature_bone.block4, network.feature_bone.block5) for block in blocks
    ]
    return (
        DIRECTIONS
        * pairs
        * sum(2 * block.attn.heads for block in blocks if isinstance(block, InterFrameBlock))
    )


class MotionPooler:
    """Motion vectors of batches of videos; holds its own channels-last copy of the network.

    Parameters
    ----------
    network : InterFrameInterpolator
        Any weights.
    pooling : {"mean", "grid", "flow"}
        ``mean``: the paper's average over each motion map. ``grid``: averages over 4 x 4 cells. ``flow``:
        predicted flow over 7 x 7 cells, which runs the flow heads too.
    device : torch.device
        Where it runs.
    precision : {"32-true", "bf16-mixed"}
        Of the products and convolutions; displacements, their mean and the projection are always float32.
    engine : {"torch", "openvino"}
        What computes the motion; OpenVINO is faster on a CPU, the authors' guide says by how much.

    Raises
    ------
    ParameterError
        If the pooling is unknown, or OpenVINO cannot do what is asked.
    """

    def __init__(
        self,
        network: InterFrameInterpolator,
        *,
        pooling: Pooling = "mean",
        device: torch.device | str = "cpu",
        precision: Precision = "32-true",
        engine: Engine = "torch",
    ) -> None:
        _refuse_unknown(pooling)
        self.pooling, self.device, self.precision = pooling, torch.device(device), precision
        if engine == "openvino":
            require_openvino(pooling=pooling, precision=precision, device=self.device.type)
        self.network = copy.deepcopy(network).to(self.device).eval().requires_grad_(False)
        bone = self.network.feature_bone
        blocks = [[_Step.of(block) for block in scale] for scale in (bone.block4, bone.block5)]
        blocks[-1][-1] = blocks[-1][-1].without_values()
        self.network.to(dtype=torch.float32, memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stub
        self.steps = blocks
        self._openvino = OpenVinoMotion(self._motion) if engine == "openvino" else None

    @torch.inference_mode()
    def vectors(self, frames: Tensor, pairs: Tensor) -> Tensor:
        """Float32 vectors (V, D) of V videos, on the CPU.

        The order is scale (1/8, then 1/16), pair, direction (forth, back), channel, cell; for ``flow`` pair,
        component, cell.

        Parameters
        ----------
        frames : Tensor
            ``(N, 1, H, W)`` or ``(N, 3, H, W)`` in [0, 1]: the distinct frames of all videos.
        pairs : Tensor
            ``(V, P, 2)``: for each video its two pairs (or one), first and second frame as rows of
            ``frames``.
        """
        check_frames(frames, frames)
        at_once = CPU_VIDEOS if self.device.type == "cpu" else max(len(pairs), 1)
        low = self.precision == "bf16-mixed"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=low):
            return torch.cat([self._some(frames, part) for part in pairs.split(at_once)])

    def _some(self, frames: Tensor, pairs: Tensor) -> Tensor:
        """Vectors of a few videos, whose maps fit a cache."""
        needed, local = torch.unique(pairs, return_inverse=True)
        flat = local.to(self.device).reshape(-1, 2)  # (all pairs, 2)
        frames = as_colour(frames[needed].to(self.device, torch.float32)).contiguous(
            memory_format=torch.channels_last
        )
        if self.pooling == "flow":
            first, second = frames[flat[:, 0]], frames[flat[:, 1]]
            flow = self.network.interpolate(self.network.features(first, second), first, second).flow[-1]
            return F.adaptive_avg_pool2d(flow.float(), FLOW_GRID).reshape(len(pairs), -1).cpu()
        both = (
            self._openvino(frames, flat, per_video=pairs.shape[1])
            if self._openvino
            else self._motion(frames, flat)
        )
        return torch.cat([_by_video(motion, pairs.shape[1]) for motion in both], dim=1).cpu()

    def _motion(self, frames: Tensor, pairs: Tensor) -> list[Tensor]:
        """Pooled motion (2P, channels, cells) of both scales: rows 0..P-1 forth, P..2P-1 back."""
        bone = self.network.feature_bone
        rows, others = torch.cat([pairs[:, 0], pairs[:, 1]]), torch.cat([pairs[:, 1], pairs[:, 0]])
        tokens, first = self._shared_block(self.steps[0][0], bone.encode(frames)[1], rows, others)
        motions = [[first], []]
        for k, step in enumerate(self.steps[0][1:] + self.steps[1]):
            scale = int(k >= len(self.steps[0]) - 1)
            if scale and not motions[1]:
                tokens = bone.patch_embed5(bone.norm4(tokens))
            tokens, motion = self._block(step, tokens)
            motions[scale].append(motion)
        return [torch.cat(motion, dim=1) for motion in motions]

    def _shared_block(
        self, step: _Step, tokens: Tensor, rows: Tensor, others: Tensor
    ) -> tuple[Tensor, Tensor]:
        """First block: what belongs to one frame is computed once per frame, then handed to the pairs that
        hold it.
        """
        plan = step.block.plan(tokens)
        windows = step.block.norm1(plan.split(tokens))
        query, key, value = step.project(windows)
        sight = step.block.attn.look(query.index_select(0, rows), key.index_select(0, others), plan)
        blended = windows.index_select(0, rows) + step.block.attn.gather(
            sight.attention, value.index_select(0, others)
        )
        return step.block.blend(plan.join(blended)), self._pool(step, sight.displacement, plan)

    def _block(self, step: _Step, tokens: Tensor) -> tuple[Tensor, Tensor]:
        plan = step.block.plan(tokens)
        windows = step.block.norm1(plan.split(tokens))
        query, *others = step.project(windows)
        key, *value = (other_frame(part) for part in others)
        sight = step.block.attn.look(query, key, plan)
        if value:
            tokens = step.block.blend(plan.join(windows + step.block.attn.gather(sight.attention, value[0])))
        return tokens, self._pool(step, sight.displacement, plan)

    def _pool(self, step: _Step, displacement: Tensor, plan: WindowPlan) -> Tensor:
        """Motion (2P, m, cells) of the pooled displacement."""
        if self.pooling == "mean" and not any(plan.padding):
            pooled = displacement.mean(dim=(1, 2))[:, None]
        else:
            maps = plan.join(displacement).permute(0, 3, 1, 2)
            pooled = (
                F.adaptive_avg_pool2d(maps, GRID if self.pooling == "grid" else 1).flatten(2).transpose(1, 2)
            )
        with torch.autocast(self.device.type, enabled=False):
            return F.linear(pooled, step.motion_weight, step.motion_bias).transpose(1, 2)


@dataclass(frozen=True)
class _Step:
    """A block with its products made ready: queries, keys and values in one; displacement to motion."""

    block: InterFrameBlock
    weight: Tensor
    bias: Tensor
    motion_weight: Tensor
    motion_bias: Tensor
    values: bool = True

    @classmethod
    def of(cls, block: nn.Module) -> _Step:
        assert isinstance(block, InterFrameBlock)
        a = block.attn
        weight = torch.cat([a.q.weight * a.scale, a.kv.weight]).detach()
        bias = torch.cat([a.q.bias * a.scale, a.kv.bias]).detach()
        return cls(block, weight, bias, a.motion_matrix().detach(), a.motion_proj.bias.detach().clone())

    def without_values(self) -> _Step:
        keep = len(self.weight) // 3 * 2
        return replace(self, weight=self.weight[:keep], bias=self.bias[:keep], values=False)

    def project(self, windows: Tensor) -> list[Tensor]:
        """Scaled queries, keys and perhaps values of normalised windows, split into heads."""
        parts = linear(windows, self.weight, self.bias).chunk(3 if self.values else 2, dim=-1)
        return [self.block.attn.split_heads(part) for part in parts]


def _by_video(motion: Tensor, pairs: int) -> Tensor:
    """Rows (V, pair x direction x channel x cell) of pooled motion (direction x V x pair, channel, cell)."""
    return motion.unflatten(0, (DIRECTIONS, -1, pairs)).permute(1, 2, 0, 3, 4).flatten(1)


def _refuse_unknown(pooling: str) -> None:
    if pooling not in ("mean", "grid", "flow"):
        raise ParameterError(f"Unknown pooling: {pooling}", remedy="Known: mean, grid, flow.")
