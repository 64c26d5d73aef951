"""The evidence page: its sentences, tables and figures, all worked out from the committed rows when the book
is built.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from infomotion_book.evidence import arms, earlier, mislabelled, sentences, tables
from infomotion_book.evidence.study import COMMAND, Evidence, find_evidence, write_figures
from infomotion_lib.studies.selectors.rows import PUBLISHED

NOT_RUN = f"This study has not run yet: `{COMMAND}`, then `{COMMAND} --publish`.\n"

__all__ = ["Evidence", "find_evidence", "fragments", "write_figures"]


def fragments(folder: Path = PUBLISHED) -> dict[str, str]:
    """Every generated part of the page, by name; each says so where the study has not run."""
    parts: dict[str, Callable[[Evidence], str]] = {
        "evidence_status": sentences.status,
        "evidence_short": sentences.short,
        "evidence_paper": sentences.paper_order,
        "evidence_verdict": sentences.verdict,
        "evidence_differences": tables.differences,
        "evidence_means": tables.means,
        "evidence_confirmation": sentences.confirmation,
        "evidence_collapsed": sentences.collapsed,
        "evidence_health": tables.health,
        "evidence_machines": tables.machines,
        "evidence_headroom": tables.headroom,
        "evidence_earlier": earlier.beside_ours,
        "evidence_earlier_headroom": earlier.earlier_headroom,
        "evidence_order": arms.order,
        "evidence_arms": arms.arms,
        "evidence_mislabelled": mislabelled.picked_text,
    }
    evidence = find_evidence(folder)
    return {name: make(evidence) if evidence is not None else NOT_RUN for name, make in parts.items()}
