"""Commands about vectors of other encoders, brought as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infomotion_lib.run.commands.options import RunsDir

if TYPE_CHECKING:
    from infomotion_lib.representations.own.describe import Description

vectors = typer.Typer(help="Vectors of other encoders, brought as a file.", no_args_is_help=True)

FIRST = 5
"""Names shown where there are more."""


@vectors.callback()
def _group() -> None:
    """Vectors of other encoders, brought as a file."""


@vectors.command()
def describe(
    file: Annotated[Path, typer.Argument(help=".npz with file_name (N,) and features (N, D).")],
    profile: Annotated[
        str, typer.Option(help="Run whose videos the file is meant for; its stage 01 must have finished.")
    ] = "",
    runs_dir: RunsDir = "",
) -> None:
    """Size, rank and repeats of the vectors in a file; with a profile also the videos it lacks, and what the
    vectors know of EF (learnt from TRAIN, scored on VAL).
    """
    from infomotion_lib.frame_table import read_frame_index
    from infomotion_lib.parameters import paths_of
    from infomotion_lib.representations.own.describe import describe as describe_vectors
    from infomotion_lib.representations.own.file import load
    from infomotion_lib.representations.own.parameters import OwnParameters

    given = OwnParameters.model_construct(vectors=str(file.expanduser().absolute()), limit=0)
    own = load(Path(), parameters=given, device="cpu")
    index = read_frame_index(paths_of(profile, runs_dir).frame_index) if profile else None
    for line in lines(describe_vectors(own, index), file=file, profile=profile):
        typer.echo(line)


def lines(about: Description, *, file: Path, profile: str) -> list[str]:
    """What the command prints, line by line."""
    said = [f"{file}: {about.videos} vectors of {about.size} numbers; they span {about.rank} dimensions."]
    if about.repeated:
        said.append(f"{about.repeated} vectors equal another one: are they of the same video?")
    if not profile:
        return [*said, "With --profile NAME: which videos of a run it lacks, and what it knows of EF."]
    lacking = sum(map(len, about.lacking.values()))
    said.append(f"{about.listed - lacking} of {about.listed} videos of {profile} have a vector.")
    said += [f"  {split}: {len(names)} lack one: {_first(names)}" for split, names in about.lacking.items()]
    if about.unknown:
        said.append(f"{len(about.unknown)} names are no video of {profile}: {_first(about.unknown)}")
    if about.probe.empty:
        said.append("Too few labelled TRAIN and VAL videos have a vector for a probe of EF.")
    else:
        row = about.probe.iloc[0]
        said.append(
            f"EF from the vectors by ridge regression, learnt from TRAIN, scored on VAL: R2"
            f" {row['ridge_r2']:.2f}, mean absolute error {row['ridge_mae']:.1f} points; 5 nearest neighbours"
            f" of the same class: {100 * row['knn_purity']:.0f} %."
        )
    representations = '["motion", "appearance", "own"]'
    use = f"infomotion run all --profile {profile} -p vectors={file} -p 'representations={representations}'"
    return [*said, f"To use it: {use}"]


def _first(names: list[str]) -> str:
    return ", ".join(names[:FIRST]) + (f" and {len(names) - FIRST} more" if len(names) > FIRST else "")
