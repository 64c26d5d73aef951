"""The rendered book of a project in which nothing has been run, without npm's registry."""

from __future__ import annotations

import re
import sys
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from unrun_book import CLOSED, run_book, unrun_project

from infomotion_book import assets
from infomotion_book.assets import PACKAGES

sys.path.append(str(Path(__file__).parents[1] / "book"))
from test_build import Page


@pytest.fixture(scope="module")
def unrun_book(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What ``infomotion book`` prints and its pages."""
    project = unrun_project(tmp_path_factory.mktemp("home") / "My Projects" / "übung")
    return run_book(project, "-m", "infomotion_book.cli", "book"), project / "book/_build/html"


def test_the_book_names_every_host_that_its_pages_ask(unrun_book: tuple[str, Path]) -> None:
    asked = set()
    for file in unrun_book[1].rglob("*.html"):
        links = Page(file.read_text(encoding="utf-8")).links
        asked |= {link for link in links if re.match(r"(https?:)?//.*\.(js|css|woff2?)(\?|$)", link)}
    assert {urlsplit(link).path for link in asked} == {urlsplit(link).path for link in assets.CDN.values()}, (
        "all that was left out"
    )
    said = unescape(re.sub(r"<[^>]+>", "", (unrun_book[1] / "quickstart.html").read_text(encoding="utf-8")))
    (sentence,) = re.findall(r"The scripts behind the formulas and Infomap come from .*", said)
    assert all(urlsplit(link).netloc in sentence for link in asked)
    assert all(package in sentence for package in PACKAGES)
    assert CLOSED not in said and str(unrun_book[1]) not in said, (
        "why npm failed is no business of the reader's"
    )


def test_without_results_the_book_says_what_to_do(unrun_book: tuple[str, Path]) -> None:
    text = re.sub(r"<[^>]+>", "", (unrun_book[1] / "results.html").read_text(encoding="utf-8"))
    assert "Nothing has been run yet" in text and "make reproduce" in text
    first = (unrun_book[1] / "index.html").read_text(encoding="utf-8")
    assert "not run" in first and "The method runs" not in first, "no finding without a run behind it"
    assert "Not run yet" in (unrun_book[1] / "notebooks" / "01_frame_index.html").read_text(encoding="utf-8")
