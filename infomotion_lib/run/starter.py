"""What ships with the project so that a notebook starts in seconds on data that mean something: the vectors
of a finished run of the phantom, a Latte that draws hearts, and vectors of twelve more pools.

``data_manifests/starter/manifest.json`` names every file with its SHA-256 and how it was made;
:mod:`infomotion_lib.run.make_starter` makes them again from a finished run.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from infomotion_lib.data.starter import LATTE, RUN, STARTER, checked, files
from infomotion_lib.paths import RunPaths, run_paths

if TYPE_CHECKING:
    from infomotion_lib.generators.latte.generator import FittedLatte

PROFILE = "phantom"
"""Profile whose finished run the files come from."""

STARTS = ("graph_selection",)
"""Stages whose notebook starts from these files: all that they read of earlier stages is among them."""


def lay_out(runs_dir: str | Path = "runs") -> RunPaths:
    """Folders of a run of the phantom as far as stage 03 reads it; a run that is there is left alone.

    Its videos are not among them: :func:`~infomotion_lib.reporting.end_diastole.end_diastolic_frames` draws
    the frames that are looked at.

    Raises
    ------
    DataError
        If a file is not the one that ships.
    """
    paths = run_paths(PROFILE, runs_dir)
    if not paths.root.exists():
        for name in files():
            if name.startswith(f"{RUN}/"):
                target = paths.root / name.removeprefix(f"{RUN}/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(checked(name), target)
    return paths


def open_starter_latte(*, device: str = "cpu") -> FittedLatte:
    """The Latte that ships, with its autoencoder and the settings that its run drew with.

    Raises
    ------
    DataError
        If a file is not the one that ships.
    """
    from infomotion_lib.generators.latte.generator import AUTOENCODER, WEIGHTS, open_latte
    from infomotion_lib.generators.latte.parameters import LatteParameters
    from infomotion_lib.parameters import read_profile

    for name in files():
        if name.startswith(f"{LATTE}/"):
            checked(name)
    profile = read_profile(PROFILE)
    known = {name: value for name, value in profile.items() if name in LatteParameters.model_fields}
    folder, p = STARTER / LATTE, LatteParameters.model_validate(known, strict=False)
    return open_latte(folder / WEIGHTS, folder / AUTOENCODER, parameters=p, device=device, side=p.latte_side)
