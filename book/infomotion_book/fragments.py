"""The generated parts of the pages, one file each under ``_generated/``."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import yaml
from markupsafe import Markup

from infomotion_book import (
    arithmetic,
    cost,
    critical,
    dots,
    evidence,
    first_page,
    generators,
    help_page,
    ledgers,
    measured,
    paper_numbers,
    phases,
    pictures,
    real_heart,
    ruler,
    run_sentences,
    scenes,
    vectors,
)
from infomotion_book.addresses import SavedFigure, card_link, saved_figures
from infomotion_book.assets import Assets
from infomotion_book.checkpoint_choice import checkpoint_choice
from infomotion_book.comparisons import comparisons
from infomotion_book.editions import mark_of
from infomotion_book.figure_index import figure_index
from infomotion_book.html import admonition, block, figure, link, tabs
from infomotion_book.label_and_split_tables import label_agreement, open_splits
from infomotion_book.live import page as live
from infomotion_book.machines import two_machines
from infomotion_book.more_training import more_training
from infomotion_book.page_table import page_table
from infomotion_book.play import play
from infomotion_book.publication import is_public
from infomotion_book.table1 import other_metrics, table1
from infomotion_book.table2 import STAGE, in_words, table2
from infomotion_book.templates import line, part
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.evaluation.claims import claims_ledger
from infomotion_lib.frozen import ABLATION_FIGURES, ABLATION_LOOPS, FROZEN
from infomotion_lib.paths import BOOK, NOTEBOOKS, PROJECT, RunPaths
from infomotion_lib.reporting.results import Results, title_of
from infomotion_lib.reporting.shown_table import ShownTable

NOTES = "results_notes.md.jinja"
ON_RESULTS = ("accuracy_by_vpc.svg",)
"""Figures of stage 04 on the results page; the others are in its notebook and in the index of figures."""

NOT_RUN = admonition("warning", line(NOTES, "not_run_title"), line(NOTES, "not_run"))
PHANTOM = admonition("important", "Phantom numbers", line(NOTES, "phantom"))
OPEN = admonition("important", line(NOTES, "open_title"), line(NOTES, "open"))


def write(folder: Path, *, lead: Results | None, shown: list[Results], assets: Assets, url: str) -> None:
    """Write every fragment; each page includes the ones it needs."""
    folder.mkdir(parents=True, exist_ok=True)
    paper = next((item.root for item in shown if item.profile == "paper"), FROZEN / "paper")
    found = first_page.findings(shown, paper=paper)
    parts = {
        "pipeline": pictures.pipeline(),
        "boundaries": pictures.boundaries(),
        "five_frames": pictures.of_run(lead, "frame_index", "frame_strip.svg", aside=True),
        "three_recipes": pictures.of_run(lead, "graph_selection", "recipes.svg", aside=True),
        "hero": scenes.hero(lead),
        "walk": scenes.walk(lead) or NOT_RUN,
        "classes": ruler.classes(lead),
        "classes_still": ruler.classes(lead, still=True),
        "cancellation": scenes.cancellation(),
        "paper_dots": dots.paper_picture(),
        "pool_dots": dots.pool_picture(evidence.find_evidence()),
        "colab": colab(url) if is_public() else "",
        "clone": clone(url, public=is_public()),
        "findings": first_page.sentences(found),
        "brief": first_page.brief(found),
        "glance": (run_sentences.glance_table(lead) if lead else "") or NOT_RUN,
        "results": tabs({item.title: results_part(item) for item in shown}) or NOT_RUN,
        "more_training": more_training(shown),
        "expected": run_sentences.expected(lead) if lead else NOT_RUN,
        "stage_times": run_sentences.time_table(lead) if lead else NOT_RUN,
        "constant": critical.constant(lead),
        "leads_picture": dots.leads_picture(),
        **paper_numbers.fragments(lead),
        "graphs": critical.graphs(lead),
        "recipes_picture": critical.recipes_picture(shown),
        "motion_rank": critical.motion_rank(shown),
        "two_machines": two_machines(Results("phantom", FROZEN / "phantom")),
        "short_trainings": arithmetic.training_tables(),
        "processor_probe": arithmetic.operations_table(),
        "checkpoint": checkpoint_choice(),
        **evidence.fragments(),
        **phases.fragments(),
        **vectors.fragments(shown),
        **generators.fragments(shown),
        **real_heart.fragments(),
        "help": help_page.fragment(),
        "provenance": ledgers.provenance(shown) or NOT_RUN,
        "claims": ledgers.claims(claims_ledger(RunPaths("paper", paper))),
        "assumptions": ledgers.assumptions(),
        "discovr_switches": ledgers.switches(),
        "mafe_switches": ledgers.mafe_switches(),
        "checklist": ledgers.checklist(),
        "figures": figure_index(shown),
        "costs": costs(),
        **measured.fragments(),
        "cost": cost.fragment(),
        "changelog": changelog(),
        "play": play(lead),
        **live.fragments(lead, assets, not_run=NOT_RUN),
        "scripts": assets.sentence,
    }
    for name, text in parts.items():
        (folder / f"{name}.md").write_text(text + "\n", encoding="utf-8")


def clone(url: str, *, public: bool) -> str:
    """MyST block: how to get the project and run it; in the folder at hand while nobody can clone it."""
    name = url.rstrip("/").rsplit("/", 1)[-1]
    return part(NOTES, "clone", {"url": url, "name": name, "public": public})


def colab_addresses(url: str) -> dict[str, str]:
    """Where Colab opens each clean notebook, by its title."""
    branch = yaml.safe_load((BOOK / "_config.yml").read_text(encoding="utf-8"))["repository"]["branch"]
    place = url.removeprefix("https://").replace("github.com", "github")
    base = f"https://colab.research.google.com/{place}/blob/{branch}/notebooks"
    return {title_of(file.stem): f"{base}/{file.name}" for file in clean_notebooks()}


def colab(url: str) -> str:
    """MyST block: a badge for each notebook, which opens the clean one in Colab."""
    badges = (
        f'<a class="im-badge" href="{address}">{title}</a>' for title, address in colab_addresses(url).items()
    )
    return block(f'<p class="im-badges">Open in Colab: {" ".join(badges)}</p>')


def clean_notebooks() -> list[Path]:
    """The notebooks of the stages, without outputs, in their order."""
    return sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))


def costs() -> str:
    """MyST block: disk, memory and time by stage, at CPU size and at the paper's."""
    ledger = pd.read_csv(BOOK / "ledgers" / "costs.csv", keep_default_na=False)
    return page_table(ShownTable(ledger, line(NOTES, "costs"), words=True), stack=True, titled=False)


