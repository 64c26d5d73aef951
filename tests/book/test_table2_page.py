"""Table 2 on the results page: two tables that fit it, with every number of the one that was written."""

from __future__ import annotations

import re

from infomotion_book.table2 import in_words, table2
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.table2 import DISTANCES

PHANTOM = Results("phantom", FROZEN / "phantom")


def test_both_halves_together_hold_every_accuracy_and_distance() -> None:
    html = table2(PHANTOM)
    written = PHANTOM.table("ablation", "table2")
    assert written is not None
    hard, distances = (
        written[written["metric"] == "hard_accuracy"],
        written[written["metric"].str.startswith("fed_")],
    )
    for value in hard["mean"]:
        assert f"{value:.1f} ±" in html
    for value in distances["mean"]:
        assert f">{value:#.3g}<br>[" in html, "three digits that count"
    for value, column in written[["paper", "column"]].dropna().itertuples(index=False):
        assert f": {value:.{1 if column in DISTANCES else 2}f}</small>" in html
    heads = [re.findall(r"<th scope=.col", part.split("</thead>")[0]) for part in html.split("<table")[1:]]
    assert len(heads) == 2 and max(map(len, heads)) <= 5


def test_numbers_below_zero_carry_a_minus() -> None:
    sentences = in_words(PHANTOM)
    assert len(sentences) == 3
    assert not re.search(r"(?<!\w)-\d", " ".join(sentences))
