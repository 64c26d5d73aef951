"""The book as files: built without torch or warnings, whole, linked, described, light."""

from __future__ import annotations

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from standin_run import make_run

from infomotion_book.assets import MATHJAX_PARTS
from infomotion_book.figure_index import drawn_by
from infomotion_book.publication import is_public, repository_url
from infomotion_book.render import pages_of
from infomotion_lib.paths import BOOK, NOTEBOOKS, PROJECT, notebook_of
from infomotion_lib.reporting.results import Results
from infomotion_lib.stage_table import TABLE, notebook_stages

LARGEST_PAGE = 3_000_000
"""Bytes of one page."""

MOST_PAGES = 12
"""Pages on the way through the book besides the first; all others are nested beneath one of them."""

SHOW_RESULTS = ("index.html", "quickstart.html", "results.html", "play.html")
"""Pages with tables and figures of runs."""

SHOW_STUDIES = ("evidence.html", "phases.html", "reading.html")
"""Pages of studies, which have no run card: they name the command that makes their numbers again."""

TEACHING = ("data.html", "method.html", "results.html", "assumptions.html", "play.html")
"""Pages that ask the reader something, the notebooks apart."""

WITHOUT_TERMS = {
    "figures.html",
    "cite.html",
    "claims.html",
    "assumptions.html",
    "reference.html",
}
"""Pages of ledgers and links, with hardly a sentence."""


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


class Made(HTMLParser):
    """Figures, tables and controls of an article, and whether the innermost section of each has a link to a
    run card.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.shown: list[tuple[int, str]] = []
        self.carded: set[int] = set()
        self._sections: list[int] = []
        self._count = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what needs a card, and the links that lead to one."""
        values = {name: value or "" for name, value in attrs}
        kinds = set(values.get("class", "").split())
        if tag == "section":
            self._count += 1
            self._sections.append(self._count)
        if not self._sections:
            return
        if (tag == "figure" and "im-fig" in kinds) or kinds & {"im-table", "im-play", "dataframe"}:
            self.shown.append((self._sections[-1], values.get("aria-label") or " ".join(sorted(kinds))))
        if tag == "a" and re.search(r"provenance\.html#card-|api/\w+\.html#api-", values.get("href", "")):
            self.carded.add(self._sections[-1])

    def handle_endtag(self, tag: str) -> None:
        """Leave a section."""
        if tag == "section" and self._sections:
            self._sections.pop()


def without_card(text: str) -> list[str]:
    """Figures, tables and controls of a page with no link to a run card, or to the function that draws them,
    in their section.
    """
    page = Made(text)
    return [name for section, name in page.shown if section not in page.carded]


@pytest.fixture(scope="module")
def parsed(book: Path, pages: list[str]) -> dict[str, Page]:
    """Every page, parsed."""
    return {page: Page((book / page).read_text(encoding="utf-8")) for page in pages}


def test_every_page_of_the_table_of_contents_is_there(book: Path, pages: list[str]) -> None:
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text())
    wanted = {"index.html"} | {f"{page['file']}.html" for page in pages_of(toc)}
    assert sum(len(part["chapters"]) for part in toc["parts"]) <= MOST_PAGES
    assert wanted <= set(pages)
    assert {f"{file.stem}.html" for file in BOOK.glob("*.md")} <= wanted, "a page that no one can reach"


def test_building_changes_no_tracked_file(book: Path) -> None:
    assert (book.parent / "changed").read_text() == ""


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
            inside = (
                parsed.get(target.relative_to(book.resolve()).as_posix())
                if target.is_relative_to(book.resolve())
                else None
            )
            if not target.is_file() or (
                parts.fragment and inside and unquote(parts.fragment) not in inside.ids
            ):
                broken.append(f"{name} -> {link}")
    assert not broken, "\n".join(sorted(set(broken)))


