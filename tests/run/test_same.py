"""The tool that compares two versions of the project: what counts as a difference, and what does not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import same
from finished_run import tables

PAGE = """<html><head><title>Results</title><style>p {{ color: red }}</style></head><body>
<h1>Results</h1><p>Accuracy is
   <b>{mean} %</b>, made in 12.5 s at {commit}.</p><img alt="{alt}" src="a.svg">
<table><tr><th>method</th><td>{mean}</td></tr></table><script>{script}</script>{controls}</body></html>"""
SAID = {"mean": "57.4", "alt": "Rising line", "commit": "e0dc79a", "script": "let a = 1", "controls": ""}


def page(**change: str) -> str:
    return PAGE.format(**(SAID | change))


def control(*texts: str) -> str:
    state = {
        f"model{number}": {"state": {"value": text, "layout": "IPY_MODEL_1"}}
        for number, text in enumerate(texts)
    }
    return f'<script type="application/vnd.jupyter.widget-state+json">{json.dumps({"state": state})}</script>'


def test_a_page_is_what_its_readers_see() -> None:
    seen = [
        "Results",
        "Results",
        "Accuracy is 57.4 %, made in <duration> at <hash>.",
        "[alt] Rising line",
        "| method | 57.4",
    ]
    assert same.page_lines(page()) == seen
    shown = control('<img alt="seven dots">', '<p>step 2</p><img alt="nine dots">', "no mark")
    assert same.page_lines(page(controls=shown)) == [*seen, "[alt] nine dots", "[alt] seven dots", "step 2"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"mean": "57.5"}, "+| method | 57.5"),
        ({"alt": "Falling line"}, "+[alt] Falling line"),
        ({"controls": control("<p>more</p>")}, "+more"),
    ],
)
def test_a_changed_number_alt_text_or_control_is_a_difference(change: dict[str, str], line: str) -> None:
    before, after = ({"book/results.html": "\n".join(same.page_lines(page(**one)))} for one in ({}, change))
    text, fine = same.report(({}, before), ({}, after), ())
    assert not fine and "differs: book/results.html" in text and line in text.splitlines()


def test_code_of_other_commits_times_and_layout_are_none() -> None:
    changed = (
        page(commit="c794732", script="let a = 2")
        .replace("12.5 s", "31 s")
        .replace("<b>", "<b >")
        .replace("\n", "\n  ")
    )
    assert same.page_lines(changed) == same.page_lines(page())


def test_a_record_of_times_is_masked_and_code_keeps_its_lines() -> None:
    html = (
        "<table><tr><th>Started</th><td>28 November 2026, 21:24"
        " UTC</td></tr><tr><th>seconds_building</th><td>1.82</td></tr>"
    )
    html += "<tr><td>26 s<small>CPU</small></td></tr></table><pre><b>a = 1\nb</b> = 2\n</pre>"
    assert same.page_lines(html) == [
        "| Started | <time>",
        "| <duration>",
        "| <duration>CPU",
        "a = 1",
        "b = 2",
    ]


def test_numbers_are_no_hashes_and_no_times() -> None:
    line = "of 1234567 videos 12 m, 5 sets, 0.48 s.d., year 2026, facade"
    assert same.page_lines(f"<p>{line}</p>")[0].startswith("of ")
    assert (
        "12 m, 5 sets" in same.page_lines(f"<p>{line}</p>")[0]
        and "facade" in same.page_lines(f"<p>{line}</p>")[0]
    )


def test_files_are_compared_by_their_bytes_and_names(tmp_path: Path) -> None:
    for name in ("before", "after"):
        (tmp_path / name / "04").mkdir(parents=True)
        (tmp_path / name / "04" / "table1.csv").write_text("mean\n1\n")
        (tmp_path / name / "04" / "runs.csv").write_text(f"seed\n{len(name)}\n")
        (tmp_path / name / "run_card.json").write_text(name)
        np.savez(tmp_path / name / f"{name}.npz", a=np.arange(3))
    found = same.compare(*(tables(tmp_path / name, same.KINDS) for name in ("before", "after")))
    assert found == same.Comparison(("04/table1.csv",), ("04/runs.csv",), ("before.npz",), ("after.npz",))
    assert found.unexpected(()) == ["04/runs.csv", "before.npz", "after.npz"]
    assert found.unexpected(["04/*", "*.npz"]) == []


def test_what_was_expected_is_listed_and_forgiven() -> None:
    before, after = (
        ({"smoke/a.csv": "1", "smoke/b.csv": "1"}, {}),
        ({"smoke/a.csv": "2", "smoke/b.csv": "1"}, {}),
    )
    text, fine = same.report(before, after, ["smoke/a.*"])
    assert fine and "differs, as expected: smoke/a.csv" in text
    assert text.splitlines()[-2].split() == ["files", "1", "1", "0", "0"]
    assert not same.report(before, after, ["smoke/b.*"])[1]
