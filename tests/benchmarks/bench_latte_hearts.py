"""What makes a small Latte draw hearts in minutes: objective, shift, latents and learning rate, scored on VAL.

``python tests/benchmarks/bench_latte_hearts.py DATA OUT.csv`` trains one autoencoder, one reader of EF and
each Latte of ``CASES`` on the TRAIN videos of ``DATA`` (``runs/phantom/data``), and writes a row per case with
a strip of its clips beside; ``OUT.csv`` gains the cases that it lacks, and some strips become ``OUT.webp``. No TEST
video is opened. Half an hour of one core; fewer steps with ``STEPS=...``.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from infomotion_lib.data.resampling import by_area
from infomotion_lib.evaluation.fidelity import frechet_distance
from infomotion_lib.generators.autoencoder import (
    FittedAutoencoder,
    reconstruction_quality,
    scaled_to,
    standardised_to,
)
from infomotion_lib.generators.autoencoder_training import obtain_autoencoder
from infomotion_lib.generators.cutting import Cut, LabelledClips, labelled_clips
from infomotion_lib.generators.latte.diffusion import LatteRecipe, sample_latents, train_latte
from infomotion_lib.generators.latte.generator import decode_clips, latents_of
from infomotion_lib.provenance import write_csv
from infomotion_lib.regressor.model import VideoResNet, build_regressor

CUT = Cut(16, 12.5, 64)
STEPS = int(os.environ.get("STEPS", "500"))
PER_CLASS = 10
CASES: dict[str, dict[str, object]] = {
    "noise, one factor": {"objective": "epsilon", "latents": "scaled"},
    "noise": {"objective": "epsilon"},
    "velocity": {"objective": "v"},
    "flow": {"objective": "flow"},
    "flow, three times the rate": {"objective": "flow", "learning_rate": 3e-3},
    "flow, three times the rate, guidance 4": {"objective": "flow", "learning_rate": 3e-3, "guidance": 4.0},
    "flow, shift 3": {"objective": "flow", "shift": 3.0},
    "flow, shift 3, one factor": {"objective": "flow", "shift": 3.0, "latents": "scaled"},
    "flow, shift 3, three times the rate": {"objective": "flow", "shift": 3.0, "learning_rate": 3e-3},
}

SHOWN = ("noise", "velocity", "flow", "flow, three times the rate, guidance 4")
"""Cases of the strip that the book shows."""

NORMAL = 6
"""Row of a strip with the first clip of class normal: two clips per class."""


def clips_of(data: Path, split: str, *, windows: int) -> LabelledClips:
    """Clips of the usable videos of the reference source, by split."""
    videos = pd.read_csv(data / "videos.csv").query("source == 'real' and status == 'ok' and split == @split")
    return labelled_clips(
        videos.assign(path=[str(data / "phantom" / path) for path in videos["path"]]), CUT, windows=windows
    )


def small(clips: NDArray[np.uint8]) -> Tensor:
    """Network input (N, 1, T, 32, 32) of clips: their speckle averaged away."""
    frames = torch.from_numpy(by_area(clips.reshape(-1, *clips.shape[2:]), 32)).float()
    return ((frames / 255 - 0.25) / 0.22).reshape(len(clips), 1, clips.shape[1], 32, 32)


@dataclass(frozen=True)
class Reader:
    """A network that reads EF of a clip, taught on TRAIN clips, half of them blurred."""

    network: VideoResNet
    mean: float
    std: float

    @torch.no_grad()
    def read(self, clips: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Features (N, D) and EF in points (N,), means of three windows of 12 frames."""
        windows = [self.network.features(small(clips)[:, :, start : start + 12]) for start in (0, 2, 4)]
        ef = torch.stack([self.network.fc(one)[:, 0] for one in windows]).mean(0) * self.std + self.mean
        return torch.stack(windows).mean(0).double().numpy(), ef.double().numpy()


def taught_reader(train: LabelledClips, *, steps: int = 900) -> Reader:
    """Reader of EF."""
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    inputs, ef = small(train.clips), torch.from_numpy(train.ef).float()
    reader = Reader(build_regressor("mini_r3d", in_channels=1), float(ef.mean()), float(ef.std()))
    optimiser = torch.optim.AdamW(reader.network.parameters(), lr=3e-3, weight_decay=1e-3, fused=True)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    for _ in range(steps):
        rows, start = torch.from_numpy(random.choice(len(ef), 10, replace=False)), int(random.integers(5))
        clips = inputs[rows][:, :, start : start + 12]
        if random.random() < 0.5:
            clips = functional.avg_pool3d(clips, (1, 3, 3), 1, (0, 1, 1))
        clips = torch.roll(clips, tuple(random.integers(-2, 3, 2).tolist()), (3, 4))
        loss = functional.smooth_l1_loss(reader.network(clips)[:, 0], (ef[rows] - reader.mean) / reader.std)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rate.step()
    reader.network.eval()
    return reader


