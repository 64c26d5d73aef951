"""Where the parts of an EchoNet-like folder lie, and its list of videos; a wrong folder is named with its
remedy.

Layout of EchoNet-Dynamic and EchoNet-Synthetic: ``FileList.csv``, ``Videos/*.avi`` and, in the former,
``VolumeTracings.csv``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from infomotion_lib.errors import DataError, did_you_mean
from infomotion_lib.files import FILE_LIST, OPEN_LABELS, TRACINGS, VIDEOS

LayoutName = Literal["echonet-dynamic", "echonet-synthetic"]
LAYOUTS: tuple[LayoutName, ...] = ("echonet-dynamic", "echonet-synthetic")
SPLITS = ("TRAIN", "VAL", "TEST")
EXTRA_SPLIT = "EXTRA"
"""A fourth split that copies of EchoNet-Synthetic may carry."""

_PEDIATRIC = (
    "This looks like EchoNet-Pediatric (folders A4C and PSAX, folds 0-9), which is another data set;"
    " EchoNet-Dynamic is needed."
)
_EXPECTED = "A data set folder holds FileList.csv, Videos/*.avi and, for EchoNet-Dynamic, VolumeTracings.csv."
_PLAIN_CSV = (
    "Restore the published file: UTF-8 text, cells separated by commas. Spreadsheets save other forms under"
    " the same name."
)
_PUBLISHED_HEADER = "Some circulating copies dropped columns: use the published file, header unchanged."
_CSV_FAILURES = (
    pd.errors.ParserError,
    pd.errors.EmptyDataError,
    UnicodeError,
    ValueError,
    OverflowError,
    OSError,
)


@dataclass(frozen=True)
class Layout:
    """The parts of one data set folder.

    Attributes
    ----------
    root : Path
        The folder, links resolved: nothing outside it is read.
    name : str
        ``"echonet-dynamic"`` (EF measured) or ``"echonet-synthetic"`` (EF requested, geometry columns wrong
        by construction).
    file_list : Path
        The list of videos.
    tracings : Path or None
        ``VolumeTracings.csv`` where there is one.
    videos : Path
        Folder of the AVI files.
    notes : tuple of str
        What is unusual but accepted.
    """

    root: Path
    name: LayoutName
    file_list: Path
    tracings: Path | None
    videos: Path
    notes: tuple[str, ...]


def find_layout(root: str | Path, *, layout: str = "auto") -> Layout:
    """Parts of the data set folder ``root``.

    Parameters
    ----------
    root : str or Path
        Folder that holds ``FileList.csv``.
    layout : {"auto", "echonet-dynamic", "echonet-synthetic"}
        ``"auto"``: EchoNet-Synthetic where there are no tracings and the volumes ESV and EDV are all 0.

    Raises
    ------
    DataError
        If the folder is missing, empty, another data set, one folder too high or too low, or a link leads out
        of it.
    """
    if layout not in ("auto", *LAYOUTS):
        raise DataError(f"Unknown layout: {layout}", remedy=did_you_mean(layout, ("auto", *LAYOUTS)))
    folder = Path(root).expanduser()
    if not folder.exists():
        raise DataError(f"The data set folder does not exist: {folder}", remedy=_EXPECTED)
    if not folder.is_dir():
        remedy = "Unpack it and give the folder." if folder.suffix.lower() == ".zip" else _EXPECTED
        raise DataError(f"The data set must be a folder, not a file: {folder}", remedy=remedy)
    try:
        folder = folder.resolve()
        _refuse_other_cases(folder)
        if not (folder / FILE_LIST).is_file():
            raise _wrong_folder(folder)
        tracings = folder / TRACINGS if (folder / TRACINGS).is_file() else None
        for part in (FILE_LIST, TRACINGS, VIDEOS, OPEN_LABELS):
            require_inside(folder / part, folder)
        videos, notes = _video_folder(folder)
    except OSError as error:
        raise DataError(
            f"The data set folder cannot be read: {folder} ({error.strerror})",
            remedy="Give yourself access to it.",
        ) from None
    name = layout if layout != "auto" else _guess(folder, tracings)
    if name == "echonet-synthetic":
        return Layout(folder, "echonet-synthetic", folder / FILE_LIST, None, videos, notes)
    if tracings is None:
        notes = (*notes, f"There is no {TRACINGS}: ED and ES of every video have to be detected.")
    return Layout(folder, "echonet-dynamic", folder / FILE_LIST, tracings, videos, notes)


def require_inside(path: Path, root: Path) -> None:
    """Nothing, if ``path`` with all links followed lies in ``root`` (itself resolved).

    Raises
    ------
    DataError
        If a link leads out of the data set.
    """
    if not path.is_symlink():
        return
    target = Path(os.path.realpath(path))  # Path.resolve fails on a link to itself
    if not target.is_relative_to(root):
        raise DataError(
            f"A link leads out of the data set: {path} -> {target}",
            where=f"Data set: {root}",
            remedy="Put the file itself, or a link to a file inside the folder, there.",
        )


def read_table(path: Path) -> pd.DataFrame:
    """Every cell of a CSV as text, column names stripped of spaces and of a byte-order mark.

    Raises
    ------
    DataError
        If the file is missing or is no CSV text.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", low_memory=False)
    except _CSV_FAILURES as error:
        reason = str(error).strip().splitlines()
        what = f"{path} cannot be read as a CSV table: {reason[0] if reason else type(error).__name__}"
        raise DataError(what, remedy=_PLAIN_CSV) from None
    if not isinstance(table.index, pd.RangeIndex):
        raise DataError(f"{path} has rows longer than its header.", remedy=_PLAIN_CSV)
    return table.rename(columns=lambda column: str(column).strip())