def test_no_formula_is_left_as_it_was_typed(book: Path) -> None:
    """In prose, and in what the cells of notebooks show."""
    set_apart = r"<(script|style|pre|code)\b.*?</\1>|<(span|div) class=\"math\b.*?</\2>"
    for page in [*book.glob("*.html"), *book.glob("notebooks/*.html"), *book.glob("api/*.html")]:
        prose = re.sub(set_apart, "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.findall(r"\$\$|\\(?:begin|frac|sqrt|mathcal|varepsilon)\b", prose), page.name


def test_pages_are_light(book: Path, pages: list[str]) -> None:
    heavy = {
        page: (book / page).stat().st_size for page in pages if (book / page).stat().st_size > LARGEST_PAGE
    }
    assert not heavy


def test_scripts_and_fonts_are_the_books_own(book: Path, parsed: dict[str, Page], own_scripts: None) -> None:
    for name, page in parsed.items():
        foreign = [link for link in page.links if re.match(r"(https?:)?//.*\.(js|css|woff2?)(\?|$)", link)]
        assert not foreign, f"{name}: {foreign}"
    assert all((book / "_static" / "mathjax" / f"{part}.js").is_file() for part in ("core", *MATHJAX_PARTS))
    heavy = ("embed-amd.js", "require.js")
    assert not [
        script for page in parsed.values() for script in page.links if script.split("?")[0].endswith(heavy)
    ]


def test_every_page_says_that_it_is_no_medical_device(book: Path, parsed: dict[str, Page]) -> None:
    for name in set(parsed) - {"search.html", "genindex.html"}:
        assert "Not a medical device" in (book / name).read_text(encoding="utf-8"), name


def test_pages_lead_to_the_repository_and_to_colab_once_it_is_public(parsed: dict[str, Page]) -> None:
    home = repository_url()
    led = {name for name, page in parsed.items() if any(link.startswith(home) for link in page.links)}
    assert led == ((set(parsed) - {"search.html", "genindex.html"}) if is_public() else set())
    for notebook in NOTEBOOKS.glob("[0-9]*.ipynb"):
        for page in (f"notebooks/{notebook.stem}.html", "quickstart.html"):
            opens = rf"https://colab\.research\.google\.com/github/.+/notebooks/{notebook.name}"
            found = [link for link in parsed[page].links if re.fullmatch(opens, link)]
            assert bool(found) == is_public(), page


def test_rows_of_sentences_can_be_read_on_a_phone(book: Path) -> None:
    text = (book / "assumptions.html").read_text(encoding="utf-8")
    cells = re.findall(r"<td[^>]*>", text)
    assert cells and all('role="cell"' in cell and re.search(r'data-label="[^"]+"', cell) for cell in cells)


def test_phantom_results_say_phantom(book: Path) -> None:
    text = (book / "results.html").read_text()
    assert (
        "Phantom numbers" in text and "Table 1 on phantom data" in text and "Phantom: reference pool" in text
    )
    assert "Always “normal”" in text, "constant answers stand in the same table"
    assert "profile <strong>phantom</strong>" in (book / "notebooks" / "01_frame_index.html").read_text()


def test_table_2_stands_beside_the_papers_numbers_and_borrows_no_name(tmp_path: Path) -> None:
    from infomotion_book import fragments

    text = fragments.results_part(Results("phantom", make_run(tmp_path)))
    assert (
        "Table 2 on phantom videos" in text
        and "Latte (ours, trained on phantoms)" in text
        and "in EchoSyn" in text
    )
    assert "Fréchet distance, frames" in text and "paper, FID: " in text and ">FID<" not in text
    assert "31 % of 150 clips carry the class asked for" in text
    assert 'href="provenance.html#card-phantom-06-ablation"' in text


def test_figures_lead_to_their_run_card(book: Path) -> None:
    text = (book / "notebooks" / "01_frame_index.html").read_text()
    assert 'href="../provenance.html#card-phantom-01-frame-index"' in text
    assert 'src="../results/phantom/01_frame_index/figures/phase_signal.svg"' in text


def test_every_figure_table_and_control_leads_to_its_run_card_in_one_click(
    book: Path, pages: list[str]
) -> None:
    assert not without_card(
        '<article><section><div class="im-table"></div><a'
        ' href="provenance.html#card-x">c</a></section></article>'
    )
    assert without_card('<article><section><div class="im-table"></div></section></article>'), (
        "this test can fail"
    )
    lost = []
    for page in pages:
        if page.startswith("notebooks/") or page in SHOW_RESULTS:
            lost += [f"{page}: {what}" for what in without_card((book / page).read_text(encoding="utf-8"))]
    assert not lost, "\n".join(lost)
    for page in SHOW_STUDIES:
        assert re.search(
            r"infomotion study [a-z]+", re.sub(r"<[^>]+>", "", (book / page).read_text(encoding="utf-8"))
        ), page


def test_claims_are_not_run_on_a_phantom(book: Path) -> None:
    text = (book / "claims.html").read_text()
    assert (
        'im-status">not run' in text
        and 'im-status">reproduced' not in text
        and 'im-status">differs' not in text
    )


def test_every_page_says_what_it_asks_of_the_reader(book: Path, pages: list[str]) -> None:
    for page in pages:
        text = (book / page).read_text(encoding="utf-8")
        assert re.search(r'class="im-meta">Time:|Time to read: \d+ minutes', text), (
            f"{page} does not say how long it takes"
        )


def test_pages_that_teach_ask_questions_and_hide_the_answers(book: Path, pages: list[str]) -> None:
    for page in [*TEACHING, *(page for page in pages if page.startswith("notebooks/"))]:
        text = (book / page).read_text(encoding="utf-8")
        answers = re.findall(r"(<details[^>]*>)\s*<summary[^>]*>\s*(?:<[^>]+>\s*)*Solution", text)
        assert answers and not any(" open" in answer for answer in answers), page
        assert "Solution" in text, page


def test_the_index_of_figures_is_complete(book: Path) -> None:
    text = (book / "figures.html").read_text(encoding="utf-8")
    indexed = set(re.findall(r"<code>([\w.]+\.(?:svg|webp))</code>", text))
    commands = re.sub(r"<[^>]+>", "", text)
    for stage in notebook_stages().values():
        notebook = notebook_of(TABLE[stage])
        assert notebook is not None
        drawn = drawn_by(notebook)
        assert len(drawn) == len(re.findall(r"(?:save_figure|write_bytes)\(", "".join(code_of(notebook)))), (
            f"{stage}: a figure without a plain name"
        )
        assert set(drawn) <= indexed, f"not in the index: {set(drawn) - indexed}"
        assert f"infomotion figure {notebook.name[:2]} " in commands
    assert all(f"/{file.name}" in text for file in PROJECT.glob("book/results/*/**/figures/*"))


def code_of(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def test_the_first_use_of_a_term_leads_to_the_glossary(book: Path, pages: list[str]) -> None:
    for page in pages:
        found = re.findall(
            r'href="(?:\.\./)?glossary\.html#term-([^"]+)"', (book / page).read_text(encoding="utf-8")
        )
        assert len(found) == len(set(found)), f"{page} links a word twice"
        teaches = page.startswith("notebooks/") or ("/" not in page and page != "glossary.html")
        assert found or not teaches or page in WITHOUT_TERMS, f"{page} links no word"


def test_a_page_with_a_broken_link_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    from infomotion_book import fragments, render
    from infomotion_book.assets import Assets
    from infomotion_lib.errors import StageError

    broken = tmp_path / "book"
    shutil.copytree(BOOK, broken, ignore=shutil.ignore_patterns("_build", "_extra", "results"))
    (broken / "cite.md").write_text("# How to cite\n\n[nowhere](no-such-page.md)\n")
    (broken / "_toc.yml").write_text("format: jb-book\nroot: cite\nparts:\n- chapters:\n  - file: glossary\n")
    monkeypatch.setattr(render, "BOOK", broken)
    monkeypatch.setattr(fragments, "BOOK", broken)
    monkeypatch.setattr(render, "find_assets", lambda say: Assets(None))
    with pytest.raises(StageError, match="no-such-page"):
        render.build("phantom", make_run(tmp_path / "runs"), tmp_path / "out")


@pytest.mark.skipif(not (PROJECT / ".git").exists(), reason="the project was downloaded without git")
def test_git_ignores_what_the_build_writes() -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", "book/_build/html", "book/_extra/x"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    ).stdout
    assert ignored.split() == ["book/_build/html", "book/_extra/x"]
