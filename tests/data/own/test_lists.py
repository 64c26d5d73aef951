"""Lists of videos as clinics write them: separators, encodings, columns, units, splits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infomotion_lib.classes import class_name
from infomotion_lib.data.own.columns import ef_points, find_columns, rates, split_names
from infomotion_lib.data.own.lists import read_list
from infomotion_lib.data.own.splits import make_splits, refuse_shared_patients
from infomotion_lib.errors import DataError, ParameterError

ROWS = [["Datei", "LVEF (%)", "Größe"], ["Herz 1.mp4", "55,5 %", "klein"], ["Herz; 2.mp4", "31,0 %", "groß"]]


def written(path: Path, separator: str, encoding: str, first: str = "") -> Path:
    cells = [[f'"{cell}"' if separator in cell else cell for cell in row] for row in ROWS]
    text = first + "\r\n".join(separator.join(row) for row in cells) + "\r\n"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_form_gives_the_same_cells(tmp_path: Path, separator: str, encoding: str) -> None:
    found = read_list(written(tmp_path / "list.csv", separator, encoding))
    assert [list(found.table.columns), *found.table.to_numpy().tolist()] == ROWS
    assert found.table.index.tolist() == [2, 3]


def test_excels_first_line_is_obeyed(tmp_path: Path) -> None:
    found = read_list(written(tmp_path / "list.csv", ";", "utf-8", "sep=;\r\n"))
    assert found.table.shape == (2, 3) and found.table.index.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"file;ef\n", "no row"),
        (b"file,ef\na,55,5\n", "row 2 has 3 cells"),
        (b"file,ef\na,55\nb\n", "row 3 has 1 cells"),
        (b"file,,ef\na,1,2\n", "column 2 of the header has no name"),
        (b"file,ef,ef\na,1,2\n", "column ef twice"),
        (b"\x81\x8d\x8f", "no text in"),
    ],
)
def test_a_list_that_cannot_be_understood_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_list(tmp_path / "list.csv")


def test_columns_are_found_by_their_usual_names_or_as_named(tmp_path: Path) -> None:
    videos = read_list(written(tmp_path / "list.csv", ";", "utf-8"))
    assert find_columns(videos, {"file": "Datei"}) == {"file": "Datei", "ef": "LVEF (%)"}
    with pytest.raises(DataError, match="no column for the file"):
        find_columns(videos, {})
    with pytest.raises(ParameterError, match=r"no column 'LVEF' for ef"):
        find_columns(videos, {"file": "Datei", "ef": "LVEF"})
    with pytest.raises(ParameterError, match="Unknown key of a column: efs"):
        find_columns(videos, {"efs": "LVEF (%)"})
    (tmp_path / "two.csv").write_text("File,EF,LVEF\na,1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="EF or LVEF"):
        find_columns(read_list(tmp_path / "two.csv"), {})


@pytest.mark.parametrize("form", ["{:.1f}", "{:.1f} %", "{:.1f}%"])
@pytest.mark.parametrize("comma", [False, True])
def test_percent_in_any_form_is_the_same_number(form: str, comma: bool) -> None:
    cells = pd.Series([form.format(value) for value in (24.0, 55.5, 1.5)])
    answer = ef_points(cells.str.replace(".", ",", regex=False) if comma else cells)
    assert answer.scale == "percent" and answer.points.tolist() == [24.0, 55.5, 1.5]


def test_fractions_become_percent_and_empty_cells_stay_unknown() -> None:
    answer = ef_points(pd.Series(["0.24", "0,555", "", "1"]))
    assert answer.scale == "fraction"
    np.testing.assert_allclose(answer.points, [24, 55.5, np.nan, 100])


@given(
    percent=st.lists(st.floats(1.01, 100).map(lambda value: round(value, 3)), min_size=1, max_size=9),
    fractions=st.lists(st.floats(0.01, 1).map(lambda value: round(value, 3)), min_size=1, max_size=9),
)
def test_both_scales_in_one_column_are_refused(percent: list[float], fractions: list[float]) -> None:
    cells = [repr(value) for value in percent if value > 1] + [repr(value) for value in fractions]
    with pytest.raises(DataError, match="both scales in one column"):
        ef_points(pd.Series(cells))


@pytest.mark.parametrize("cell", ["55-60", ">55", "n/a", "55.5.1", "fifty", "nan", "inf", "1e2"])
def test_what_is_no_single_number_is_refused_with_its_row(cell: str) -> None:
    with pytest.raises(DataError, match="The EF in row 3"):
        ef_points(pd.Series(["50", cell], index=[2, 3]))


@pytest.mark.parametrize("cell", ["101", "-3", "550"])
def test_an_ef_beyond_the_scale_is_refused(cell: str) -> None:
    with pytest.raises(DataError, match="beyond 0 to 100"):
        ef_points(pd.Series(["50", cell]))


def test_words_of_splits() -> None:
    assert split_names(pd.Series(["Train", "VALID", "test ", "dev"])).tolist() == [
        "TRAIN",
        "VAL",
        "TEST",
        "VAL",
    ]
    with pytest.raises(DataError, match="The split in row 1 is 'fold 3'"):
        split_names(pd.Series(["TRAIN", "fold 3"]))


def test_rates_are_numbers_or_unknown() -> None:
    assert rates(pd.Series(["50", "33,3", ""])).tolist()[:2] == [50, 33.3]
    with pytest.raises(DataError, match="frame rate in row 1"):
        rates(pd.Series(["50", "0"]))


@given(
    patients=st.lists(st.integers(0, 20), min_size=1, max_size=60),
    seed=st.integers(0, 5),
    data=st.data(),
)
def test_splits_keep_patients_together_and_shares(
    patients: list[int], seed: int, data: st.DataObject
) -> None:
    ef = pd.Series(data.draw(st.lists(st.floats(5, 90), min_size=len(patients), max_size=len(patients))))
    patient = pd.Series([f"P{number}" for number in patients])
    split = make_splits(ef, patient, seed=seed)
    refuse_shared_patients(split, patient)
    assert split.isin(["TRAIN", "VAL", "TEST"]).all()
    assert split.tolist() == make_splits(ef, patient, seed=seed).tolist()
    table = pd.DataFrame({"patient": patient, "split": split, "ef": ef})
    medians = table.groupby("patient").agg(ef=("ef", "median"), split=("split", "first"))
    for _, members in medians.groupby(class_name(medians["ef"].to_numpy())):
        counts = members["split"].value_counts()
        assert counts.get("TRAIN", 0) >= max(1, len(members) // 2)
        assert len(members) < 3 or {"VAL", "TEST"} <= set(counts.index)


def test_the_order_of_the_list_does_not_matter() -> None:
    ef = pd.Series(np.linspace(10, 80, 40))
    patient = pd.Series([f"P{number % 13}" for number in range(40)])
    straight = make_splits(ef, patient, seed=1)
    mixed = np.random.default_rng(0).permutation(40)
    assert make_splits(ef[mixed], patient[mixed], seed=1).sort_index().tolist() == straight.tolist()


def test_a_patient_in_two_splits_is_refused() -> None:
    with pytest.raises(DataError, match="1 patients have videos in more than one split, such as P1"):
        refuse_shared_patients(pd.Series(["TRAIN", "TEST", "VAL"]), pd.Series(["P1", "P1", ""]))