def require_columns(table: pd.DataFrame, needed: Sequence[str], path: Path) -> None:
    """Nothing, if ``table`` has every column of ``needed``.

    Raises
    ------
    DataError
        Naming the missing columns and the ones found; or those that stand there twice.
    """
    twice = [column for column in needed if f"{column}.1" in table.columns]  # as pandas names the second one
    if twice:
        raise DataError(f"{path} has the column {', '.join(twice)} twice.", remedy="Keep the published one.")
    missing = [column for column in needed if column not in table.columns]
    if missing:
        raise DataError(
            f"{path} has no column {', '.join(missing)}.",
            where=f"Columns found: {', '.join(map(str, table.columns[:12]))}",
            remedy=_PLAIN_CSV if len(table.columns) == 1 else _PUBLISHED_HEADER,
        )


def plain_names(names: pd.Series, path: Path) -> pd.Series:
    """Names without spaces around them and without the suffix ``.avi``.

    Raises
    ------
    DataError
        If a name is empty, or is no plain file name (a path, ``..``, a drive).
    """
    plain = names.str.strip().str.replace(r"\.avi$", "", case=False, regex=True)
    bad = (
        plain.str.fullmatch(r"\.{0,2}")
        | plain.str.contains(r"[/\\:\x00-\x1f]", regex=True)
        | (plain.str.len() > 200)
    )
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise DataError(
            f"{path}: the file name {names.iloc[row]!r} in row {row + 2} is no plain file name.",
            remedy=(
                "Each row names one file of the Videos folder; empty names, paths and names that lead"
                " elsewhere are refused."
            ),
        )
    return plain


def _guess(folder: Path, tracings: Path | None) -> LayoutName:
    if tracings is None and not (folder / OPEN_LABELS).is_file():
        table = read_table(folder / FILE_LIST)
        if {"ESV", "EDV"} <= set(table.columns) and len(table):
            volumes = table[["ESV", "EDV"]].apply(pd.to_numeric, errors="coerce")
            if bool((volumes == 0).to_numpy().all()):
                return "echonet-synthetic"
    return "echonet-dynamic"


def _video_folder(folder: Path) -> tuple[Path, tuple[str, ...]]:
    videos = folder / VIDEOS
    if videos.is_dir():
        nested = videos / VIDEOS
        if nested.is_dir() and not _has_avi(videos):
            raise DataError(f"The videos lie one folder too deep: {nested}", remedy=f"Move them to {videos}.")
        return videos, ()
    if _has_avi(folder):
        return folder, (f"The videos lie beside {FILE_LIST} instead of in {VIDEOS}/: accepted.",)
    raise DataError(
        f"{folder} has no folder {VIDEOS} and no AVI file.", where=f"Looked for: {videos}", remedy=_EXPECTED
    )


