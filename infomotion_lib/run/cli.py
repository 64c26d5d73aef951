"""The library's commands. Every foreseen error ends with one message on stderr and exit code 2.

The ``infomotion`` script adds those of the book to them (``book/infomotion_book/cli.py``).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from infomotion_lib.errors import InfoMotionError, ParameterError
from infomotion_lib.processes import ALONE, can_share_work, die_with_parent, joblib_settings
from infomotion_lib.run.commands import data as data_commands
from infomotion_lib.run.commands import distill as distill_commands
from infomotion_lib.run.commands import figure as figure_commands
from infomotion_lib.run.commands import frames as frames_commands
from infomotion_lib.run.commands import generator as generator_commands
from infomotion_lib.run.commands import machine as machine_commands
from infomotion_lib.run.commands import provenance as provenance_commands
from infomotion_lib.run.commands import selection as selection_commands
from infomotion_lib.run.commands import study as study_commands
from infomotion_lib.run.commands import train as train_commands
from infomotion_lib.run.commands import vectors as vectors_commands
from infomotion_lib.run.commands import weights as weights_commands
from infomotion_lib.run.commands.options import (
    AllowLosses,
    Limit,
    Overrides,
    Profile,
    RunsDir,
    WithinWorkflow,
    parse_overrides,
    with_arithmetic,
)

STOPPED = 130
"""Exit code of a command that Ctrl-C has ended."""

app = typer.Typer(
    name="infomotion",
    help="InfoMotion as a living paper: distil echocardiography videos by motion, graphs and communities.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command()
def run(
    context: typer.Context,
    stage: Annotated[
        str, typer.Argument(help="all, data, labels, or a notebook: 03, graph_selection, 03_graph_selection.")
    ],
    profile: Profile = "phantom",
    parameter: Overrides = None,
    limit: Limit = None,
    cluster: Annotated[
        str,
        typer.Option(help="With all: folder under cluster/, or another, that says how stages become jobs."),
    ] = "",
    until: Annotated[
        str, typer.Option(help="With all: the last stage to run, with all that it reads, such as 04.")
    ] = "",
    book: Annotated[bool, typer.Option("--book", help="With all: render the book too.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With all: say which stages would run, and run none.")
    ] = False,
    allow_losses: AllowLosses = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for another run of this profile instead of refusing.")
    ] = False,
    within_workflow: WithinWorkflow = False,
) -> None:
    """Run one stage, or all stages that are not up to date."""
    overrides = parse_overrides(parameter or []) | ({"allow_losses": True} if allow_losses else {})
    if dry_run and stage == "all":
        from infomotion_lib.run.workflow import what_would_run

        jobs = what_would_run(profile, overrides=overrides, limit=limit, book=book, until=until)
        named = [name if count == 1 else f"{name} ({count} jobs)" for name, count in jobs.items()]
        _say(f"Would run: {', '.join(named)}" if named else "Nothing to run.")
        return
    if dry_run:
        raise ParameterError("--dry-run goes with all.", remedy=f"Give it without --dry-run to run {stage}.")
    if stage == "all":
        from infomotion_lib.run.workflow import run_all

        paths = run_all(
            profile,
            overrides=overrides,
            limit=limit,
            cluster=cluster,
            book=book,
            until=until,
            wait=wait,
            say=heralded(),
        )
        which = f"Stages up to {until}" if until else "All stages"
        _say(f"{which} of {paths.profile} are up to date: {paths.root}")
        return
    if until:
        raise ParameterError("--until goes with all.", remedy=f"infomotion run all --until {until}")
    from infomotion_lib.parameters import read_profile, split_overrides, stage_parameters, stages_called
    from infomotion_lib.run.runner import run_stage
    from infomotion_lib.stage_table import TABLE

    values = read_profile(profile)
    names = stages_called(stage, {**values, **overrides})
    if (only := overrides.get("generator")) and len(names) > 1:
        names = [name for name in names if TABLE[name].generator == only] or names
    split = split_overrides(overrides, names)
    with speaker(within_workflow) as say:
        # all are checked before the first one runs
        chosen = {name: stage_parameters(name, values, overrides=split[name]) for name in names}
        for name, parameters in chosen.items():
            if not TABLE[name].number:  # the others compute in a kernel of their own
                with_arithmetic(context, parameters.arithmetic, say=say)
            run_stage(
                name,
                profile,
                overrides=split[name],
                limit=limit,
                lock=not within_workflow,
                wait=wait,
                say=say,
            )


@app.command(hidden=True)
def part(
    context: typer.Context,
    stage: Annotated[str, typer.Argument(help="Stage whose work several jobs share.")],
    which: Annotated[str, typer.Argument(help="prepared, or a part such as 2-of-7.")],
    profile: Profile = "phantom",
) -> None:
    """One job of the workflow before a stage: prepare it, or do a part of its work."""
    from infomotion_lib.parameters import read_profile, stage_name, stage_parameters
    from infomotion_lib.run.parts.jobs import do_part, prepare_stage
    from infomotion_lib.run.parts.marks import PREPARED
    from infomotion_lib.share import Share

    with speaker(within_workflow=True) as say:
        asked = stage_parameters(stage_name(stage), read_profile(profile))
        with_arithmetic(context, asked.arithmetic, say=say, threads=asked.workers)
        if which == PREPARED:
            prepare_stage(stage, profile, say=say)
        else:
            do_part(stage, Share.read(which.replace("-of-", "/")), profile, say=say)


@app.command()
def report(profile: Profile = "phantom", runs_dir: RunsDir = "") -> None:
    """Table 1 of a finished run, how long its stages took, where the book is."""
    from infomotion_lib.parameters import paths_of, read_profile, stages_of_run
    from infomotion_lib.paths import BOOK
    from infomotion_lib.reporting.summary import summary

    index = BOOK / "_build" / "html" / "index.html"
    typer.echo(
        summary(
            paths_of(profile, runs_dir),
            stages_of_run(read_profile(profile)),
            book=index if index.is_file() else None,
        )
    )


@app.command()
def compare(
    profile: Profile = "phantom",
    runs_dir: RunsDir = "",
    out: Annotated[
        Path | None,
        typer.Option(help="Write the rows to this CSV too, and both machines to a JSON file beside it."),
    ] = None,
) -> None:
    """Table 1 of your run beside the one frozen in the book; the first stage that differs, and why, as far as
    run cards tell.
    """
    from infomotion_lib.frozen import FROZEN
    from infomotion_lib.machine import of_card
    from infomotion_lib.parameters import paths_of
    from infomotion_lib.provenance import write_csv, write_json
    from infomotion_lib.reporting.compare import comparison_text
    from infomotion_lib.reporting.results import Results

    paths = paths_of(profile, runs_dir)
    sides = {
        "frozen": Results(paths.profile, FROZEN / paths.profile),
        "own": Results(paths.profile, paths.root),
    }
    text, rows = comparison_text(sides["frozen"], sides["own"])
    typer.echo(text)
    if out is not None:
        write_csv(rows, out)
        write_json(
            {name: of_card(side.card("evaluation")) for name, side in sides.items()}, out.with_suffix(".json")
        )


@app.command()
def claims(profile: Profile = "paper", runs_dir: RunsDir = "") -> None:
    """The paper's numbers beside ours: reproduced, differs, undecided, not run, quoted. Only a whole run of
    the paper profile may answer.
    """
    from infomotion_lib.evaluation.claims import claims_ledger, rule_with_its_score
    from infomotion_lib.parameters import paths_of
    from infomotion_lib.reporting.summary import claims_line

    ledger = claims_ledger(paths_of(profile, runs_dir))
    shown = [
        "table",
        "row",
        "column",
        "value",
        "spread",
        "unit",
        "graph",
        "ours",
        "delta",
        "tolerance",
        "status",
    ]
    typer.echo(ledger[shown].round(2).to_string(index=False, na_rep="-"))
    typer.echo(f"\n{claims_line(ledger)}\n{rule_with_its_score()}")


app.command()(figure_commands.figure)
app.command()(machine_commands.machine)
app.command()(provenance_commands.trace)
app.command()(provenance_commands.verify)
app.command()(distill_commands.distill)
app.command()(data_commands.phantom)
app.command()(data_commands.relabel)
app.command()(train_commands.train)
app.command()(weights_commands.convert_checkpoint)
app.command()(selection_commands.export_distilled)
app.command()(selection_commands.publish_selections)
app.add_typer(data_commands.data, name="data")
app.add_typer(frames_commands.frames, name="frames")
app.add_typer(vectors_commands.vectors, name="vectors")
app.add_typer(study_commands.study, name="study")
app.add_typer(generator_commands.generate, name="generate")


@contextmanager
def speaker(within_workflow: bool, *, spread: bool = True) -> Iterator[Callable[[str], None]]:
    """What takes lines for the reader; inside a workflow they are marked, errors too, and this process ends
    with the engine. ``spread``: whether the work is shared by processes, see :func:`heralded`.
    """
    if not within_workflow:
        yield heralded() if spread else _say
        return
    die_with_parent()
    try:
        yield _say_in_workflow
    except (InfoMotionError, OSError) as error:
        _say_in_workflow(_message(error), failed=True)
        raise typer.Exit(InfoMotionError.exit_code) from None


def heralded() -> Callable[[str], None]:
    """What takes lines for the reader; the first is preceded by what makes the work slow, so that an error
    before any work is shown by itself.
    """
    herald = iter(() if can_share_work() else (ALONE,))

    def say(line: str) -> None:
        for warning in herald:
            _say(warning)
        _say(line)

    return say


def _say(line: str) -> None:
    typer.echo(line)


def _say_in_workflow(text: str, *, failed: bool = False) -> None:
    from infomotion_lib.run.workflow import FAILED, MARK

    for line in text.splitlines():
        print(f"{FAILED if failed else MARK}{line}", flush=True)


def _message(error: InfoMotionError | OSError) -> str:
    if isinstance(error, InfoMotionError) or error.errno is None:
        return f"Error: {error}"
    name = f": {error.filename}" if error.filename else ""
    return f"Error: {os.strerror(error.errno)}{name}\nFree space or change permissions, then run it again."


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command line; what the ``infomotion`` script calls."""
    os.environ.update(joblib_settings())
    if own := os.environ.get("INFOMOTION_DATA"):  # kernels and workers are started elsewhere
        os.environ["INFOMOTION_DATA"] = str(Path(own).expanduser().absolute())
    try:
        own_process = arguments is None
        status = int(app(args=arguments, standalone_mode=False, prog_name="infomotion", obj=own_process) or 0)
    except InfoMotionError as error:
        typer.echo(_message(error), err=True)
        return error.exit_code
    except typer.Abort:
        status = STOPPED
    except Exception as error:
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # click's own usage errors
            error.show()
            return int(error.exit_code)
        if isinstance(error, OSError) and error.errno is not None:
            typer.echo(_message(error), err=True)
            return InfoMotionError.exit_code
        raise
    if status == STOPPED:  # typer gives this status for Ctrl-C, and says nothing
        typer.echo("Stopped. Give the same command again to go on from here.", err=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
