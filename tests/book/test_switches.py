"""The table of DISCOVR's switches says each with both values and a source, and a page shows it."""

from __future__ import annotations

from infomotion_book.switches import switches
from infomotion_lib.paths import BOOK
from infomotion_lib.representations.discovr.variants import WITHOUT_A_SWITCH, switch_rows


def test_every_switch_stands_in_the_table() -> None:
    text = switches()
    for row in switch_rows():
        for part in (row["switch"], row["equations"], row["released"]):
            assert f">{part}</code>" in text, part
        assert text.count(row["source"]) >= 1
    assert all(f"- {what} ({source})" in text for what, source in WITHOUT_A_SWITCH)


def test_a_page_shows_it() -> None:
    assert "_generated/discovr_switches.md" in (BOOK / "assumptions.md").read_text(encoding="utf-8")
