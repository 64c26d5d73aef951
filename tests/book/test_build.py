"""The book as files: built without torch or warnings, whole, linked, described, light."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from standin_run import make_run

from infomotion_lib.paths import BOOK, PROJECT

LARGEST_PAGE = 3_000_000
"""Bytes of one page."""

ALLOWED_NUMBERS = {
    "data.md": {"2.0"},
    "index.md": {"2512.09422"},
    "quickstart.md": {"3.11"},
    "cite.md": {"2512.09422", "2.0", "3.0"},
    "assumptions.md": {"0.75"},
}
"""Numbers with a point that are names or examples, not results."""


class Page(HTMLParser):
    """What the tests want to know of a page; headings are those of its article."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.headings: list[int] = []
        self._article = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note images, links, anchors and headings."""
        values = dict(attrs)
        if values.get("id"):
            self.ids.add(str(values["id"]))
        if tag == "img":
            self.images.append(values)
        if tag in ("a", "link", "script") and (target := values.get("href") or values.get("src")):
            self.links.append(target)
        self._article |= tag == "article"
        if self._article and re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        """Leave the article."""
        self._article &= tag != "article"


@pytest.fixture(scope="module")
def parsed(book: Path, pages: list[str]) -> dict[str, Page]:
    """Every page, parsed."""
    return {page: Page((book / page).read_text(encoding="utf-8")) for page in pages}


def test_every_page_of_the_table_of_contents_is_there(book: Path, pages: list[str]) -> None:
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text())
    wanted = {"index.html"} | {f"{chapter['file']}.html" for part in toc["parts"] for chapter in part["chapters"]}
    assert wanted <= set(pages)
    assert {f"{file.stem}.html" for file in BOOK.glob("*.md")} <= wanted, "a page that no one can reach"


def test_building_changes_no_tracked_file_and_is_quick(book: Path) -> None:
    assert (book.parent / "changed").read_text() == ""
    assert float((book.parent / "seconds").read_text()) < 60


def test_without_results_the_book_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from infomotion_lib.reporting.book import render

    monkeypatch.setattr(render, "frozen_results", list)
    made = render.build("", None, tmp_path / "out")
    assert made.profile == "" and made.profiles == ()
    text = re.sub(r"<[^>]+>", "", (made.index.parent / "results.html").read_text())
    assert "Nothing has been run yet" in text and "make reproduce" in text
    assert "not run yet" in (made.index.parent / "index.html").read_text()
    assert "Not run yet" in (made.index.parent / "notebooks" / "01_frame_index.html").read_text()


def test_images_have_alt_text_and_load_lazily(parsed: dict[str, Page]) -> None:
    for name, page in parsed.items():
        for image in page.images:
            alt = image.get("alt") or ""
            described = alt.strip() and not re.search(r"\.(png|svg|webp|gif)$", alt)
            assert described, f"{name}: {str(image.get('src'))[:60]} has no alt text: {alt!r}"
            if "im-figure" in (image.get("class") or ""):
                assert image.get("loading") == "lazy", f"{name}: {alt}"


def test_headings_go_down_one_level_at_a_time(parsed: dict[str, Page]) -> None:
    for name, page in parsed.items():
        assert page.headings.count(1) == 1, f"{name} has {page.headings.count(1)} titles"
        for above, below in zip(page.headings, page.headings[1:], strict=False):
            assert below <= above + 1, f"{name}: h{above} is followed by h{below}"


def test_internal_links_lead_somewhere(book: Path, parsed: dict[str, Page]) -> None:
    broken = []
    for name, page in parsed.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link.startswith("data:"):
                continue
            target = ((book / name).parent / unquote(parts.path) if parts.path else book / name).resolve()
            inside = parsed.get(target.relative_to(book.resolve()).as_posix()) if target.is_relative_to(book.resolve()) else None
            if not target.is_file() or (parts.fragment and inside and unquote(parts.fragment) not in inside.ids):
                broken.append(f"{name} -> {link}")
    assert not broken, "\n".join(sorted(set(broken)))


def test_pages_are_light(book: Path, pages: list[str]) -> None:
    heavy = {page: (book / page).stat().st_size for page in pages if (book / page).stat().st_size > LARGEST_PAGE}
    assert not heavy


def test_scripts_and_fonts_are_the_books_own(book: Path, parsed: dict[str, Page]) -> None:
    for name, page in parsed.items():
        foreign = [link for link in page.links if re.match(r"(https?:)?//.*\.(js|css|woff2?)(\?|$)", link)]
        assert not foreign, f"{name}: {foreign}"
    assert (book / "_static" / "mathjax" / "tex-mml-chtml.js").is_file()
    assert (book / "_static" / "embed-amd.js").is_file()


def test_phantom_results_say_phantom(book: Path) -> None:
    text = (book / "results.html").read_text()
    assert "Phantom numbers" in text and "Table 1 on phantom data" in text and "Phantom in the role of the real pool" in text
    assert "Always “normal”" in text, "constant answers stand in the same table"
    assert "profile <strong>phantom</strong>" in (book / "notebooks" / "01_frame_index.html").read_text()


def test_table_2_stands_beside_the_papers_numbers_and_borrows_no_name(book: Path) -> None:
    text = (book / "results.html").read_text()
    assert "Table 2 on phantom videos" in text and "Latte (ours, trained on phantoms)" in text and "in EchoSyn" in text
    assert "fed_frame: phantom" in text and "FID: paper (quoted)" in text and "FID: phantom" not in text
    assert "31 % of 150 clips carry the class asked for" in text
    assert 'href="provenance.html#card-phantom-05-latte-ablation"' in text


def test_figures_lead_to_their_run_card(book: Path) -> None:
    text = (book / "notebooks" / "01_frame_index.html").read_text()
    assert 'href="../provenance.html#card-phantom-01-frame-index"' in text
    assert 'src="../results/phantom/01_frame_index/figures/line.svg"' in text


def test_claims_are_not_run_on_a_phantom(book: Path) -> None:
    text = (book / "claims.html").read_text()
    assert 'im-status">not run' in text and 'im-status">reproduced' not in text and 'im-status">differs' not in text


def test_no_result_is_typed_by_hand() -> None:
    for file in sorted(BOOK.glob("*.md")):
        prose = re.sub(r"```.*?```|\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)|<[^>]+>", " ", file.read_text(), flags=re.DOTALL)
        found = set(re.findall(r"\d+\.\d+", prose)) | set(re.findall(r"\d[\d.]*\s?(?:%|±|dB)", prose))
        assert found <= ALLOWED_NUMBERS.get(file.name, set()), f"{file.name}: {found}"


def test_every_page_says_what_it_asks_of_the_reader() -> None:
    for file in sorted(BOOK.glob("*.md")):
        if file.name != "changelog.md":
            assert 'class="im-meta">Time:' in file.read_text(), f"{file.name} does not say how long it takes and what it needs"


def test_words_of_the_glossary_cover_the_short_forms() -> None:
    known = set(re.findall(r"(?m)^([\w ,’\-]+)$", (BOOK / "glossary.md").read_text()))
    words = {word.strip() for line in known for word in line.split(",")}
    used = set(re.findall(r"\b[A-Z]{2,4}\b", " ".join((BOOK / name).read_text() for name in ("index.md", "method.md", "results.md"))))
    ours = used & {"EF", "ED", "ES", "IFA", "VPC", "MAE", "FID", "FVD", "TRAIN", "VAL", "TEST"}
    assert ours <= words, f"not in the glossary: {ours - words}"


def test_a_page_with_a_broken_link_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    from infomotion_lib.errors import StageError
    from infomotion_lib.reporting.book import fragments, render

    broken = tmp_path / "book"
    shutil.copytree(BOOK, broken, ignore=shutil.ignore_patterns("_build", "_extra", "results"))
    (broken / "cite.md").write_text("# How to cite\n\n[nowhere](no-such-page.md)\n")
    (broken / "_toc.yml").write_text("format: jb-book\nroot: cite\nparts:\n- chapters:\n  - file: changelog\n")
    monkeypatch.setattr(render, "BOOK", broken)
    monkeypatch.setattr(fragments, "BOOK", broken)
    with pytest.raises(StageError, match="no-such-page"):
        render.build("phantom", make_run(tmp_path / "runs"), tmp_path / "out")


def test_the_pages_name_functions_that_exist() -> None:
    from infomotion_lib.reporting.book.api import find, modules

    found = modules()
    links = {name for file in BOOK.glob("*.md") for name in re.findall(r"\(api:([\w.]+)\)", file.read_text())}
    assert len(links) > 20
    assert not {name for name in links if find(name, found) is None}


def test_the_pages_name_commands_that_exist() -> None:
    from typer.main import get_command

    from infomotion_lib.cli import app

    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    for file in BOOK.glob("*.md"):
        used = set(re.findall(r"(?m)(?:^|`)infomotion ([a-z][a-z-]*)", file.read_text()))
        assert used <= commands, f"{file.name}: {used - commands}"


def test_the_message_in_the_quickstart_is_the_real_one() -> None:
    from infomotion_lib.errors import ParameterError
    from infomotion_lib.parameters import read_profile, stage_parameters

    with pytest.raises(ParameterError) as caught:
        stage_parameters("graph_selection", read_profile("phantom"), overrides={"knn_n": 8})
    assert str(caught.value) in (BOOK / "quickstart.md").read_text()


def test_git_ignores_what_the_build_writes() -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", "book/_build/html", "book/_extra/x"], cwd=PROJECT, capture_output=True, text=True
    ).stdout
    assert ignored.split() == ["book/_build/html", "book/_extra/x"]
