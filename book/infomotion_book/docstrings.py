"""A numpydoc docstring as MyST markdown."""

from __future__ import annotations

import inspect
import re
import textwrap

SECTIONS = (
    "Parameters",
    "Attributes",
    "Returns",
    "Yields",
    "Raises",
    "Notes",
    "References",
    "Examples",
    "See Also",
    "Warns",
)
_LISTED = {"Parameters", "Attributes", "Returns", "Yields", "Raises", "Warns"}
_ROLE = re.compile(r":[a-z:]+:`~?([^`]+)`")
_TOKEN = re.compile(r"(``.+?``|`[^`]+`)", re.DOTALL)


def markdown(docstring: str | None) -> str:
    """MyST text of a docstring: paragraphs, a bold heading per section, parameters as a definition list."""
    blocks = split_sections(inspect.cleandoc(docstring or ""))
    parts = []
    for title, text in blocks:
        if not text.strip():
            continue
        body = _definitions(text) if title in _LISTED else prose(text)
        parts.append(f"**{title}**\n\n{body}" if title else body)
    return "\n\n".join(parts)


def summary(docstring: str | None) -> str:
    """First paragraph of a docstring, on one line."""
    return inline(" ".join(inspect.cleandoc(docstring or "").split("\n\n")[0].split()))


def split_sections(text: str) -> list[tuple[str, str]]:
    """Pairs of section title and text; what stands before the first section has an empty title."""
    lines = text.splitlines()
    found: list[tuple[str, list[str]]] = [("", [])]
    skip = False
    for index, line in enumerate(lines):
        if skip:
            skip = False
            continue
        under = lines[index + 1].strip() if index + 1 < len(lines) else ""
        if line.strip() in SECTIONS and set(under) == {"-"}:
            found.append((line.strip(), []))
            skip = True
            continue
        if line.startswith(">>>") and found[-1][0] in _LISTED:
            found.append(("", []))
        found[-1][1].append(line)
    return [(title, "\n".join(body).strip("\n")) for title, body in found]


def prose(text: str) -> str:
    """Paragraphs, lists, formulas and examples of one section."""
    parts: list[str] = []
    text = re.sub(r"(?m)^\.\. math::\n\n(?= )", ".. math::\n", text)
    for block in re.split(r"\n{2,}", text.strip("\n")):
        first = block.lstrip().split("\n")[0]
        if first.startswith(">>>"):
            parts.append(f"```python\n{textwrap.dedent(block)}\n```")
        elif first.startswith(".. math::"):
            formula = textwrap.dedent(block.partition("::")[2].lstrip("\n"))
            parts.append(f"$$\n{formula.strip()}\n$$")
        elif block.startswith("    ") and parts:
            parts.append(f"```text\n{textwrap.dedent(block)}\n```")
        else:
            parts.append(inline(block[:-1] if block.endswith("::") else block))
    return "\n\n".join(parts)


def inline(text: str) -> str:
    """One paragraph with code in single backticks and everything else safe from markdown."""
    text = re.sub(r":math:`([^`]+)`", r"``$\1$``", text)
    pieces = _TOKEN.split(_ROLE.sub(r"``\1``", text))
    return "".join(_code(piece) if index % 2 else _escape(piece) for index, piece in enumerate(pieces))


def _code(piece: str) -> str:
    body = piece.strip("`")
    return body if body.startswith("$") and body.endswith("$") and len(body) > 2 else f"`{body}`"


def _escape(piece: str) -> str:
    safe = re.sub(r"([*<$|])", r"\\\1", piece).replace("](", "]\\(")
    safe = re.sub(r"(?m)^(\s*)([#+>])", r"\1\\\2", safe)
    return re.sub(r"(?<![\w\\])_|_(?!\w)", r"\\_", safe)


def _definitions(text: str) -> str:
    rows: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.strip() and not line.startswith(" "):
            rows.append((line.strip(), []))
        elif rows:
            rows[-1][1].append(line)
    return "\n\n".join(f"{_term(name)}\n: {_indented(body)}" for name, body in rows)


def _term(line: str) -> str:
    name, _, kind = line.partition(" : ")
    return f"`{name}` · {inline(kind)}" if kind else f"`{name}`"


def _indented(lines: list[str]) -> str:
    text = prose(textwrap.dedent("\n".join(lines))) or "\u00a0"
    return text.replace("\n", "\n  ")
