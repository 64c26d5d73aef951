"""The book in Chromium, cut off from the network: it loads, it moves, it can be used by keyboard and
by ear.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest
from finished_run import not_here

from infomotion_book.assets import npm_pack

KNOWN = ("THEBE_JS_URL", "invalid theme mode")
"""The theme's own two messages."""

PATIENCE = 120_000
"""Milliseconds to wait on a busy machine."""

AXE = "axe-core@4.14.1"


class Reader:
    """Somebody with a browser that reaches this machine alone; notes complaints and outside addresses of the
    page in sight.
    """

    def __init__(
        self, chromium: Any, address: str, *, width: int = 1280, scheme: str = "light", scripts: bool = True
    ) -> None:
        size = {"width": width, "height": 900}
        self.address = address
        self.view = chromium.new_context(
            viewport=size, color_scheme=scheme, java_script_enabled=scripts
        ).new_page()
        self.view.set_default_timeout(PATIENCE)
        self.view.set_default_navigation_timeout(PATIENCE)
        self.noted: list[str] = []
        self.view.route("**/*", self._gate)
        self.view.on(
            "console", lambda message: self.noted.append(message.text) if message.type == "error" else None
        )
        self.view.on("pageerror", lambda error: self.noted.append(str(error)))
        self.view.on(
            "response",
            lambda answer: (
                self.noted.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
            ),
        )

    def _gate(self, route: Any) -> None:
        if route.request.url.startswith((self.address, "data:", "blob:")):
            route.continue_()
        else:
            self.noted.append(f"asks another host: {route.request.url}")
            route.abort()

    def open(self, page: str, *, controls: bool = False) -> Any:
        """The page, loaded, its controls too if asked."""
        self.noted.clear()
        self.view.goto(f"{self.address}/{page}", wait_until="load")
        if controls:
            self.view.locator(".noUi-handle").first.wait_for()
        self.view.wait_for_timeout(150)
        return self.view

    @property
    def complaints(self) -> list[str]:
        """What the page complained of, less what the theme always says."""
        return [text for text in self.noted if not any(known in text for known in KNOWN)]


def test_every_page_loads_alone_and_fits_a_phone(chromium: Any, address: str, pages: list[str]) -> None:
    reader = Reader(chromium, address, width=390)
    for page in pages:
        view = reader.open(page, controls=page == "play.html")
        assert not reader.complaints, f"{page}: {reader.complaints}"
        assert view.evaluate("document.documentElement.scrollWidth") <= 390, f"{page} is wider than a phone"


def test_on_a_phone_a_row_keeps_its_name_in_sight_and_sentences_need_no_scrolling(
    chromium: Any, address: str
) -> None:
    reader = Reader(chromium, address, width=390)
    frame = reader.open("results.html").locator(".im-table1 .im-table").first
    moved = frame.evaluate("box => { box.scrollLeft = box.scrollWidth; return box.scrollLeft; }")
    name, box = frame.locator("tbody th[scope=row]").first.bounding_box(), frame.bounding_box()
    assert moved > 50 and name and box and abs(name["x"] - box["x"]) <= 2
    view = reader.open("assumptions.html")
    assert view.locator(".im-stack").count() > 3
    assert view.evaluate(
        "[...document.querySelectorAll('.im-stack')].every(box => box.scrollWidth <= box.clientWidth)"
    )


def test_formulas_are_set(chromium: Any, address: str) -> None:
    view = Reader(chromium, address).open("method.html")
    view.locator("mjx-container").first.wait_for()
    assert view.locator("mjx-container").count() > 20


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_control_moves_its_picture(chromium: Any, address: str, scheme: str) -> None:
    reader = Reader(chromium, address, scheme=scheme)
    view = reader.open("play.html", controls=True)
    boards = view.locator(".im-play")
    assert boards.count() == 4, "the beat, the tolerance, the graphs, the clips"
    for index in range(boards.count()):
        board = boards.nth(index)
        for slider in board.locator(".noUi-handle").all():
            before = seen(board)
            slider.focus()
            slider.press("ArrowRight")
            view.wait_for_timeout(150)
            assert seen(board) != before, f"slider {slider.get_attribute('aria-label')} moves nothing"
        for row in board.locator(".widget-toggle-buttons").all():
            before, idle = seen(board), row.locator("button:not(.mod-active)")
            idle.last.focus()
            idle.last.press("Enter")
            view.wait_for_timeout(150)
            assert seen(board) != before, f"buttons {row.get_attribute('aria-label')} move nothing"
            assert row.locator("button[aria-pressed=true]").count() == 1
    assert not reader.complaints


def seen(board: Any) -> list[tuple[str | None, str | None]]:
    """Source and alt text of the pictures in sight."""
    return [
        (image.get_attribute("src"), image.get_attribute("alt"))
        for image in board.locator("img.im-figure:visible").all()
    ]


def test_a_control_in_a_notebook_page_moves_beside_formulas(chromium: Any, address: str) -> None:
    reader = Reader(chromium, address)
    view = reader.open("notebooks/01_frame_index.html", controls=True)
    before = seen(view.locator("article"))
    view.locator(".noUi-handle").first.press("ArrowRight")
    view.wait_for_timeout(150)
    assert seen(view.locator("article")) != before
    assert view.locator("mjx-container").count() and not reader.complaints
    assert view.locator(".widget-interact").count() == 0, "a control that needs a kernel is left out"


def test_controls_have_names(chromium: Any, address: str) -> None:
    view = Reader(chromium, address).open("play.html", controls=True)
    names = [handle.get_attribute("aria-label") for handle in view.locator(".noUi-handle").all()]
    names += [row.get_attribute("aria-label") for row in view.locator(".widget-toggle-buttons").all()]
    assert names and all(names) and len(set(names)) == len(names)


def test_without_scripts_a_still_picture_stands_in(chromium: Any, address: str) -> None:
    view = Reader(chromium, address, scripts=False).open("play.html")
    assert view.locator(".im-play img.im-figure:visible").count() == view.locator(".im-play").count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_show_the_pipeline_of_their_shade(chromium: Any, address: str, scheme: str) -> None:
    shown = Reader(chromium, address, scheme=scheme).open("index.html").locator(".im-pipeline img:visible")
    assert shown.count() == 1 and scheme in str(shown.get_attribute("src"))


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, from npm."""
    folder = tmp_path_factory.mktemp("axe")
    try:
        with tarfile.open(npm_pack([AXE], folder)[AXE]) as archive:
            archive.extractall(folder, filter="data")
    except OSError as error:
        not_here(f"axe-core could not be had: {error}")
    return (Path(folder) / "package" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_barrier(chromium: Any, address: str, pages: list[str], axe: str, scheme: str) -> None:
    alike = {page for page in pages if page.startswith("api/")} - {"api/index.html", "api/appearance.html"}
    reader, found = Reader(chromium, address, scheme=scheme), []
    for page in sorted(set(pages) - alike):
        view = reader.open(page, controls=page == "play.html")
        assert not reader.complaints, f"{page}: {reader.complaints}"
        view.evaluate(axe)
        for violation in view.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found.append(f"{page}: {violation['id']}: {violation['nodes'][0]['html'][:160]}")
    assert not found, "\n".join(found)
