"""The first page says what the frozen files say, and leaves out what has no answer yet."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from standin_run import make_run

from infomotion_book.first_page import brief, findings, sentences
from infomotion_book.paper_values import paper_leads
from infomotion_lib.evaluation.claims import claims_ledger
from infomotion_lib.paths import RunPaths
from infomotion_lib.reporting.results import Results
from infomotion_lib.studies.selectors.rows import publish

sys.path.insert(0, str(Path(__file__).parent.parent / "studies"))
from evidence_rows import made_up


def test_planted_effects_are_counted(tmp_path: Path) -> None:
    publish(made_up({"herding_ef": 9.0, "kcenter": -9.0, "whole": 25.0}, pools=8), tmp_path)
    found = findings([], evidence=tmp_path, paper=tmp_path)
    assert (found["pools"], found["above"], found["below"]) == (8, 2, 6) and found["comparisons"] > 8
    assert "2 of 40 comparisons lie above Random" in sentences(found)


def test_where_no_selector_stands_out_none_is_named(tmp_path: Path) -> None:
    publish(made_up({}, pools=8, noise=4.0), tmp_path)
    found = findings([], evidence=tmp_path, paper=tmp_path)
    assert (found["above"], found["below"]) == (0, 0) and found["comparisons"]
    assert "does not beat random picks" in sentences(found) and found["literal"] is None


def test_a_literal_graph_that_costs_points_says_how_many(tmp_path: Path) -> None:
    results = Results("phantom", make_run(tmp_path / "run"))
    found = findings([results])
    assert found["literal"] is not None and found["literal"] > 0
    told = sentences(found | {"collapsed": {"literal": (2, 2)}, "literal": 17.4})
    assert "the picks score 17 points below random picks" in told


def test_the_probe_of_the_first_run_is_told(tmp_path: Path) -> None:
    results = Results("phantom", make_run(tmp_path / "run"))
    rows = pd.DataFrame({"feature": ["motion", "dense_flow"], "ridge_r2": [0.5649, 0.671]})
    rows.to_csv(results.folder("ifa_training") / "probe.csv", index=False)
    found = findings([results], evidence=tmp_path, paper=tmp_path)
    assert found["probe"] == pytest.approx({"motion": 56.49, "dense_flow": 67.1})
    assert "explains 56 % of its variance on held-out hearts; plain optical flow explains 67 %" in sentences(
        found
    )


def test_collapsed_graphs_are_counted(tmp_path: Path) -> None:
    results = Results("phantom", make_run(tmp_path / "run"))
    flags = ["collapsed", "collapsed", "healthy", "collapsed"]
    rows = pd.DataFrame({"graph": ["literal", "literal", "knn", "knn"], "flag": flags})
    rows.to_csv(results.folder("graph_selection") / "graph_report.csv", index=False)
    found = findings([Results("phantom", results.root)], evidence=tmp_path, paper=tmp_path)
    assert found["collapsed"] == {"literal": (2, 2), "knn": (1, 2)}
    assert "all 2 class graphs are a single community" in sentences(found)
    assert "repair it: 1 of 2 collapse." in sentences(found)


def test_what_has_no_answer_is_left_out(tmp_path: Path) -> None:
    found = findings([], evidence=tmp_path, paper=tmp_path)
    assert found["pools"] == 0 and found["collapsed"] == {}
    text = sentences(found)
    assert "random picks" not in text and "community" not in text and "probe" not in text
    asked = claims_ledger(RunPaths("paper", tmp_path))["unit"].str.startswith("%")
    assert (found["claims"]["accuracies"], found["claims"]["settings"]) == (asked.sum(), (~asked).sum())


def test_claims_that_have_been_tried_are_counted(tmp_path: Path) -> None:
    found = findings([], evidence=tmp_path, paper=tmp_path)
    tried = found | {"claims": found["claims"] | {"reproduced": 3, "not run": 5}}
    assert "3 are reproduced, 0 differ, 5 have not been run." in sentences(tried)


def test_the_papers_leads_are_counted(tmp_path: Path) -> None:
    found, leads = findings([], evidence=tmp_path, paper=tmp_path), paper_leads()
    assert (found["leads"], found["ahead"], found["sure"]) == (12, 12, 0)
    assert found["runs"] == (min(lead.runs for lead in leads), max(lead.runs for lead in leads))


def test_each_finding_leads_to_its_page(tmp_path: Path) -> None:
    publish(made_up({}, pools=8, noise=4.0), tmp_path)
    text = sentences(findings([], evidence=tmp_path, paper=tmp_path))
    for line in text.strip().splitlines():
        assert re.fullmatch(
            r"- \*\*.*\.\*\* .* \[.*\]\((evidence|help|reading|claims|vectors)\.md\)", line
        ), line


def test_a_phone_reads_each_number_in_a_line(tmp_path: Path) -> None:
    publish(made_up({}, pools=8, noise=4.0), tmp_path)
    found = findings([], evidence=tmp_path, paper=tmp_path)
    bare = re.findall(r"<strong>(.*?)</strong>", brief(found))
    assert bare == ["0 of 40", "0 of 12"], "what has no answer is left out"
    more = found | {"probe": {"motion": 61.6}, "collapsed": {"literal": (2, 2)}, "literal": 17.4}
    lines = re.findall(r'<li><strong>(.*?)</strong> <a href="(\w+)\.html">', brief(more))
    assert lines == [
        ("62 %", "vectors"),
        ("\u221217 points", "reading"),
        ("0 of 40", "evidence"),
        ("0 of 12", "reading"),
    ]
