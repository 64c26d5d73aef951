"""The evidence page says what the rows say, and nothing where there are none."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from infomotion_book.evidence import (
    Evidence,
    find_evidence,
    fragments,
    networks,
    values,
    worlds,
    write_figures,
)
from infomotion_book.evidence.earlier import EARLIER, compared_with_earlier, repeated, welch
from infomotion_book.evidence.mislabelled import mislabelled, picked
from infomotion_book.evidence.study import LEVEL, MOTION, RIVALS, key_of
from infomotion_book.evidence.worlds import planned_holm
from infomotion_lib.paths import BOOK
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import alt_text
from infomotion_lib.studies.selectors.arms import CONFIGURATIONS, MAIN, WORLDS
from infomotion_lib.studies.selectors.rows import APPEARANCE_FILE, IFA_FILE, Tables, networks_name, publish

sys.path.insert(0, str(Path(__file__).parent.parent / "studies"))
from evidence_rows import HASHES, made_up


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    effects = {"herding_ef": 9.0, "kcenter": -9.0, "whole": 25.0}
    publish(made_up(effects, pools=8, arms=(MAIN, "label_noise")), folder)
    return folder


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nothing")
    publish(made_up({}, pools=8, noise=4.0), folder)
    return folder


def test_without_rows_every_part_says_so(tmp_path: Path) -> None:
    assert all("has not run yet" in text for text in fragments(tmp_path).values())
    assert write_figures(tmp_path, tmp_path) == []


def test_the_two_pages_use_every_part_and_no_other() -> None:
    text = "".join(
        (BOOK / name).read_text(encoding="utf-8") for name in ("evidence.md", "evidence_details.md")
    )
    used = set(re.findall(r"_generated/(\w+)\.md", text)) - {"pool_dots"}
    assert used == set(fragments(BOOK / "nowhere"))


def study(folder: Path) -> Evidence:
    found = find_evidence(folder)
    assert found is not None
    return found


def methods(rows: list[dict[str, Any]]) -> set[str]:
    return {row["method"] for row in rows}


def test_planted_effects_are_found(planted: Path) -> None:
    evidence = study(planted)
    found = values.verdict(evidence)
    assert methods(found.above) == {"herding_ef"} and methods(found.below) == {"kcenter"}
    assert found.comparisons == len(evidence.compared) == 2 * (len(CONFIGURATIONS) - 1)
    assert {row["chosen_by"] for row in records(evidence.confirmed)} and {
        row["method"] for row in records(evidence.confirmed) if row["p_holm"] < LEVEL
    } >= {"herding_ef"}
    assert worlds.begun_and_waiting(evidence)[1] == [name for name in WORLDS if name != "label_noise"]


def test_what_the_page_counts_are_values(planted: Path, nothing: Path) -> None:
    evidence = study(planted)
    there = values.extent(evidence)
    assert (there["complete"], there["begun"]) == (8, 0) and 0 < there["half_width"] < 9
    assert methods(values.confirmed(evidence)) == {"herding_ef"}
    assert values.confirmed(study(nothing)) == []
    room = values.headroom(evidence)
    assert room is not None and room["pools"] == 8 and room["low"] < room["gap"] < room["high"]
    assert room["gap"] == pytest.approx(25, abs=4), "as planted"
    assert room["by_machine"][0][0] == "all styles" and len(room["by_machine"]) > 1
    budgets = [row["vpc"] for row in values.room_by_budget(evidence)]
    assert budgets == sorted(budgets) and budgets[0] == evidence.smallest
    hard = [cells["hard_accuracy"] for cells in values.means(evidence)]
    sizes = [row["vpc"] or 99 for row in hard]
    assert sizes == sorted(sizes) and hard[-1]["method"] == "whole"
    for size in set(sizes):
        own = [row["mean"] for row, other in zip(hard, sizes, strict=True) if other == size]
        assert own == sorted(own, reverse=True)


def test_unhealthy_graphs_are_counted_by_recipe(planted: Path) -> None:
    evidence = study(planted)
    graphs = values.unhealthy_graphs(evidence)
    assert graphs.loc["literal", "collapsed"] == graphs.loc["literal", "graphs"] > 0
    assert graphs.loc["knn", "collapsed"] < graphs.loc["knn", "graphs"]
    assert list(values.few_communities(evidence)) == sorted(
        {row["vpc"] for row in records(evidence.compared)}
    )


def test_tables_have_a_row_per_comparison_and_name_its_graph(planted: Path) -> None:
    parts = fragments(planted)
    assert parts["evidence_differences"].count("<tr>") == 2 * (len(CONFIGURATIONS) - 1) + 1
    assert (
        'InfoMotion †</span><span class="im-under im-keep">motion · literal' in parts["evidence_differences"]
    )
    evidence = study(planted)
    assert all(name in parts["evidence_means"] for name in values.constants(evidence))
    assert (
        parts["evidence_means"].count("<tr>")
        == len(values.means(evidence)) + len(values.constants(evidence)) + 1
    )
    assert parts["evidence_earlier"].count("<tr>") == len(pd.read_csv(EARLIER)) + 1


GOLDEN = Path(__file__).parent / "evidence_golden.txt"
"""Words of the evidence pages for planted rows; the only page whose words a test knows."""


def test_the_words_of_the_page_are_those_agreed_on(planted: Path) -> None:
    told = {name: prose(text) for name, text in fragments(planted).items()}
    words = "\n\n".join(f"[{name}]\n{text}" for name, text in sorted(told.items()) if text)
    assert words == GOLDEN.read_text(encoding="utf-8").strip(), f"{GOLDEN}, if this is meant:\n\n{words}"


def prose(text: str) -> str:
    """What a part says outside its figure and table."""
    return re.sub(r"\n\n+", "\n\n", re.sub(r"(?m)^<.*$", "", text)).strip()


def test_where_there_is_nothing_nothing_is_claimed(nothing: Path) -> None:
    evidence = study(nothing)
    found = values.verdict(evidence)
    assert not found.above and not found.below
    order = values.paper_order(evidence)
    assert len(order) == 2 * len(RIVALS) and not values.apart(order, 1) and not values.apart(order, -1)
    assert worlds.worlds(evidence) == {} and worlds.moves(evidence) == {}
    assert not [row for row in records(evidence.confirmed) if row["p_holm"] < LEVEL]
    assert evidence.listed(found.above) == "none"


def picks_mislabelled(tables: Tables, wrong: dict[str, int]) -> Evidence:
    """The same rows, so many of the 25 videos of each set of a method (2 of the others) mislabelled, one more
    in every other pool.
    """
    sets = tables.sets
    counts = sets["method"].map(wrong).fillna(2).astype(int) + sets["pool"] % 2
    return Evidence(
        replace(tables, sets=sets.assign(mislabelled=counts.where(sets["arm"] == "label_noise", 0)))
    )


def test_wrong_labels_among_the_picks_are_counted() -> None:
    tables = made_up({}, pools=8, arms=(MAIN, "label_noise"))
    same = mislabelled(picks_mislabelled(tables, {})).set_index("method")
    assert set(same["share"]) == {10.0} and set(same["wrong"]) == {20}, "2 and 3 of 25 in turn"
    assert (same["difference"].drop("random") == 0).all() and same["difference"].isna()["random"]
    evidence = picks_mislabelled(tables, {"infomotion": 0})
    sets = evidence.tables.sets
    sets.loc[(sets["method"] == "infomotion") & (sets["pool"] == 1), "mislabelled"] = (
        0  # else no spread, and no p
    )
    fewer = mislabelled(evidence).set_index("method")
    assert fewer.index[fewer["p_holm"] < LEVEL].tolist() == ["infomotion"]
    assert fewer["difference"]["infomotion"] < 0
    shown = picked(evidence)
    assert shown is not None and shown["infomotion_picks_fewer"] and (shown["fewer"], shown["more"]) == (1, 0)
    assert len(shown["rows"]) == len(shown["compared"]) + 1, "Random is not compared with itself"
    alike = picked(picks_mislabelled(tables, {}))
    assert (
        alike is not None
        and not alike["infomotion_picks_fewer"]
        and (alike["fewer"], alike["more"]) == (0, 0)
    )
    nothing = Evidence(made_up({}, pools=8))
    assert mislabelled(nothing).empty and picked(nothing) is None


def test_a_world_in_which_the_order_holds_is_found() -> None:
    evidence = Evidence(made_up({"infomotion": 12.0}, pools=8, arms=(MAIN, "label_noise")))
    found, order = worlds.worlds(evidence), worlds.order(evidence)
    assert (
        order is not None
        and (order["tried"], order["holding"]) == (["label_noise"], 1)
        and order["half_width"] > 0
    )
    assert worlds.order(Evidence(made_up({}, pools=8))) is None
    assert list(found) == ["label_noise"] and found["label_noise"].holds
    assert len(found["label_noise"].above) == len(RIVALS) and not found["label_noise"].below
    assert {row["rival"][0] for row in found["label_noise"].leads} == {"random", "kmeans", "infodist"}


def test_a_world_moves_infomotion_or_does_not() -> None:
    still = Evidence(made_up({}, pools=8, arms=(MAIN, "label_noise"), noise=3.0))
    assert not worlds.worlds(still)["label_noise"].holds
    assert worlds.moves(still)["label_noise", MOTION.key]["p_planned"] >= LEVEL
    main, moved = made_up({}, pools=8), made_up({"infomotion": 12.0}, pools=8, arms=("label_noise",))
    both = replace(
        main, sets=pd.concat([main.sets, moved.sets]), networks=pd.concat([main.networks, moved.networks])
    )
    assert worlds.moves(Evidence(both))["label_noise", MOTION.key]["p_planned"] < LEVEL
    changes = worlds.changes(Evidence(both))
    assert {name for name, _, move in changes if move} == {"label_noise"}
    assert {name for name, _, move in changes if not move} == {MAIN}


def test_what_was_planned_counts_whether_it_has_run_or_not() -> None:
    assert planned_holm([0.01, 0.02], 12).tolist() == pytest.approx([0.12, 0.22])
    assert planned_holm([0.01, 0.02], 2).tolist() == pytest.approx([0.02, 0.02])
    assert planned_holm([], 4).tolist() == []


def test_a_world_in_part_says_how_much_of_it_there_is() -> None:
    tables = made_up({}, pools=8, arms=(MAIN, "label_noise", "wide_ifa"))
    cut = tables.networks
    later = (cut["arm"] == "label_noise") & (cut["pool"] > 3) | (cut["arm"] == "wide_ifa") & (cut["pool"] > 0)
    evidence = Evidence(replace(tables, networks=cut[~later]))
    assert {row["pools"] for row in worlds.worlds(evidence)["label_noise"].leads} == {4}
    begun, waiting = worlds.begun_and_waiting(evidence)
    assert begun == {"wide_ifa": 10} and "standard_machines" in waiting


def test_networks_trained_anew_are_told_from_those_of_the_main_study() -> None:
    tables = made_up({}, pools=8, arms=(MAIN, "label_noise"))
    assert networks.trained_anew(Evidence(tables), ["label_noise"]) is None
    record = tables.feature_networks["f8"] | {"gain_db": 1.5, "sha256": HASHES | {IFA_FILE: "other"}}
    anew = elsewhere(tables, {"f8": tables.feature_networks["f8"], "anew": record})
    evidence = Evidence(anew)
    assert networks.trained_anew(evidence, ["label_noise"]) == networks.TrainedAnew(
        ["label_noise"], gains_db=[1.5], main_gains_db=[2.0]
    )
    assert [own["gain_db"] for own in networks.networks(evidence.tables, MAIN)] == [2.0]


def elsewhere(tables: Tables, networks: dict[str, Any]) -> Tables:
    """The same rows, those outside the main study made with other networks."""
    name = networks_name(list(networks.values())[-1]["sha256"])
    named = {
        part: table.assign(teachers=table["teachers"].where(table["arm"] == MAIN, name))
        for part, table in (("sets", tables.sets), ("networks", tables.networks))
    }
    return replace(tables, feature_networks=networks, **named)


def test_a_wider_network_was_asked_for() -> None:
    tables = made_up({}, pools=8, arms=(MAIN, "wide_ifa"))
    for looks, anew in (("b", None), ("other", networks.TrainedAnew(["wide_ifa"], [], [2.0]))):
        wide = tables.feature_networks["f8"] | {
            "width": 16,
            "gain_db": 0.5,
            "ignited": False,
            "sha256": {IFA_FILE: "w", APPEARANCE_FILE: looks},
        }
        evidence = Evidence(elsewhere(tables, tables.feature_networks | {"f16": wide}))
        assert [record["width"] for record in networks.wider(evidence, "wide_ifa")] == [16]
        assert networks.trained_anew(evidence, ["wide_ifa"]) == anew


def test_the_earlier_study_is_compared_row_by_row(planted: Path) -> None:
    quoted = pd.read_csv(EARLIER, keep_default_na=False)
    evidence = study(planted)
    rows = compared_with_earlier(evidence)
    assert len(rows) == len(quoted)
    gains = {row["method"]: row["t_low"] > 0 for row in rows if row["earlier_low"] > 0}
    shown = repeated(evidence)
    assert shown["gains_here"] <= shown["gains_there"] == sum(row["earlier_low"] > 0 for row in rows)
    assert shown["smallest_p"] == min(row["p_holm"] for row in rows)
    assert all(row["p_holm"] < LEVEL for row in shown["apart"])
    assert gains["herding_ef"]
    row = next(
        row for row in compared_with_earlier(Evidence(made_up({}, pools=8))) if row["method"] == "herding_ef"
    )
    errors = (3.0 / 2.3646, (row["t_high"] - row["t_low"]) / 2 / 2.3646)  # t(0.975, 7)
    assert row["change"] == pytest.approx(row["difference"] - 5.3)
    half, p = welch(row["change"], errors, (8, 8))
    assert (row["change_high"] - row["change"], row["p"]) == (
        pytest.approx(half, rel=1e-3),
        pytest.approx(p, rel=1e-3),
    )


def test_two_studies_are_compared_by_welch() -> None:
    half, p = welch(2 * 2**0.5, (1.0, 1.0), (3, 3))  # t = 2; degrees of freedom (1 + 1)^2 / (1/2 + 1/2) = 4
    assert half == pytest.approx(2.776 * 2**0.5, abs=1e-3) and p == pytest.approx(0.1161, abs=1e-4), (
        "not 1.96 and 0.0455"
    )
    half, _ = welch(
        0.0, (3.0, 1.0), (4, 11)
    )  # (9 + 1)^2 / (81/3 + 1/10) = 3.69, between t(3) = 3.182 and t(4) = 2.776
    assert 2.776 < half / 10**0.5 < 3.182


def test_what_differs_from_the_earlier_study_is_told_from_what_does_not() -> None:
    effects = {"herding_ef": 5.0, "kmeans": 4.8, "infodist": 3.0, "ef_stratified": 2.5, "infomotion": -6.0}
    near, far = (
        {key_of(row) for row in compared_with_earlier(Evidence(tables)) if row["p_holm"] < LEVEL}
        for tables in (made_up(effects, pools=8, noise=9.0), made_up({"infomotion": 9.0}, pools=8))
    )
    assert not near and ("infomotion", "motion", "literal") in far


def test_figures_carry_their_headline(planted: Path, tmp_path: Path) -> None:
    files = write_figures(tmp_path / "figures", planted)
    assert [file.name for file in files] == [
        "evidence-forest.svg",
        "evidence-confirmation.svg",
        "evidence-arms.svg",
    ]
    kept = re.search(r"(\d+) of \d+ comparisons are better than Random, (\d+) worse", alt_text(files[0]))
    assert kept is not None and int(kept[1]) == 2 and int(kept[2]) == 6
    parts = fragments(planted)
    for name, file in zip(("verdict", "confirmation", "arms"), files, strict=True):
        assert alt_text(file) in parts[f"evidence_{name}"] and file.name in parts[f"evidence_{name}"]
