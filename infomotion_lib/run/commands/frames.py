"""Commands about phases: teach the second vote, segment videos with published weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infomotion_lib.errors import ParameterError
from infomotion_lib.run.commands.options import Limit

frames = typer.Typer(help="ED and ES without tracings.", no_args_is_help=True, rich_markup_mode=None)


@frames.command("train-phasenet")
def train_phasenet(
    out: Annotated[Path, typer.Option(help="Weights file to write, .safetensors.")] = Path(
        "phasenet.safetensors"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Seed of phantoms, weights and batches.")] = 0,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 400,
) -> None:
    """Teach the second vote on phantoms: under a CPU minute; the defaults made the weights that come with the
    library.
    """
    from infomotion_lib.frames.phasenet import WEIGHTS_SHA256
    from infomotion_lib.frames.phasenet_training import PhaseNetSettings
    from infomotion_lib.frames.phasenet_training import train_phasenet as train
    from infomotion_lib.provenance import sha256

    if out.suffix != ".safetensors":
        raise ParameterError(f"{out} is no .safetensors file.", remedy="Give a name that ends so.")
    result = train(out, settings=PhaseNetSettings(seed=seed, steps=steps))
    typer.echo(
        f"Held-out phantoms: r {result['median_r']:.3f} (median), {result['p10_r']:.3f} (10th percentile)"
    )
    digest = sha256(out)
    same = (
        "the library's own weights, to the byte"
        if digest == WEIGHTS_SHA256
        else "other bytes than the library's own weights"
    )
    typer.echo(f"{out}: sha256 {digest}, {same}")


@frames.command("segment")
def segment(
    folder: Annotated[Path, typer.Argument(help="Data set folder, with FileList.csv and Videos/.")],
    weights: Annotated[Path, typer.Option(help="EchoNet-Dynamic's deeplabv3_resnet50_random.pt.")],
    out: Annotated[Path, typer.Option(help="Table to write: ED, ES and next ES of each video.")] = Path(
        "segmented_phases.csv"
    ),
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    limit: Limit = None,
) -> None:
    """ED and ES by the area of a published segmenter's masks; needs the extra `pretrained`."""
    if device not in ("auto", "cpu", "cuda"):
        raise ParameterError(f"Unknown device: {device}", remedy="It is auto, cpu or cuda.")
    from infomotion_lib.data.echodiffusion import writable_folder
    from infomotion_lib.data.records import first_per_class, read_dataset
    from infomotion_lib.device import resolve_device
    from infomotion_lib.provenance import write_csv
    from infomotion_lib.regressor.segmenter import load_segmenter, segmented_phases

    writable_folder(out.parent)
    network = load_segmenter(weights, device=str(resolve_device(device)))
    table = segmented_phases(first_per_class(read_dataset(folder).usable, limit or 0), network)
    write_csv(table, out)
    typer.echo(f"{len(table)} videos, {int(table['es'].notna().sum())} with ED and ES: {out}")
