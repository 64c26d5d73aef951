"""Where npm's registry is out of reach: the book is built all the same, soon, and says what it takes from
elsewhere.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from finished_run import copy_project, surroundings
from test_build import Page
from test_processes import alive

from infomotion_book import assets
from infomotion_book.assets import PACKAGES, find_assets

CLOSED = "http://127.0.0.1:9/"
"""A port where nobody listens."""


@pytest.fixture(scope="module")
def unrun_book(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What ``infomotion book`` prints and its pages: no registry, nothing run yet, a folder whose name is not
    plain.
    """
    project = copy_project(tmp_path_factory.mktemp("home") / "My Projects" / "übung")
    for profile in (project / "book/results").iterdir():
        if profile.name != "studies":
            shutil.rmtree(profile)
    around = surroundings(project)
    around["env"] |= {"npm_config_registry": CLOSED}
    command = [sys.executable, "-m", "infomotion_book.cli", "book"]
    done = subprocess.run(command, **around, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, project / "book/_build/html"


def test_the_command_says_what_it_waits_for_and_what_came_of_it(unrun_book: tuple[str, Path]) -> None:
    fetching, rendering, why, instead, book = unrun_book[0].splitlines()
    assert fetching.startswith("Fetching the book's scripts with npm") and rendering.startswith(
        "Rendering the book"
    )
    assert why.startswith("npm could not bring the book's scripts: ") and CLOSED in why
    assert "cdn.jsdelivr.net" in instead
    assert book == f"The book: {unrun_book[1] / 'index.html'}"


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
    assert "not run yet" in (unrun_book[1] / "index.html").read_text(encoding="utf-8")
    assert "Not run yet" in (unrun_book[1] / "notebooks" / "01_frame_index.html").read_text(encoding="utf-8")


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
