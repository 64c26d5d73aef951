"""The evidence page says what the rows say, and nothing where there are none."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from infomotion_lib.evaluation.evidence.arms import ARMS, CONFIGURATIONS, MAIN
from infomotion_lib.evaluation.evidence.rows import publish
from infomotion_lib.paths import BOOK
from infomotion_lib.reporting.book.evidence import fragments, write_figures
from infomotion_lib.reporting.style import alt_text

sys.path.insert(0, str(Path(__file__).parent.parent / "evaluation"))
from evidence_rows import made_up

HERDING = "EF herding · both"


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
    assert HERDING in parts["evidence_confirmation"].splitlines()[0]
    assert parts["evidence_status"].startswith("**8 of 12 pools are complete**")
    assert "2.0 dB better" in parts["evidence_status"] and "has learnt motion" in parts["evidence_status"]
    assert parts["evidence_differences"].count("<tr>") == 2 * (len(CONFIGURATIONS) - 1) + 1
    assert 'InfoMotion †</span><span class="im-under im-keep">motion · literal' in parts["evidence_differences"]
    assert "Constant: always normal" in parts["evidence_means"]
    assert ARMS["label_noise"].meaning in parts["evidence_arms"] and "Not run yet: `standard_machines`" in parts["evidence_arms"]


def test_where_there_is_nothing_nothing_is_claimed(nothing: Path) -> None:
    parts = fragments(nothing)
    above, below = parts["evidence_verdict"].splitlines()[:2]
    assert above.endswith(": none.") and below.endswith(": none.")
    assert "0 are above 0 and 0 are below it" in parts["evidence_paper"]
    assert "None of these worlds has run yet" in parts["evidence_arms"]
    assert "correction for" in parts["evidence_confirmation"] and ": none." in parts["evidence_confirmation"]


def test_figures_carry_their_headline(planted: Path, tmp_path: Path) -> None:
    files = write_figures(tmp_path / "figures", planted)
    assert [file.name for file in files] == ["evidence-forest.svg", "evidence-confirmation.svg", "evidence-arms.svg"]
    kept = re.search(r"(\d+) lie above it and (\d+) below", alt_text(files[0]))
    assert kept is not None and int(kept[1]) == 2 and int(kept[2]) == 6
    parts = fragments(planted)
    for name, file in zip(("verdict", "confirmation", "arms"), files, strict=True):
        assert alt_text(file) in parts[f"evidence_{name}"] and file.name in parts[f"evidence_{name}"]
