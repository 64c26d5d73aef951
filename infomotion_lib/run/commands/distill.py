"""The command for an author's own videos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infomotion_lib.errors import ParameterError
from infomotion_lib.run.commands.options import Overrides, parse_overrides


def distill(
    folder: Annotated[Path, typer.Argument(help="Folder of your videos; folders in it are searched too.")],
    out: Annotated[Path, typer.Option(help="Folder for the chosen clips; the work goes next to it.")],
    labels: Annotated[
        Path | None, typer.Option(help="List of the videos: a CSV file, as Excel saves it too.")
    ] = None,
    no_classes: Annotated[
        bool,
        typer.Option(
            "--no-classes",
            help="No EF is looked at: choose --vpc videos in all, from one graph of all videos. The list may"
            " be left out.",
        ),
    ] = False,
    vpc: Annotated[
        int, typer.Option(min=1, help="Videos to choose of each EF class; with --no-classes, in all.")
    ] = 10,
    name: Annotated[str, typer.Option(help='What the data set is called, such as "Clinic A, 2024".')] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=HEADING",
            help='Which column is the file, ef, patient, split or fps: ef="LVEF (%)"; may be repeated.',
        ),
    ] = None,
    method: Annotated[
        str, typer.Option(help="Selector, such as infomotion, kmeans or random.")
    ] = "infomotion",
    representation: Annotated[
        str, typer.Option(help="Vectors to select on, such as motion or appearance; default: the selector's.")
    ] = "",
    size: Annotated[
        int, typer.Option(min=0, help="Pad and scale every frame to this side; 0: keep, or 112 of DICOM.")
    ] = 0,
    mask: Annotated[
        list[str] | None,
        typer.Option(
            help="Of DICOM: box to black out, repeatable: first column,row,last column,row, as 0,0,120,30."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the splits, where the list has none.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted call.")] = False,
    allow_losses: Annotated[
        bool,
        typer.Option("--allow-losses", help="Go on if more than a quarter of the videos cannot be used."),
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    parameter: Overrides = None,
) -> None:
    """Distil your own echo videos: a folder and a list in, a few chosen clips per EF class out. With
    --no-classes, the few that are worth labelling first.
    """
    from infomotion_lib.data.dicom_import import parse_mask
    from infomotion_lib.data.own.intake import IntakeRequest
    from infomotion_lib.run.cli import heralded
    from infomotion_lib.run.distill import DistillRequest
    from infomotion_lib.run.distill import distill as distill_videos

    if labels is None and not no_classes:
        raise ParameterError(
            "Which EF do the videos have? No list of them is given.",
            remedy="Give one with --labels. Where no EF is known yet, --no-classes selects from all videos at"
            " once.",
        )
    if labels is None and column:
        raise ParameterError("--column names a column of a list, and there is none.", remedy="Give --labels.")
    intake = IntakeRequest(
        folder=folder.expanduser(),
        labels=labels and labels.expanduser(),
        classes="none" if no_classes else "ef",
        columns=_columns(column or []),
        side=size,
        masks=tuple(parse_mask(box) for box in mask or []),
        split_seed=seed,
        allow_losses=allow_losses,
        workers=workers,
    )
    request = DistillRequest(
        intake=intake,
        out=out.expanduser().resolve(),
        vpc=vpc,
        name=name,
        method=_on(method, representation),
        overrides=parse_overrides(parameter or []) | ({"allow_losses": True} if allow_losses else {}),
    )
    distill_videos(request, resume=resume, say=heralded())


def _columns(pairs: list[str]) -> dict[str, str]:
    """Headings by key from ``key=heading`` words."""
    columns: dict[str, str] = {}
    for pair in pairs:
        key, equals, heading = pair.partition("=")
        if not equals or not heading:
            raise ParameterError(f"Not a column: {pair}", remedy='Write it as --column ef="LVEF (%)".')
        if key in columns:
            raise ParameterError(f"The column of {key} is given twice.", remedy="Give it once.")
        columns[key] = heading
    return columns


def _on(method: str, representation: str) -> str:
    """Name of a selector on a representation."""
    from infomotion_lib.representations.registry import REPRESENTATIONS
    from infomotion_lib.selection.registry import SELECTORS

    spec = SELECTORS[method]
    if not representation:
        return method
    REPRESENTATIONS[representation]
    if not spec.on:
        raise ParameterError(f"{spec.label} looks at no vectors, so it cannot select on {representation}.")
    return method if spec.on == (representation,) else f"{method}_{representation}"
