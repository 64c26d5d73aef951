"""The book that readers get, built once from the frozen results, and a browser to look at it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from finished_run import not_here, once, project_files

from infomotion_lib.paths import PROJECT
from infomotion_lib.provenance import sha256

pytest.importorskip("jupyter_book", reason="the book's packages are not installed")

BUILD = """
import json, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "monai", "lightning_fabric", "diffusers"}:
            raise ImportError(f"{name} must not be needed to build the book")
sys.meta_path.insert(0, Refuse())
from infomotion_book.render import build
book = build("", None, sys.argv[1])
print(json.dumps({"index": str(book.index), "notes": book.notes}))
"""
"""Builds the book in a process of its own, in which torch cannot be imported."""

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
)
"""No host but this machine is found."""


@pytest.fixture(scope="session")
def book(shared_folder: Path) -> Path:
    """Folder of the rendered book; built by whichever test process asks first."""

    def make(root: Path) -> None:
        before = tracked()
        done = subprocess.run(
            [sys.executable, "-c", BUILD, str(root / "out")], capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (root / "out" / "notes").write_text("\n".join(json.loads(done.stdout)["notes"]), encoding="utf-8")
        (root / "out" / "changed").write_text(
            "\n".join(name for name, value in tracked().items() if before.get(name) != value)
        )

    return once(shared_folder / "book", make) / "out" / "html"


def tracked() -> dict[str, str]:
    """Hash of every file of the book that git tracks."""
    return {name: sha256(PROJECT / name) for name in project_files() if name.startswith("book/")}


@pytest.fixture(scope="session")
def pages(book: Path) -> list[str]:
    """Every page, as its path within the book, search and index left out."""
    skip = {"search.html", "genindex.html"}
    found = [file.relative_to(book).as_posix() for file in sorted(book.rglob("*.html"))]
    return [page for page in found if page not in skip and not page.startswith(("_static", "results/"))]


class _Quiet(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        """Scripts and styles are fetched once for all pages."""
        self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def own_scripts(book: Path) -> None:
    """The book has scripts of its own; where npm could not bring them a test that needs them is skipped, or
    fails in CI.
    """
    notes = (book.parent / "notes").read_text(encoding="utf-8")
    if notes:
        not_here(notes.splitlines()[0])


@pytest.fixture(scope="session")
def address(book: Path, own_scripts: None) -> Iterator[str]:
    """Address of the book on this machine."""
    server = ThreadingHTTPServer(("localhost", 0), partial(_Quiet, directory=str(book)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A running Chromium; without one the test is skipped here and fails in continuous integration."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        not_here("Chromium is not installed (on Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()
