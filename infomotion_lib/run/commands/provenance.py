"""Commands that ask where a result came from, and whether it still holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infomotion_lib.run.commands.options import Profile, RunsDir


def trace(
    file: Annotated[
        Path, typer.Argument(help="Table, figure, executed notebook or video of a run, or a frozen file.")
    ],
    cell: Annotated[
        str,
        typer.Option(help="With a file of stage 04: a cell of Table 1, as method/vpc or source/method/vpc."),
    ] = "",
) -> None:
    """The chain of run cards from a file back to the raw data, each link checked."""
    from infomotion_lib.run.trace import trace as trace_file

    typer.echo(trace_file(file, cell=cell))


def verify(
    profile: Profile = "phantom",
    frozen: Annotated[
        bool, typer.Option("--frozen", help="The frozen results in the book instead of the run.")
    ] = False,
    runs_dir: RunsDir = "",
    deep: Annotated[
        bool, typer.Option("--deep", help="Read your own videos whole, not only their size and two ends.")
    ] = False,
) -> None:
    """Hash every file of a run again: what is stale, edited by hand or missing is named, and the exit code is
    1.
    """
    from infomotion_lib.frozen import FROZEN
    from infomotion_lib.parameters import paths_of, read_profile
    from infomotion_lib.run.here import with_whole_paths
    from infomotion_lib.run.verify import verify as verify_run

    paths = paths_of(profile, runs_dir)
    values = with_whole_paths(read_profile(profile))
    verdict = verify_run(FROZEN / paths.profile if frozen else paths.root, deep=deep, profile=values)
    typer.echo(repr(verdict))
    if not verdict.holds:
        raise typer.Exit(1)
