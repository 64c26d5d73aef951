"""The API reference, written from the source files: nothing is imported, so torch need not be there.

Its pages are reStructuredText, as the docstrings are; Sphinx's Napoleon reads their numpydoc sections.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import NumpyDocstring

from infomotion_book.templates import blocks, line, part
from infomotion_lib.paths import BOOK, PROJECT

PACKAGES = (PROJECT / "infomotion_lib", BOOK / "infomotion_book")
ROOMS = (
    *("ground", "data", "phantom", "frames", "representations", "selection", "regressor", "generators"),
    *("evaluation", "studies", "reporting", "run", "book"),
)
"""Pages of the reference, in the order that data walks."""

WORDS = "api.rst.jinja"

_READ = Config(
    napoleon_use_param=False,
    napoleon_custom_sections=[
        *((title, "params_style") for title in ("Attributes", "Raises")),
        *((title, "returns_style") for title in ("Returns", "Yields")),
    ],
)
"""Napoleon's settings: every section a field, though no directive of the Python domain is around it."""


@dataclass(frozen=True)
class Module:
    """One module, parsed."""

    name: str
    file: Path
    tree: ast.Module

    @property
    def place(self) -> str:
        """Its file within the project."""
        return self.file.relative_to(PROJECT).as_posix()

    @property
    def room(self) -> str:
        """Page on which the module stands."""
        parts = self.name.split(".")
        if parts[0] != PACKAGES[0].name:
            return "book"
        first = parts[1] if len(parts) > 1 else "ground"
        return first if first in ROOMS else "ground"

    @property
    def items(self) -> list[ast.FunctionDef | ast.ClassDef]:
        """Public functions and classes, in the order of the file."""
        kinds = (ast.FunctionDef, ast.ClassDef)
        return [node for node in self.tree.body if isinstance(node, kinds) and node.name[0] != "_"]

    @property
    def constants(self) -> list[tuple[str, str]]:
        """Public module-level names that have a docstring under them, and its first paragraph."""
        found = []
        for node, after in pairwise(self.tree.body):
            match node, after:
                case (
                    ast.Assign(targets=[ast.Name(id=name), *_]) | ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ) if name.isupper() and not name.startswith("_"):
                    found.append((name, first_paragraph(text)))
        return found


def modules(packages: Sequence[Path] = PACKAGES) -> list[Module]:
    """Every public module of the library and the book, by name."""
    found = []
    for file in [file for package in packages for file in package.rglob("*.py")]:
        root = next(package for package in packages if package in file.parents)
        parts = file.relative_to(root.parent).with_suffix("").parts
        if any(part.startswith("_") and part != "__init__" for part in parts):
            continue
        name = ".".join(part for part in parts if part != "__init__")
        found.append(Module(name, file, _tree(file.read_text(encoding="utf-8"))))
    return sorted(found, key=lambda module: module.name)


@cache
def _tree(source: str) -> ast.Module:
    """Syntax tree of a module, which nobody changes."""
    return ast.parse(source)


def anchor(path: str) -> str:
    """Label of a dotted name in the reference; labels know no case, so classes and constants say what they
    are.
    """
    label = "api-" + path.removeprefix("infomotion_lib.").replace(".", "-").replace("_", "-")
    name = path.rpartition(".")[2]
    return label.lower() + ("-constant" if name.isupper() else "-class" if name[:1].isupper() else "")


def write_api(folder: Path, *, source_url: str) -> list[str]:
    """Names of the pages written to ``folder``: ``index.rst`` and one a room. ``source_url`` is the address
    of the source tree, such as ``https://github.com/o/r/blob/main``; while it is empty pages name file and
    line.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = [module for module in modules() if module.items or module.constants]
    reads = {function.__name__: function for function in (anchor, signature, methods, described, summary)}
    rooms = []
    for room in ROOMS:
        if own := [module for module in found if module.room == room]:
            rooms.append((room, _what(room), sum(len(module.items) for module in own)))
            values = {"room": room, "about": _what(room), "modules": own, "source_url": source_url}
            (folder / f"{room}.rst").write_text(part(WORDS, "room", values | reads), encoding="utf-8")
    (folder / "index.rst").write_text(part(WORDS, "index", {"rooms": rooms}), encoding="utf-8")
    return ["index", *(room for room, _, _ in rooms)]


def _what(room: str) -> str:
    """What a package does: the template's words, or those of its docstring."""
    if room in blocks(WORDS):
        return line(WORDS, room)
    package = PACKAGES[0] / room / "__init__.py"
    return summary(_tree(package.read_text(encoding="utf-8")))


def methods(node: ast.FunctionDef | ast.ClassDef) -> list[ast.FunctionDef]:
    """Public methods and properties of a class that have a docstring."""
    body = node.body if isinstance(node, ast.ClassDef) else ()
    found = [part for part in body if isinstance(part, ast.FunctionDef) and part.name[0] != "_"]
    return [part for part in found if ast.get_docstring(part)]


def described(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> str:
    """reStructuredText of a docstring, its sections as lists of fields."""
    text = ast.get_docstring(node) or ""
    if "\n---" in text and "\nExamples\n" not in text:
        text = text.replace("\n\n>>> ", "\n\nExamples\n--------\n>>> ", 1)  # they end the section before
    return str(NumpyDocstring(text, _READ))  # type: ignore[arg-type]  # as Napoleon does


def summary(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> str:
    """First paragraph of a docstring, on one line."""
    return first_paragraph(ast.get_docstring(node) or "")


def first_paragraph(text: str) -> str:
    """The same of a text."""
    return " ".join(inspect.cleandoc(text).split("\n\n")[0].split())


def signature(node: ast.FunctionDef | ast.ClassDef, *, method: bool = False) -> str:
    """Signature as Python writes it, broken over lines where it is long."""
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        return f"class {node.name}({bases})" if bases else f"class {node.name}"
    if any(ast.unparse(mark).split("(")[0].endswith("property") for mark in node.decorator_list):
        return f"{node.name} -> {ast.unparse(node.returns)}" if node.returns else node.name
    arguments = ast.unparse(node.args)
    if method:
        arguments = ", ".join(part for part in arguments.split(", ") if part not in ("self", "cls"))
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    line = f"{node.name}({arguments}){result}"
    if method or len(line) <= 74:
        return line
    return f"{node.name}(\n    " + ",\n    ".join(_split_arguments(node.args)) + f",\n){result}"


def _split_arguments(arguments: ast.arguments) -> list[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(
        arguments.defaults
    )
    parts = [_argument(arg, default) for arg, default in zip(positional, defaults, strict=True)]
    if arguments.posonlyargs:
        parts.insert(len(arguments.posonlyargs), "/")
    if arguments.vararg:
        parts.append("*" + _argument(arguments.vararg, None))
    elif arguments.kwonlyargs:
        parts.append("*")
    parts += [
        _argument(arg, default)
        for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return parts + (["**" + _argument(arguments.kwarg, None)] if arguments.kwarg else [])


def _argument(arg: ast.arg, default: ast.expr | None) -> str:
    text = arg.arg + (f": {ast.unparse(arg.annotation)}" if arg.annotation else "")
    return text + (f" = {ast.unparse(default)}" if default is not None else "")