def shapes(clips: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Every fifth frame of each clip at 16 x 16, (frames, 256)."""
    frames = clips[:, ::5]
    return by_area(frames.reshape(-1, *frames.shape[2:]), 16).reshape(-1, 256) / 255.0


def scores(
    clips: NDArray[np.uint8], asked: NDArray[np.float64], val: LabelledClips, reader: Reader
) -> dict[str, float]:
    """Distances to VAL clips, and how far the EF read from the clips follows the one asked for."""
    features, ef = reader.read(clips)
    return {
        "frame_distance": frechet_distance(shapes(val.clips), shapes(clips)),
        "clip_distance": frechet_distance(reader.read(val.clips)[0], features),
        "ef_correlation": float(np.corrcoef(ef, asked)[0, 1]),
        "movement": float(np.abs(np.diff(clips.astype(float), axis=1)).mean()),
    }


def measure(
    name: str, train: LabelledClips, val: LabelledClips, autoencoder: FittedAutoencoder, reader: Reader
) -> tuple[dict[str, object], NDArray[np.uint8]]:
    """Row of a case, and its clips."""
    case: dict[str, object] = {"latents": "standardised", "shift": 1.0, "learning_rate": 1e-3, **CASES[name]}
    guidance = case.pop("guidance", 2.0)
    unit = standardised_to if case["latents"] == "standardised" else scaled_to
    encoder = unit(train.frames, autoencoder)
    recipe = LatteRecipe("cpu/2", 8, CUT.frames, steps=STEPS, class_ef=train.class_ef, **case)  # type: ignore[arg-type]
    latents = latents_of(encoder, train)
    begun = time.process_time()
    trained = train_latte(latents, train.label, recipe)
    taught = time.process_time()
    drawn = [
        decode_clips(
            encoder,
            sample_latents(
                trained, label, seeds=[*range(PER_CLASS)], guidance=float(str(guidance)), sampling_steps=20
            ),
            side=64,
        )
        for label in range(5)
    ]
    clips, asked = np.concatenate(drawn), np.repeat(train.class_ef, PER_CLASS)
    seconds = {
        "cpu_seconds": taught - begun,
        "cpu_seconds_per_clip": (time.process_time() - taught) / len(clips),
    }
    return {
        "case": name,
        **case,
        "guidance": guidance,
        "steps": STEPS,
        **scores(clips, asked, val, reader),
        **seconds,
    }, clips


def main(data: Path, out: Path) -> None:
    """Every case that ``out`` lacks, after other TRAIN clips and restored ones."""
    train, val = clips_of(data, "TRAIN", windows=2), clips_of(data, "VAL", windows=1)
    autoencoder = obtain_autoencoder(
        train.frames, out.with_suffix("") / "autoencoder", name="small", steps=250, batch=16
    )
    reader = taught_reader(train)
    rows: list[Any] = pd.read_csv(out).to_dict("records") if out.is_file() else []
    if not rows:
        restored = autoencoder.decode(autoencoder.encode(val.frames)).reshape(val.clips.shape)
        quality = reconstruction_quality(autoencoder, val.frames[::3])
        rows += [
            {"case": "other TRAIN", **scores(train.clips[::7], train.ef[::7], val, reader)},
            {"case": "restored VAL", **scores(restored, val.ef, val, reader), **quality},
        ]
    for name in [name for name in CASES if name not in {row["case"] for row in rows}]:
        row, clips = measure(name, train, val, autoencoder, reader)
        strip = np.concatenate([np.concatenate([*clips[index][::2]], 1) for index in range(0, len(clips), 5)])
        Image.fromarray(strip).save(out.with_suffix("") / f"{name}.png")
        rows.append(row)
        write_csv(pd.DataFrame(rows), out)
        print(pd.DataFrame(rows).to_string())
    strips = [np.asarray(Image.open(out.with_suffix("") / f"{name}.png")) for name in SHOWN]
    one = np.concatenate([strip[NORMAL * CUT.side : (NORMAL + 1) * CUT.side] for strip in strips])
    Image.fromarray(one).save(out.with_suffix(".webp"), quality=80)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
