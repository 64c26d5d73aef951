"""Options that several commands share, and how ``-p name=value`` is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from infomotion_lib import arithmetic
from infomotion_lib.errors import ParameterError
from infomotion_lib.share import Share

Profile = Annotated[
    str,
    typer.Option("--profile", "-P", help="Profile: a name in notebooks/params, or the path of a .yml file."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", help="name=value; may be given several times.", metavar="NAME=VALUE"),
]
RunsDir = Annotated[str, typer.Option(help="Folder of all runs; default: the profile's, else runs.")]
AllowLosses = Annotated[
    bool,
    typer.Option(
        "--allow-losses",
        help="Go on if a stage loses more than a quarter of its videos (-p allow_losses=true).",
    ),
]
WithinWorkflow = Annotated[bool, typer.Option("--within-workflow", hidden=True)]
Limit = Annotated[int | None, typer.Option(help="Use the first N videos of each class and split.", min=0)]
Part = Annotated[
    str,
    typer.Option(
        metavar="I/N", help="Do the I-th of N parts; N such commands, on N machines, do the whole study."
    ),
]


def share_of(part: str) -> Share | None:
    """Share that ``--part`` names; None where it names none."""
    return Share.read(part) if part else None


def parse_overrides(pairs: list[str]) -> dict[str, Any]:
    """Values by name from ``name=value`` words; each value is read as YAML, so ``5``, ``true``, ``[5, 10]``
    and ``text`` all work.

    Raises
    ------
    ParameterError
        If a word has no ``=``, a name comes twice, or a value is not YAML.

    >>> parse_overrides(["vpc=[5, 10]", "ifa_refine=true", "learning_rate=1e-3"])
    {'vpc': [5, 10], 'ifa_refine': True, 'learning_rate': 0.001}
    """
    from yaml import YAMLError

    from infomotion_lib.parameters import yaml_value

    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise ParameterError(
                f"Not a parameter: {pair}", remedy="Write it as name=value, such as -p vpc=[5]."
            )
        if name in values:
            raise ParameterError(f"Parameter {name} is given twice.", remedy="Give it once.")
        try:
            values[name] = yaml_value(text) if text else ""
        except YAMLError:
            raise ParameterError(
                f"The value of {name} cannot be read: {text}",
                remedy="Write numbers, true, false, text or [a, b].",
            ) from None
    return values


def with_arithmetic(
    context: typer.Context,
    asked: arithmetic.Arithmetic,
    *,
    say: Callable[[str], None],
    threads: int | None = None,
) -> None:
    """Go on in that arithmetic: the command starts itself again with its variables, where they are not in
    force yet. ``threads``: of native arithmetic, where the work is that of a notebook's kernel.

    Called by other code, in a process that is not the command's own, it changes nothing; run cards say what
    was in force.
    """
    if context.obj is True:  # as :func:`infomotion_lib.run.cli.main` says
        if note := arithmetic.replaced(asked):
            say(note)
        arithmetic.start_again(asked, threads=threads)
    if note := arithmetic.sentence(asked):
        say(note)
