"""The house rules that a reader meets first: short files, short lists of arguments, no bags of them.

What breaks a rule stands in a list below, and the lists may only become shorter: whoever mends an exception
takes it out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from infomotion_lib.paths import PROJECT

MOST_LINES, MOST_ARGUMENTS = 350, 8
LIBRARY = PROJECT / "infomotion_lib"

COMMANDS = ("run/cli.py", "run/commands/")
"""Here a function's arguments are the options of a command."""

LONG: set[str] = set()
MANY_ARGUMENTS: set[str] = set()
BAGS: set[str] = set()


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of the library and its name, ``file function``."""
    for path in sorted(LIBRARY.rglob("*.py")):
        file = path.relative_to(LIBRARY).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{file} {node.name}", node


def arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many it takes, without ``self`` and ``cls``."""
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return sum(argument.arg not in ("self", "cls") for argument in given)


def test_no_file_is_long() -> None:
    lines = {
        path.relative_to(LIBRARY).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in LIBRARY.rglob("*.py")
    }
    assert {file for file, count in lines.items() if count > MOST_LINES} == LONG


def test_no_function_takes_many_arguments() -> None:
    many = {name for name, function in functions() if arguments(function) > MOST_ARGUMENTS}
    assert {name for name in many if not name.startswith(COMMANDS)} == MANY_ARGUMENTS


def test_no_function_takes_a_bag_of_arguments() -> None:
    assert {name for name, function in functions() if function.args.kwarg is not None} == BAGS
