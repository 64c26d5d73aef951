"""The whole registered path in minutes: tiny settings, pilot seeds, a registration and a folder of its own.

A pilot proves that the code runs from the first pool to the last table. Its rows carry another hash than the
registered one, and its gate lets every world in.
"""

from __future__ import annotations

import json
from pathlib import Path

from infomotion_lib.studies.help.registration import REGISTERED, Registration, registration

FIRST_SEED = 990_100
FILE = "registration.json"


def pilot_registration(folder: str | Path) -> Registration:
    """Write the settings of a pilot into ``folder`` and read them as the study does."""
    content = json.loads(REGISTERED.read_bytes())
    content["name"] += "-pilot"
    content["parameters"] |= {
        "phantom_train_per_class": 6,
        "phantom_val_per_class": 2,
        "phantom_test_counts": [1, 1, 1, 2, 1],
        "phantom_size": 64,
        "phantom_seed": FIRST_SEED - 1,
        "study_render_size": 28,
        "steps_selected": 2,
        "ifa_steps": 2,
        "ifa_warmup_steps": 1,
        "appearance_steps": 2,
        "infomap_trials": 2,
        "vpc": [2],
    }
    content["worlds"] = {name: content["worlds"][name] for name in ("as_is", "broken_clips")}
    content["stage_0"] |= {
        "seeds": [FIRST_SEED, FIRST_SEED + 1],
        "sets": {"random": 1, "oracle": 1},
        "oracle_draws": 2,
        "least_mean": -100.0,
        "low_above": -10_000.0,
    }
    content["stage_1"] |= {
        "first_seed": FIRST_SEED + 10,
        "pools": 2,
        "sub_pools": 2,
        "sets": dict.fromkeys(content["stage_1"]["sets"], 1) | {"random": 2, "oracle": 2},
    }
    path = Path(folder) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return registration(path)
