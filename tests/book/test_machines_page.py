"""Two machines on one page: what their table means, in numbers worked out from it; and marks on what an older
phantom gave.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from standin_run import make_run

from infomotion_book import editions, fragments, ledgers, machines, more_training, run_sentences
from infomotion_lib import machine
from infomotion_lib.frozen import FROZEN
from infomotion_lib.parameters import read_profile
from infomotion_lib.phantom import plan
from infomotion_lib.provenance import read_json, write_csv, write_json
from infomotion_lib.reporting.compare import comparison_text
from infomotion_lib.reporting.results import Results, frozen_results, phantom_edition

CELLS = pd.DataFrame({"frozen_sd": [3.0, 4.0, 0.0], "sd": [4.0, 3.0, 0.0], "difference": [6.0, -2.0, 0.0]})
MARK = "computed on edition 1 of the phantom"


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results("phantom", make_run(tmp_path))


def test_the_width_between_seeds_stands_with_that_between_machines() -> None:
    moved = machines.moves(CELLS, runs=5)
    assert (moved["runs"], moved["cells"], moved["between_runs"], moved["farthest"]) == (5, 3, 3.0, 6.0)
    assert moved["by_machine"] == pytest.approx(np.sqrt(40 / 3))
    assert moved["by_seeds"] == pytest.approx(np.sqrt((25 / 4 + 25 / 4) / 3))


def test_the_expected_move_is_that_of_means_over_other_seeds() -> None:
    rng, runs = np.random.default_rng(0), 5
    drawn = rng.normal(scale=7.0, size=(2, 4000, runs))
    sds, means = drawn.std(axis=2), drawn.mean(axis=2)
    cells = pd.DataFrame({"frozen_sd": sds[0], "sd": sds[1], "difference": means[1] - means[0]})
    moved = machines.moves(cells, runs=runs)
    assert moved["by_machine"] == pytest.approx(moved["by_seeds"], rel=0.05), (
        "machines that are seeds and nothing more move as seeds do"
    )


def compared(results: Results, file: Path, **processors: Any) -> dict[str, Any]:
    """A comparison of a run with itself, as the file that ``infomotion compare`` writes tells it."""
    write_csv(comparison_text(results, results)[1], file)
    if processors:
        write_json(processors, file.with_suffix(".json"))
    both = machines.compared(results, file)
    assert both is not None
    return both


def test_both_machines_are_named_where_the_comparison_kept_them(results: Results, tmp_path: Path) -> None:
    zen5 = {"processor": "AMD EPYC", "family": "26", "model": "2", "instructions": ["avx2", "avx512f"]}
    zen3 = zen5 | {"family": "25", "instructions": ["avx2"]}
    both = compared(results, tmp_path / "two_machines.csv", frozen=zen5, own=zen3)
    assert both["first"] == "AMD EPYC (family 26, model 2, AVX-512)"
    assert both["second"] == "AMD EPYC (family 25, model 2, AVX2)"
    assert both["moves"] is not None and both["moves"]["by_machine"] == both["moves"]["farthest"] == 0
    assert all(
        name in machines.two_machines(results, tmp_path / "two_machines.csv")
        for name in (both["first"], both["second"])
    )


def test_a_machine_is_not_named_from_a_card_of_other_results(results: Results, tmp_path: Path) -> None:
    card, file = results.folder("evaluation") / "run_card.json", tmp_path / "two_machines.csv"
    assert machines.compared(results, file) is None
    write_json(read_json(card) | {"processor": "Some Processor"}, card)
    both = compared(results, file)
    assert (both["first"], both["second"], both["is_frozen"]) == ("Some Processor", "", True)
    table1 = results.table("evaluation", "table1")
    assert table1 is not None
    write_csv(table1.assign(mean=table1["mean"] + 1), results.folder("evaluation") / "table1.csv")
    since = machines.compared(results, file)
    assert since is not None and (since["first"], since["is_frozen"]) == ("", False)


def test_one_run_per_cell_has_no_spread_to_compare_with(results: Results, tmp_path: Path) -> None:
    table1 = results.table("evaluation", "table1")
    assert table1 is not None
    write_csv(table1.assign(n=1), results.folder("evaluation") / "table1.csv")
    assert compared(results, tmp_path / "two_machines.csv")["moves"] is None


def test_the_cards_page_says_what_a_card_knows_of_its_machine(results: Results) -> None:
    card = results.folder("labels") / "run_card.json"
    plain = read_json(card)
    write_json(plain | {"processor": "An Old Name"}, card)
    facts = ledgers.card_facts(results, "labels")
    assert facts["Processor"] == "An Old Name" and "Instruction sets" not in facts
    variables, library = {"MKL_CBWR": "COMPATIBLE"}, "libstdc++.so.6.0.30"
    here = machine.describe() | {
        "variables": variables,
        "instructions": ["avx2", "fma"],
        "cxx_library": library,
    }
    write_json(plain | {"machine": here}, card)
    facts = ledgers.card_facts(results, "labels")
    assert facts["Processor"] == machine.in_words(here) and facts["Instruction sets"] == "avx2, fma"
    assert facts["Limits on instructions and threads"] == "MKL_CBWR=COMPATIBLE"
    assert facts["System"].endswith(f", {library}")
    page = ledgers.provenance([results])
    assert all(name in page for name in ("avx2, fma", library))


def test_commit_and_code_are_facts_of_a_card(results: Results) -> None:
    card = results.folder("labels") / "run_card.json"
    more = {
        "git": {"commit": "0123456789abcdef", "dirty": True},
        "code": {"science": "beef"},
        "kept_from": ["a", "b"],
    }
    write_json(read_json(card) | more, card)
    facts = ledgers.card_facts(results, "labels")
    assert facts["Commit"] == "`0123456789ab` with uncommitted changes" and facts["Code"] == "`beef`"
    assert facts["Kept work of earlier code"] == "`a, b`"
    assert "<code>0123456789ab</code> with uncommitted changes" in ledgers.provenance([results])


def test_assumptions_hold_the_values_of_both_profiles() -> None:
    ledger = ledgers.assumed()
    named = ledger[ledger["parameter"] != ""].set_index("parameter")
    for profile in ledgers.PROFILES:
        used = read_profile(profile)
        known = named.index.intersection(list(used))
        assert len(known) and [used[name] for name in known] == named.loc[known, profile].tolist()


def test_a_card_without_an_edition_is_of_the_first(results: Results, tmp_path: Path) -> None:
    assert phantom_edition(results) == 1
    card = results.folder("data") / "run_card.json"
    write_json(read_json(card) | {"notes": {"phantom_edition": {"phantom": 3, "phantom-synthetic": 3}}}, card)
    assert phantom_edition(results) == 3
    assert (
        phantom_edition(
            Results("open", make_run(tmp_path, profile="open", real="echodiffusion", synthetic="none"))
        )
        is None
    )


@pytest.mark.parametrize("made_on", [1, 2])
def test_results_of_an_older_edition_are_marked_and_no_others(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_on: int
) -> None:
    monkeypatch.setattr(plan, "EDITION", 2)
    card = results.folder("data") / "run_card.json"
    write_json(
        read_json(card) | ({"notes": {"phantom_edition": {"phantom": made_on}}} if made_on > 1 else {}), card
    )
    assert editions.mark_of(results).startswith("These numbers") == (made_on == 1)
    places = {
        "results": fragments.results_part(results),
        "glance": run_sentences.glance_table(results),
        "cards": ledgers.provenance([results]),
    }
    for name, text in places.items():
        assert (MARK in text) == (made_on == 1), name
    assert ledgers.card_facts(results, "data")["Phantom"] == f"edition {made_on}", "the card itself tells"
    clips = Results("open", make_run(tmp_path, profile="open", real="echodiffusion", synthetic="none"))
    assert editions.mark_of(clips) == "" and "Phantom" not in ledgers.card_facts(clips, "data")


def test_frozen_profiles_and_the_study_of_selectors_are_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [results for results in frozen_results(FROZEN) if results.is_phantom]
    assert shown
    old = [results for results in shown if phantom_edition(results) == 1]
    monkeypatch.setattr(plan, "EDITION", 2)
    assert ledgers.provenance(shown).count(MARK) == len(old)
    assert more_training.more_training(shown).count("on edition 1 of the phantom") == len(old)
    evidence = fragments.evidence.find_evidence()
    assert evidence is not None
    status = fragments.evidence.fragments()["evidence_status"]
    assert (MARK in status) == (evidence.tables.settings.get("edition", 1) == 1)
