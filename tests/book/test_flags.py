"""Wherever a selector's own result is shown, what was unhealthy about its graphs stands beside its name."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from standin_run import make_run

from infomotion_book import fragments, label_and_split_tables, ledgers, machines, paper_numbers, run_sentences
from infomotion_book.comparisons import against_random
from infomotion_book.evidence import Evidence
from infomotion_book.evidence import fragments as evidence_fragments
from infomotion_book.explore import tolerance
from infomotion_book.templates import filled
from infomotion_lib.evaluation.claims import paper_results
from infomotion_lib.provenance import write_csv
from infomotion_lib.reporting.compare import comparison_text
from infomotion_lib.reporting.figures.evaluation import accuracy_by_vpc
from infomotion_lib.reporting.flags import MEANINGS
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.summary import table1_text
from infomotion_lib.reporting.table2 import mean_scores
from infomotion_lib.reporting.tables import differences_table, table1
from infomotion_lib.studies.open_splits import summarise_splits
from infomotion_lib.studies.selectors.arms import MAIN
from infomotion_lib.studies.selectors.rows import Tables, publish

sys.path.insert(0, str(Path(__file__).parent.parent / "studies"))
from evidence_rows import made_up

NAME = re.compile(r"(?:InfoMotion|InfoDist)(?: · \w+(?: inverse)?)*")
ABOUT_THE_PAPER = "The paper's order puts InfoMotion above Random, K-means and InfoDist."
FLAG, WORDS = "collapsed+shattered", "collapsed or shattered"


def rows_naming(html: str) -> list[str]:
    """Rows of tables that name a selector with a graph, and are not the paper's."""
    return [
        row
        for row in re.findall(r"(?s)<tr>(.*?)</tr>", html)
        if NAME.search(row) and not re.search(r">paper\b", row)
    ]


def unhealthy(flags: dict[str, int], *, graphs: tuple[str, ...]) -> Tables:
    """Made-up rows of two arms; the graphs of these recipes are healthy or not as the flags say."""
    tables = made_up({"infomotion": -12.0, "infodist": 12.0}, pools=4, arms=(MAIN, "label_noise"))
    sets = tables.sets.copy()
    sets.loc[sets["graph"].isin(graphs), ["healthy", "collapsed", "shattered"]] = 0
    for name, count in flags.items():
        sets.loc[sets["graph"].isin(graphs), name] = count
    return replace(tables, sets=sets)


@pytest.mark.parametrize(
    ("flags", "mark"),
    [({"collapsed": 5}, "†"), ({"healthy": 1, "shattered": 4}, "†"), ({"healthy": 4, "shattered": 1}, "‡")],
)
def test_every_part_of_the_evidence_page_marks_its_selectors(
    tmp_path: Path, flags: dict[str, int], mark: str
) -> None:
    tables = unhealthy(flags, graphs=("knn", "softmax_inverse", "literal"))
    publish(tables, tmp_path)
    named = set()
    for part, text in evidence_fragments(tmp_path).items():
        prose = "\n".join(
            line for line in text.replace(ABOUT_THE_PAPER, "").splitlines() if not line.startswith("<")
        )
        bare = [
            found.group() for found in NAME.finditer(prose) if not prose[found.end() :].startswith(f" {mark}")
        ]
        assert not bare, (part, bare)
        rows = rows_naming(text)
        assert all(f"{mark}" in row for row in rows), part
        if mark in text:
            assert f"{mark}: {MEANINGS[mark]}" in text, part
            named.add(part)
    assert named >= {
        f"evidence_{name}"
        for name in ("paper", "verdict", "differences", "means", "confirmation", "health", "machines")
    }
    assert named >= {f"evidence_{name}" for name in ("earlier", "order", "arms", "mislabelled")}
    figures = Evidence(tables).figures
    for name, figure in figures.items():
        labels = [label.get_text() for axis in figure.axes for label in axis.get_yticklabels()]
        labels += [text.get_text() for legend in figure.legends for text in legend.get_texts()]
        assert all(
            label.endswith(mark) or label.endswith(f"{mark} *") for label in labels if NAME.match(label)
        ), name
        shown = [axis.get_xlabel() for axis in figure.axes] + [figure.get_supxlabel()]
        assert f"{mark}: {MEANINGS[mark]}" in " ".join(shown).replace("\n", " "), name


