"""One table, three ways to show it, the same cells in each."""

from __future__ import annotations

import re
from html import unescape

import pandas as pd

from infomotion_lib.reporting.shown_table import ShownTable

FRAME = pd.DataFrame(
    {
        "set": ["a", "a", "b"],
        "selector": ["x", "y & z", "x"],
        "points": [1.25, -2.0, 0.0],
        "range": ["1 [0, 2]", "", "3"],
    }
)
TABLE = ShownTable(FRAME, "Of a < b", ("A note.",), keys=2, formats={"points": "{:+.1f}"})


def test_text_has_columns_of_equal_width() -> None:
    assert TABLE.to_text().splitlines() == [
        "Of a < b",
        "  set  selector  points  range",
        "  a    x         +1.2    1 [0, 2]",
        "  a    y & z     -2.0",
        "  b    x         +0.0    3",
        "A note.",
    ]
    assert ShownTable(FRAME[["set"]], "C").to_text(head=False) == "C\n  a\n  a\n  b"


def test_markdown_is_a_pipe_table() -> None:
    caption, _, head, rule, first, *_, note = repr(TABLE).splitlines()
    assert (caption, note) == ("Of a < b", "A note.")
    assert (
        head == "| set | selector | points | range    |" and first == "| a   | x        | +1.2   | 1 [0, 2] |"
    )
    assert rule == "|-----|----------|--------|----------|"


def test_html_says_the_first_key_once_a_group_and_escapes_all() -> None:
    html = TABLE.to_html()
    body = html[html.index("<tbody>") :]
    keys = re.findall(r'<th scope="row"[^>]*>(.*?)</th>', body)
    words = [re.sub(r"<[^>]+>", " ", key).split() for key in keys]
    assert [[unescape(word) for word in name] for name in words] == [["a", "x"], ["y", "&", "z"], ["b", "x"]]
    assert re.findall(r"<td[^>]*>(.*?)</td>", body)[:2] == ["+1.2", "1 [0, 2]"]
    assert 'aria-label="Of a &lt; b"' in html and "A note.</p>" in html


def test_small_tables_break_before_brackets_and_words_stand_left() -> None:
    assert "1<br>[0, 2]" in ShownTable(FRAME, "C", keys=2, small=True).to_html()
    html = ShownTable(FRAME, "C", keys=2, words=True).to_html()
    assert "text-align:right" not in html and "nowrap" not in html
