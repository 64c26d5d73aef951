"""Seconds of Infomap in the page, of the page itself, and what its files weigh.

Run ``python tests/benchmarks/bench_live.py book/_build/html`` after ``make book`` (half a minute; Chromium and
playwright are needed). Budgets: a class of 60 hearts in 0.5 s, from the change of a setting to the new
picture, with 100 trials; the page ready in 2 s.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import statistics
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

REPEATS = 9
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
RECIPES = ("knn", "softmax_inverse", "literal")
RUNS = """async ([recipe, repeats]) => {
    const place = document.querySelector("[data-live]"), {liveModel: model} = place, times = [];
    for (let turn = 0; turn < repeats; turn += 1) {
        model.set("recipe", recipe);
        model.set("seed", turn);
        await place.live.run();
        times.push(model.get("result").seconds);
    }
    return times;
}"""


class Quiet(SimpleHTTPRequestHandler):
    """A server that prints nothing."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def weights(book: Path) -> None:
    """Print bytes of the page's own files, as they are and packed by gzip."""
    for name in ("live.html", "_static/infomap/index.umd.js", "results/phantom/explore/live/severe.webp"):
        content = (book / name).read_bytes()
        print(f"{name}: {len(content) / 1e3:,.0f} kB, packed {len(gzip.compress(content)) / 1e3:,.0f} kB")


def main() -> None:
    """Print the seconds."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("book", type=Path, help="folder of the built book")
    book = parser.parse_args().book
    weights(book)
    server = ThreadingHTTPServer(("localhost", 0), partial(Quiet, directory=str(book)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        page = browser.new_page()
        page.goto(f"http://localhost:{server.server_port}/live.html", wait_until="load")
        page.wait_for_selector("[data-live][data-state=frozen]")
        print(f"page ready: {page.evaluate('performance.now()') / 1000:.2f} s")
        for recipe in RECIPES:
            first, *others = page.evaluate(RUNS, [recipe, REPEATS])
            print(
                f"{recipe}, 60 hearts, 100 trials: median {statistics.median(others):.2f} s, longest"
                f" {max(others):.2f} s, first {first:.2f} s"
            )
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
