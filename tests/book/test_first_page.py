"""The first page says what the frozen files say, and leaves out what has no answer yet."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from standin_run import make_run

from infomotion_book.first_page import findings
from infomotion_book.paper_values import paper_leads
from infomotion_lib.evaluation.claims import claims_ledger
from infomotion_lib.paths import RunPaths
from infomotion_lib.reporting.results import Results
from infomotion_lib.studies.selectors.rows import publish

sys.path.insert(0, str(Path(__file__).parent.parent / "studies"))
from evidence_rows import made_up


def said(sentences: list[str], question: str) -> str:
    return next((sentence for sentence in sentences if question in sentence), "")


def test_planted_effects_are_counted(tmp_path: Path) -> None:
    publish(made_up({"herding_ef": 9.0, "kcenter": -9.0, "whole": 25.0}, pools=8), tmp_path)
    text = said(findings([], evidence=tmp_path, paper=tmp_path), "Which selector")
    assert re.search(
        r"8 independent pools .* 2 of \d+ comparisons with Random lie above it .* 6 below", text
    ), text


def test_where_no_selector_stands_out_none_is_named(tmp_path: Path) -> None:
    publish(made_up({}, pools=8, noise=4.0), tmp_path)
    text = said(findings([], evidence=tmp_path, paper=tmp_path), "Which selector")
    assert "None can be named." in text and re.search(
        r"none of \d+ comparisons with Random lies above it .*, and none below", text
    ), text


def test_collapsed_graphs_are_counted(tmp_path: Path) -> None:
    results = Results("phantom", make_run(tmp_path / "run"))
    report = results.table("graph_selection", "graph_report")
    assert report is not None
    rows = pd.DataFrame(
        {
            "graph": ["literal", "literal", "knn", "knn"],
            "flag": ["collapsed", "collapsed", "healthy", "collapsed"],
        }
    )
    rows.to_csv(results.folder("graph_selection") / "graph_report.csv", index=False)
    text = said(
        findings([Results("phantom", results.root)], evidence=tmp_path, paper=tmp_path), "communities"
    )
    assert "one community in all 2 class graphs" in text and "only, in 1 of 2." in text


def test_what_has_no_answer_is_left_out(tmp_path: Path) -> None:
    sentences = findings([], evidence=tmp_path, paper=tmp_path)
    assert not said(sentences, "Which selector") and not said(sentences, "communities")
    asked = claims_ledger(RunPaths("paper", tmp_path))["unit"].str.startswith("%")
    text = said(sentences, "reproduced?")
    assert (
        f"Not yet: {asked.sum()} accuracies wait" in text
        and f"the other {(~asked).sum()} are settings" in text
    )


def test_the_papers_leads_are_counted(tmp_path: Path) -> None:
    leads = paper_leads()
    text = said(findings([], evidence=tmp_path, paper=tmp_path), "paper’s order")
    assert "all 12 comparisons" in text and "none of 12 leads" in text
    assert f"between {min(lead.runs for lead in leads)} and {max(lead.runs for lead in leads)} runs" in text


@pytest.mark.parametrize("page", ["evidence.md", "reading.md", "claims.md"])
def test_each_finding_leads_to_its_page(tmp_path: Path, page: str) -> None:
    publish(made_up({}, pools=8, noise=4.0), tmp_path)
    assert any(f"]({page})" in sentence for sentence in findings([], evidence=tmp_path, paper=tmp_path))
