"""Put pages, executed notebooks and results into one folder and render them with jupyter-book."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infomotion_book import (
    cost,
    evidence,
    filter_study,
    fragments,
    generators,
    help_page,
    measured,
    phases,
    real_heart,
    vectors,
)
from infomotion_book.api import anchor, write_api
from infomotion_book.assets import MATHJAX, MATHJAX_PARTS, Assets, find_assets
from infomotion_book.explore.board import prepare
from infomotion_book.html import keep_percent
from infomotion_book.lighten import lighten
from infomotion_book.live.page import write_module
from infomotion_book.machine_paths import find_machine_paths, names_of_this_machine
from infomotion_book.notebooks import page_from_run, page_not_run
from infomotion_book.publication import hide_what_leads_there, is_public, repository_url
from infomotion_book.run_sentences import numbers
from infomotion_book.terms import link_pages
from infomotion_lib.errors import StageError
from infomotion_lib.frozen import FROZEN
from infomotion_lib.paths import BOOK, notebook_of
from infomotion_lib.reporting.results import Results, frozen_results, results_of
from infomotion_lib.run.fingerprint import PREVIOUS
from infomotion_lib.stage_table import RUN_CARD, TABLE

PUBLISHED = {".csv", ".json", ".svg", ".png", ".webp"}
"""Kinds of result files that readers can download from the book."""

SEARCH_ORDER = "_static/scorer.js"
"""Script that says which results of a search come first."""

_JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
_API_LINK = re.compile(r"\]\(api:([\w.]+)\)")


@dataclass(frozen=True)
class Book:
    """A rendered book: its first page ``index``, the ``profile`` whose executed notebooks it shows (empty
    when none was at hand), every profile with results in it, and ``notes`` for its builder, such as scripts
    loaded from another host.
    """

    index: Path
    profile: str
    profiles: tuple[str, ...]
    notes: tuple[str, ...] = ()


def build(
    profile: str = "",
    results_dir: str | Path | None = None,
    out: str | Path | None = None,
    *,
    say: Callable[[str], None] = lambda line: None,
) -> Book:
    """The rendered book, every warning an error.

    Parameters
    ----------
    profile : str
        Profile whose notebooks are shown. Empty: the first frozen one.
    results_dir : path, optional
        Folder with that profile's stages, ``runs/<profile>`` or ``book/results/<profile>``; by default the
        run if it is complete, else the frozen copy.
    out : path, optional
        Folder that receives ``html/``; by default ``book/_build``.
    say : callable
        Takes a line before each step that keeps the reader waiting.

    Raises
    ------
    StageError
        If jupyter-book meets a warning or fails; the message ends with its last lines. If a page names a
        folder of this machine.
    """
    frozen = frozen_results()
    lead = results_of(profile, results_dir) if profile else (frozen[0] if frozen else None)
    lead = lead if lead is not None and lead.exists else None
    if lead is not None and FROZEN not in lead.root.resolve().parents:
        prepare(lead)
    shown = ([lead] if lead else []) + [
        item for item in frozen if lead is None or item.profile != lead.profile
    ]
    target = Path(out) if out is not None else BOOK / "_build"
    assets = find_assets(say=say)
    say("Rendering the book: about a minute.")
    with tempfile.TemporaryDirectory(prefix="infomotion-book-") as name:
        source = Path(name) / "source"
        assemble(source, lead=lead, shown=shown, assets=assets)
        html = _render(source, Path(name))
        lighten(html, notebooks=fragments.clean_notebooks())
        if named := find_machine_paths(html, names_of_this_machine(name)):
            raise StageError(
                "The book was not kept: these places name your machine.",
                where="\n".join(map(str, named[:20])),
                remedy="Mend what writes them; of an executed notebook, run its stage again.",
            )
        target.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target / "html", ignore_errors=True)
        shutil.move(str(html), target / "html")
    notes = (assets.note,) if assets.note else ()
    return Book(
        target / "html" / "index.html",
        lead.profile if lead else "",
        tuple(item.profile for item in shown),
        notes,
    )


def assemble(source: Path, *, lead: Results | None, shown: list[Results], assets: Assets) -> None:
    """Fill ``source`` with everything jupyter-book reads."""
    shutil.copytree(
        BOOK,
        source,
        ignore=shutil.ignore_patterns("_build", "_extra", "results", "notebooks", "infomotion_book", "*.csv"),
    )
    (source / "LICENSE.md").unlink(missing_ok=True)
    config = yaml.safe_load((BOOK / "_config.yml").read_text(encoding="utf-8"))
    url = repository_url()
    generated = source / "_generated"
    fragments.write(generated, lead=lead, shown=shown, assets=assets, url=url)
    figures = source / "_static" / "figures"
    for page in (evidence, phases):
        page.write_figures(figures)
    vectors.write_figures(figures, shown)
    for part in (real_heart, filter_study, cost, help_page):
        part.write_figure(figures)
    generators.write_still(figures, shown)
    measured.write_picture(figures)
    tree = f"{url}/blob/{config['repository']['branch']}" if is_public() else ""
    rooms = write_api(source / "api", source_url=tree)
    pages = _notebooks(source / "notebooks", lead)
    extra = source / "_publish"
    _publish(extra, shown, assets)
    _configure(config, url=url, lead=lead, assets=assets)
    config["sphinx"]["config"]["html_search_scorer"] = str(source / SEARCH_ORDER)
    (source / "_config.yml").write_text(
        yaml.safe_dump(config, sort_keys=False, allow_unicode=True), encoding="utf-8"
    )
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    _fill_toc(toc, notebooks=pages, rooms=rooms)
    (source / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False), encoding="utf-8")
    link_pages(source)
    for file in [*source.glob("*.md"), *source.glob("_generated/*.md")]:
        file.write_text(keep_percent(file.read_text(encoding="utf-8")), encoding="utf-8")
    _link_reference(source)


def _notebooks(folder: Path, lead: Results | None) -> list[str]:
    folder.mkdir(parents=True)
    names = []
    for clean in fragments.clean_notebooks():
        stage = executed_stage(clean, lead)
        executed = lead.notebook(stage) if lead else None
        page = (
            page_from_run(executed, results=lead, stage=stage) if executed and lead else page_not_run(clean)
        )
        (folder / clean.name).write_text(json.dumps(page, indent=1), encoding="utf-8")
        names.append(clean.stem)
    return names


def executed_stage(clean: Path, lead: Results | None) -> str:
    """Stage whose executed copy a page shows: of those that share a notebook, the last that was run."""
    sharing = [name for name, stage in TABLE.items() if notebook_of(stage) == clean]
    run = [name for name in sharing if lead and lead.notebook(name)]
    return (run or sharing or [clean.stem])[-1]


def _publish(folder: Path, shown: list[Results], assets: Assets) -> None:
    folder.mkdir()
    write_module(folder / "_static")
    if assets.folder:
        shutil.copytree(assets.folder, folder, dirs_exist_ok=True)
    for results in shown:
        for file in sorted(results.root.rglob("*")):
            inside = file.relative_to(results.root)
            if (
                file.suffix in PUBLISHED
                and (inside.parts[0] != "data" or inside.as_posix() == f"data/{RUN_CARD}")
                and not any(part == PREVIOUS or part.startswith(".") for part in inside.parts)
            ):
                target = folder / "results" / results.profile / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)


def _configure(config: dict[str, Any], *, url: str, lead: Results | None, assets: Assets) -> None:
    config["repository"]["url"] = url
    if not is_public():
        hide_what_leads_there(config)
    config.setdefault("parse", {})["myst_substitutions"] = numbers(lead)
    sphinx = config["sphinx"]["config"]
    sphinx["html_extra_path"] = ["_publish"]
    sphinx["mathjax_path"] = assets.url(MATHJAX)
    sphinx["mathjax3_config"] = {"loader": {"load": list(MATHJAX_PARTS)}}


def _fill_toc(toc: dict[str, Any], *, notebooks: list[str], rooms: list[str]) -> None:
    beneath = {
        "quickstart": [f"notebooks/{name}" for name in notebooks],
        "api/index": [f"api/{room}" for room in rooms if room != "index"],
    }
    for page in pages_of(toc):
        if files := beneath.get(page["file"]):
            page["sections"] = [{"file": file} for file in files]


def pages_of(toc: dict[str, Any]) -> list[dict[str, Any]]:
    """Every page of a table of contents but the first, each before the pages nested beneath it."""

    def within(pages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for page in pages:
            yield page
            yield from within(page.get("sections", []))

    return [page for part in toc["parts"] for page in within(part["chapters"])]


def _link_reference(source: Path) -> None:
    """Turn the ``api:`` links of all pages into links to labels of the reference, which must exist."""
    for file in [*source.glob("*.md"), *source.glob("_generated/*.md"), *source.glob("notebooks/*.ipynb")]:
        text = file.read_text(encoding="utf-8")
        file.write_text(_API_LINK.sub(lambda link: f"](#{anchor(link[1])})", text), encoding="utf-8")


def _render(source: Path, work: Path) -> Path:
    options = ["--path-output", str(work), "-W", "-n", "--keep-going"]
    command = [sys.executable, "-c", _JUPYTER_BOOK, "build", str(source), *options]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=work)
    html = work / "_build" / "html"
    if done.returncode != 0 or not (html / "index.html").is_file():
        lines = [
            line
            for line in (done.stdout + done.stderr).splitlines()
            if "WARNING" in line or "ERROR" in line or "Error" in line
        ]
        tail = "\n".join(lines[-20:] or (done.stdout + done.stderr).splitlines()[-20:])
        raise StageError(
            "jupyter-book could not build the book.", where=tail, remedy="Mend the pages named above."
        )
    return html