def _refuse_other_cases(folder: Path) -> None:
    """Nothing, unless a part of the data set has its name in another case, or is a folder where a file should
    be.
    """
    names = {entry.name for entry in folder.iterdir()}
    for part in (FILE_LIST, TRACINGS, VIDEOS):
        other = next((name for name in sorted(names) if name.lower() == part.lower()), part)
        if part not in names and other != part:
            raise DataError(
                f"{folder / other} should be called {part}.", remedy="Rename it: the case of letters counts."
            )
        if part != VIDEOS and (folder / part).is_dir():
            raise DataError(f"{folder / part} is a folder, not a file.", remedy=_EXPECTED)


def _has_avi(folder: Path) -> bool:
    return any(entry.suffix.lower() == ".avi" for entry in folder.iterdir())


def _wrong_folder(folder: Path) -> DataError:
    """The most helpful thing to say of a folder without ``FileList.csv``."""
    entries = sorted(folder.iterdir())
    names = {entry.name for entry in entries}
    what, where = f"{folder} has no {FILE_LIST}.", f"Found there: {', '.join(sorted(names)[:8]) or 'nothing'}"
    if not entries:
        return DataError(f"The data set folder is empty: {folder}", remedy=_EXPECTED)
    if names & {"A4C", "PSAX"}:
        return DataError(what, where=where, remedy=_PEDIATRIC)
    folders = [entry for entry in entries if entry.is_dir() and not entry.is_symlink()][:100]
    deeper = [inner for inner in folders if (inner / FILE_LIST).is_file()]
    deeper = deeper or [
        inner for outer in folders for inner in sorted(outer.iterdir())[:100] if (inner / FILE_LIST).is_file()
    ]
    if deeper:
        return DataError(
            what,
            where=f"It lies in: {', '.join(map(str, deeper[:4]))}",
            remedy=f"Give that folder instead: {deeper[0]}",
        )
    if (folder.parent / FILE_LIST).is_file():
        return DataError(
            what,
            where=f"It lies one folder up: {folder.parent}",
            remedy=f"Give that folder instead: {folder.parent}",
        )
    archives = [entry.name for entry in entries if entry.suffix.lower() == ".zip"]
    if archives:
        return DataError(what, where=where, remedy=f"Unpack {archives[0]} first.")
    return DataError(what, where=where, remedy=_EXPECTED)


def read_file_list(layout: Layout) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """List of videos (``file_name``, ``split``, ``ef`` and the list's own geometry where it has one), and
    notes on it.

    Raises
    ------
    DataError
        If a column is missing, a name is repeated or is no plain name, a split is unknown, or EF is missing
        or off scale.
    """
    path = layout.file_list
    table = read_table(path)
    require_columns(table, ("FileName", "EF", "Split"), path)
    if table.empty:
        raise DataError(f"{path} lists no video.", remedy=_EXPECTED)
    names = plain_names(table["FileName"], path)
    _refuse_repeats(names, path)
    notes: tuple[str, ...] = ()
    suffixed = int((names != table["FileName"].str.strip()).sum())
    if suffixed:
        notes = (f"{suffixed} file names of {FILE_LIST} carried the suffix .avi: taken off.",)
    splits = table["Split"].str.strip().str.upper()
    _refuse_unknown_splits(splits, names, layout)
    listed = pd.DataFrame({"file_name": names, "split": splits, "ef": _ef(table["EF"], names, path)})
    for column, name in {
        "FrameHeight": "listed_height",
        "FrameWidth": "listed_width",
        "NumberOfFrames": "listed_n_frames",
        "FPS": "listed_fps",
    }.items():
        if column in table:
            listed[name] = pd.to_numeric(table[column], errors="coerce")
    return listed, notes


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
            remedy=_PEDIATRIC if is_fold else f"Split is one of {', '.join(sorted(allowed))}.",
        )


def _ef(column: pd.Series, names: pd.Series, path: Path) -> pd.Series:
    ef = pd.to_numeric(column, errors="coerce").astype("float64")
    missing = ~(ef.abs() < float("inf"))
    if missing.any():
        row = int(missing.to_numpy().argmax())
        raise DataError(
            f"{path}: EF of {names.iloc[row]} in row {row + 2} is {column.iloc[row]!r}, not a number.",
            where=f"Rows concerned: {int(missing.sum())} of {len(ef)}",
            remedy=(
                "Every video needs an ejection fraction, a plain number of percent such as 55.5; take the"
                " rows without one out."
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
