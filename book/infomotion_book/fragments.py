"""The generated parts of the pages, one file each under ``_generated/``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

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
    paper_numbers,
    phases,
    pictures,
    real_heart,
    run_sentences,
    scenes,
    vectors,
)
from infomotion_book.assets import Assets
from infomotion_book.checkpoint_choice import checkpoint_choice
from infomotion_book.comparisons import against_random, comparisons, random_sentences
from infomotion_book.editions import mark_of
from infomotion_book.figure_index import figure_index
from infomotion_book.hearts import hearts_tried
from infomotion_book.html import admonition, block, figure, folded, link, number, tabs
from infomotion_book.label_and_split_tables import label_agreement, open_splits
from infomotion_book.live import page as live
from infomotion_book.machines import two_machines
from infomotion_book.more_training import more_training
from infomotion_book.notebooks import card_link
from infomotion_book.page_table import page_table
from infomotion_book.platforms import platforms
from infomotion_book.play import play
from infomotion_book.publication import is_public
from infomotion_book.speed import speed
from infomotion_book.switches import mafe_switches, switches
from infomotion_book.table1 import other_metrics, table1
from infomotion_book.table2 import STAGE, in_words, table2
from infomotion_book.templates import line, part
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.evaluation.claims import claims_ledger
from infomotion_lib.frozen import ABLATION_FIGURES, ABLATION_LOOPS, EVALUATION_FIGURES, FROZEN
from infomotion_lib.paths import BOOK, NOTEBOOKS, PROJECT, RunPaths
from infomotion_lib.reporting.results import Results, title_of
from infomotion_lib.reporting.shown_table import ShownTable
from infomotion_lib.reporting.style import alt_text

NOTES = "results_notes.md.jinja"
NOT_RUN = admonition("warning", line(NOTES, "not_run_title"), line(NOTES, "not_run"))
PHANTOM = admonition("important", "Phantom numbers", line(NOTES, "phantom"))
OPEN = admonition("important", line(NOTES, "open_title"), line(NOTES, "open"))


def write(folder: Path, *, lead: Results | None, shown: list[Results], assets: Assets, url: str) -> None:
    """Write every fragment; each page includes the ones it needs."""
    folder.mkdir(parents=True, exist_ok=True)
    paper = next((item.root for item in shown if item.profile == "paper"), FROZEN / "paper")
    parts = {
        "pipeline": pictures.pipeline(),
        "boundaries": pictures.boundaries(),
        "hero": scenes.hero(lead),
        "walk": scenes.walk(lead) or NOT_RUN,
        "classes": scenes.classes(lead),
        "cancellation": scenes.cancellation(),
        "paper_dots": dots.paper_picture(),
        "pool_dots": dots.pool_picture(evidence.find_evidence()),
        "colab": colab(url) if is_public() else "",
        "clone": clone(url, public=is_public()),
        "findings": first_page.sentences(first_page.findings(shown, paper=paper)),
        "glance": (run_sentences.glance_table(lead) if lead else "") or NOT_RUN,
        "results": tabs({item.title: results_part(item) for item in shown}) or NOT_RUN,
        "more_training": more_training(shown),
        "expected": run_sentences.expected(lead) if lead else NOT_RUN,
        "stage_times": run_sentences.time_table(lead) if lead else NOT_RUN,
        "constant": critical.constant(lead),
        "normal_share": paper_numbers.normal_share(),
        "leads": paper_numbers.leads(),
        "leads_picture": dots.leads_picture(),
        "doubling": paper_numbers.doubling(),
        "softness": paper_numbers.softness(lead),
        "graphs": critical.graphs(lead),
        "recipes_picture": critical.recipes_picture(shown),
        "motion_rank": critical.motion_rank(shown),
        "headroom": paper_numbers.headroom_table(lead),
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
        "discovr_switches": switches(),
        "mafe_switches": mafe_switches(),
        "checklist": ledgers.checklist(),
        "figures": figure_index(shown),
        "costs": costs(),
        "cost": cost.fragment(),
        "latte_steps": latte_steps(),
        "hearts_tried": hearts_tried(),
        "speed": speed(),
        "platforms": platforms(),
        "changelog": changelog(),
        "play": play(lead),
        **live.fragments(lead, assets, not_run=NOT_RUN),
        "scripts": f"{assets.sentence}\n",
    }
    for name, text in parts.items():
        (folder / f"{name}.md").write_text(text + "\n", encoding="utf-8")


def clone(url: str, *, public: bool) -> str:
    """MyST block: how to get the project and run it; in the folder at hand while nobody can clone it."""
    name = url.rstrip("/").rsplit("/", 1)[-1]
    if public:
        return f"```bash\ngit clone {url}\ncd {name}\nmake reproduce\n```\n"
    here = "The address to clone from follows on publication. In your copy of the project:"
    return f"{here}\n\n```bash\ncd {name}\nmake reproduce\n```\n"


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
    shown = ShownTable(ledger, "Disk, memory and time by stage", words=True)
    return page_table(shown, stack=True, titled=False)


def latte_step_times() -> pd.DataFrame | None:
    """Time and memory of a training step of the published Lattes on a GPU; None where it was not measured."""
    file = FROZEN / "studies" / "latte_steps.csv"
    return pd.read_csv(file) if file.is_file() else None


def latte_steps() -> str:
    """MyST block: these times as a table; a line of text where there are none."""
    measured = latte_step_times()
    if measured is None:
        command = "python tests/benchmarks/bench_latte_gpu.py"
        return part("measured.md.jinja", "missing", {"what": "This time", "command": command})
    cards = measured["gpu"].drop_duplicates().tolist()
    note = line("measured.md.jinja", "latte_steps", {"cards": cards})
    shown = measured.drop(columns="gpu").assign(
        matmul=measured["matmul"].map({"high": "TF32", "highest": "full"})
    )
    shown.columns = ["Latte", "Clips per step", "Products", "ms per step", "Clips per second", "Memory, GiB"]
    formats = {"ms per step": number, "Memory, GiB": number}
    return page_table(ShownTable(shown, "A training step of the published Lattes", (note,), formats=formats))


def changelog() -> str:
    """The project's changelog without its title, its headings one level down."""
    file = PROJECT / "CHANGELOG.md"
    if not file.is_file():
        return "No release yet.\n"
    text = re.sub(r"(?m)^# .*$", "", file.read_text(encoding="utf-8"))
    return re.sub(r"(?m)^(#+ )", r"#\1", text).strip() + "\n"


