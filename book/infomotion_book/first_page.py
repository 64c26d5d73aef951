"""What this book found, in four sentences for its first page: each worked out from frozen files, each with
the page that argues it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from infomotion_book.critical import flags_by_recipe, vector_limits
from infomotion_book.evidence import find_evidence
from infomotion_book.evidence.study import LEVEL, Evidence
from infomotion_book.evidence.values import verdict
from infomotion_book.paper_values import paper_leads
from infomotion_book.templates import filled
from infomotion_lib.evaluation.claims import claims_ledger
from infomotion_lib.frozen import FROZEN
from infomotion_lib.parameters import read_profile
from infomotion_lib.paths import RunPaths
from infomotion_lib.reporting.results import Results
from infomotion_lib.studies.selectors.rows import PUBLISHED


@dataclass(frozen=True)
class Findings:
    """Counts behind the sentences; None where a question has no answer yet.

    Of the study of selectors: its pools (0 where it has not run), its comparisons with Random, how many lie
    above and below after correction, and by how many points InfoMotion on the ``literal`` graph lies below at
    the smaller budget, if that outlives the correction. ``probe``: by kind of vector, the percent of EF's
    variance that a linear probe explains on held-out videos, in the first profile that was probed.
    ``collapsed``: by recipe, how many of how many class graphs. ``vector``: numbers of the paper's motion
    vector, and the dimensions that they can span. InfoMotion's leads in the paper's Table 1: compared,
    ``ahead``, and ``sure`` after correction; fewest and most ``runs`` per cell that would settle one.
    ``claims`` of the paper by status, and as ``accuracies`` and ``settings``.
    """

    pools: int
    comparisons: int
    above: int
    below: int
    literal: float | None
    probe: dict[str, float]
    collapsed: dict[str, tuple[int, int]]
    vector: tuple[int, int]
    leads: int
    ahead: int
    sure: int
    runs: tuple[int, int]
    claims: dict[str, int]


def findings(shown: list[Results], *, evidence: Path = PUBLISHED, paper: Path = FROZEN / "paper") -> Findings:
    """The counts, from the frozen files."""
    study = find_evidence(evidence)
    told = verdict(study) if study else None
    leads, used = paper_leads(), read_profile("paper")
    ledger = claims_ledger(RunPaths("paper", paper))
    asked = int(ledger["unit"].str.startswith("%").sum())
    return Findings(
        pools=int(study.compared["pools"].max()) if study else 0,
        comparisons=len(study.compared) if study else 0,
        above=len(told.above) if told else 0,
        below=len(told.below) if told else 0,
        literal=_literal_below(study),
        probe=probe(shown),
        collapsed={
            graph: (flags.count("collapsed"), len(flags)) for graph, flags in flags_by_recipe(shown).items()
        },
        vector=vector_limits(int(used["ifa_width"]), tuple(used["ifa_depths"])),
        leads=len(leads),
        ahead=sum(lead.points > 0 for lead in leads),
        sure=sum(lead.p_holm < LEVEL for lead in leads),
        runs=(min(lead.runs for lead in leads), max(lead.runs for lead in leads)),
        claims={str(status): int(count) for status, count in ledger["status"].value_counts().items()}
        | {"accuracies": asked, "settings": len(ledger) - asked},
    )


def probe(shown: list[Results]) -> dict[str, float]:
    """By kind of vector, the share of EF's variance that a linear probe explains, percent; of the first run
    that has them.
    """
    tables = (results.table("ifa_training", "probe") for results in shown)
    table = next((own for own in tables if own is not None), None)
    if table is None:
        return {}
    return {str(name): 100 * float(r2) for name, r2 in zip(table["feature"], table["ridge_r2"], strict=True)}


def _literal_below(study: Evidence | None) -> float | None:
    if study is None:
        return None
    compared = study.compared
    own = compared[
        (compared["method"] == "infomotion")
        & (compared["feature"] == "motion")
        & (compared["graph"] == "literal")
        & (compared["vpc"] == study.smallest)
        & (compared["p_holm"] < LEVEL)
        & (compared["difference"] < 0)
    ]
    return -float(own["difference"].iloc[0]) if len(own) == 1 else None


def sentences(found: Findings) -> str:
    """The sentences, a Markdown list; a question that has no answer yet is left out."""
    return filled("first_page.md.jinja", asdict(found))
