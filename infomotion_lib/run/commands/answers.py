"""What an author is asked about his or her own videos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from infomotion_lib.data.own.description import Description, describe_folder, description_of
from infomotion_lib.errors import ParameterError
from infomotion_lib.files import MANIFEST


def answered(folder: Path, given: Mapping[str, Any]) -> Path:
    """Manifest of a folder: as it was, with the ``given`` answers, or with those asked for at the terminal.

    Raises
    ------
    ParameterError
        If nothing is given, nothing was said before and nobody answers; or an answer is wrong.
    """
    before = description_of(folder)
    if not given and before is not None:
        return folder / MANIFEST
    if not given:
        return describe_folder(folder, _asked(folder))
    values = asdict(before or Description(name=folder.resolve().name))
    return describe_folder(folder, Description(**{**values, **given}))


def _asked(folder: Path) -> Description:
    """Answers at the terminal."""
    try:
        name = typer.prompt("What are these videos called?", default=folder.resolve().name)
        frames = typer.prompt("Who may see frames: me (in a book I build) or anyone?", default="me")
        copies = typer.confirm("May copies of the videos be passed on?", default=False)
        licence = typer.prompt("Under which licence or terms?", default="", show_default=False)
        citation = typer.prompt("How are they cited?", default="", show_default=False)
    except typer.Abort:
        raise ParameterError(
            f"Nothing is said of the videos in {folder} yet, and nobody answers.",
            where="Until it is said, they are not passed on, and frames stay in a build of your own.",
            remedy='Say it by options: --name "Clinic A, 2024" --frames me --no-pass-on --licence TEXT --cite'
            " TEXT",
        ) from None
    return Description(name, frames, copies, licence, citation)
