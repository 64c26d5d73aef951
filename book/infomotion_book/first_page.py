"""What this book found, in a few sentences for its first page: each worked out from frozen files, each with
the page that argues it.
"""

from __future__ import annotations

from pathlib import Path

from infomotion_book.critical import flags_by_recipe, vector_limits
from infomotion_book.evidence import find_evidence
from infomotion_book.evidence.study import LEVEL
from infomotion_book.html import count
from infomotion_book.paper_values import paper_leads
from infomotion_lib.evaluation.claims import claims_ledger
from infomotion_lib.frozen import FROZEN
from infomotion_lib.parameters import read_profile
from infomotion_lib.paths import RunPaths
from infomotion_lib.reporting.results import Results
from infomotion_lib.studies.selectors.rows import PUBLISHED


def findings(
    shown: list[Results], *, evidence: Path = PUBLISHED, paper: Path = FROZEN / "paper"
) -> list[str]:
    """Sentences in Markdown; a question that has no answer yet is left out."""
    return [said for said in (_order(evidence), _graph(shown), _vector(), _leads(), _claims(paper)) if said]


def _order(folder: Path) -> str:
    evidence = find_evidence(folder)
    if evidence is None:
        return ""
    compared = evidence.compared
    pools, total = int(compared["pools"].max()), len(compared)
    sure = compared["p_holm"] < LEVEL
    above, below = (int((sure & (sign * compared["difference"] > 0)).sum()) for sign in (1, -1))
    answer = "" if above else "None can be named. "
    return (
        f"**Which selector is best?** {answer}Over {pools} independent pools of drawn hearts,"
        f" {above or 'none'} of {total} comparisons with Random {'lies' if above < 2 else 'lie'} above it"
        f" once corrected for their number, and {below or 'none'} below. [Evidence over many"
        " pools](evidence.md)"
    )


def _graph(shown: list[Results]) -> str:
    flags = flags_by_recipe(shown)
    if not {"literal", "knn"} <= set(flags):
        return ""
    literal, knn = (count(flags[name].count("collapsed"), len(flags[name])) for name in ("literal", "knn"))
    return (
        "**Does the graph have communities?** Built word for word, with distances as weights, nearly all"
        f" videos fall into one community in {literal} class graphs; with links to the nearest neighbours"
        f" only, in {knn}. [Critical reading, section 4](reading.md)"
    )


def _vector() -> str:
    used = read_profile("paper")
    length, bound = vector_limits(int(used["ifa_width"]), tuple(used["ifa_depths"]))
    return (
        f"**How much does the motion vector hold?** At the paper’s size it has {length} numbers, but they can"
        f" span {bound} dimensions at most: that can be proved from the network alone. [Critical reading,"
        " section 5](reading.md)"
    )


def _leads() -> str:
    leads = paper_leads()
    first, sure = sum(lead.points > 0 for lead in leads), sum(lead.p_holm < LEVEL for lead in leads)
    runs = sorted(lead.runs for lead in leads)
    return (
        f"**How sure is the paper’s order?** InfoMotion leads in {count(first, len(leads))} comparisons of"
        f" its Table 1. With a few runs per cell, {count(sure, len(leads))} leads can be told from chance"
        f" after correction; between {runs[0]} and {runs[-1]} runs per cell would settle leads of that size."
        " [Critical reading, section 2](reading.md)"
    )


def _claims(paper: Path) -> str:
    ledger = claims_ledger(RunPaths("paper", paper))
    status, asked = ledger["status"].tolist(), ledger["unit"].str.startswith("%")
    same, other, waiting = (status.count(name) for name in ("reproduced", "differs", "not run"))
    said = (
        f"{same} are, {other} differ, {waiting} have not been run."
        if same + other
        else (
            f"Not yet: {int(asked.sum())} accuracies wait for the gated data; the other {int((~asked).sum())}"
            " are settings and distances, which can only be quoted."
        )
    )
    return f"**Are the paper’s numbers reproduced?** {said} [Claims ledger](claims.md)"
