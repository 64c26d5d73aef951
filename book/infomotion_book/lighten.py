"""What no built page needs is left out: icons, style rules, MathJax without formulas, search index."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from infomotion_book.thin_svg import thin_svg

ICONS = Path("_static/scripts/fontawesome.js")
STYLES = ("_static/styles/*.css", "_static/sphinx-design*.css", "_static/mystnb*.css")
"""Style sheets of others."""

SEARCH_PAGE = "search.html"

_ICON = re.compile(
    r"(?P<name>\"[\w-]+\"|\b\w+):\[\d+,\d+,\[(?P<others>[^\]]*)\],\"[^\"]*\",(?:\"[^\"]*\"|\[[^\]]*\])\],?"
)
"""An icon as Font Awesome's script has it: ``name:[width,height,[other names],"code point","path"]``."""

_GLYPH = re.compile(r"(?:\.fa-[\w-]+:before,?)+\{content:\"[^\"]*\"\}")
"""Icons as letters of a font: the script draws them, and the font of 156 kB need not be loaded for them."""

_RULE = re.compile(r"(?P<before>(?:[^{}]*(?:;|\*/|\}))?\s*)(?P<selectors>[^{};]+)\{(?P<body>[^{}]*)\}")
_CHOICE = re.compile(r":[\w-]+\([^()]*\)")
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_WORD = re.compile(r"[A-Za-z_-][\w-]*")
_NAMED = re.compile(r"\bfa-([a-z0-9][a-z0-9-]*)")
_SCRIPT = r'[ \t]*<script\b[^>]*\bsrc="[^"]*{}[^"]*"[^>]*></script>\n?'
_FORMULA = re.compile(r"<(?:span|div)\b[^>]*\bclass=\"math\b")
_MATHJAX = re.compile(_SCRIPT.format("mathjax/") + r"|[ \t]*<script>window\.MathJax = [^\n]*</script>\n?")
_SEARCH = re.compile(_SCRIPT.format(r"(?:searchtools|language_data|searchindex)\.js"))


def lighten(html: Path, *, notebooks: Iterable[Path] = ()) -> None:
    """Leave out of a built book, in place, what need not be loaded; the download button of executed pages
    gives the clean ``notebooks``, as they are in git.
    """
    pages = sorted(html.rglob("*.html"))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        light = text if _FORMULA.search(text) else _MATHJAX.sub("", text)
        if page.name != SEARCH_PAGE:  # elsewhere the search box only leads to that page
            light = _SEARCH.sub("", light)
        if light != text:
            page.write_text(light, encoding="utf-8")
    scripts = [file for file in html.glob("_static/**/*.js") if file.name != ICONS.name]
    if (html / ICONS).is_file():
        _change(html / ICONS, with_icons, icons_named([*pages, *scripts]))
    words = words_of([*pages, *html.glob("_static/**/*js")])
    for file in (file for pattern in STYLES for file in html.glob(pattern)):
        _change(file, with_classes, words)
    for figure in html.rglob("*.svg"):
        if "matplotlib" in (drawn := figure.read_text(encoding="utf-8")):
            figure.write_text(thin_svg(drawn), encoding="utf-8")
    for notebook in notebooks:
        if (download := html / "_sources" / "notebooks" / notebook.name).is_file():
            shutil.copyfile(notebook, download)


def icons_named(files: Iterable[Path]) -> set[str]:
    """Every ``NAME`` of a class ``fa-NAME`` in these files."""
    return {name for file in files for name in _NAMED.findall(file.read_text(encoding="utf-8"))}


def with_icons(script: str, shown: set[str]) -> str:
    """Font Awesome's script with the pictures of these icons alone; names that share a picture keep it.

    >>> with_icons('{bars:[448,512,["navicon"],"f0c9","M0 9"],xbox:[512,512,[],"f412","M1"]}', {"navicon"})
    '{bars:[448,512,["navicon"],"f0c9","M0 9"],}'
    """

    def kept(icon: re.Match[str]) -> str:
        names = {icon["name"].strip('"'), *re.findall(r'"([\w-]+)"', icon["others"])}
        return icon[0] if names & shown else ""

    return _ICON.sub(kept, script)


def words_of(files: Iterable[Path]) -> set[str]:
    """Every word in these files that could be the name of a class."""
    return {word for file in files for word in _WORD.findall(file.read_text(encoding="utf-8"))}


def with_classes(style: str, words: set[str]) -> str:
    """A style sheet without the rules that need a class that is none of these words.

    What stands in brackets, as in ``:not(.a)``, asks for no class, and a name with an escape is kept.

    >>> with_classes("@media print{.a .b,.c{top:0}.d:not(.c){top:1}}b{top:2}", {"a", "d"})
    '@media print{.d:not(.c){top:1}}b{top:2}'
    """

    def needed(selector: str) -> bool:
        return "\\" in selector or set(_CLASS.findall(_CHOICE.sub("", selector))) <= words

    def kept(rule: re.Match[str]) -> str:
        return rule[0] if any(map(needed, rule["selectors"].split(","))) else rule["before"]

    return _RULE.sub(kept, _GLYPH.sub("", style))


def _change(file: Path, change: Callable[[str, set[str]], str], words: set[str]) -> None:
    file.write_text(change(file.read_text(encoding="utf-8"), words), encoding="utf-8")
