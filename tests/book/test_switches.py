"""The tables of DISCOVR's and MAFE's switches say each with its values and a source, and a page shows
them.
"""

from __future__ import annotations

from dataclasses import fields as fields_of

from infomotion_book.ledgers import mafe_switches, switches
from infomotion_lib.paths import BOOK
from infomotion_lib.representations.discovr.variants import WITHOUT_A_SWITCH, switch_rows
from infomotion_lib.representations.mafe import choices
from infomotion_lib.representations.mafe.parameters import MafeParameters, choices_of


def test_every_switch_stands_in_the_table() -> None:
    text = switches()
    for row in switch_rows():
        for part in (row["switch"], row["equations"], row["released"]):
            assert f">{part}</code>" in text, part
        assert text.count(row["source"]) >= 1
    assert all(f"- {what} ({source})" in text for what, source in WITHOUT_A_SWITCH)


def test_every_choice_of_mafe_stands_in_its_table_and_is_a_parameter() -> None:
    text, fields = mafe_switches(), MafeParameters.model_fields
    rows = choices.choice_rows()
    assert len(rows) == len(fields_of(choices.Choices))
    for row in rows:
        for part in (row["switch"], row["ours"], row["others"]):
            assert f">{part}</code>" in text, part
        assert row["source"] in text and row["others"]
        assert str(fields[row["switch"]].default) == row["ours"]
    assert all(f"- {what} ({source})" in text for what, source in choices.WITHOUT_A_SWITCH)
    assert choices_of(MafeParameters()) == choices.Choices()


def test_a_page_shows_them() -> None:
    page = (BOOK / "assumptions.md").read_text(encoding="utf-8")
    assert "_generated/discovr_switches.md" in page and "_generated/mafe_switches.md" in page
