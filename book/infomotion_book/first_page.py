"""What this book found, in four sentences from frozen files, each with the page that argues it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infomotion_book.critical import flags_by_recipe, vector_limits
from infomotion_book.evidence import find_evidence
from infomotion_book.evidence.study import LEVEL, Evidence, key_of
from infomotion_book.evidence.values import verdict
from infomotion_book.help_page import find_study
from infomotion_book.html import block
from infomotion_book.paper_values import paper_leads
from infomotion_book.templates import filled
from infomotion_lib.evaluation.claims import claims_ledger
from infomotion_lib.frozen import FROZEN
from infomotion_lib.parameters import read_profile
from infomotion_lib.paths import RunPaths
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.studies.help.published import PUBLISHED as REGISTERED
from infomotion_lib.studies.selectors.rows import PUBLISHED


def findings(
    shown: list[Results],
    *,
    evidence: Path = PUBLISHED,
    helped: Path = REGISTERED,
    paper: Path = FROZEN / "paper",
) -> dict[str, Any]:
    """Counts behind the sentences, from the frozen files; None where a question has no answer yet.

    Of the study of selectors: ``pools`` (0 if it has not run), ``comparisons`` with Random, those ``above``
    and ``below`` after correction, and by how many points InfoMotion on the ``literal`` graph lies below at
    the smaller budget, if that outlives the correction. Of the registered study, once it is finished:
    ``worlds`` compared, and ``helps``, by how much the tested selector beats Random in each world where it
    beats both rivals. ``probe``: see :func:`probe`. ``collapsed``: by
    recipe, how many of how many class graphs. ``vector``: numbers of the paper's motion vector, and the
    dimensions that they can span. InfoMotion's ``leads`` in the paper's Table 1, those in which it is
    ``ahead``, those ``sure`` after correction, and the fewest and most ``runs`` per cell that would settle
    one. ``claims`` of the paper by status, and as ``accuracies`` and ``settings``.
    """
    study = find_evidence(evidence)
    told = verdict(study) if study else None
    leads, used = paper_leads(), read_profile("paper")
    ledger = claims_ledger(RunPaths("paper", paper))
    asked = int(ledger["unit"].str.startswith("%").sum())
    runs = [lead.runs for lead in leads]
    recipes = flags_by_recipe(shown).items()
    return {
        "pools": int(study.compared["pools"].max()) if study else 0,
        "comparisons": len(study.compared) if study else 0,
        "above": len(told.above) if told else 0,
        "below": len(told.below) if told else 0,
        "literal": _literal_below(study) if study else None,
        **_helps(helped),
        "probe": probe(shown),
        "collapsed": {graph: (flags.count("collapsed"), len(flags)) for graph, flags in recipes},
        "vector": vector_limits(int(used["ifa_width"]), tuple(used["ifa_depths"])),
        "leads": len(leads),
        "ahead": sum(lead.points > 0 for lead in leads),
        "sure": sum(lead.p_holm < LEVEL for lead in leads),
        "runs": (min(runs), max(runs)),
        "claims": ledger["status"].value_counts().to_dict()
        | {"accuracies": asked, "settings": len(ledger) - asked},
    }


def probe(shown: list[Results]) -> dict[str, float]:
    """By kind of vector, the percent of EF's variance that a linear probe explains; of the first run with
    them.
    """
    tables = (results.table("ifa_training", "probe") for results in shown)
    table = next((own for own in tables if own is not None), None)
    if table is None:
        return {}
    return {str(name): 100 * float(r2) for name, r2 in zip(table["feature"], table["ridge_r2"], strict=True)}


def _helps(folder: Path) -> dict[str, Any]:
    study = find_study(folder)
    if not study.finished:
        return {"worlds": 0, "helps": []}
    answers = study.answers
    won = (answers["answer"] == "beats") & (answers["against"] == "random")
    return {"worlds": len(study.worlds), "helps": records(answers[won])}


def _literal_below(study: Evidence) -> float | None:
    literal = ("infomotion", "motion", "literal")
    found = [
        row["difference"]
        for row in verdict(study).below
        if key_of(row) == literal and row["vpc"] == study.smallest
    ]
    return -float(found[0]) if found else None


def sentences(found: dict[str, Any]) -> str:
    """The sentences, a Markdown list; a question that has no answer yet is left out."""
    return filled("first_page.md.jinja", found)


def brief(found: dict[str, Any]) -> str:
    """The same in a line each, for the first screen of a phone."""
    return block(filled("brief.html.jinja", found))
