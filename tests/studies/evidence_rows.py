"""Made-up rows of an evidence study, for tests of what is said about them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from infomotion_lib.evaluation.metrics import METRICS
from infomotion_lib.phantom.nuisance import MACHINES
from infomotion_lib.studies.selectors.arms import ARMS, MAIN, WHOLE, Configuration
from infomotion_lib.studies.selectors.parameters import EvidenceParameters
from infomotion_lib.studies.selectors.rows import APPEARANCE_FILE, IFA_FILE, Tables, networks_name
from infomotion_lib.studies.selectors.study import settings_of

HASHES = {IFA_FILE: "a", APPEARANCE_FILE: "b"}
SHARED = {"settings": "s", "teachers": networks_name(HASHES)}


def made_up(
    effects: dict[str, float], *, pools: int = 6, arms: tuple[str, ...] = (MAIN,), noise: float = 1.0
) -> Tables:
    """Tables of a study in which each method is so many points better than Random, with noise between pools
    of this sd.
    """
    parameters = EvidenceParameters.model_validate({})
    rng = np.random.default_rng(0)
    sets: list[dict[str, Any]] = []
    networks: list[dict[str, Any]] = []
    for arm in arms:
        for pool in range(pools):
            base = 45 + rng.normal(0, 3)
            chosen = [
                (configuration, vpc)
                for configuration in ARMS[arm].configurations
                for vpc in ((5,) if ARMS[arm].small else (5, 10))
            ]
            chosen += [(Configuration(WHOLE), 0)] if ARMS[arm].whole else []
            planned = sum(1 if configuration.method == WHOLE else 2 for configuration, _ in chosen)
            for number, (configuration, vpc) in enumerate(chosen):
                where = {"arm": arm, "pool": pool} | SHARED
                key = dict(zip(("method", "feature", "graph"), configuration.key, strict=True))
                flags = {"healthy": 0, "collapsed": 0, "shattered": 0, "few_communities": 0}
                flags |= (
                    {("collapsed" if configuration.graph == "literal" else "healthy"): 5}
                    if configuration.graph
                    else {}
                )
                named = {"set": f"{number}", "n_train": 25, "mislabelled": 0, "videos": "0 1"}
                sets.append(where | {"planned": planned} | key | {"vpc": vpc, "draw": 0} | named | flags)
                accuracy = (
                    base
                    + effects.get(configuration.method, 0.0)
                    + (0 if configuration.method == "random" else rng.normal(0, noise))
                )
                for seed in range(1 if configuration.method == WHOLE else 2):
                    scores = dict.fromkeys(METRICS, accuracy) | {"mae": 60 - accuracy, "n_invalid": 0.0}
                    scores |= {f"accuracy_{machine.name}": accuracy for machine in MACHINES}
                    networks.append(
                        where
                        | {"set": f"{number}", "n_train": 25, "steps": 300, "training_seed": seed}
                        | scores
                    )
    constants = [
        {"arm": arm, "pool": pool, **SHARED, "planned": 1, "predictor": "always normal", "constant": 60.0}
        | dict.fromkeys(METRICS, 48.0)
        for arm in arms
        for pool in range(pools)
    ]
    losses = {"appearance_first_loss": 0.9, "appearance_last_loss": 0.05}
    teachers = {"f8": {"width": 8, "steps": 1200, "gain_db": 2.0, "ignited": True, "sha256": HASHES} | losses}
    return Tables(
        pd.DataFrame(sets), pd.DataFrame(networks), pd.DataFrame(constants), settings_of(parameters), teachers
    )
