"""A table of a page: text is escaped, marked HTML is not, and titles, groups and labels are where they belong."""

from __future__ import annotations

import re

import pandas as pd

from infomotion_book.html import keep, number
from infomotion_book.page_table import of_rows, page_table, written_table
from infomotion_lib.reporting.shown_table import ShownTable


def titles(html: str) -> list[list[str]]:
    head = html[html.index("<thead") : html.index("</thead>")]
    return [re.findall(r"<th\b[^>]*>(.*?)</th>", line) for line in head.split("</tr>")[:-1]]


def test_text_is_escaped_and_what_is_marked_as_html_is_not() -> None:
    shown = of_rows(
        ["a < b", keep("x")], [["1 < 2", keep("3 & 4")]], caption="A & b", notes=("c < d", "", "e")
    )
    html = page_table(shown)
    assert titles(html) == [["a &lt; b", '<span class="im-keep">x</span>']]
    assert (
        "1 &lt; 2</th>" in html and '<td class="im-num"><span class="im-keep">3 &amp; 4</span></td>' in html
    )
    assert 'aria-label="A &amp; b"' in html and '<p class="im-note">c &lt; d e</p>' in html


def test_values_are_written_by_their_formats() -> None:
    frame = pd.DataFrame({"name": ["a"], "value": [-1.25]})
    assert ">−1.2</td>" in page_table(ShownTable(frame, "C", formats={"value": number}))


def test_columns_of_two_levels_have_two_rows_of_titles() -> None:
    columns = pd.MultiIndex.from_tuples(
        [("Pool", ""), ("Who", ""), ("5", "hard"), ("5", "soft"), ("all", "hard")]
    )
    frame = pd.DataFrame([["p", "x", 1, 2, 3], ["p", "y", 4, 5, 6], ["q", "x", 7, 8, 9]], columns=columns)
    html = page_table(ShownTable(frame, "C", keys=2), grouped=True)
    assert titles(html) == [["Who", "5", "all"], ["hard", "soft", "hard"]]
    assert 'scope="colgroup" colspan="2"' in html and 'rowspan="2">Who' in html
    groups = re.findall(r'<tbody><tr class="im-group">.*?colspan="4"><span class="im-stay">(\w)</span>', html)
    assert groups == ["p", "q"] and html.count('<th scope="row">') == 3


def test_cells_of_a_stacked_table_say_whose_they_are() -> None:
    shown = of_rows(["Asked", keep("Where to look?")], [["a", "b"]], caption="C", words=True)
    html = page_table(shown, stack=True, titled=False)
    assert '<td role="cell" data-label="Where to look">b</td>' in html and "im-num" not in html
    assert "im-caption" not in html and 'class="im-table im-stack"' in html
    assert "<thead" not in page_table(shown, head=False)


def test_a_table_that_a_template_writes_has_its_rows_its_note_and_its_flags_explained() -> None:
    lines = "\n| Who | % |\n| InfoMotion [collapsed] | 1 <b>x</b> |\n| Random | 2 |\n\nSeveral\nlines.\n"
    html = written_table("A caption", caller=lambda: lines)
    assert titles(html) == [["Who", "%"]] and html.count("<tr>") == 3
    assert ">1 <b>x</b></td>" in html and ">Random</th>" in html
    assert '<p class="im-note">Several lines. Collapsed: one community' in html
    assert "Collapsed" not in written_table("A caption", caller=lambda: lines.replace("[collapsed]", ""))
