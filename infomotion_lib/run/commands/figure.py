"""``infomotion figure``: one notebook executed on a finished run, which stays as it is."""

from __future__ import annotations

from typing import Annotated

import typer

from infomotion_lib.run.commands.options import Overrides, Profile, parse_overrides


def figure(
    name: Annotated[
        str, typer.Argument(help="A figure, such as recipes, or its notebook, such as 03; none: list them.")
    ] = "",
    profile: Profile = "phantom",
    parameter: Overrides = None,
) -> None:
    """Draw a figure of a finished run again, with other parameters if you like; the run stays as it is.

    Its whole notebook is executed, into runs/scratch/<profile>. What the finished stage keeps, such as
    trained networks, is used where the parameters are the same.
    """
    from infomotion_lib.run.figure import draw_figure, listing

    if name in ("", "help"):
        typer.echo(f"{listing()}\nDraw one again: infomotion figure NAME --profile P -p name=value")
        return
    drawn = draw_figure(name, profile, overrides=parse_overrides(parameter or []), say=typer.echo)
    typer.echo("\n".join(["Drawn:", *(f"  {picture}" for picture in drawn.pictures)]))
