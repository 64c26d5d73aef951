"""Commands about generators: draw a pool from a trained one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infomotion_lib.errors import CheckpointError
from infomotion_lib.run.commands.options import Overrides, Profile, RunsDir, parse_overrides, with_arithmetic

if TYPE_CHECKING:
    from infomotion_lib.generators.autoencoder import FittedAutoencoder
    from infomotion_lib.generators.diffusion import LatteRecipe

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
    from infomotion_lib.device import resolve_device
    from infomotion_lib.generators.diffusion import load_latte
    from infomotion_lib.generators.parameters import LatteParameters
    from infomotion_lib.generators.pool import PoolRequest, generate_pool
    from infomotion_lib.parameters import read_profile, stage_parameters
    from infomotion_lib.paths import run_paths
    from infomotion_lib.provenance import sha256

    values = read_profile(profile)
    wanted = LatteParameters.model_validate(stage_parameters("latte_ablation", values).model_dump())
    paths = run_paths(wanted.profile, runs_dir or wanted.runs_dir)
    file = checkpoint or paths.stage("latte_ablation") / "latte.safetensors"
    where = resolve_device(device).type
    trained = load_latte(file, n_classes=len(CLASS_NAMES), size=wanted.latte_size, device=where)
    vae = _autoencoder_of(trained.recipe, autoencoder or file.parent / "autoencoder", device=where)
    request = PoolRequest(
        per_class,
        trained.recipe.fps,
        side,
        guidance=wanted.guidance if guidance is None else guidance,
        sampling_steps=wanted.sampling_steps if sampling_steps is None else sampling_steps,
        seed=seed,
        checkpoint_sha256=sha256(file),
        frames=frames,
    )
    root = out or paths.root / "generated" / "latte"
    generate_pool(trained, vae, root, request=request, class_ef=trained.recipe.class_ef, device=where)
    typer.echo(
        f"{per_class} clips of each of {len(CLASS_NAMES)} classes, and how each was made (manifest.csv):"
        f" {root}"
    )


@generate.command("judge")
def judge(
    context: typer.Context,
    pool: Annotated[Path, typer.Argument(help="Folder of a pool of a Latte, drawn on another machine.")],
    profile: Profile = "phantom-gpu",
    parameter: Overrides = None,
) -> None:
    """Stage 05 without the Latte: relabel a pool that was drawn elsewhere, choose from it, train on it,
    beside the other pool.
    """
    from infomotion_lib.generators.parameters import LatteParameters
    from infomotion_lib.parameters import read_profile, stage_parameters
    from infomotion_lib.paths import run_paths
    from infomotion_lib.run.drawn_elsewhere import judge_pool
    from infomotion_lib.run.lock import only_run

    values = stage_parameters(
        "latte_ablation", read_profile(profile), overrides=parse_overrides(parameter or [])
    )
    parameters = LatteParameters.model_validate(values.model_dump())
    with_arithmetic(context, parameters.arithmetic, say=typer.echo)
    with only_run(run_paths(parameters.profile, parameters.runs_dir)):
        card = judge_pool(pool, parameters)
    typer.echo(f"The stage's tables and figures, as far as they need no generator: {card.parent}")


def _autoencoder_of(recipe: LatteRecipe, folder: Path, *, device: str) -> FittedAutoencoder:
    """The very autoencoder whose latents this Latte knows; another one would draw nonsense without a word."""
    from infomotion_lib.generators.autoencoder import load_autoencoder, weights_of
    from infomotion_lib.provenance import sha256

    fitted = load_autoencoder(folder, device=device)
    found = sha256(weights_of(folder))
    if found != recipe.autoencoder_sha256:
        raise CheckpointError(
            f"{folder} is not the autoencoder that this Latte was trained with: its weights have SHA-256"
            f" {found[:16]}…, not {recipe.autoencoder_sha256[:16]}….",
            remedy="Give the folder that stage 05 wrote beside the weights.",
        )
    return fitted
