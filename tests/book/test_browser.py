"""The book in Chromium, cut off from the network: it loads, it moves, it can be used by keyboard and
by ear.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
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

BARRIERS = """rules => axe.run(document, {resultTypes: ["violations"], ...rules}).then(found => found.violations
.map(one => `${one.impact} ${one.id}: ${one.nodes[0].html.slice(0, 160)}`))
"""
"""Script that gives the barriers of a page, those of some rules or all, however serious."""

OF_A_SHADE = {"runOnly": ["color-contrast", "link-in-text-block", "image-alt", "svg-img-alt"]}
"""Rules that a page may break in one shade alone: about colours, and about pictures drawn for each."""

SETTLED = """() => document.documentElement.dataset.theme == "dark"
    && !document.getAnimations().some(one => one instanceof CSSTransition)
"""
"""Whether the page is dark, and no colour is still on its way."""

PHONE, DESK = ({"width": width, "height": 900} for width in (390, 1280))


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
        self.view.on("request", self._note_host)
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

    def _note_host(self, request: Any) -> None:
        """Chromium finds no other host, and a route of Playwright's would have every page fetch its scripts anew."""
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.noted.append(f"asks another host: {request.url}")

    def open(self, page: str, *, controls: bool = False) -> Any:
        """The page, loaded, its controls too if asked."""
        self.noted.clear()
        self.view.goto(f"{self.address}/{page}", wait_until="load")
        if controls:
            self.view.locator(".im-control").first.wait_for()
        self.view.wait_for_timeout(150)
        return self.view

    @property
    def complaints(self) -> list[str]:
        """What the page complained of, less what the theme always says."""
        return [text for text in self.noted if not any(known in text for known in KNOWN)]


@dataclass(frozen=True)
class Visit:
    """What a reader met on one page.

    Attributes
    ----------
    complaints : list of str
        Errors of scripts, files that are not there, other hosts asked.
    width : int
        Pixels that its content takes on a phone.
    barriers : dict of str to list of str
        What axe-core finds, by shade; empty where axe-core could not be had.
    """

    complaints: list[str]
    width: int
    barriers: dict[str, list[str]]


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, from npm; empty if it could not be had."""
    folder = tmp_path_factory.mktemp("axe")
    try:
        with tarfile.open(npm_pack([AXE], folder)[AXE]) as archive:
            archive.extractall(folder, filter="data")
    except OSError:
        return ""
    return (Path(folder) / "package" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def visits(chromium: Any, address: str, pages: list[str], axe: str) -> dict[str, Visit]:
    """Every page, opened once: on a phone, then as wide as a desk's, then dark."""
    reader, found = Reader(chromium, address, width=PHONE["width"]), {}
    alike = {page for page in pages if page.startswith("api/")} - {"api/index.html", "api/appearance.html"}
    for page in pages:
        reader.view.set_viewport_size(PHONE)
        reader.view.emulate_media(color_scheme="light")
        view = reader.open(page, controls=page == "play.html")
        width = view.evaluate("document.documentElement.scrollWidth")
        barriers = barriers_of(view, axe) if axe and page not in alike else {}
        found[page] = Visit(reader.complaints, width, barriers)
    return found


def barriers_of(view: Any, axe: str) -> dict[str, list[str]]:
    """Barriers of the page in sight, by shade."""
    view.set_viewport_size(DESK)
    view.evaluate(axe)
    light = view.evaluate(BARRIERS, {})
    view.emulate_media(color_scheme="dark")
    view.wait_for_function(SETTLED)
    return {"light": light, "dark": view.evaluate(BARRIERS, OF_A_SHADE)}


def test_another_host_is_noted_and_not_reached(chromium: Any, address: str) -> None:
    reader = Reader(chromium, address)
    view = reader.open("cite.html")
    assert not reader.complaints
    for host in ("example.org", "127.0.0.1:8999"):
        view.evaluate("host => fetch(`http://${host}/`, {mode: 'no-cors'}).catch(String)", host)
        assert f"asks another host: http://{host}/" in reader.complaints
        assert any("ERR_NAME_NOT_RESOLVED" in text for text in reader.complaints)
        reader.noted.clear()


def test_every_page_loads_alone_and_fits_a_phone(visits: dict[str, Visit]) -> None:
    complaints = [f"{page}: {visit.complaints}" for page, visit in visits.items() if visit.complaints]
    assert not complaints, "\n".join(complaints)
    wide = [page for page, visit in visits.items() if visit.width > PHONE["width"]]
    assert not wide, "wider than a phone"


