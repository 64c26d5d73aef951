"""Where npm's registry is out of reach: the book is built all the same, soon, and says what it takes from
elsewhere.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from test_processes import alive
from unrun_book import CLOSED, run_book, unrun_project

from infomotion_book import assets
from infomotion_book.assets import PACKAGES, find_assets

UNRENDERED = """
from pathlib import Path
from infomotion_book import render
def keep(source, work):
    return Path(source.rename(work / "html"))
render._render = keep
render.find_machine_paths = lambda *_: []
from infomotion_book.cli import main
raise SystemExit(main(["book"]))
"""
"""``infomotion book`` less jupyter-book: its pages are left as jupyter-book would read them."""


@pytest.fixture(scope="module")
def unrun_sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What ``infomotion book`` prints and the sources of its pages: no registry, nothing run yet, a folder whose
    name is not plain. Rendered, they are read in ``drills/drill_unrun_book.py``.
    """
    project = unrun_project(tmp_path_factory.mktemp("home") / "My Projects" / "übung")
    return run_book(project, "-c", UNRENDERED), project / "book/_build/html"


def test_the_command_says_what_it_waits_for_and_what_came_of_it(unrun_sources: tuple[str, Path]) -> None:
    fetching, rendering, why, instead, book = unrun_sources[0].splitlines()
    assert fetching.startswith("Fetching the book's scripts with npm") and rendering.startswith(
        "Rendering the book"
    )
    assert why.startswith("npm could not bring the book's scripts: ") and CLOSED in why
    assert "cdn.jsdelivr.net" in instead
    assert book == f"The book: {unrun_sources[1] / 'index.html'}"


def test_the_book_names_every_host_that_its_pages_ask(unrun_sources: tuple[str, Path]) -> None:
    config = yaml.safe_load((unrun_sources[1] / "_config.yml").read_text(encoding="utf-8"))["sphinx"][
        "config"
    ]
    asked = {config["mathjax_path"]}
    for file in unrun_sources[1].rglob("*.md"):
        asked |= set(re.findall(r"https?://[^\s\"'<>`)]+\.js\b", file.read_text(encoding="utf-8")))
    assert asked == set(assets.CDN.values()), "all that was left out"
    said = text_of(unrun_sources[1], "_generated/scripts.md")
    (sentence,) = re.findall(r"The scripts behind the formulas and Infomap come from .*", said)
    assert all(urlsplit(link).netloc in sentence for link in asked)
    assert all(package in sentence for package in PACKAGES)
    assert CLOSED not in said and str(unrun_sources[1]) not in said, (
        "why npm failed is no business of the reader's"
    )


def test_without_results_the_book_says_what_to_do(unrun_sources: tuple[str, Path]) -> None:
    results = text_of(unrun_sources[1], "_generated/results.md")
    assert "Nothing has been run yet" in results and "make reproduce" in results
    config = yaml.safe_load((unrun_sources[1] / "_config.yml").read_text(encoding="utf-8"))
    assert "(not run yet)" in config["parse"]["myst_substitutions"].values()
    assert "Not run yet" in text_of(unrun_sources[1], "notebooks/01_frame_index.ipynb")


def text_of(book: Path, name: str) -> str:
    """Text of one file of the book's sources."""
    return (book / name).read_text(encoding="utf-8")


@pytest.fixture
def registry() -> Iterator[tuple[str, list[str]]]:
    """Address of a registry that is always busy, and what it has been asked for."""
    asked: list[str] = []

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(503)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()


def test_a_busy_registry_is_asked_twice_and_no_more(
    registry: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, asked = registry
    monkeypatch.setenv("npm_config_registry", address)
    found = find_assets(tmp_path / "_extra")
    assert found.folder is None and "503" in found.reason and found.reason in found.note
    assert len(asked) == 2, "once, and one retry, for all packages together"
    assert not (tmp_path / "_extra").exists()


def test_a_registry_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = tmp_path / "bin" / "npm"
    silent.parent.mkdir()
    silent.write_text('#!/bin/sh\nsleep 60 & echo $! > "$0.child"; wait\n', encoding="utf-8")
    silent.chmod(0o755)
    monkeypatch.setattr(assets, "PATIENCE", 1)
    monkeypatch.setattr(sys, "executable", str(silent.with_name("python")))
    found = find_assets(tmp_path / "_extra")
    assert found.folder is None and found.reason == "its registry has not answered in 1 seconds"
    child = int(silent.with_name("npm.child").read_text())
    for _ in range(100):  # a killed process takes a moment to go
        if not alive(child):
            break
        time.sleep(0.1)
    assert not alive(child), "it leaves nothing behind"


def test_a_book_with_scripts_of_its_own_says_so(book: Path, own_scripts: None) -> None:
    said = re.sub(r"<[^>]+>", "", (book / "quickstart.html").read_text(encoding="utf-8"))
    assert "This book serves its own scripts and fonts and asks no other host." in said
