"""The page's part on the privacy filter: what it catches and costs, from the rows of the study."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from infomotion_book import filter_study
from infomotion_lib.generators.privacy.record import OTHERS
from infomotion_lib.provenance import write_csv
from infomotion_lib.studies.privacy import ROC, TABLE


def test_the_page_sorts_kinds_by_what_is_found(tmp_path: Path) -> None:
    rows = {"seed": [0, 0, 0, 1, 1, 1], "kind": ["copies", "mirrored", OTHERS] * 2}
    rows |= {"auc": [1, 0.5, None, 1, 0.7, None], "caught": [1, 0.2, 0.1, 1, 0.4, 0.3], "n": [5] * 6}
    table = pd.DataFrame(rows).assign(train=10, val=5, test=5)
    said = filter_study.values(table)
    assert (said["pools"], said["found"], said["missed"]) == (2, ["copies"], ["mirrored"])
    assert said["price"] == {"mean": 20, "low": 10, "high": 30}
    write_csv(table, tmp_path / TABLE)
    roc = {"kind": ["copies"] * 2, "others_left_out": [0, 1], "caught": [0.5, 1]}
    write_csv(pd.DataFrame(roc), tmp_path / ROC)
    text = filter_study.fragment(tmp_path)
    assert "1 of 2 kinds" in text and "misses mirrored" in text and "0.60 (0.50 to 0.70)" in text
    assert filter_study.write_figure(tmp_path, tmp_path) == tmp_path / filter_study.FIGURE


def test_without_rows_the_page_says_what_to_run(tmp_path: Path) -> None:
    assert filter_study.COMMAND in filter_study.fragment(tmp_path) and not (tmp_path / TABLE).exists()
