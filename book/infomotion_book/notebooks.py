"""An executed notebook as a page of the book."""

from __future__ import annotations

import json
import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from infomotion_book.addresses import address, card_anchor
from infomotion_book.frozen_notebook import PICTURES
from infomotion_book.publication import is_public
from infomotion_book.templates import line, part
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import alt_text
from infomotion_lib.reporting.widgets import STATE, VIEW

NOTES = "results_notes.md.jinja"

_BADGE = re.compile(
    r"\[!\[[^\]]*\]\(https://colab\.research\.google\.com/assets/colab-badge\.svg\)\]\(([^)\s]+)\)"
)
_FIGURE = re.compile(r'<img class="im-figure" data-figure="([^"]+)"[^>]*>')
_WORDS = re.compile(r"<td>(?=[^<]{24})(?=[^<]*[A-Za-z]{3})(?=[^<]* [A-Za-z])")
"""Cells of a pandas table with a phrase in them, which may wrap; numbers may not."""

_HIDDEN = {"parameters"}
_MACHINERY = {"bootstrap", "injected-parameters"}
"""Cells that do their work elsewhere: by id in Colab, by tag in the runner. The page shows the values in the
config card.
"""


def page_from_run(notebook: Path, *, results: Results, stage: str, to_root: str = "../") -> dict[str, Any]:
    """Executed notebook of a stage to render, on a page that reaches the book's root by ``to_root``: figures
    as files, parameter cells folded, a line that says which run this is.
    """
    page = _read(notebook)
    folder = results.folder(stage)
    base = f"{to_root}{address(results, stage)}"
    card = f"{to_root}provenance.html#{card_anchor(results, stage)}"
    for cell in page["cells"]:
        _fold(cell)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                html = _joined(data["text/html"])
                html = _FIGURE.sub(lambda match: _figure(match, folder / "figures", base, card), html)
                html = _linked(html, base)
                html = _WORDS.sub('<td class="im-words">', html) if "dataframe" in html else html
                data["text/html"] = f"{html}{_made(card)}" if "<table" in html else html
        if cell["cell_type"] == "code":
            cell["outputs"] = [out for out in cell.get("outputs", []) if out.get("name") != "stderr"]
    for model in _models(page).values():
        if isinstance(value := model.get("state", {}).get("value"), str):
            model["state"]["value"] = _linked(value, base)
    _after_controls(page, card)
    _clean_links(page)
    _after_title(page, _run_line(results, notebook.name, card))
    return page


def page_not_run(notebook: Path) -> dict[str, Any]:
    """The clean notebook to render, with a note on how to run it."""
    page = _read(notebook)
    for cell in page["cells"]:
        _fold(cell)
    _clean_links(page)
    _after_title(page, part(NOTES, "notebook_not_run"))
    return page


def _read(notebook: Path) -> dict[str, Any]:
    page: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
    page["cells"] = [
        cell
        for cell in page["cells"]
        if not _MACHINERY & {cell.get("id", ""), *cell.get("metadata", {}).get("tags", [])}
    ]
    return page


def _models(page: dict[str, Any]) -> dict[str, Any]:
    """Saved controls of a notebook, by their ids."""
    found: dict[str, Any] = page.get("metadata", {}).get("widgets", {}).get(STATE, {}).get("state", {})
    return found


def _linked(html: str, base: str) -> str:
    """The HTML with its frozen pictures linked from where the page stands."""
    return html.replace(f'src="{PICTURES}/', f'src="{base}/{PICTURES}/')


def _fold(cell: dict[str, Any]) -> None:
    tags = cell.setdefault("metadata", {}).setdefault("tags", [])
    if _HIDDEN & set(tags) and "hide-input" not in tags:
        tags.append("hide-input")


def _figure(match: re.Match[str], figures: Path, base: str, card: str) -> str:
    name = unescape(match.group(1))
    tag = match.group(0)
    links = [_link(card)]
    if (figures / name).is_file():
        url = f"{base}/figures/{name}"
        tag = f'<img class="im-figure" alt="{escape(alt_text(figures / name))}" loading="lazy" src="{url}">'
        links.insert(0, f'<a href="{url}">{escape(name)}</a>')
    return f'<figure class="im-fig">{tag}<figcaption>{" · ".join(links)}</figcaption></figure>'


def _made(card: str) -> str:
    return f'<p class="im-note">{_link(card)}</p>'


def _link(card: str) -> str:
    return line(NOTES, "made", {"card": card})


def _after_controls(page: dict[str, Any], card: str) -> None:
    """Under every control a still picture for browsers without scripts, and the way to its run card."""
    models = _models(page)
    for cell in page["cells"]:
        for output in list(cell.get("outputs", [])):
            if view := output.get("data", {}).get(VIEW):
                still = first_picture(models, view["model_id"])
                html = f"<noscript>{line(NOTES, 'still')}{still}</noscript>" if still else ""
                html += _made(card)
                cell["outputs"].append(
                    {"output_type": "display_data", "metadata": {}, "data": {"text/html": html}}
                )


def first_picture(models: dict[str, Any], model: str) -> str:
    """HTML of the first picture under a widget; empty if it has none."""
    state = models.get(model, {}).get("state", {})
    if "<img" in str(state.get("value", "")):
        return str(state["value"])
    for child in state.get("children", []):
        found = first_picture(models, str(child).removeprefix("IPY_MODEL_"))
        if found:
            return found
    return ""


def _clean_links(page: dict[str, Any]) -> None:
    for cell in page["cells"]:
        if cell["cell_type"] == "markdown":
            badge = r'<a class="im-badge" href="\1">Open in Colab</a>' if is_public() else ""
            text = _BADGE.sub(badge, _joined(cell["source"]))
            cell["source"] = text.replace("](../book/", "](../").replace("](../notebooks/", "](")


def _run_line(results: Results, name: str, card: str) -> str:
    return line(NOTES, "notebook_run", {"results": results, "name": name, "card": card})


def _after_title(page: dict[str, Any], text: str) -> None:
    page["cells"].insert(1, {"cell_type": "markdown", "id": "book-note", "metadata": {}, "source": text})


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
