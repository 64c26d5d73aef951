"""Cost of the IFA network beside plain reference paths: extraction, its tricks one by one, the training step.

Run it with ``python tests/benchmarks/bench_ifa.py [--width 16] [--threads 1] [--repeats 7]``. The variants of
a group are run in turn, round after round, in one process, so that other work on the machine slows all of
them alike; a ratio is the median over rounds of the ratio within a round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from unittest import mock

import torch
from torch import Tensor

from infomotion_lib.representations.ifa import pooling
from infomotion_lib.representations.ifa.checkpoint import load_ema_vfi
from infomotion_lib.representations.ifa.interpolator import InterFrameInterpolator
from infomotion_lib.representations.ifa.losses import interpolation_loss
from infomotion_lib.representations.ifa.pooling import MotionPooler
from infomotion_lib.representations.ifa.training import new_interpolator

DEPTHS = {8: (2, 2, 2, 2, 2), 16: (2, 2, 2, 2, 2), 32: (2, 2, 2, 4, 4)}


def plain_backbone(
    network: InterFrameInterpolator, frames: Tensor, pairs: Sequence[tuple[int, int]] = ((0, 1), (1, 2))
) -> Tensor:
    """The plain way: the backbone on each pair, its maps averaged afterwards. Frames (V, K, 3, H, W) hold the
    pairs of each video at the same places.
    """
    by_scale: list[list[Tensor]] = [[], []]
    for first, second in pairs:
        features = network.features(frames[:, first], frames[:, second])
        for scale, maps in enumerate(features.motion):
            by_scale[scale] += list(maps.mean(dim=(2, 3)).chunk(2))  # forth, back
    return torch.cat([torch.cat(rows, dim=1) for rows in by_scale], dim=1)


def whole_network(network: InterFrameInterpolator, frames: Tensor) -> Tensor:
    """The wasteful way: the whole interpolation, of which only the motion features are kept."""
    by_scale: list[list[Tensor]] = [[], []]
    for first, second in ((0, 1), (1, 2)):
        features = network.features(frames[:, first], frames[:, second])
        network.interpolate(features, frames[:, first], frames[:, second])
        for scale, maps in enumerate(features.motion):
            by_scale[scale] += list(maps.mean(dim=(2, 3)).chunk(2))
    return torch.cat([torch.cat(rows, dim=1) for rows in by_scale], dim=1)


def timed(variants: Mapping[str, Callable[[], object]], *, repeats: int) -> dict[str, list[float]]:
    """Process seconds of each variant, round by round."""
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for run in variants.values():
        run()
    for _ in range(repeats):
        for name, run in variants.items():
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    return seconds


def ratio(seconds: dict[str, list[float]], slow: str, fast: str) -> float:
    """Median over rounds of how many times faster ``fast`` is."""
    return statistics.median(a / b for a, b in zip(seconds[slow], seconds[fast], strict=True))


def shared_frames(network: InterFrameInterpolator, frames: Tensor) -> Tensor:
    """One trick alone: three frames a video are encoded, not four; everything after is the plain way."""
    videos, bone = len(frames), network.feature_bone
    encoded = bone.encode(frames.flatten(0, 1).contiguous(memory_format=torch.channels_last))[1]
    first = torch.cat([torch.arange(videos) * 3, torch.arange(videos) * 3 + 1])
    tokens, by_scale = encoded[torch.cat([first, first + 1])], []
    for blocks in (bone.block4, bone.block5):
        if by_scale:
            tokens = bone.patch_embed5(bone.norm4(tokens))
        motions = []
        for block in blocks:
            tokens, motion = block(tokens)
            motions.append(motion)
        by_scale.append(torch.cat(motions, dim=-1).mean(dim=(1, 2)))
    return torch.cat(
        [maps.unflatten(0, (2, 2, videos)).permute(2, 1, 0, 3).flatten(1) for maps in by_scale], dim=1
    )


def every_video_at_once(pooler: MotionPooler, frames: Tensor, pairs: Tensor) -> Tensor:
    """All tricks but the small working set: the whole batch in one go."""
    with mock.patch.object(pooling, "CPU_VIDEOS", len(pairs)):
        return pooler.vectors(frames, pairs)


@torch.inference_mode()
def bench_extraction(
    width: int, *, videos: int, side: int, repeats: int, weights: str = ""
) -> dict[str, object]:
    """Extraction of motion vectors: milliseconds a batch, ratios, largest difference."""
    network = load_ema_vfi(weights) if weights else new_interpolator(width, DEPTHS[width], seed=0).eval()
    frames = (
        torch.rand(videos, 3, 1, side, side, generator=torch.Generator().manual_seed(0))
        .expand(-1, -1, 3, -1, -1)
        .contiguous()
    )
    flat, pairs = (
        frames.flatten(0, 1),
        torch.arange(videos)[:, None, None] * 3 + torch.tensor([[0, 1], [1, 2]]),
    )
    exact = MotionPooler(network)
    layout = exact.network  # a channels-last copy
    variants: dict[str, Callable[[], Tensor]] = {
        "whole network": lambda: whole_network(network, frames),
        "plain backbone": lambda: plain_backbone(network, frames),
        "+ channels last": lambda: plain_backbone(layout, frames),
        "+ shared frame encoded once": lambda: shared_frames(layout, frames),
        "+ last block without appearance, projection after the mean, one product": lambda: (
            every_video_at_once(exact, flat, pairs)
        ),
        "+ four videos at a time: ours": lambda: exact.vectors(flat, pairs),
    }
    plain, ours = "plain backbone", "+ four videos at a time: ours"
    difference = {name: float((run() - variants[plain]()).abs().max()) for name, run in variants.items()}
    seconds = timed(variants, repeats=repeats)
    return {
        "ms a batch": {name: round(1e3 * statistics.median(values), 1) for name, values in seconds.items()},
        "times the plain backbone": {name: round(ratio(seconds, plain, name), 2) for name in variants},
        "ours, times the whole network": round(ratio(seconds, "whole network", ours), 2),
        "ours, videos a CPU second": round(videos / statistics.median(seconds[ours]), 1),
        "largest difference from the plain backbone": {
            name: f"{value:.1e}" for name, value in difference.items()
        },
    }


def bench_training(width: int, *, batch: int, side: int, repeats: int) -> dict[str, object]:
    """A training step of the whole network beside one on the warps alone (grey frames, forward, backward,
    AdamW).
    """
    frames = torch.rand(batch, 3, side, side, generator=torch.Generator().manual_seed(0))

    def step_of(*, refine: bool, colour: bool) -> Callable[[], object]:
        network = new_interpolator(width, DEPTHS[width], seed=0, refine=refine)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4)

        def step() -> None:
            first, middle, last = (
                frames[:, k : k + 1].expand(-1, 3 if colour else 1, -1, -1) for k in range(3)
            )
            loss = interpolation_loss(network(first, last), middle)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()

        return step

    variants = {
        "whole network, colour": step_of(refine=True, colour=True),
        "whole network, grey": step_of(refine=True, colour=False),
        "warps only, grey": step_of(refine=False, colour=False),
    }
    seconds = timed(variants, repeats=repeats)
    return {
        "CPU seconds a step": {name: round(statistics.median(values), 3) for name, values in seconds.items()},
        "warps only, times the whole network (both grey)": round(
            ratio(seconds, "whole network, grey", "warps only, grey"), 2
        ),
        "warps only, times the whole network in colour": round(
            ratio(seconds, "whole network, colour", "warps only, grey"), 2
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, nargs="+", default=[16], choices=sorted(DEPTHS))
    parser.add_argument("--videos", type=int, default=8)
    parser.add_argument("--side", type=int, default=112)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--skip-training", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for width in options.width:
        sizes = {"videos": options.videos, "side": options.side, "repeats": options.repeats}
        print(json.dumps({f"extraction, F = {width}": bench_extraction(width, **sizes)}, indent=2))
        if not options.skip_training:
            step = bench_training(width, batch=8, side=options.side, repeats=max(options.repeats // 2, 3))
            print(json.dumps({f"training step, F = {width}, batch 8": step}, indent=2))


if __name__ == "__main__":
    main()
