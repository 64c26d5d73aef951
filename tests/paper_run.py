"""The paper profile, run: full network sizes for a few steps, on phantoms that pose as the gated data sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finished_run import infomotion

from infomotion_lib.parameters import STAGES, read_profile
from infomotion_lib.paths import RunPaths, run_paths
from infomotion_lib.phantom.dataset import make_dataset
from infomotion_lib.phantom.plan import PhantomRequest, video_counts
from infomotion_lib.provenance import read_run_card
from infomotion_lib.run.runner import run_stage

FEW_STEPS = {
    "ifa_steps": 2,
    "ifa_warmup_steps": 1,
    "ifa_batch_size": 1,
    "appearance_steps": 1,
    "steps_selected": 1,
    "steps_whole": 1,
    "batch_size": 1,
    "clip_frames": 8,
    "test_clips": 1,
    "infomap_trials": 2,
    "health_resamples": 1,
    "bootstrap_samples": 50,
    "n_runs": 1,
    "vpc": [1],
    "workers": 2,
    "device": "cpu",
    "autoencoder": "small",
    "autoencoder_steps": 1,
    "autoencoder_batch_size": 1,
    "latte_windows": 1,
    "latte_frames": 8,
    "latte_fps": 8.35,
    "latte_steps": 1,
    "latte_batch_size": 1,
    "pool_per_class": 1,
    "pool_methods": ["infomotion"],
    "steps_pool": 1,
    "sampling_steps": 1,
    "fidelity_resamples": 2,
}
FULL_SIZE = (
    "ifa_width",
    "ifa_depths",
    "ifa_refine",
    "appearance_size",
    "regressor",
    "clip_period",
    "clip_size",
    "pooling",
    "latte_size",
    "latte_side",
)
LIMIT = 2


def run_paper(
    folder: Path, stages: Sequence[str], *, command: bool = True, limit: int = LIMIT, **changes: Any
) -> RunPaths:
    """The paper profile under ``folder`` after these stages.

    Parameters
    ----------
    command : bool
        Whether each is run by the command line; else in this process, which has its packages loaded.
    limit : int
        Videos of each class and split that are used; one more is there.
    changes : dict
        Values beside :data:`FEW_STEPS`.
    """
    counts = video_counts(limit + 1, 1, (1, 1, 1, 1, 1))
    real = PhantomRequest(role="real", seed=5, counts=counts, frames=80)
    synthetic = PhantomRequest(role="synthetic", seed=6, counts=counts)
    make_dataset(folder / "real/EchoNet-Dynamic", real, progress=False)
    make_dataset(folder / "real/EchoNet-Synthetic", synthetic, progress=False)
    values = {"runs_dir": str(folder / "runs"), "data_root": str(folder / "real"), **FEW_STEPS, **changes}
    for stage in stages:
        taken = {name: value for name, value in values.items() if name in STAGES[stage].model_fields}
        words = [word for name, value in taken.items() for word in ("-p", f"{name}={value}")]
        if command:
            infomotion("run", stage, "--profile", "paper", "--limit", str(limit), *words)
        else:
            run_stage(stage, "paper", overrides=taken, limit=limit)
    return run_paths("paper", folder / "runs")


def check_sizes(run: RunPaths, stage: str, *, limit: int = LIMIT, **changes: Any) -> None:
    """A stage ran at the paper's sizes, on the data that the paper names, for the few steps asked for."""
    parameters, profile = read_run_card(run.stage(stage))["parameters"], read_profile("paper")
    expected = {name: profile[name] for name in FULL_SIZE} | FEW_STEPS | changes
    expected |= {"limit": limit, "real_data": "echonet-dynamic"}
    wrong = {name for name, value in expected.items() if parameters.get(name, value) != value}
    assert not wrong, f"{stage}: {sorted(wrong)}"
    assert {"limit", "real_data"} <= set(parameters)
