"""The ``infomotion`` command: the library's commands, and those that render and freeze the book."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from infomotion_lib.run.cli import app, main, speaker
from infomotion_lib.run.commands.options import Profile, RunsDir, WithinWorkflow


@app.command()
def book(
    profile: Annotated[
        str, typer.Option("--profile", "-P", help="Whose notebooks to show; default: the first frozen one.")
    ] = "",
    results: Annotated[
        Path | None, typer.Option(help="Folder of its stages; default: its run, else its frozen results.")
    ] = None,
    within_workflow: WithinWorkflow = False,
) -> None:
    """Render the book; without a profile, from the frozen results alone."""
    from infomotion_book.render import build
    from infomotion_lib.run.workflow import BOOK_SHOWS

    with speaker(within_workflow, spread=False) as say:
        rendered = build(profile, results, say=say)
        BOOK_SHOWS.write_text(str(results or ""), encoding="utf-8")
        for note in rendered.notes:
            say(note)
        say(f"The book: {rendered.index}")


@app.command()
def freeze(
    profile: Profile = "phantom",
    runs_dir: RunsDir = "",
    whole: Annotated[
        bool,
        typer.Option(
            "--whole/--shown",
            help="All that the leading profile of a book needs, or only what every profile shows.",
        ),
    ] = True,
) -> None:
    """Copy a run's tables, figures and notebooks to book/results, as far as its data may be shown."""
    from infomotion_book.freeze import freeze as freeze_run
    from infomotion_lib.parameters import paths_of

    paths = paths_of(profile, runs_dir)
    typer.echo(repr(freeze_run(paths.profile, runs_dir=paths.root.parent, whole=whole)))


if __name__ == "__main__":
    sys.exit(main())
