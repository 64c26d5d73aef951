"""The ``infomotion`` command. Every foreseen error ends with one message on stderr and exit code 2."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from infomotion_lib.errors import InfoMotionError, ParameterError

app = typer.Typer(
    name="infomotion",
    help="InfoMotion as a living paper: distil echocardiography videos by motion, graphs and communities.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Check, fetch and describe data sets.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data_app, name="data")

Profile = Annotated[str, typer.Option("--profile", "-P", help="Profile: a name in notebooks/params, or the path of a .yml file.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", help="name=value; may be given several times.", metavar="NAME=VALUE")
]
Limit = Annotated[int | None, typer.Option(help="Use the first N videos of each class and split.", min=0)]


@app.command()
def run(
    stage: Annotated[str, typer.Argument(help="all, data, labels, or a notebook: 03, graph_selection, 03_graph_selection.")],
    profile: Profile = "phantom",
    parameter: Overrides = None,
    limit: Limit = None,
    cluster: Annotated[str, typer.Option(help="With all: folder under cluster/ that says how stages become jobs.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait for another run of this profile instead of refusing.")] = False,
    within_workflow: Annotated[bool, typer.Option("--within-workflow", hidden=True)] = False,
) -> None:
    """Run one stage, or all stages that are not up to date."""
    overrides = parse_overrides(parameter or [])
    if stage == "all":
        from infomotion_lib.workflow import run_all

        paths = run_all(profile, overrides=overrides, limit=limit, cluster=cluster, wait=wait, say=_say)
        _say(f"All stages of {paths.profile} are up to date: {paths.root}")
        return
    from infomotion_lib.runner import run_stage

    say = _say_in_workflow if within_workflow else _say
    try:
        run_stage(stage, profile, overrides=overrides, limit=limit, lock=not within_workflow, wait=wait, say=say)
    except InfoMotionError as error:
        if not within_workflow:
            raise
        say(_message(error))
        raise typer.Exit(error.exit_code) from None


def parse_overrides(pairs: list[str]) -> dict[str, Any]:
    """Values by name from ``name=value`` words; each value is read as YAML, so ``5``, ``true``, ``[5, 10]`` and ``text`` all work.

    Raises
    ------
    ParameterError
        If a word has no ``=``, a name comes twice, or a value is not YAML.

    >>> parse_overrides(["vpc=[5, 10]", "ifa_refine=true"])
    {'vpc': [5, 10], 'ifa_refine': True}
    """
    import yaml

    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise ParameterError(f"Not a parameter: {pair}", remedy="Write it as name=value, such as -p vpc=[5].")
        if name in values:
            raise ParameterError(f"Parameter {name} is given twice.", remedy="Give it once.")
        try:
            values[name] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ParameterError(
                f"The value of {name} cannot be read: {text}", remedy="Write numbers, true, false, text or [a, b]."
            ) from None
    return values


def _say(line: str) -> None:
    typer.echo(line)


def _say_in_workflow(text: str) -> None:
    from infomotion_lib.workflow import MARK

    for line in text.splitlines():
        print(f"{MARK}{line}", flush=True)


def _message(error: InfoMotionError) -> str:
    return f"Error: {error}"


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command line; what the ``infomotion`` script calls."""
    try:
        result = app(args=arguments, standalone_mode=False, prog_name="infomotion")
        return int(result or 0)
    except InfoMotionError as error:
        typer.echo(_message(error), err=True)
        return error.exit_code
    except typer.Abort:
        typer.echo("Stopped. Give the same command again to go on from here.", err=True)
        return 130
    except Exception as error:
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # click's own usage errors
            error.show()
            return int(error.exit_code)
        if isinstance(error, OSError) and error.errno is not None:
            name = f": {error.filename}" if error.filename else ""
            typer.echo(f"Error: {os.strerror(error.errno)}{name}\nFree space or change permissions, then run it again.", err=True)
            return 2
        raise


if __name__ == "__main__":
    sys.exit(main())