def changelog() -> str:
    """The project's changelog without its title, its headings one level down."""
    file = PROJECT / "CHANGELOG.md"
    if not file.is_file():
        return part(NOTES, "no_release")
    text = re.sub(r"(?m)^# .*$", "", file.read_text(encoding="utf-8"))
    return re.sub(r"(?m)^(#+ )", r"#\1", text).strip() + "\n"


def results_part(results: Results) -> str:
    """MyST text of a profile on the results page: Table 1, what it shows, Table 2; folded, all else."""
    body = table1(results)
    if not body:
        return f"{line(NOTES, 'evaluation_missing')}\n\n"
    is_open, mark = results.first_source == "open", mark_of(results)
    drawn = _figures(saved_figures(results, "evaluation", ON_RESULTS))
    more = (comparisons(results), other_metrics(results), label_agreement(results), drawn)
    second = table2(results)
    values = {
        "note": (PHANTOM if results.is_phantom else OPEN if is_open else "")
        + (admonition("note", line(NOTES, "older_edition"), mark) if mark else ""),
        "table1": body,
        "data": _of(results),
        "findings": run_sentences.sentences(run_sentences.table1_findings(results)),
        "splits": open_splits(results) if is_open else "",
        "more": "\n\n".join(more),
        "table2": second,
        "table2_words": in_words(results) if second else [],
        "table2_figures": _figures(saved_figures(results, STAGE, [ABLATION_LOOPS, *ABLATION_FIGURES])),
    }
    return part("results.md.jinja", "profile", values) + "\n"


def _of(results: Results) -> str:
    source = SOURCES[results.real_data]
    return results.kind if source.owned else source.phrase


def _figures(drawn: list[SavedFigure]) -> str:
    return "".join(
        figure(
            shown.url,
            shown.alt,
            below=Markup(" · ").join([link(shown.url, shown.name), card_link(shown.results, shown.stage)]),
        )
        for shown in drawn
    )
