"""Docstrings become markdown that cannot break a page, and the pipeline figure is whole in every variant."""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ElementTree

import pytest

from infomotion_book import boundaries
from infomotion_book.api import anchor, find, modules, signature
from infomotion_book.docstrings import inline, markdown, summary
from infomotion_book.pipeline import ALT, pipeline_svg
from infomotion_lib.paths import BOOK

DOCSTRING = """Shape (N,) of the *whole*, see :func:`~a.b`.

A formula, :math:`x_i`, and ``code``.

.. math::

    y = x^2

Parameters
----------
n : int, optional
    How many. With a list:

    - one
    - two
_hidden : str

Raises
------
ValueError
    If n < 0.

>>> f(1)
2
"""


def test_docstrings_become_markdown() -> None:
    text = markdown(DOCSTRING)
    assert r"the \*whole\*, see `a.b`" in text
    assert "$x_i$" in text and "`code`" in text and "$$\ny = x^2\n$$" in text
    assert "**Parameters**\n\n`n` · int, optional\n: How many." in text
    assert "**Raises**" in text and r"If n \< 0." in text
    assert "```python\n>>> f(1)\n2\n```" in text


def test_summaries_are_one_line() -> None:
    assert summary("First\nline.\n\nMore.") == "First line."
    assert summary(None) == ""


@pytest.mark.parametrize("text", ["a <b> c", "2 * 3 | 4", "$HOME", "_x_", "[a](b)"])
def test_no_markup_slips_through(text: str) -> None:
    safe = inline(text)
    assert (
        all(safe[i - 1] == "\\" for i, sign in enumerate(safe) if sign in "<*|$" and i) and "](" not in safe
    )


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("def f(a, /, b: int = 1, *, c: str) -> int: ...", "f(a, /, b: int=1, *, c: str) -> int"),
        ("class A(B): ...", "class A(B)"),
    ],
)
def test_signatures_read_like_python(source: str, wanted: str) -> None:
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    assert signature(node) == wanted


def test_long_signatures_are_broken_into_lines() -> None:
    node = ast.parse(
        f"def f({', '.join(f'argument_{i}: int = {i}' for i in range(6))}, *, last: str = 'x', **rest: int)"
        " -> int: ..."
    ).body[0]
    assert isinstance(node, ast.FunctionDef)
    lines = signature(node).splitlines()
    assert lines[0] == "f(" and lines[-1] == ") -> int" and "    *," in lines and "    **rest: int," in lines


def test_what_differs_in_case_alone_has_its_own_anchor() -> None:
    assert len({anchor(f"infomotion_lib.phantom.geometry.{name}") for name in ("pose", "Pose", "POSE")}) == 3


def test_re_exports_are_found_and_unknown_names_are_not() -> None:
    found = modules()
    assert find("infomotion_lib.selection.select", found) == "infomotion_lib.selection.selectors.select"
    assert find("infomotion_lib.selection.no_such_thing", found) is None


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("tall", [False, True])
def test_the_pipeline_is_described_and_within_its_frame(dark: bool, tall: bool) -> None:
    root = ElementTree.fromstring(pipeline_svg(dark=dark, tall=tall))
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert root.findtext("{http://www.w3.org/2000/svg}desc") == ALT
    texts = list(root.iter("{http://www.w3.org/2000/svg}text"))
    assert len(texts) > 20
    assert all(
        0 <= float(text.attrib["x"]) <= width and 0 <= float(text.attrib["y"]) <= height for text in texts
    )


def test_the_committed_figures_are_the_drawn_ones() -> None:
    for shade in ("light", "dark"):
        for form in ("wide", "tall"):
            file = BOOK / "_static" / "figures" / f"pipeline-{shade}-{form}.svg"
            assert file.read_text(encoding="utf-8") == pipeline_svg(
                dark=shade == "dark", tall=form == "tall"
            ), f"draw {file.name} again"


def test_soft_boundaries_say_what_the_rules_say() -> None:
    root = ElementTree.fromstring(boundaries.soft_boundaries_svg())
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    texts = list(root.iter("{http://www.w3.org/2000/svg}text"))
    assert all(
        0 <= float(text.attrib["x"]) <= width and 0 <= float(text.attrib["y"]) <= height for text in texts
    )
    said = " ".join(str(text.text) for text in texts)
    for words in ("48.6: right by both rules", "50.6: right by the soft rule only", "51.8: wrong by both"):
        assert words in said and words.partition(": ")[2] in boundaries.alt()
