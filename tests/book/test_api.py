"""Docstrings keep what they say on the pages of the reference, and the pipeline figure is whole in every variant."""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from infomotion_book.api import anchor, described, first_paragraph, signature, summary, write_api
from infomotion_book.pictures import BOUNDARIES_ALT, PIPELINE_ALT
from infomotion_lib.evaluation.metrics import soft_correct
from infomotion_lib.parameters import STAGES
from infomotion_lib.paths import BOOK

SVG = "{http://www.w3.org/2000/svg}"
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


def test_every_section_of_a_docstring_is_a_field() -> None:
    node = ast.parse(f"def f():\n    {DOCSTRING!r}").body[0]
    assert isinstance(node, ast.FunctionDef)
    text = described(node)
    assert ":Parameters: * **n** (*int, optional*) -- How many." in text and "- one" in text
    assert ":Raises: **ValueError** -- If n < 0." in text and ">>> f(1)" in text
    assert summary(node) == "Shape (N,) of the *whole*, see :func:`~a.b`."


def test_summaries_are_one_line() -> None:
    assert first_paragraph("First\nline.\n\nMore.") == "First line."


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


def test_pages_say_where_a_function_is(tmp_path: Path) -> None:
    address = "https://github.com/someone/paper/blob/main"
    for url, place in (
        ("", "Source: ``infomotion_lib/classes.py``, line"),
        (address, f"{address}/infomotion_lib/classes.py#L"),
    ):
        assert "index" in write_api(tmp_path, source_url=url)
        page = (tmp_path / "ground.rst").read_text(encoding="utf-8")
        assert ".. _api-classes-ef-class:\n\nef_class\n~~~~~~~~\n" in page
        assert place in page and (address in page) == bool(url)


@pytest.mark.parametrize(
    "file", sorted((BOOK / "_static" / "figures").glob("*.svg")), ids=lambda file: file.stem
)
def test_drawings_are_within_their_frame(file: Path) -> None:
    root = ElementTree.parse(file).getroot()
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    texts = list(root.iter(f"{SVG}text"))
    assert len(texts) > 15
    assert all(
        0 <= float(text.attrib["x"]) <= width and 0 <= float(text.attrib["y"]) <= height for text in texts
    )
    if file.name.startswith("pipeline"):
        assert root.findtext(f"{SVG}desc") == PIPELINE_ALT


def test_soft_boundaries_say_what_the_rules_say() -> None:
    root = ElementTree.parse(BOOK / "_static" / "figures" / "soft-boundaries.svg").getroot()
    said = " ".join(str(text.text) for text in root.iter(f"{SVG}text"))
    tolerance = float(STAGES["evaluation"].model_fields["soft_tolerance"].default)
    verdicts = {(1, 1): "right by both rules", (0, 1): "right by the soft rule only", (0, 0): "wrong by both"}
    for answer in (48.6, 50.6, 51.8):
        rules = tuple(int(soft_correct([47.5], [answer], tolerance=t)[0]) for t in (0.0, tolerance))
        assert f"{answer}: {verdicts[rules]}" in said
        assert f"an answer of {answer} is {verdicts[rules]}" in BOUNDARIES_ALT
