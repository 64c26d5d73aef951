"""The API reference, written from the source files: nothing is imported, so torch need not be there."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from infomotion_book.docstrings import markdown, summary
from infomotion_book.templates import line, part
from infomotion_lib.paths import BOOK, PROJECT

PACKAGES = (PROJECT / "infomotion_lib", BOOK / "infomotion_book")
ROOMS = (
    *("ground", "data", "phantom", "frames", "representations", "selection", "regressor", "generators"),
    *("evaluation", "studies", "reporting", "run", "book"),
)
"""Pages of the reference, in the order that data walks."""

WORDS = "api.md.jinja"
_WHAT = ("ground", "book", "run")
"""Packages that no docstring describes."""


@dataclass(frozen=True)
class Item:
    """One public function or class of a module."""

    module: str
    name: str
    node: ast.FunctionDef | ast.ClassDef
    line: int

    @property
    def path(self) -> str:
        """Full dotted name."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Module:
    """One module, parsed."""

    name: str
    file: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """Page on which the module stands."""
        parts = self.name.split(".")
        if parts[0] != PACKAGES[0].name:
            return "book"
        first = parts[1] if len(parts) > 1 else "ground"
        return first if first in ROOMS else "ground"

    @property
    def items(self) -> list[Item]:
        """Public functions and classes, in the order of the file."""
        kinds = (ast.FunctionDef, ast.ClassDef)
        return [
            Item(self.name, n.name, n, n.lineno)
            for n in self.tree.body
            if isinstance(n, kinds) and not n.name.startswith("_")
        ]

    @property
    def constants(self) -> list[tuple[str, str]]:
        """Public module-level names that have a docstring under them."""
        found = []
        for node, after in pairwise(self.tree.body):
            match node, after:
                case (
                    ast.Assign(targets=[ast.Name(id=name), *_]) | ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ) if name.isupper() and not name.startswith("_"):
                    found.append((name, text))
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


def known_paths(found: list[Module]) -> set[str]:
    """Full dotted name of every module, function, class and documented constant."""
    items = {item.path for module in found for item in module.items}
    return (
        items
        | {module.name for module in found}
        | {f"{module.name}.{name}" for module in found for name, _ in module.constants}
    )


def find(path: str, found: list[Module]) -> str | None:
    """Full name that documents ``path``, following re-exports of packages; None if there is none."""
    package, _, name = path.rpartition(".")
    items = [
        item
        for module in found
        if (module.name + ".").startswith(package + ".")
        for item in module.items
        if item.name == name
    ]
    if items:
        return min((item.path for item in items), key=len)
    return path if path in known_paths(found) else None


def write_api(folder: Path, *, source_url: str) -> list[str]:
    """Names of the pages written to ``folder``: ``index.md`` and one a room. ``source_url`` is the address of
    the source tree, such as ``https://github.com/o/r/blob/main``; while it is empty pages name file and line.
    """
    found = modules()
    folder.mkdir(parents=True, exist_ok=True)
    rooms = [
        room
        for room in ROOMS
        if any(module.room == room and (module.items or module.constants) for module in found)
    ]
    for room in rooms:
        text = _room_page(room, [module for module in found if module.room == room], source_url)
        (folder / f"{room}.md").write_text(text, encoding="utf-8")
    (folder / "index.md").write_text(_index(rooms, found), encoding="utf-8")
    return ["index", *rooms]


def _index(rooms: list[str], found: list[Module]) -> str:
    rows = []
    for room in rooms:
        mine = [module for module in found if module.room == room]
        count = sum(len(module.items) for module in mine)
        rows.append(f"* - [{_title(room)}]({room}.md)\n  - {_what(room, mine)}\n  - {count}")
    return part(WORDS, "index", {"meta": part(WORDS, "meta"), "rows": "\n".join(rows)})


def _title(room: str) -> str:
    return room.capitalize()


def _what(room: str, mine: list[Module]) -> str:
    if room in _WHAT:
        return line(WORDS, room)
    return next(
        (
            summary(ast.get_docstring(module.tree))
            for module in mine
            if module.name == f"infomotion_lib.{room}"
        ),
        "",
    )


def _room_page(room: str, mine: list[Module], source_url: str) -> str:
    parts = [f"# {_title(room)}\n\n{part(WORDS, 'meta')}\n{_what(room, mine)}\n"]
    for module in mine:
        if not module.items and not module.constants:
            continue
        short = module.name.removeprefix("infomotion_lib.")
        parts.append(f"({anchor(module.name)})=\n## {short}\n\n{markdown(ast.get_docstring(module.tree))}\n")
        parts += [
            f"({anchor(f'{module.name}.{name}')})=\n`{name}`\n: {summary(text)}\n"
            for name, text in module.constants
        ]
        parts += [
            _item(
                item,
                where_it_is(module.file.relative_to(PROJECT).as_posix(), item.line, source_url=source_url),
            )
            for item in module.items
        ]
    return "\n".join(parts)


def where_it_is(file: str, line: int, *, source_url: str) -> str:
    """MyST of the way to a line of the source: a link, or its file and line while the tree has no address."""
    return f"[source]({source_url}/{file}#L{line})" if source_url else f"Source: `{file}`, line {line}"


def _item(item: Item, where: str) -> str:
    text = markdown(ast.get_docstring(item.node))
    head = f"({anchor(item.path)})=\n### {item.name}\n\n```python\n{signature(item.node)}\n```\n\n{text}\n"
    methods = [
        f"`{signature(node, method=True)}`\n: {summary(ast.get_docstring(node))}\n"
        for node in (item.node.body if isinstance(item.node, ast.ClassDef) else ())
        if isinstance(node, ast.FunctionDef) and node.name[0] != "_" and ast.get_docstring(node)
    ]
    listed = "\n**Methods**\n\n" + "\n".join(methods) if methods else ""
    return f"{head}{listed}\n{where}\n"


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
