"""Every training that several processes may share, tiny: in this process, or as one of two of a group.

python every_room.py FOLDER     each of two processes, with torchrun's variables
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch

from infomotion_lib.generators.autoencoder_training import train_autoencoder
from infomotion_lib.generators.latte.diffusion import LatteRecipe, train_latte
from infomotion_lib.generators.spacetime.networks import chain_size, heart_unet, video_unet
from infomotion_lib.generators.spacetime.training import Course, teach_hearts, teach_videos
from infomotion_lib.representations.appearance.network import train_appearance
from infomotion_lib.representations.discovr.clips import ClipSource, Cut
from infomotion_lib.representations.discovr.model import Model
from infomotion_lib.representations.discovr.network import new_discovr
from infomotion_lib.representations.discovr.settings import TrainingSettings as DiscovrSettings
from infomotion_lib.representations.discovr.sizes import SIZES
from infomotion_lib.representations.discovr.training import train_discovr
from infomotion_lib.representations.discovr.variants import VARIANTS
from infomotion_lib.representations.ifa.settings import TrainingSettings
from infomotion_lib.representations.ifa.training import new_interpolator, train_interpolator
from infomotion_lib.representations.ifa.triplets import TripletStore
from infomotion_lib.representations.mafe.choices import Choices
from infomotion_lib.representations.mafe.objective import MafeObjective, Targets, TaughtNetwork
from infomotion_lib.representations.mafe.reid import reid_teacher
from infomotion_lib.training.launch import joined
from infomotion_lib.training.placement import Placement

Losses = dict[str, list[float]]
STEPS = 3


def train_all(folder: Path, placement: Placement) -> Losses:
    """Losses of every step of every training; of the teacher, whose losses are not kept, some weights."""
    return {
        **interpolators(folder, placement),
        **frame_networks(folder, placement),
        **discovr(folder, placement),
        **generators(folder, placement),
    }


def triplets() -> TripletStore:
    """Six triplets of 32 pixels that move by whole pixels, two of a video."""
    rng, frames = np.random.default_rng(0), []
    for _ in range(6):
        rough = rng.random((8, 8)).repeat(4, axis=0).repeat(4, axis=1)
        frames += [np.roll(np.uint8(255 * rough), k, axis=1) for k in range(3)]
    names = tuple(f"real/{number // 2} {('diastole', 'systole')[number % 2]}" for number in range(6))
    return TripletStore(np.stack(frames), np.arange(18).reshape(6, 3), names)


def interpolators(folder: Path, placement: Placement) -> Losses:
    """The IFA, and MAFE with both of its teachers."""
    store, rng = triplets(), np.random.default_rng(1)
    settings = TrainingSettings(steps=STEPS, batch_size=4, warmup_steps=1, seed=3)
    ifa = train_interpolator(
        new_interpolator(4, (1, 1, 1, 1, 1), seed=5, refine=True),
        store,
        folder=folder / "ifa",
        settings=settings,
        val=store,
        placement=placement,
    )
    network = new_interpolator(4, (1, 1, 1, 1, 1), seed=5, refine=False)
    targets = Targets(
        rng.normal(size=(6, 2, 2, 32, 32)).astype(np.float16), rng.random((6, 2, 128)).astype(np.float32)
    )
    taught = TaughtNetwork(network, identifies=True, seed=6)
    objective = MafeObjective("both", Choices(), targets, taught)
    mafe = train_interpolator(
        network, store, folder=folder / "mafe", settings=settings, placement=placement, objective=objective
    )
    parts = mafe.log[["loss", "middle", "flow", "reid", "reid_mean"]].to_numpy().ravel().tolist()
    return {"ifa": [*ifa.log["loss"], ifa.psnr], "mafe": parts}


def frame_networks(folder: Path, placement: Placement) -> Losses:
    """The networks with batch normalisation."""
    frames = np.random.default_rng(2).integers(0, 256, (8, 40, 40), dtype=np.uint8)
    appearance = train_appearance(
        frames,
        np.linspace(20, 70, 8),
        steps=STEPS,
        size=64,
        batch_size=8,
        placement=placement,
        checkpoint=folder / "appearance.pt",
    )
    running = appearance.network.body.get_buffer("bn1.running_var")[:8].tolist()
    store, path = triplets(), folder / "reid.safetensors"
    teacher = reid_teacher(store, store, path=path, steps=2, size=32, seed=1, placement=placement)
    weights = teacher.network.fc_end.weight.detach()[0, :8].tolist()
    return {"appearance": [*appearance.losses, *running], "reid": weights}


def discovr(folder: Path, placement: Placement) -> Losses:
    """Both variants, with all that the log holds."""
    size, losses = SIZES["tiny"], {}
    frames = np.random.default_rng(0).integers(0, 256, (7, 20, size.side, size.side), dtype=np.uint8)
    names = tuple(f"real/{number}" for number in range(len(frames)))
    source = ClipSource(Cut(size.side, size.frames, 3), names, names, (20,) * 7, (), dict(enumerate(frames)))
    for variant in VARIANTS:
        settings = DiscovrSettings(steps=STEPS, batch_size=4, views=2, mask=0.5, variant=VARIANTS[variant])
        model = Model.of_pool(new_discovr(size, seed=0), *source.pixels(), period=3)
        made = train_discovr(model, source, folder=folder / variant, settings=settings, placement=placement)
        losses[f"discovr {variant}"] = made.log.to_numpy().ravel().tolist()
    return losses


def generators(folder: Path, placement: Placement) -> Losses:
    """The autoencoder, a Latte, and the denoisers of LVDM and MCDM."""
    frames = np.random.default_rng(3).integers(0, 256, (8, 32, 32), dtype=np.uint8)
    autoencoder = train_autoencoder(
        frames, steps=STEPS, batch=4, checkpoint=folder / "autoencoder.pt", placement=placement
    )
    latents = torch.randn(10, 4, 2, 4, 4, generator=torch.Generator().manual_seed(1))
    latte = train_latte(
        latents.transpose(1, 2),
        np.arange(10) % 5,
        LatteRecipe("cpu/2", 4, 2, steps=STEPS, batch=6),
        checkpoint=folder / "latte.pt",
        placement=placement,
    )
    course = Course(STEPS, batch=4, dropout=0.3)
    torch.manual_seed(0)
    hearts, videos = heart_unet(chain_size("small")), video_unet(chain_size("small"))
    of_hearts = teach_hearts(
        hearts, latents[:, :, 0], course, placement=placement, checkpoint=folder / "hearts.pt"
    )
    told = torch.linspace(0, 1, 10).view(10, 1, 1)
    of_videos = teach_videos(
        videos, latents, told, course, placement=placement, checkpoint=folder / "videos.pt"
    )
    return {
        "autoencoder": [autoencoder.scale],
        "latte": latte.losses,
        "hearts": of_hearts,
        "videos": of_videos,
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    TWO = Placement(devices=2)
    with joined(TWO) as first:
        if first:
            made = train_all(Path(sys.argv[1]), TWO)
            Path(sys.argv[1], "losses.json").write_text(json.dumps(made), encoding="utf-8")