@pytest.mark.parametrize("shade", ["light", "dark"])
def test_no_barrier(visits: dict[str, Visit], axe: str, shade: str) -> None:
    if not axe:
        not_here("axe-core could not be had from npm")
    looked_at = {page: visit.barriers[shade] for page, visit in visits.items() if visit.barriers}
    assert {"index.html", "results.html", "play.html"} <= set(looked_at)
    assert not [f"{page}: {barrier}" for page, found in looked_at.items() for barrier in found]


def test_axe_sees_a_barrier_of_each_shade(chromium: Any, address: str, axe: str) -> None:
    """Words hardly darker or lighter than what they stand on, in one shade or the other."""
    if not axe:
        not_here("axe-core could not be had from npm")
    view = Reader(chromium, address).open("cite.html")
    view.evaluate("""() => { for (const [shade, colour, ground] of [["light", "#eee", "#fff"], ["dark", "#222", "#111"]]) {
        const words = document.createElement("p"), style = document.createElement("style");
        words.textContent = words.id = `pale-${shade}`;
        style.textContent = `html[data-theme=${shade}] #pale-${shade} { color: ${colour}; background: ${ground}; }`;
        document.head.append(style); document.querySelector("article").append(words); } }""")
    for shade, barriers in barriers_of(view, axe).items():
        (barrier,) = barriers
        assert barrier.startswith("serious color-contrast") and f"pale-{shade}" in barrier


def test_on_a_phone_a_row_keeps_its_name_in_sight_and_sentences_need_no_scrolling(
    chromium: Any, address: str
) -> None:
    reader = Reader(chromium, address, width=390)
    frame = reader.open("results.html").locator(".im-table.im-table1").first
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
    assert boards.count() == 5, "the beat, the real heart, the tolerance, the graphs, the clips"
    for index in range(boards.count()):
        board = boards.nth(index)
        for slider in board.locator("input[type=range]").all():
            before = seen(board)
            slider.focus()
            slider.press("ArrowRight")
            assert moved(board, before), f"slider {slider.get_attribute('id')} moves nothing"
        for row in board.locator(".im-buttons").all():
            before, idle = seen(board), row.locator("button[aria-pressed=false]")
            idle.last.focus()
            idle.last.press("Enter")
            assert moved(board, before), f"buttons {row.get_attribute('aria-label')} move nothing"
            assert row.locator("button[aria-pressed=true]").count() == 1
    assert not reader.complaints


def seen(board: Any) -> list[tuple[str | None, str | None]]:
    """Source and alt text of the pictures in sight."""
    return [
        (image.get_attribute("src"), image.get_attribute("alt"))
        for image in board.locator("img.im-figure:visible").all()
    ]


def moved(board: Any, before: list[tuple[str | None, str | None]]) -> bool:
    """Whether the pictures in sight become others, soon."""
    for _ in range(40):
        if (now := seen(board)) and now != before:
            return True
        board.page.wait_for_timeout(25)
    return False


def test_a_control_in_a_notebook_page_moves_beside_formulas(chromium: Any, address: str) -> None:
    reader = Reader(chromium, address)
    view = reader.open("notebooks/01_frame_index.html", controls=True)
    before = seen(view.locator("article"))
    view.locator("article input[type=range]").first.press("ArrowRight")
    assert moved(view.locator("article"), before)
    assert view.locator("mjx-container").count() and not reader.complaints
    assert view.locator(".widget-interact").count() == 0, "a control that needs a kernel is left out"


def test_controls_have_names(chromium: Any, address: str) -> None:
    view = Reader(chromium, address).open("play.html", controls=True)
    names = [
        slider.evaluate("input => input.labels[0].textContent")
        for slider in view.locator(".im-slider input").all()
    ]
    names += [row.get_attribute("aria-label") for row in view.locator(".im-buttons").all()]
    assert names and all(names) and len(set(names)) == len(names)


def test_without_scripts_a_still_picture_stands_in(chromium: Any, address: str) -> None:
    view = Reader(chromium, address, scripts=False).open("play.html")
    assert view.locator(".im-play img.im-figure:visible").count() == view.locator(".im-play").count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_show_the_pipeline_of_their_shade(chromium: Any, address: str, scheme: str) -> None:
    shown = Reader(chromium, address, scheme=scheme).open("index.html").locator(".im-pipeline img:visible")
    assert shown.count() == 1 and scheme in str(shown.get_attribute("src"))
