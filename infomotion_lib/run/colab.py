"""A notebook opened alone, in Colab: the stages it builds on are run first, on the smallest profile, or their
files, which ship with the project, are laid out.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from infomotion_lib.parameters import read_profile, stage_name, stages_of_run
from infomotion_lib.paths import PROJECT, run_paths
from infomotion_lib.provenance import shown_path
from infomotion_lib.run.starter import PROFILE as STARTER_PROFILE
from infomotion_lib.run.starter import STARTS, lay_out
from infomotion_lib.stage_table import RUN_CARD, TABLE

PROFILE = "smoke"
"""Profile of the notebooks that start from nothing: a handful of tiny phantoms."""


def start(stage: str, *, say: Callable[[str], None] = print) -> list[str]:
    """Names of the stages that were run for ``stage`` to start from; what has run before is kept.

    Parameters
    ----------
    stage : str
        Stage of the notebook, such as ``"graph_selection"``.
    say : callable
        Takes a line that says what the notebook starts from.

    Raises
    ------
    subprocess.CalledProcessError
        If a stage fails; its own message stands above.
    """
    if stage in STARTS:
        paths = lay_out()
        say(
            f"This notebook starts from {shown_path(paths.root)}: vectors of a finished run of the profile"
            f" {STARTER_PROFILE} (drawn hearts), which come with the project."
        )
        return []
    paths = run_paths(PROFILE)
    before = earlier_stages(stage)
    missing = [name for name in before if not (paths.stage(name) / RUN_CARD).is_file()]
    say(
        f"This notebook starts from the profile {PROFILE}, tiny phantoms whose numbers mean nothing:"
        f" {', '.join(before)}."
    )
    say(
        "Parameters that you leave at their default take that profile's small values; what you set yourself"
        " stays."
    )
    for name in missing:
        say(f"Running {TABLE[name].label} ...")
        subprocess.run(
            [sys.executable, "-m", "infomotion_lib.run.cli", "run", name, "--profile", PROFILE],
            cwd=PROJECT,
            check=True,
        )
    return missing


def earlier_stages(stage: str) -> list[str]:
    """Every stage that must have run before ``stage``, in the order of the walk.

    >>> earlier_stages("03")
    ['data', 'labels', 'frame_index', 'ifa_training']
    """
    wanted = set(stages_of_run(read_profile(PROFILE)))
    needed: set[str] = set()
    waiting = [stage_name(stage)]
    while waiting:
        new = (set(TABLE[waiting.pop()].needs) & wanted) - needed
        needed |= new
        waiting += new
    return [name for name in TABLE if name in needed]
