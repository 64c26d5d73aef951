"""Plain words: patterns that our prose avoids, looked for in pages, templates, notebooks, messages and the first
lines of docstrings.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infomotion_lib.paths import PROJECT

_UNIT = (
    "class|video|cell|pool|step|head|second|minute|frame|heart|run|clip|stage|budget|row|recipe|source|pair"
)
_COUNTED = (
    "videos|clips|runs|numbers|rows?|points|ms|steps|vectors?|marks?|colour|graph|heading|line|panel|bar|dot"
    "|networks?|seeds|values?|patients?|hearts|picks"
)
PATTERNS = {
    "per": rf"(?:\b(?:{_COUNTED}|\d+|five|ten)\b|\{{\}}) an? (?:EF )?(?:{_UNIT})\b",
    "is": (
        r"\b(?:stands?|stood) (?:beside|below|in|on|alone|behind|whole|here|for a)\b|\bkeeps? company\b"
        r"|\bneeds? company\b|\b(?:lies|lie|lay) (?:above|below|beside|apart)\b"
    ),
    "who says": (
        r"\b(?:tables?|files?|rows?|cells?|pages?|columns?|intervals?|colours?|numbers) (?:says?|tells?|told)\b"
        r"|\blabel was heard\b|\btold from\b"
    ),
    "shorter": r"\bas (?:it|they) (?:is|are) by\b|\bof one['’]s own\b|\bnot on their own\b|\bin any case\b",
    "known word": (
        r"\bmachine styles?\b|\bhealth of (?:a|the) graphs?\b|\broom for a selector\b|\bhow much of the room\b"
        r"|\bIn words: how\b|\bworlds? changed in one respect\b"
    ),
    "said once": r"\bchance alone could explain it\b",
    "fact first": r"\b[Ww]hoever\b|\bis to be counted\b|\bmay be said\b|\bthat is what\b|\bNew to the words\b",
}
"""What we avoid, by what we write instead."""

ALLOWED: dict[str, int] = {
    "book/infomotion_book": 8,
}
"""Places that are left, by folder or file; the counts may only shrink."""


def places() -> Iterator[tuple[str, str, str]]:
    """Every text that readers meet: what it is counted under, where it is, and the text."""
    for file in [*sorted(PROJECT.glob("book/*.md")), PROJECT / "README.md", PROJECT / "CONTRIBUTING.md"]:
        prose = re.sub(r"(?ms)^(`{3,})(?:bash|text|python|yaml|bibtex).*?^\1$", "", file.read_text("utf-8"))
        yield file.relative_to(PROJECT).as_posix(), file.name, prose
    for file in sorted(PROJECT.glob("book/infomotion_book/templates/*.jinja")):
        text = re.sub(r"\{\{.*?\}\}", "{}", file.read_text("utf-8"))
        yield "book/infomotion_book/templates", file.name, re.sub(r"\{%.*?%\}", "", text)
    for file in sorted(PROJECT.glob("notebooks/*.ipynb")):
        for cell in json.loads(file.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                yield f"notebooks/{file.name}", file.name, "".join(cell["source"])
    for top in ("infomotion_lib", "book/infomotion_book"):
        for file in sorted((PROJECT / top).rglob("*.py")):
            under = file.relative_to(PROJECT / top).parts[0].removesuffix(".py")
            named = f"{top}/{under}" if top == "infomotion_lib" else top
            for text in texts(file, messages=top != "infomotion_lib" or under in ("run", "errors")):
                yield named, file.relative_to(PROJECT).as_posix(), text


def texts(file: Path, *, messages: bool) -> Iterator[str]:
    """First lines of the docstrings of a module, and its other strings where they are ``messages``."""
    tree = ast.parse(file.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docs = set()
    for node in ast.walk(tree):
        if isinstance(node, documented) and (doc := ast.get_docstring(node)):
            yield doc.split("\n\n")[0]
            docs.add(id(node.body[0].value))  # type: ignore[attr-defined]
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree) if messages else ():
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | inside:
            yield node.value


def faults(text: str) -> list[str]:
    """What a text should say in other words."""
    flat = " ".join(text.split())
    return [
        f"{match.group()!r} (write: {better})"
        for better, pattern in PATTERNS.items()
        for match in re.finditer(pattern, flat)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "one row per pool, 5 videos a class",
        "the scores stand beside it",
        "The table says nothing.",
        "Five machine styles.",
        "Whoever comes first has been lucky.",
    ],
)
def test_each_pattern_can_be_found(text: str) -> None:
    assert faults(text)


def test_prose_uses_plain_words() -> None:
    found: dict[str, list[str]] = {}
    for named, where, text in places():
        found.setdefault(named, []).extend(f"{where}: {fault}" for fault in faults(text))
    more = [
        line
        for named, lines in found.items()
        if len(lines) > ALLOWED.get(named, 0)
        for line in [f"{named}: {len(lines)}, allowed {ALLOWED.get(named, 0)}", *lines]
    ]
    assert not more, "\n".join(more)
