"""Teaching the second vote on drawn hearts: every clip has its own rhythm, nuisance and machine, and its
exact volume.

The loss is ``1 - r``, r the correlation of output and volume over the clip (Pearson): scale and offset are
free, and no phase is ever named. What a real clip may have and a phantom may not is drawn at random on top:
gain fields, flicker, noise, other grey maps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from infomotion_lib.data.video import resize_clip
from infomotion_lib.device import one_thread
from infomotion_lib.frames.phasenet import FRAME_RATE, SIDE, build_phasenet, network_input
from infomotion_lib.frames.rhythm import Looks, Rhythm, rhythm_clip
from infomotion_lib.frames.signals import single_threaded
from infomotion_lib.phantom.nuisance import MACHINES, Role
from infomotion_lib.progress import track
from infomotion_lib.weights import save_weights

if TYPE_CHECKING:
    from torch import Tensor, nn

_CLIPS, _HELD_OUT, _BATCHES = 0, 1, 2  # streams of the seed


@dataclass(frozen=True)
class PhaseNetSettings:
    """All that decides the weights; equal settings give equal weights on one processor.

    Attributes
    ----------
    clips, held_out : int
        Phantom clips to learn from, and to measure the last correlation on.
    frames, shortest : int
        Frames per clip, and the fewest that a step may show of it.
    cycle : (float, float)
        Frames per beat, drawn evenly in its logarithm.
    systole : (float, float)
        Share of systole in the mean beat.
    jitter : float
        Largest irregularity of a rhythm.
    ef, level : (float, float)
        Ejection fraction in points, nuisance level of the phantom.
    render_side : int
        Side at which hearts are drawn, pixels.
    steps, batch_size, learning_rate, weight_decay, seed
        Of AdamW under one cosine, after a tenth of linear rise.
    """

    clips: int = 480
    held_out: int = 60
    frames: int = 32
    shortest: int = 16
    cycle: tuple[float, float] = (5.0, 45.0)
    systole: tuple[float, float] = (0.28, 0.5)
    jitter: float = 0.25
    ef: tuple[float, float] = (12.0, 83.0)
    level: tuple[float, float] = (0.2, 1.0)
    render_side: int = 56
    steps: int = 400
    batch_size: int = 12
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    seed: int = 0


class Drawn(NamedTuple):
    """Clips (N, T, 28, 28) and the exact volume of every frame, (N, T)."""

    clips: NDArray[np.uint8]
    volumes: NDArray[np.float32]


def draw_clips(settings: PhaseNetSettings, *, held_out: bool = False, progress: bool = True) -> Drawn:
    """Phantom clips for training, or those held out; clip i depends on the settings and on i alone."""
    number, stream = (settings.held_out, _HELD_OUT) if held_out else (settings.clips, _CLIPS)
    out = Drawn(
        np.empty((number, settings.frames, SIDE, SIDE), np.uint8),
        np.empty((number, settings.frames), np.float32),
    )
    counter = track(range(number), label="Drawing phantom clips", unit="clip") if progress else range(number)
    with single_threaded():
        for index in counter:
            out.clips[index], out.volumes[index] = _draw(
                settings, np.random.default_rng((settings.seed, stream, index))
            )
    return out


def train_phasenet(
    path: str | Path, *, settings: PhaseNetSettings | None = None, progress: bool = True
) -> dict[str, float]:
    """Correlation of the trained network's curve with the exact volume on held-out phantoms; its weights are
    written whole to ``path``.

    Parameters
    ----------
    path : path
        A ``.safetensors`` file; its metadata hold the settings and the result.
    settings : PhaseNetSettings, optional
        The defaults made the weights that come with the library.
    progress : bool
        Show progress on a terminal.

    Returns
    -------
    dict
        ``median_r``, ``p10_r``: median and 10th percentile over held-out clips; ``loss``: mean of the last
        tenth of the steps.
    """
    chosen = settings or PhaseNetSettings()
    drawn = draw_clips(chosen, progress=progress)
    with _one_thread(chosen.seed):
        network, loss = _fit(drawn, chosen, progress=progress)
        r = correlations(network, draw_clips(chosen, held_out=True, progress=progress))
    result = {"median_r": float(np.median(r)), "p10_r": float(np.percentile(r, 10)), "loss": loss}
    about = {"settings": asdict(chosen), "result": {name: round(value, 4) for name, value in result.items()}}
    save_weights(network, path, kind="PhaseNet", about=about)
    return result


def correlations(network: nn.Module, drawn: Drawn, *, batch_size: int = 50) -> NDArray[np.float64]:
    """Correlation (N,) of the network's curve with the volume of each clip."""
    import torch

    values = []
    with torch.inference_mode():
        for first in range(0, len(drawn.clips), batch_size):
            part = slice(first, first + batch_size)
            values.append(
                _pearson(network(network_input(drawn.clips[part])), torch.from_numpy(drawn.volumes[part]))
                .double()
                .numpy()
            )
    return np.concatenate(values)


