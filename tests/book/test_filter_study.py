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
    found = filter_study.find_values(tmp_path)
    assert found is not None and found.items() >= said.items() and "AUC 0.60" in found["alt"]
    assert filter_study.write_figure(tmp_path, tmp_path) == tmp_path / filter_study.FIGURE


def test_without_rows_there_is_nothing_to_show(tmp_path: Path) -> None:
    assert filter_study.find_values(tmp_path) is None
    assert filter_study.write_figure(tmp_path, tmp_path) is None
