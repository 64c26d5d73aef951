"""What decides the rows of the study: rows of other settings are never mixed."""

from __future__ import annotations

from typing import Any

from infomotion_lib.phantom.plan import EDITION
from infomotion_lib.studies.rows import identity_of
from infomotion_lib.studies.selectors.parameters import EvidenceParameters

FORMAT = 1
"""Raised whenever changed code would give other rows for equal parameters."""

DECIDING = (
    *("phantom_train_per_class", "phantom_val_per_class", "phantom_test_counts", "phantom_frames"),
    *("phantom_fps", "phantom_size"),
    *("nuisance_level", "machine_shares", "phantom_seed", "diastole_fraction"),
    *("ifa_width", "ifa_depths", "ifa_steps", "ifa_batch_size", "ifa_learning_rate", "ifa_warmup_steps"),
    *("ifa_loss", "ifa_lambda"),
    *("ifa_refine", "ifa_flips", "ifa_seed", "pooling", "appearance_steps", "appearance_size"),
    *("knn_k", "softmax_scale", "softmax_cut", "softmax_threshold", "markov_time", "infomap_trials"),
    *("centrality", "vpc"),
    *("regressor", "clip_frames", "clip_period", "clip_size", "clip_shift", "test_clips", "batch_size"),
    *("learning_rate", "weight_decay"),
    *("steps_selected", "steps_whole", "soft_tolerance"),
    *("study_seed", "study_render_size", "study_random_draws", "study_stratified_draws"),
    *("study_training_seeds", "study_whole_seeds"),
)
"""Parameters that decide the rows; the others say how many pools, where and how fast."""

LATER = {"optimiser": "adamw", "arithmetic": "native"}
"""Parameters that came after the first rows, with the value that those were made with; they count where they
differ from it.
"""


def settings_of(parameters: EvidenceParameters) -> dict[str, Any]:
    """All that decides the rows, in the types that JSON gives back."""
    values = parameters.model_dump(include={*DECIDING, *LATER}, mode="json")
    later = {name: values[name] for name, first in LATER.items() if values[name] != first}
    return {"format": FORMAT, "edition": EDITION} | {name: values[name] for name in DECIDING} | later


def settings_name(settings: dict[str, Any]) -> str:
    """First digits of the hash of the settings: rows of other settings have another name and are
    never mixed.
    """
    return identity_of(settings, format=settings["format"])
