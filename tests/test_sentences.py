"""The book's sentences are in its pages and templates: how many words of sentences its code still holds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infomotion_lib.paths import PROJECT

PACKAGE = PROJECT / "book" / "infomotion_book"
SENTENCE = 4
"""Words from which a string counts as a sentence; shorter ones are labels."""

ALLOWED: dict[str, int] = {
    "addresses.py": 4,
    "arithmetic.py": 4,
    "assets.py": 37,
    "cli.py": 35,
    "explore/wall.py": 4,
    "freeze.py": 5,
    "guard.py": 142,
    "ledgers.py": 10,
    "machine_paths.py": 4,
    "paper_numbers.py": 4,
    "play.py": 5,
    "render.py": 10,
    "table1.py": 4,
    "table2.py": 4,
}
"""Words of sentences that are left, by file, one line per file; the counts may only shrink."""


def sentences(code: str) -> Iterator[str]:
    """Strings of at least four words that are neither docstrings nor part of an error; what is computed in
    them is ``{}``.
    """
    tree = ast.parse(code)
    apart = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Expr | ast.Raise) and _is_apart(node)
             for part in ast.walk(node)}  # fmt: skip
    apart |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        text = _text(node)
        if id(node) not in apart and len(words(text)) >= SENTENCE:
            yield text


def _is_apart(node: ast.Expr | ast.Raise) -> bool:
    return isinstance(node, ast.Raise) or isinstance(node.value, ast.Constant)


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def words(text: str) -> list[str]:
    """Words of a text: what is between spaces and has two letters in a row and no sign of code."""
    return [word for word in text.split() if re.fullmatch(r"\W*[A-Za-z][A-Za-z’'-]*[A-Za-z]\W*|[Aa]", word)]


def counted(folder: Path) -> dict[str, int]:
    """Words of sentences in the code of a folder, by file; files without any are left out."""
    found = {
        file.relative_to(folder).as_posix(): sum(
            len(words(text)) for text in sentences(file.read_text("utf-8"))
        )
        for file in sorted(folder.rglob("*.py"))
    }
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ('said = "No selector beats random choice."', 5),
        ('said = f"No selector {name} beats" " random choice."', 5),
        ('"""A module that does many things."""', 0),
        ('raise OSError(f"No such file is {here}.")', 0),
        ('head = ["Minus Random", "p, Holm"]', 0),
    ],
)
def test_sentences_are_told_from_labels_docstrings_and_errors(code: str, count: int) -> None:
    assert sum(len(words(text)) for text in sentences(code)) == count


def test_no_file_gains_sentences() -> None:
    more = {name: count for name, count in counted(PACKAGE).items() if count > ALLOWED.get(name, 0)}
    assert not more, f"Move these words to a page or a template: {more}"


if __name__ == "__main__":
    left = counted(PACKAGE)
    print(
        *(f'    "{name}": {count},' for name, count in left.items()), f"{sum(left.values())} words", sep="\n"
    )