def results_part(results: Results) -> str:
    """MyST text of one profile on the results page, without headings: Table 1, what it says, Table 2, and
    folded away all else that they must be read against.
    """
    body = table1(results)
    if not body:
        return f"{line(NOTES, 'evaluation_missing')}\n\n"
    is_open = results.first_source == "open"
    note = PHANTOM if results.is_phantom else OPEN if is_open else ""
    if mark := mark_of(results):
        note += admonition("note", "An older edition of the phantom", mark)
    findings = run_sentences.sentences(run_sentences.table1_findings(results))
    drawn = saved_figures(results, "evaluation", EVALUATION_FIGURES)
    more = (
        random_sentences(against_random(results))
        + comparisons(results)
        + other_metrics(results)
        + label_agreement(results)
        + _figures(drawn)
    )
    return (
        f"{note}{body}\n**What Table 1 says, on {_of(results)}**\n\n{findings}\n"
        f"{open_splits(results) if is_open else ''}"
        f"{folded('Table 1 in depth: differences from Random, other metrics, labels', more)}"
        f"{_ablation(results)}"
    )


def _ablation(results: Results) -> str:
    """Table 2 with its figures; empty where the ablation has not run."""
    body = table2(results)
    if not body:
        return ""
    drawn = saved_figures(results, STAGE, [ABLATION_LOOPS, *ABLATION_FIGURES])
    figures = folded("Table 2 in pictures: clips in motion, side by side, labels, distances", _figures(drawn))
    said = _list(in_words(results))
    return f"**Table 2, two generators, on {_of(results)}**\n\n{body}{said}\n{figures if drawn else ''}"


def _of(results: Results) -> str:
    source = SOURCES[results.real_data]
    return results.kind if source.owned else source.phrase


class SavedFigure(NamedTuple):
    """A figure that a stage drew: its name, its address in the book, its alt text and a link to its card."""

    name: str
    url: str
    alt: str
    card: Markup


def saved_figures(results: Results, stage: str, names: Iterable[str]) -> list[SavedFigure]:
    """Those of the named figures of a stage that were drawn."""
    folder = results.folder(stage) / "figures"
    base = f"results/{results.profile}/{results.place(stage)}/figures"
    card = card_link(results, stage, "how it was made")
    return [
        SavedFigure(name, f"{base}/{name}", alt_text(folder / name), card)
        for name in names
        if (folder / name).is_file()
    ]


def _figures(drawn: list[SavedFigure]) -> str:
    return "".join(
        figure(shown.url, shown.alt, below=Markup(" · ").join([link(shown.url, shown.name), shown.card]))
        for shown in drawn
    )


def _list(sentences: list[str]) -> str:
    return "".join(f"- {sentence}\n" for sentence in sentences)
