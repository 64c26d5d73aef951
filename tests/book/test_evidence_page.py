"""The evidence page says what the rows say, and nothing where there are none."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from infomotion_book.evidence import Evidence, fragments, write_figures
from infomotion_book.evidence.earlier import EARLIER, beside_ours, compared_with_earlier, welch
from infomotion_book.evidence.mislabelled import picked
from infomotion_book.evidence.values import planned_holm
from infomotion_lib.paths import BOOK
from infomotion_lib.reporting.style import alt_text
from infomotion_lib.studies.selectors.arms import ARMS, CONFIGURATIONS, MAIN
from infomotion_lib.studies.selectors.rows import APPEARANCE_FILE, IFA_FILE, Tables, networks_name, publish

sys.path.insert(0, str(Path(__file__).parent.parent / "studies"))
from evidence_rows import HASHES, made_up

HERDING = "Kernel herding · both"


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


def test_the_page_uses_every_part_and_no_other() -> None:
    used = set(re.findall(r"_generated/(\w+)\.md", (BOOK / "evidence.md").read_text(encoding="utf-8")))
    assert used == set(fragments(BOOK / "nowhere"))


def test_planted_effects_are_named(planted: Path) -> None:
    parts = fragments(planted)
    above, below = parts["evidence_verdict"].splitlines()[:2]
    assert HERDING in above and "k-centre" not in above
    assert "k-centre · motion" in below and "herding" not in below
    assert "the whole set is +2" in parts["evidence_verdict"]
    assert (
        "trained 4 times as long (1,200 against 300 steps), so a part of this room is training"
        in parts["evidence_verdict"]
    )
    assert HERDING in parts["evidence_confirmation"].splitlines()[0]
    assert parts["evidence_status"].startswith("**8 of 12 pools are complete**")
    assert "2.0 dB better" in parts["evidence_status"] and "has learnt motion" in parts["evidence_status"]
    assert parts["evidence_differences"].count("<tr>") == 2 * (len(CONFIGURATIONS) - 1) + 1
    assert (
        'InfoMotion †</span><span class="im-under im-keep">motion · literal' in parts["evidence_differences"]
    )
    assert "No training · Always “normal”" in parts["evidence_means"]
    assert (
        ARMS["label_noise"].meaning in parts["evidence_arms"]
        and "Not run yet: `standard_machines`" in parts["evidence_arms"]
    )


def test_where_there_is_nothing_nothing_is_claimed(nothing: Path) -> None:
    parts = fragments(nothing)
    above, below = parts["evidence_verdict"].splitlines()[:2]
    assert above.endswith(": none.") and below.endswith(": none.")
    assert "none is clearly above or below 0" in parts["evidence_paper"]
    assert (
        parts["evidence_order"].startswith("None of these worlds has been tried")
        and "`wide_ifa`" in parts["evidence_arms"]
    )
    assert "correction for" in parts["evidence_confirmation"] and ": none." in parts["evidence_confirmation"]


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
    same = picked(picks_mislabelled(tables, {}))
    assert (
        "picks in this world 10.0 % carry a wrong label, of Random's 10.0 %" in same and "20 of 200" in same
    ), "2 and 3 of 25 in turn"
    assert "none of the 4 selectors picks fewer" in same and "is not shown here" in same
    evidence = picks_mislabelled(tables, {"infomotion": 0})
    sets = evidence.tables.sets
    sets.loc[(sets["method"] == "infomotion") & (sets["pool"] == 1), "mislabelled"] = (
        0  # else no spread, and no p
    )
    fewer = picked(evidence)
    assert "1 of the 4 selectors picks fewer" in fewer and "is borne out here" in fewer
    assert "has not been counted yet" in picked(Evidence(made_up({}, pools=8)))


def arm_bullet(tables: Tables, folder: Path, arm: str = "label_noise") -> str:
    publish(tables, folder)
    return next(line for line in fragments(folder)["evidence_arms"].splitlines() if f"`{arm}`" in line)


def test_a_world_in_which_the_order_holds_is_named(tmp_path: Path) -> None:
    tables = made_up({"infomotion": 12.0}, pools=8, arms=(MAIN, "label_noise"))
    assert "above Random, K-means, InfoDist." in arm_bullet(tables, tmp_path)
    parts = fragments(tmp_path)
    assert (
        "It does in 1 of the 1 world tried so far, of 4 planned, after Holm's correction for all 12 planned"
        " leads" in parts["evidence_order"]
    )
    assert "may be one that the paper's data meet" in parts["evidence_order"]


def test_a_world_moves_infomotion_or_does_not(tmp_path: Path) -> None:
    still = arm_bullet(made_up({}, pools=8, arms=(MAIN, "label_noise"), noise=3.0), tmp_path / "still")
    assert (
        "None of these 3 differences is more than chance" in still
        and "points: chance alone could explain it." in still
    )
    main, moved = made_up({}, pools=8), made_up({"infomotion": 12.0}, pools=8, arms=("label_noise",))
    both = replace(
        main, sets=pd.concat([main.sets, moved.sets]), networks=pd.concat([main.networks, moved.networks])
    )
    assert "points: a change." in arm_bullet(both, tmp_path / "moved")


def test_what_was_planned_counts_whether_it_has_run_or_not() -> None:
    assert planned_holm([0.01, 0.02], 12).tolist() == pytest.approx([0.12, 0.22])
    assert planned_holm([0.01, 0.02], 2).tolist() == pytest.approx([0.02, 0.02])
    assert planned_holm([], 4).tolist() == []


def test_a_world_in_part_says_how_much_of_it_there_is(tmp_path: Path) -> None:
    tables = made_up({}, pools=8, arms=(MAIN, "label_noise", "wide_ifa"))
    cut = tables.networks
    later = (cut["arm"] == "label_noise") & (cut["pool"] > 3) | (cut["arm"] == "wide_ifa") & (cut["pool"] > 0)
    in_part = replace(tables, networks=cut[~later])
    assert "(`label_noise`, 4 of 12 pools)" in arm_bullet(in_part, tmp_path)
    page = fragments(tmp_path)["evidence_arms"]
    assert re.search(r"Begun, but with fewer than two pools to compare: `wide_ifa` \(.*; 10 networks\)", page)
    assert "Not run yet: `standard_machines`" in page


def test_networks_trained_anew_are_said_to_be(tmp_path: Path) -> None:
    tables = made_up({}, pools=8, arms=(MAIN, "label_noise"))
    publish(tables, tmp_path / "same")
    assert "trained anew" not in fragments(tmp_path / "same")["evidence_arms"]
    publish(made_up({}, pools=8), tmp_path / "anew")
    hashes = HASHES | {IFA_FILE: "other"}
    record = tables.feature_networks["f8"] | {"gain_db": 1.5, "sha256": hashes}
    publish(elsewhere(tables, {"f8": record}), tmp_path / "anew")
    parts = fragments(tmp_path / "anew")
    assert (
        "In `label_noise` the networks behind the vectors were trained anew from the same seeds"
        in parts["evidence_arms"]
    )
    assert "1.5 dB better than the average; that of the main study, 2.0 dB" in parts["evidence_arms"]
    assert "2.0 dB better" in parts["evidence_status"], "the main rows keep their own networks"


def elsewhere(tables: Tables, networks: dict[str, Any]) -> Tables:
    """The same rows, those outside the main study made with other networks."""
    name = networks_name(next(iter(networks.values()))["sha256"])
    named = {
        part: table.assign(teachers=table["teachers"].where(table["arm"] == MAIN, name))
        for part, table in (("sets", tables.sets), ("networks", tables.networks))
    }
    return replace(tables, feature_networks=networks, **named)


def test_a_wider_network_is_another_by_intent(tmp_path: Path) -> None:
    tables = made_up({}, pools=8, arms=(MAIN, "wide_ifa"))
    for looks, anew in (("b", False), ("other", True)):
        folder = tmp_path / looks
        publish(made_up({}, pools=8), folder)
        wide = tables.feature_networks["f8"] | {
            "width": 16,
            "gain_db": 0.5,
            "ignited": False,
            "sha256": {IFA_FILE: "w", APPEARANCE_FILE: looks},
        }
        bullet = arm_bullet(elsewhere(tables, {"f16": wide}), folder, "wide_ifa")
        assert (
            "F = 16, 1,200 steps) fills in frames 0.5 dB better" in bullet
            and "has **not** learnt motion" in bullet
        )
        assert ("trained anew" in fragments(folder)["evidence_arms"]) == anew


def test_the_earlier_study_stands_beside_ours(planted: Path, tmp_path: Path) -> None:
    quoted = pd.read_csv(EARLIER, keep_default_na=False)
    publish(made_up({"kmeans": -9.0, "herding_ef": -9.0}, pools=8), tmp_path)
    for folder, gains in ((planted, "1 of these have one here"), (tmp_path, "0 of these have one here")):
        page = fragments(folder)["evidence_earlier"]
        assert gains in page and page.count("<tr>") == len(quoted) + 1 and "to 5 % at the end" in page
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


def test_what_differs_from_the_earlier_study_is_named_or_nothing_is() -> None:
    effects = {"herding_ef": 5.0, "kmeans": 4.8, "infodist": 3.0, "ef_stratified": 2.5, "infomotion": -6.0}
    near, far = (
        beside_ours(Evidence(tables))
        for tables in (made_up(effects, pools=8, noise=9.0), made_up({"infomotion": 9.0}, pools=8))
    )
    assert (
        "no difference can be told from the one there (smallest p 0." in near
        and "the two studies differ" not in near
    )
    assert (
        "the two studies differ by more than chance in: " in far
        and "InfoMotion · motion · literal † (IFA motion)" in far
    )


def test_figures_carry_their_headline(planted: Path, tmp_path: Path) -> None:
    files = write_figures(tmp_path / "figures", planted)
    assert [file.name for file in files] == [
        "evidence-forest.svg",
        "evidence-confirmation.svg",
        "evidence-arms.svg",
    ]
    kept = re.search(r"(\d+) lie above it and (\d+) below", alt_text(files[0]))
    assert kept is not None and int(kept[1]) == 2 and int(kept[2]) == 6
    parts = fragments(planted)
    for name, file in zip(("verdict", "confirmation", "arms"), files, strict=True):
        assert alt_text(file) in parts[f"evidence_{name}"] and file.name in parts[f"evidence_{name}"]
