"""Which of the library's code a stage depends on, and which the work that it keeps, found by following
imports.

Two questions, two answers. *Is the stage to be run again?* Yes, if any code behind it has changed, figures
and cells included: that takes minutes. *May the checkpoints, trained rows and vectors that lie there be
used?* Yes, unless the code that decides what they hold has changed: that would take hours. So a better
figure, page, ledger rule, command or run card trains nothing again; another loss does.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from infomotion_lib.paths import notebook_of
from infomotion_lib.stage_table import LOADED, Stage

LIBRARY = Path(__file__).resolve().parent.parent
PACKAGE = LIBRARY.name
MACHINERY = frozenset(
    {
        "__init__",
        "arithmetic",
        "errors",
        "frozen",
        "machine",
        "paths",
        "processes",
        "progress",
        "provenance",
        "run",
        "stage_table",
    }
)
"""Modules and rooms that carry a stage out but decide no result."""

PARAMETERS = "parameters.py"
"""Name of the modules whose models count by their values, in the ground and in every room."""

Kind = Literal["science", "figures"]


Parameters = Mapping[str, Any] | None
"""Of a run, by name; the defaults where there are none."""


def code_hash(stage: Stage, kind: Kind, parameters: Parameters = None) -> str:
    """Hash of the code behind a stage: ``science`` decides its results, ``figures`` only draws them.

    Comments, docstrings and layout do not count, nor do cells of the notebook (the workflow watches that file
    itself).
    """
    digest = hashlib.sha256()
    files = files_behind(stage, parameters, figures=kind == "figures")
    for file in sorted(files if kind == "science" else filter(_draws, files)):
        digest.update(file.relative_to(LIBRARY).as_posix().encode())
        digest.update(bare_code(file).encode())
    return digest.hexdigest()[:16]


def learning_hash(stage: Stage, parameters: Parameters = None) -> str:
    """Hash of the code that decides what a stage keeps from one run to the next; ``""`` where it keeps
    nothing.

    It follows the imports of the modules that the stage names in ``learns``. Comments, docstrings,
    annotations, imports and the texts of errors do not count, nor where a file lies: whoever rewords an error
    or moves a room trains nothing again.
    """
    roots = {_file(f"{PACKAGE}.{module}") for module in stage.learns if module != LOADED}
    roots |= _loaded(stage, parameters) if LOADED in stage.learns else set()
    bodies = sorted(learning_code(file) for file in _reached(roots))
    return hashlib.sha256("\n".join(bodies).encode()).hexdigest()[:16] if bodies else ""


def code_of(stage: Stage, parameters: Parameters = None) -> dict[str, str]:
    """Hashes of all that a stage is made of, as its run card keeps them: ``science``, ``figures``, and
    ``notebook`` for its cells.
    """
    cells = hashlib.sha256(_parsed(_cells(stage))[1].encode()).hexdigest()[:16]
    return {
        "science": code_hash(stage, "science", parameters),
        "figures": code_hash(stage, "figures", parameters),
        "notebook": cells if stage.number else "",
    }


def _draws(file: Path) -> bool:
    """Whether a file of the library only draws."""
    return file.relative_to(LIBRARY).parts[0] == "reporting"


def files_behind(stage: Stage, parameters: Parameters = None, *, figures: bool = True) -> set[Path]:
    """Library files that a stage's notebook or function imports or loads by name, directly or through others,
    machinery left out; without ``figures``, nothing that only the drawing of figures imports.
    """
    loaded = _loaded(stage, parameters)
    if not stage.number:
        function = LIBRARY / "run" / f"{stage.name}.py"
        return {function} | _reached(_imported(function) | loaded, figures=figures)
    return _reached(_files(_parsed(_cells(stage))[0], LIBRARY) | loaded, figures=figures)


def _loaded(stage: Stage, parameters: Parameters) -> set[Path]:
    """Files of the modules that a stage loads by name, those of other packages left out."""
    return {_file(module) for module in stage.loaded(parameters) if module.split(".")[0] == PACKAGE}


def _file(module: str) -> Path:
    """File of a module of the library, given by its dotted name."""
    return LIBRARY.joinpath(*module.split(".")[1:]).with_suffix(".py")


def _reached(first: Iterable[Path], *, figures: bool = True) -> set[Path]:
    """``first`` and all that they import, directly or through others; machinery is left out and, without
    ``figures``, the room that draws.
    """
    passed_over = MACHINERY if figures else MACHINERY | {"reporting"}
    reached: set[Path] = set()
    pending = set(first)
    while pending:
        file = pending.pop()
        first_part = file.relative_to(LIBRARY).parts[0].removesuffix(".py")
        if file.name != PARAMETERS and first_part not in passed_over:
            reached.add(file)
            pending |= _imported(file) - reached
    return reached


def _source(file: Path) -> str:
    """Text of a file, read again only where it has changed."""
    state = file.stat()
    return _text(file, state.st_mtime_ns, state.st_size)


@cache
def _text(file: Path, changed: int, size: int) -> str:
    return file.read_text(encoding="utf-8")


def bare_code(file: Path) -> str:
    """Syntax tree of a file without docstrings and other bare constants, as text."""
    return _parsed(_source(file))[1]


def _imported(file: Path) -> frozenset[Path]:
    """Library files that a file imports, wherever it does."""
    return _files(_parsed(_source(file))[0], LIBRARY)


@cache
def _files(modules: frozenset[str], library: Path) -> frozenset[Path]:
    """Those of some modules of the library, by their dotted names, that are files."""
    bases = [library.joinpath(*name.split(".")[1:]) for name in modules]
    files = (file for base in bases for file in (base.with_suffix(".py"), base / "__init__.py"))
    return frozenset(file for file in files if file.is_file())


def learning_code(file: Path) -> str:
    """Syntax tree of a file as text, without what decides no number: see :func:`learning_hash`."""
    return _numbers(_source(file))


@cache
def _numbers(source: str) -> str:
    return ast.dump(_NumbersOnly().visit(ast.parse(source)))


class _NumbersOnly(ast.NodeTransformer):
    """Takes imports, errors, annotations and bare constants, docstrings among them, out of a syntax tree."""

    def visit_Import(self, node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        return None

    def visit_Raise(self, node: ast.Raise) -> None:
        return None

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)


@cache
def _parsed(source: str) -> tuple[frozenset[str], str]:
    """Modules of the library that some code imports, and its bare code."""
    tree = ast.parse(source)
    return _imports(tree), _bare(tree)


def _bare(tree: ast.Module) -> str:
    """Syntax tree as text, docstrings and other bare constants taken out of it."""
    for node in (tree, *_statements(tree)):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [
                item
                for item in body
                if not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))
            ]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]  # only nodes that have a body come here
    return ast.dump(tree)


def _statements(block: ast.AST) -> Iterator[ast.AST]:
    """Statements within a block, however deep, and the handlers and cases that hold some; expressions, most
    of a syntax tree, hold none.
    """
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        inner = getattr(block, field, None)
        for node in inner if isinstance(inner, list) else ():
            yield node
            yield from _statements(node)


def _cells(stage: Stage) -> str:
    """Sources of the code cells of a stage's notebook."""
    notebook = notebook_of(stage)
    if notebook is None or not notebook.is_file():
        return ""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def _imports(tree: ast.Module) -> frozenset[str]:
    """Modules of the library that some code imports, wherever it does, with their rooms and the names taken
    from them; not those that only its annotations name.
    """
    named = {
        id(inner)
        for node in _statements(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for part in node.body
        for inner in (part, *_statements(part))
    }
    found: set[str] = set()
    for node in _statements(tree):
        if id(node) in named:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for parts in (name.split(".") for name in names):
            if parts[0] == PACKAGE:
                found |= {".".join(parts[:depth]) for depth in range(2, len(parts) + 1)}
    return frozenset(found)