def test_healthy_graphs_have_no_mark(tmp_path: Path) -> None:
    publish(unhealthy({"healthy": 5}, graphs=("knn", "softmax_inverse", "literal")), tmp_path)
    assert not any(mark in text for text in evidence_fragments(tmp_path).values() for mark in "†‡")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A stand-in run all of whose graphs were unhealthy."""
    found = Results("phantom", make_run(tmp_path_factory.mktemp("run")))
    for stage, name in (("evaluation", "table1"), ("ablation", "table2")):
        table = found.table(stage, name)
        assert table is not None
        ours = table["method"].isin(["infomotion", "infodist"])
        write_csv(
            table.assign(graph_flag=ours.map({True: FLAG, False: ""})), found.folder(stage) / f"{name}.csv"
        )
    return found


def test_every_table_of_a_run_marks_its_selectors(results: Results) -> None:
    parts = {
        "results": fragments.results_part(results),
        "glance": run_sentences.glance_table(results),
    }
    for name, html in parts.items():
        rows = rows_naming(html)
        bare = [row for row in rows if WORDS not in row]
        assert rows and not bare, (name, bare)
        assert "collapsed: one community" in html.lower() and "shattered: more than a third" in html, name
    room = paper_numbers.fragments(results)["headroom"]
    ours = [row for row in re.findall(r"(?s)<tr>(.*?)</tr>", room) if ">phantom<" in row]
    assert ours and all(f"[{WORDS}]" in row for row in ours) and "shattered: more than a third" in room
    against = against_random(results)
    assert against is not None and against["rows"]
    sentences = filled("against_random.md.jinja", {"against": against | {"kept": against["rows"][:1]}})
    assert all(sentences[name.end() :].startswith(f" [{WORDS}]") for name in NAME.finditer(sentences))
    assert against["flags"] in sentences and "shattered: more than a third" in against["flags"]


def test_every_text_of_a_run_marks_its_selectors(results: Results) -> None:
    table, runs = results.table("evaluation", "table1"), results.table("evaluation", "runs")
    constants = results.table("evaluation", "constants")
    assert table is not None and runs is not None and constants is not None
    differences = pd.DataFrame([{"source": "real", "method": "infomotion", "graph": "knn", "vpc": 5, "graph_flag": FLAG, "difference": 1.0,
                                 **dict.fromkeys(("ci_low", "ci_high", "effect_size", "p_value", "p_holm"), 0.5),
                                 **dict.fromkeys(("n_comparisons", "n_pairs", "pools_better", "n_pools"), 1)}])  # fmt: skip
    scores = mean_scores(runs.assign(rmse=1.0, r2=0.0, graph_flag=runs["graph"].map(lambda graph: FLAG if graph else "")),
                         names={"real": "real", "synthetic": "synthetic"})  # fmt: skip
    texts = {
        "terminal": table1_text(table, title="Table 1"),
        "expected": run_sentences.expected(results),
        "compare": comparison_text(results, results)[0],
        "notebook": table1(table, data="phantom").to_markdown(),
        "differences": differences_table(differences).to_string(),
        "scores": scores.to_markdown(),
    }
    for name, text in texts.items():
        lines = [line for line in text.splitlines() if NAME.search(line)]
        assert lines and all(f"[{WORDS}]" in line for line in lines), name
    assert all("more than a third" in texts[name] for name in ("terminal", "expected", "compare", "notebook"))
    legend = accuracy_by_vpc(table, constants.assign(constant=60.0), data="Phantom").legends[0]
    assert [text.get_text() for text in legend.get_texts() if NAME.match(text.get_text())] == [
        f"InfoDist [{WORDS}]",
        f"InfoMotion [{WORDS}]",
    ]


def test_the_control_of_tolerances_marks_its_selectors(results: Results, tmp_path: Path) -> None:
    cells = tolerance.table(results)
    assert cells is not None
    now = records(results.flagged(cells[cells["tolerance"] == 0]))
    pools, names = tolerance._pools(now)
    picture, told = tolerance._card(now, pools[0], names[0])
    assert (
        picture.count(f"{WORDS} graph") == 2
        and f"InfoMotion [{WORDS}]" in told
        and f"InfoDist [{WORDS}]" in told
    )


def test_two_machines_mark_their_selectors(results: Results, tmp_path: Path) -> None:
    cells, file = comparison_text(results, results)[1], tmp_path / "two_machines.csv"
    for table in (cells, cells.drop(columns="graph_flag")):  # older tables have no flags: those of the run
        write_csv(table, file)
        both = machines.compared(results, file)
        assert both is not None
        ours = both["cells"]["method"].isin(["infomotion", "infodist"])
        assert (
            ours.any() and both["cells"]["graph_flag"].tolist() == ours.map({True: FLAG, False: ""}).tolist()
        )
        rows = rows_naming(machines.two_machines(results, file))
        assert len(rows) == ours.sum() and all(f"[{WORDS}]" in row for row in rows)


@pytest.mark.parametrize("flagged", [True, False])
def test_open_splits_mark_their_selectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flagged: bool
) -> None:
    monkeypatch.setattr(label_and_split_tables, "FROZEN", tmp_path)
    scores = dict.fromkeys(("hard_accuracy", "soft_accuracy", "balanced_accuracy", "mae"), 9.0)
    runs = pd.DataFrame(
        [
            {"method": method, "graph": graph, "pool": split, **scores, "hard_accuracy": 40.0 + split * gain}
            for method, graph, gain in (
                ("random", "", 1.0),
                ("infomotion", "knn", 2.0),
                ("infodist", "knn", 3.0),
            )
            for split in range(3)
        ]
    )
    runs = runs.assign(graph_flag=runs["graph"].map({"": "", "knn": FLAG}))
    summary = summarise_splits(runs, test_share=0.4).drop(columns="graph_flag", errors="ignore")
    if flagged:
        summary["graph_flag"] = summary["method"].map({"random": "", "infomotion": FLAG, "infodist": FLAG})
    write_csv(runs, tmp_path / "studies" / "open_splits_runs.csv")
    write_csv(summary, tmp_path / "studies" / "open_splits_summary.csv")
    controls = pd.DataFrame(
        [{"split": split, "predictor": "regressor", "n_test": 3, **scores} for split in range(3)]
    )
    write_csv(controls, tmp_path / "studies" / "open_splits_controls.csv")
    html = label_and_split_tables.open_splits()
    rows = rows_naming(html)
    assert len(rows) == 2 and all((WORDS in row) == flagged for row in rows)
    assert ("more than a third" in html) == flagged


def test_the_claims_ledger_marks_ours() -> None:
    ledger = paper_results().assign(
        ours=60.0, ours_sd=1.0, n=5, delta=0.0, tolerance=2.0, status="reproduced", graph="knn"
    )
    ours = ledger["row"].str.contains("InfoMotion|InfoDist")
    html = ledgers.claims(ledger.assign(graph_flag=ours.map({True: FLAG, False: ""})))
    rows = re.findall(r"(?s)<tr[^>]*>(.*?)</tr>", html)
    named = [row for row in rows if re.search(r"/ Info(?:Motion|Dist)", row)]
    assert named and all(f"[{WORDS}]" in row for row in named)
