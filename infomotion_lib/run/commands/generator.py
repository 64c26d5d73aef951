"""Commands about generators: draw a pool from a trained one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infomotion_lib.errors import ParameterError
from infomotion_lib.run.commands.options import Profile, RunsDir

generate = typer.Typer(
    help="Draw pools from trained generators.", no_args_is_help=True, rich_markup_mode=None
)


@generate.command("latte")
def generate_latte(
    per_class: Annotated[int, typer.Option(help="Clips of each EF class.")],
    profile: Profile = "phantom",
    runs_dir: RunsDir = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder of the pool; default: generated/latte in the profile's run.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Weights; default: those of stage 05 of the profile's run.")
    ] = None,
    autoencoder: Annotated[
        Path | None, typer.Option(help="Folder of its autoencoder; default: autoencoder/ beside the weights.")
    ] = None,
    guidance: Annotated[
        float | None, typer.Option(help="1 to 20: how loud the class is; default: the profile's.")
    ] = None,
    frames: Annotated[int, typer.Option(help="Frames kept of each clip; 0: all that the Latte makes.")] = 0,
    sampling_steps: Annotated[
        int | None, typer.Option(help="Denoising steps of a clip; default: the profile's.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal pools.")] = 0,
    side: Annotated[int, typer.Option(min=16, help="Side of the written frames, pixels.")] = 112,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Exactly N clips of each class in EchoNet's layout, with a manifest of how each was made. Resumable."""
    from infomotion_lib.classes import CLASS_NAMES
    from infomotion_lib.data.faults import MIN_FRAMES
    from infomotion_lib.device import resolve_device
    from infomotion_lib.generators.cutting import Cut
    from infomotion_lib.generators.latte.generator import AUTOENCODER, WEIGHTS, open_latte
    from infomotion_lib.generators.latte.parameters import LatteParameters
    from infomotion_lib.generators.pool import PoolRequest, write_pool
    from infomotion_lib.parameters import read_profile, stage_parameters
    from infomotion_lib.paths import require_own, run_paths

    wanted = {} if guidance is None else {"guidance": guidance}
    wanted |= {} if sampling_steps is None else {"sampling_steps": sampling_steps}
    values = {name: value for name, value in read_profile(profile).items() if name not in wanted}
    parameters = stage_parameters("latte_pool", values)
    assert isinstance(parameters, LatteParameters)
    parameters = parameters.model_copy(update=wanted)  # out of range, they are refused where they are used
    paths = require_own(run_paths(parameters.profile, runs_dir or parameters.runs_dir), profile)
    file = checkpoint or paths.stage("latte_pool") / WEIGHTS
    where = resolve_device(device).type
    fitted = open_latte(
        file, autoencoder or file.parent / AUTOENCODER, parameters=parameters, device=where, side=side
    )
    recipe = fitted.trained.recipe
    if frames and not MIN_FRAMES <= frames <= recipe.frames:
        raise ParameterError(
            f"Frames must lie in {MIN_FRAMES} to {recipe.frames}, the length this Latte makes, not {frames}."
        )
    root = out or paths.root / "generated" / "latte"
    cut = Cut(frames or recipe.frames, recipe.fps, side)
    write_pool(fitted, root, PoolRequest(cut, per_class, seed, "latte"))
    typer.echo(
        f"{per_class} clips of each of {len(CLASS_NAMES)} classes, and how each was made (manifest.csv):"
        f" {root}"
    )


@generate.command("judge", hidden=True)
def judge(
    pool: Annotated[Path, typer.Argument(help="Folder of a pool.")],
    profile: Profile = "phantom-gpu",
    runs_dir: RunsDir = "",
) -> None:
    """Gone: a pool that was drawn on another machine is a folder copied into the run."""
    from infomotion_lib.generators.pool import POOL
    from infomotion_lib.parameters import paths_of

    place = paths_of(profile, runs_dir).stage("latte_pool") / POOL
    raise ParameterError(
        "`infomotion generate judge` is gone: a pool drawn on another machine is copied into the run.",
        remedy=f"Copy {pool} to {place}, then `infomotion run 06 --profile {profile}`.",
    )
