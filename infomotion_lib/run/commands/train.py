"""The command that trains on several machines."""

from __future__ import annotations

from typing import Annotated

import typer

from infomotion_lib.run.commands.options import Overrides, Profile, parse_overrides, with_arithmetic


def train(
    context: typer.Context,
    stage: Annotated[str, typer.Argument(help="02, or a pool such as latte_pool.")],
    profile: Profile = "phantom",
    parameter: Overrides = None,
) -> None:
    """The trainings of a stage alone, on several machines: `srun --nodes=2 --ntasks-per-node=4 infomotion
    train 02 -p num_nodes=2 -p devices=4`. Then run the stage, which takes up what was learnt.
    """
    from infomotion_lib.parameters import read_profile, stage_name, stage_parameters
    from infomotion_lib.run.train import train_stage

    overrides = parse_overrides(parameter or [])
    asked = stage_parameters(stage_name(stage), read_profile(profile), overrides=overrides)
    with_arithmetic(context, asked.arithmetic, say=typer.echo, threads=asked.workers)
    train_stage(stage, profile, overrides=overrides, say=typer.echo)
