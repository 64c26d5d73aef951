"""Which file of a folder each row of a list means."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import pandas as pd

from infomotion_lib.data.faults import OTHER_SUFFIXES
from infomotion_lib.data.own.cines import is_dicom
from infomotion_lib.errors import DataError

SUFFIXES = (".avi", *OTHER_SUFFIXES, ".dicom")
"""Of the files that are taken for videos."""


_LONGEST = 190  # letters of a name, of 200 that the list's reader takes


def videos_below(folder: Path) -> list[str]:
    """Videos in a folder and below it, as paths from it with ``/``, sorted; hidden files are passed over.
    DICOM files need no suffix.

    Raises
    ------
    DataError
        If the folder is missing or holds none; the message says which suffixes count.
    """
    if not folder.is_dir():
        raise DataError(f"The folder of videos does not exist: {folder}")
    files = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        below = Path(place).relative_to(folder)
        files += [
            (below / name).as_posix()
            for name in names
            if not name.startswith(".") and _is_video(Path(place) / name)
        ]
    if not files:
        raise DataError(
            f"There is no video in {folder}.",
            remedy=f"Files that are read: {', '.join(SUFFIXES)}, and DICOM of any name.",
        )
    return sorted(files)


def _is_video(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES or is_dicom(file)


def match_files(names: pd.Series, files: list[str]) -> pd.Series:
    """File of each name, empty where there is none.

    A name is a path from the folder, or a file name, or one without its suffix; case, and how accents are
    encoded, count only where they tell two files apart.

    Parameters
    ----------
    names : Series of str
        As the list has them; the index says which line each is.
    files : list of str
        From :func:`videos_below`.

    Raises
    ------
    DataError
        If a name is empty or fits several files, or two names mean one file.
    """
    if empty := [row for row, name in names.items() if not name]:
        raise DataError(f"Row {empty[0]} of the list names no file.", where=f"Such rows: {len(empty)}")
    fits: list[dict[str, list[str]]] = []
    for spelled in (str, _folded):
        for part in (_path, _name, _stem, _path_stem):
            known: dict[str, list[str]] = {}
            for file in files:
                known.setdefault(spelled(part(file)), []).append(file)
            fits.append(known)
    matched: dict[int, str] = {}
    for row, name in names.items():
        asked = name.replace("\\", "/").removeprefix("./")
        spellings = [asked] * 4 + [_folded(asked)] * 4
        found = next((known[word] for known, word in zip(fits, spellings, strict=True) if word in known), [])
        if len(found) > 1:
            raise DataError(
                f"Row {row} of the list, {name!r}, fits {len(found)} files: {', '.join(found[:3])}.",
                remedy="Write it as a path from the folder, with its suffix.",
            )
        matched[int(str(row))] = found[0] if found else ""
    table = pd.Series(matched, index=names.index)
    twice = table[(table != "") & table.duplicated(keep=False)]
    if len(twice):
        rows = [str(row) for row in table.index[table == twice.iloc[0]]]
        raise DataError(
            f"Rows {', '.join(rows[:5])} of the list mean the same file: {twice.iloc[0]}.",
            remedy="Keep one row per video: labels and splits would contradict each other.",
        )
    return table


def plain_stems(files: list[str]) -> list[str]:
    """A plain name for each file, as EchoNet's list may hold it: its own without suffix, led by its folders
    where two have the same.

    >>> plain_stems(["a/clip.mp4", "b/clip.mp4", "b/other.mp4"])
    ['a_clip', 'b_clip', 'other']
    """
    stems = [_stem(file) for file in files]
    shared = {stem for stem in stems if stems.count(stem) > 1} if len(set(stems)) < len(stems) else set()
    names = [_path_stem(file).replace("/", "_") if _stem(file) in shared else _stem(file) for file in files]
    taken: set[str] = set()
    for number, name in enumerate(names):
        first = re.sub(r"[\\:\x00-\x1f]", "_", name).strip()[-_LONGEST:].strip()
        first = re.sub(r"\.avi$", "", first, flags=re.IGNORECASE)  # as the list's reader takes it off
        first = "video" if re.fullmatch(r"\.{0,2}", first) else first
        plain, more = first, 2
        while _folded(plain) in taken:
            plain, more = f"{first}_{more}", more + 1
        taken.add(_folded(plain))
        names[number] = plain
    return names


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _path(file: str) -> str:
    return file


def _name(file: str) -> str:
    return file.rsplit("/", 1)[-1]


def _stem(file: str) -> str:
    return _name(file).rsplit(".", 1)[0]


def _path_stem(file: str) -> str:
    return file.rsplit(".", 1)[0]