def _draw(
    settings: PhaseNetSettings, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    cycle = float(np.exp(rng.uniform(*np.log(settings.cycle))))
    rhythm = Rhythm(
        cycle / FRAME_RATE, float(rng.uniform(*settings.systole)), float(settings.jitter * rng.uniform())
    )
    role: Role = "real" if rng.uniform() < 0.5 else "synthetic"
    ef, level = float(rng.uniform(*settings.ef)), float(rng.uniform(*settings.level))
    looks = Looks(level, (1 / len(MACHINES),) * len(MACHINES), role)
    known = rhythm_clip(
        rng,
        rhythm,
        ef=ef,
        fps=FRAME_RATE,
        n_frames=settings.frames,
        size=settings.render_side,
        looks=looks,
    )
    assert known.volume is not None
    return resize_clip(known.clip, SIDE), known.volume


def _fit(drawn: Drawn, settings: PhaseNetSettings, *, progress: bool) -> tuple[nn.Module, float]:
    import torch

    network = build_phasenet().to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]  # torch's stub lacks 3-D
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.steps + 1, pct_start=0.1
    )
    losses = []
    bar = (
        track(range(settings.steps), label="Training PhaseNet", unit="step")
        if progress
        else range(settings.steps)
    )
    network.train()
    for step in bar:
        rng = np.random.default_rng((settings.seed, _BATCHES, step))
        clips, volumes = _batch(drawn, settings, rng)
        loss = (1 - _pearson(network(network_input(clips)), torch.from_numpy(volumes))).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
    return network.to(memory_format=torch.contiguous_format).eval(), float(
        np.mean(losses[-max(1, settings.steps // 10) :])
    )


def _batch(
    drawn: Drawn, settings: PhaseNetSettings, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Clips of one length, cut and changed at random, and their volumes: time may run backwards, left may be
    right.
    """
    chosen = rng.choice(len(drawn.clips), min(settings.batch_size, len(drawn.clips)), replace=False)
    length = int(rng.integers(settings.shortest, settings.frames + 1))
    clips, volumes = [], []
    for index in chosen:
        first = int(rng.integers(0, settings.frames - length + 1))
        order = slice(first, first + length)
        clip, volume = drawn.clips[index][order], drawn.volumes[index][order]
        if rng.uniform() < 0.5:
            clip, volume = clip[::-1], volume[::-1]
        if rng.uniform() < 0.5:
            clip = clip[:, :, ::-1]
        clips.append(_other_machine(clip, rng))
        volumes.append(volume)
    return np.stack(clips), np.stack(volumes)


def _other_machine(clip: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The clip after a shift, another grey map, a gain that varies over the picture and flickers,
    and noise.
    """
    shift = rng.integers(-2, 3, 2)
    moved = np.roll(clip, shift, axis=(1, 2)).astype(np.float32) / 255
    field = cv2.resize(
        rng.normal(0, 0.15, (3, 3)).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC
    )
    flicker = rng.normal(0, 0.03, len(clip)).astype(np.float32)[:, None, None]
    changed = moved ** np.float32(rng.uniform(0.7, 1.4)) * np.exp(
        field + flicker + np.float32(rng.normal(0, 0.15))
    )
    changed += np.float32(rng.uniform(0, 0.03)) * rng.standard_normal(clip.shape, np.float32) * (moved > 0)
    return np.rint(255 * np.clip(changed, 0, 1)).astype(np.uint8)


def _pearson(output: Tensor, volume: Tensor) -> Tensor:
    """Correlation (B,) over time of two (B, T)."""
    a, b = (x - x.mean(dim=1, keepdim=True) for x in (output, volume))
    return (a * b).sum(dim=1) / (a.norm(dim=1) * b.norm(dim=1) + 1e-6)


@contextmanager
def _one_thread(seed: int) -> Iterator[None]:
    """Torch on one thread and seeded, its generator given back as it was: sums depend on the number of
    threads.
    """
    import torch

    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(seed)
        yield
