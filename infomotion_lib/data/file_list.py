"""``FileList.csv``: which videos there are, their split and EF; a faulty list is refused in words."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from infomotion_lib.data.layout import EXPECTED, EXTRA_SPLIT, PEDIATRIC, SPLITS, Layout, is_selection
from infomotion_lib.data.tables import DECIMAL_COMMA, plain_names, read_table, require_columns
from infomotion_lib.errors import DataError
from infomotion_lib.files import FILE_LIST


def read_file_list(layout: Layout, *, labelled: bool = True) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """List of videos (``file_name``, ``split``, ``ef`` and the list's own geometry where it has one), and
    notes on it; where it need not be ``labelled``, an EF that it does not state is NaN.

    Raises
    ------
    DataError
        If a column is missing, a name is repeated or is no plain name, a split is unknown, or EF is missing
        or off scale.
    """
    path = layout.file_list
    table = read_table(path)
    require_columns(table, ("FileName", "Split"), path)
    if labelled:
        _require_ef(table, path)
    if table.empty:
        raise DataError(f"{path} lists no video.", remedy=EXPECTED)
    names = plain_names(table["FileName"], path)
    _refuse_repeats(names, path)
    notes: tuple[str, ...] = ()
    suffixed = int((names != table["FileName"].str.strip()).sum())
    if suffixed:
        notes = (f"{suffixed} file names of {FILE_LIST} carried the suffix .avi: taken off.",)
    measured = layout.name == "echonet-dynamic" and not is_selection(layout.root)
    if measured and _all_zero(table, ("ESV", "EDV")):
        notes = (
            *notes,
            "ESV and EDV are all 0, as in EchoNet-Synthetic, whose EF was requested, not measured: if it is"
            " that, say --layout echonet-synthetic.",
        )
    splits = table["Split"].str.strip().str.upper()
    _refuse_unknown_splits(splits, names, layout)
    ef = _ef(table, names, path) if labelled else _known_ef(table)
    listed = pd.DataFrame({"file_name": names, "split": splits, "ef": ef})
    for column, name in {
        "FrameHeight": "listed_height",
        "FrameWidth": "listed_width",
        "NumberOfFrames": "listed_n_frames",
        "FPS": "listed_fps",
    }.items():
        if column in table:
            listed[name] = pd.to_numeric(table[column], errors="coerce")
    return listed, notes


def _all_zero(table: pd.DataFrame, columns: tuple[str, ...]) -> bool:
    """Whether a table has these columns and every number in them is 0."""
    if not set(columns) <= set(table.columns):
        return False
    return bool((table[list(columns)].apply(pd.to_numeric, errors="coerce") == 0).to_numpy().all())


def _refuse_repeats(names: pd.Series, path: Path) -> None:
    repeated = names.duplicated(keep=False)
    if repeated.any():
        name = names[repeated].iloc[0]
        rows = [int(row) + 2 for row in names.index[names == name][:5]]
        raise DataError(
            f"{path} lists {name} more than once, in rows {rows}.",
            where=f"Names that are repeated: {names[repeated].nunique()}",
            remedy="Keep one row a video: labels and splits would contradict each other.",
        )


def _refuse_unknown_splits(splits: pd.Series, names: pd.Series, layout: Layout) -> None:
    allowed = {*SPLITS, *([EXTRA_SPLIT] if layout.name == "echonet-synthetic" else [])}
    unknown = ~splits.isin(allowed)
    if unknown.any():
        row = int(unknown.to_numpy().argmax())
        is_fold = bool(splits[unknown].str.fullmatch(r"\d").all())
        raise DataError(
            f"{layout.file_list}: unknown Split {splits.iloc[row]!r} of {names.iloc[row]} in row {row + 2}.",
            where=f"Rows concerned: {int(unknown.sum())} of {len(splits)}",
            remedy=PEDIATRIC if is_fold else f"Split is one of {', '.join(sorted(allowed))}.",
        )


def _require_ef(table: pd.DataFrame, path: Path) -> None:
    """Nothing, if a list has a column of EF; a set that was chosen to be labelled has none yet."""
    try:
        require_columns(table, ("EF",), path)
    except DataError as error:
        if "EF.1" in table:
            raise
        raise DataError(
            error.what,
            where=error.where,
            remedy=f"{error.remedy} Nobody has labelled the videos yet? Write their EF into such a column; to"
            " choose which to label first: infomotion distill FOLDER --no-classes",
        ) from None


def _known_ef(table: pd.DataFrame) -> pd.Series:
    """EF of a list that need not have one."""
    column = table["EF"] if "EF" in table else pd.Series("", index=table.index)
    return pd.to_numeric(column, errors="coerce").astype("float64")


def _ef(table: pd.DataFrame, names: pd.Series, path: Path) -> pd.Series:
    column = table["EF"]
    ef = pd.to_numeric(column, errors="coerce").astype("float64")
    missing = ~(ef.abs() < float("inf"))
    if missing.any():
        row = int(missing.to_numpy().argmax())
        raise DataError(
            f"{path}: EF of {names.iloc[row]} in row {row + 2} is {column.iloc[row]!r}, not a number.",
            where=f"Rows concerned: {int(missing.sum())} of {len(ef)}",
            remedy=(
                "Decimals are written with points: 55.5, not 55,5."
                if DECIMAL_COMMA.fullmatch(column.iloc[row].strip())
                else "Every video needs an ejection fraction, a plain number of percent such as 55.5; take"
                " the rows without one out."
            ),
        )
    median = float(ef.median())
    if not 5 <= median <= 95:
        factor = "divide by 100" if median > 95 else "multiply by 100"
        raise DataError(
            f"{path}: the median EF is {median:g}, but EF is a percentage between 0 and 100.",
            remedy=f"The column is on another scale (perhaps {factor}).",
        )
    return ef
