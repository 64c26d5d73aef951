"""What a reader's browser loads, finds and downloads, measured on the built book."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infomotion_book import fragments, notebooks
from infomotion_book.first_page import findings
from infomotion_book.publication import hide_what_leads_there
from infomotion_book.run_sentences import claims_counted
from infomotion_book.search import SearchNumbers
from infomotion_lib.paths import NOTEBOOKS
from infomotion_lib.run.cli import app

HEAVIEST = 1_500_000
"""Bytes, not compressed, that a core page may load before anybody scrolls."""

CORE = (
    *("index", "ten_minutes", "quickstart", "data", "method", "results", "evidence", "reading", "authors"),
    *("live", "play", "glossary", "generators"),
)
ICONS = ".header-article .btn svg path, .theme-switch-button svg path"


def loaded(chromium: Any, address: str) -> tuple[int, Any]:
    """Bytes that a fresh browser loads for a page, and what it then shows: formulas, those that are set, icons,
    icons without a picture.
    """
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(address, wait_until="load")
    page.wait_for_selector(ICONS, state="attached")
    shown = page.evaluate(
        """async selector => {
            if (window.MathJax) await MathJax.startup.promise;
            await document.fonts.ready;
            const entries = ["navigation", "resource"].flatMap(kind => performance.getEntriesByType(kind));
            const count = words => document.querySelectorAll(words).length;
            const icons = [...document.querySelectorAll(selector)];
            return [entries.reduce((sum, entry) => sum + entry.decodedBodySize, 0), count("span.math, div.math"),
                count("mjx-container mjx-assistive-mml"), icons.filter(path => !path.getAttribute("d")).length];
        }""",
        ICONS,
    )
    context.close()
    return shown[0], shown[1:]


@pytest.mark.parametrize("name", CORE)
def test_a_core_page_is_light_and_whole(chromium: Any, address: str, name: str) -> None:
    size, (formulas, typeset, empty) = loaded(chromium, f"{address}/{name}.html")
    assert size <= HEAVIEST, f"{size:,} bytes"
    assert typeset >= formulas, "every formula is set, for the eye and the ear"
    assert not empty, "every icon has its picture"


def test_what_is_left_out_is_left_out_where_nobody_needs_it(book: Path, pages: list[str]) -> None:
    for page in pages:
        text = (book / page).read_text(encoding="utf-8")
        assert ("mathjax/startup.js" in text) <= ('class="math' in text), page
        assert "searchindex.js" not in text, page
    assert "searchindex.js" in (book / "search.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", ["install", "how to install", "installation"])
def test_a_search_for_the_installation_finds_the_quickstart(chromium: Any, address: str, words: str) -> None:
    page = chromium.new_page()
    page.goto(f"{address}/search.html?q={words.replace(' ', '+')}")
    first = page.wait_for_selector("#search-results li a")
    assert "quickstart.html" in first.get_attribute("href")
    page.close()


def test_a_number_leads_to_the_table_that_has_it(chromium: Any, address: str, book: Path) -> None:
    cells = re.findall(r'class="im-num">(\d+\.\d) ± ', (book / "results.html").read_text(encoding="utf-8"))
    page = chromium.new_page()
    page.goto(f"{address}/search.html?q={cells[-1]}")
    page.wait_for_selector("#search-results li a")
    hrefs = [link.get_attribute("href") for link in page.query_selector_all("#search-results li a")]
    assert hrefs[0] == "results.html"
    page.click("#search-results li a")
    marked = page.wait_for_selector("td .highlighted", state="visible")
    page.wait_for_function("mark => mark.getBoundingClientRect().top < innerHeight", arg=marked)
    assert marked.inner_text() == cells[-1]
    page.close()


def test_a_number_is_one_word_of_the_search() -> None:
    assert SearchNumbers({}).split("48.8 ± 6.4, 1,234 in 12 pools") == [
        "48.8",
        "6.4",
        "1,234",
        "in",
        "12",
        "pools",
    ]


def test_prose_comes_before_the_reference_of_functions(chromium: Any, address: str) -> None:
    page = chromium.new_page()
    page.goto(f"{address}/search.html?q=ejection+fraction")
    page.wait_for_selector("#search-results li a")
    hrefs = [link.get_attribute("href") for link in page.query_selector_all("#search-results li a")]
    page.close()
    assert not hrefs[0].startswith("api/")


def test_the_download_button_gives_the_clean_notebook(book: Path) -> None:
    for clean in fragments.clean_notebooks():
        page = (book / "notebooks" / f"{clean.stem}.html").read_text(encoding="utf-8")
        assert f"_sources/notebooks/{clean.name}" in page
        assert (book / "_sources" / "notebooks" / clean.name).read_bytes() == clean.read_bytes()


def test_the_first_page_counts_the_claims_as_the_command_does(book: Path) -> None:
    printed = CliRunner().invoke(app, ["claims"]).output.splitlines()
    assert claims_counted() in printed
    assert claims_counted() in (book / "index.html").read_text(encoding="utf-8")
    counts = findings([])["claims"]
    assert claims_counted() == ", ".join(
        f"{count} {status}" for status, count in counts.items() if status not in ("accuracies", "settings")
    )


def test_what_is_not_public_is_hidden_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    config: dict[str, Any] = {"launch_buttons": {"colab_url": "there"}, "html": {"use_issues_button": True}}
    hide_what_leads_there(config)
    assert config == {"html": {"use_issues_button": False, "use_repository_button": False}}
    url = "https://github.com/someone/paper"
    assert url not in fragments.clone(url, public=False) and f"git clone {url}" in fragments.clone(
        url, public=True
    )
    for public in (False, True):
        monkeypatch.setattr(notebooks, "is_public", lambda public=public: public)
        page = notebooks.page_not_run(sorted(NOTEBOOKS.glob("01_*.ipynb"))[0])
        assert ("colab.research.google.com" in json.dumps(page["cells"][0])) == public
