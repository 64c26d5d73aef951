"""The jobs that a run of the paper profile becomes, and the hours of each from measured steps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_lib.frozen import FROZEN
from infomotion_lib.parameters import read_profile, stage_parameters, stages_of_run
from infomotion_lib.provenance import read_run_card
from infomotion_lib.selection.registry import SELECTORS

STUDIES = FROZEN / "studies"
STEPS = "paper_steps.csv"
DRAWN_ON_A_GPU = FROZEN / "phantom-gpu" / "05_generators" / "latte" / "run_card.json"

VIDEOS, TRAIN, TEST = 10_030, 7_465, 1_277
"""Of EchoNet-Dynamic; EchoNet-Synthetic is taken to be as large."""

SOURCES = 2
CLASSES = 5

Units = dict[str, float]


@dataclass(frozen=True)
class Kind:
    """A kind of job: its name in ``cost.md.jinja``; how many jobs there are of a size, and what each computes
    (units by the name of a measured step); the kinds that it waits for; step and batch that decide how much
    memory it takes.
    """

    name: str
    jobs: tuple[tuple[int, Units], ...]
    needs: tuple[str, ...]
    batch: tuple[str, int]

    @property
    def count(self) -> int:
        """Jobs that may run side by side."""
        return sum(count for count, _ in self.jobs)


def every_value(name: str) -> dict[str, Any]:
    """Every parameter of a profile, those at their defaults too."""
    profile = read_profile(name)
    return {
        name: value
        for stage in stages_of_run(profile)
        for name, value in stage_parameters(stage, profile).model_dump().items()
    }


def kinds(profile: Mapping[str, Any], *, shards: int) -> list[Kind]:
    """Kinds of jobs of a profile, in the order of the walk; vectors and drawing in so many shards; each EF
    network a job.

    Stages of minutes (lists, key frames, graphs, cutting clips) are left out.
    """
    p = profile
    train, motion = ("regressor", p["batch_size"]), ("interpolation", p["ifa_batch_size"])
    coder, latte = ("autoencoder_full", p["autoencoder_batch_size"]), ("generator", p["latte_batch_size"])

    def trained(batch: tuple[str, int], steps: str) -> Units:
        step, size = batch
        return {step: float(p[steps] * size)}

    judged, relabelled = ({"answers": float(p["test_clips"] * count)} for count in (TEST, VIDEOS))
    whole, few, pool = (trained(train, f"steps_{name}") for name in ("whole", "selected", "pool"))
    wholes = SOURCES * p["n_runs"]
    chosen, drawn = (SOURCES * selected_networks(p, p[name]) for name in ("methods", "pool_methods"))
    tries = ((wholes, pool | judged), (drawn, few | judged))
    vectors = {"vectors": SOURCES * VIDEOS / shards}
    steps = {"drawing": CLASSES * p["pool_per_class"] * p["sampling_steps"] / shards}
    return [
        Kind("labels", ((1, whole | relabelled),), (), train),
        Kind("motion", ((1, trained(motion, "ifa_steps")),), (), motion),
        Kind("vectors", ((shards, vectors),), ("motion",), ("vectors", 4)),
        Kind("table1", ((wholes, whole | judged), (chosen, few | judged)), ("labels", "vectors"), train),
        Kind("autoencoder", ((1, trained(coder, "autoencoder_steps")),), (), coder),
        Kind("latte", ((1, trained(latte, "latte_steps")),), ("autoencoder",), latte),
        Kind("pool", ((shards, steps),), ("latte",), ("drawing", 4)),
        Kind("table2", tries, ("table1", "pool"), train),
    ]


def selected_networks(profile: Mapping[str, Any], methods: list[str]) -> int:
    """EF networks of one source that are trained on a few chosen videos: each method, size and seed; where a
    method needs a graph, for each recipe.
    """
    recipes = dict.fromkeys((profile["selection_graph"], *profile["judged_graphs"]))
    cells = [
        (method, vpc, recipe)
        for method, vpc in product(methods, profile["vpc"])
        for recipe in (recipes if SELECTORS[method].graph else ("",))
    ]
    return len(cells) * int(profile["n_runs"])


@dataclass(frozen=True)
class Speed:
    """What a unit of each step takes: measured seconds on one thread of a processor; seconds on a GPU, where
    they were measured; GiB of a process, and of each further unit in its batch.
    """

    thread: dict[str, float]
    gpu: dict[str, float]
    memory: dict[str, tuple[float, float]]

    @property
    def gains(self) -> dict[str, float]:
        """How many threads the GPU is worth, by step, where both were measured."""
        return {step: self.thread[step] / seconds for step, seconds in self.gpu.items()}

    def on_a_gpu(self, step: str, *, gain: str = "middle") -> float:
        """Seconds of a unit on the GPU: measured, or the thread's by the ``least``, the ``most`` or the
        ``middle`` (geometric mean) of the gains that were.
        """
        if step in self.gpu:
            return self.gpu[step]
        gains = list(self.gains.values())
        taken = {"least": min(gains), "most": max(gains), "middle": math.prod(gains) ** (1 / len(gains))}
        return self.thread[step] / taken[gain]

    def gib(self, step: str, batch: int) -> float:
        """Memory of a training with this batch, in a straight line through the two that were measured."""
        base, unit = self.memory[step]
        return base + unit * batch


def read_speed(folder: Path = STUDIES, card: Path = DRAWN_ON_A_GPU) -> Speed | None:
    """Measured steps: of one thread, and of a GPU; None where either has not been measured."""
    if not ((folder / STEPS).is_file() and card.is_file()):
        return None
    rows = pd.read_csv(folder / STEPS)
    thread, memory = {}, {}
    for step, part in rows.groupby("step", sort=False):
        large, small = (part.sort_values("batch").iloc[place] for place in (-1, 0))
        thread[str(step)] = float(large["cpu_seconds"] / large["batch"])
        unit = float((large["memory_gib"] - small["memory_gib"]) / (large["batch"] - small["batch"]))
        memory[str(step)] = (float(large["memory_gib"] - unit * large["batch"]), max(unit, 0.0))
    return Speed(thread, _gpu(folder, card), memory)


def _gpu(folder: Path, card: Path) -> Units:
    """Seconds on the GPU of a trained and of a drawn clip, and of a frame of the small autoencoder."""
    steps = pd.read_csv(folder / "latte_steps.csv")
    trained = steps[(steps["size"] == "S/2") & (steps["matmul"] == "high")].sort_values("batch").iloc[0]
    drawn = read_run_card(card.parent)
    told, seconds = drawn["notes"]["drawn_elsewhere"], drawn["notes"]["seconds"]
    frames = drawn["parameters"]["autoencoder_steps"] * drawn["parameters"]["autoencoder_batch_size"]
    clips = CLASSES * told["per_class"] * told["sampling_steps"]
    return {
        "generator": 1 / float(trained["clips_a_second"]),
        "drawing": seconds["sampling"] / clips,
        "autoencoder_small": seconds["autoencoder"] / frames,
    }
