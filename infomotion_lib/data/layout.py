"""Where the parts of an EchoNet-like folder lie; a wrong folder is named with its remedy.

Layout of EchoNet-Dynamic and EchoNet-Synthetic: ``FileList.csv``, ``Videos/*.avi`` and, in the former,
``VolumeTracings.csv``.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from infomotion_lib.errors import DataError, did_you_mean
from infomotion_lib.files import (
    DISTILLED,
    FETCHED,
    FILE_LIST,
    MANIFEST,
    OPEN_LABELS,
    PHANTOM_REQUEST,
    POOL_RECORD,
    TRACINGS,
    VIDEOS,
)

LayoutName = Literal["echonet-dynamic", "echonet-synthetic"]
LAYOUTS: tuple[LayoutName, ...] = ("echonet-dynamic", "echonet-synthetic")
SPLITS = ("TRAIN", "VAL", "TEST")
EXTRA_SPLIT = "EXTRA"
"""A fourth split that copies of EchoNet-Synthetic may carry."""

PEDIATRIC = (
    "This looks like EchoNet-Pediatric (folders A4C and PSAX, folds 0-9), which is another data set;"
    " EchoNet-Dynamic is needed."
)
EXPECTED = "A data set folder holds FileList.csv, Videos/*.avi and, for EchoNet-Dynamic, VolumeTracings.csv."


@dataclass(frozen=True)
class Layout:
    """The parts of one data set folder.

    Attributes
    ----------
    root : Path
        The folder, links resolved: nothing outside it is read.
    given : Path
        The folder as it was named, by which it is known.
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
    given: Path
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
        ``"auto"``: EchoNet-Synthetic where a record of who made or fetched it says so or, without one, where
        the folder or the one above it has that name.

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
        raise DataError(f"The data set folder does not exist: {folder}", remedy=EXPECTED)
    if not folder.is_dir():
        remedy = "Unpack it and give the folder." if folder.suffix.lower() == ".zip" else EXPECTED
        raise DataError(f"The data set must be a folder, not a file: {folder}", remedy=remedy)
    try:
        given, folder = Path(os.path.normpath(folder.absolute())), folder.resolve()
        given = given if given.resolve() == folder else folder  # where .. follows a link
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
    name = layout if layout != "auto" else _guess(folder, given)
    if name == "echonet-synthetic":
        return Layout(folder, given, "echonet-synthetic", folder / FILE_LIST, None, videos, notes)
    if tracings is None:
        notes = (*notes, f"There is no {TRACINGS}: ED and ES of every video have to be detected.")
    return Layout(folder, given, "echonet-dynamic", folder / FILE_LIST, tracings, videos, notes)


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
            remedy=(
                "Put the file itself, or a link to a file inside the folder, there. The whole data set folder"
                " may be a link: keep its parts together where they lie, and link to that folder."
            ),
        )


def _guess(folder: Path, given: Path) -> LayoutName:
    """By record and name alone: many lists whose EF was measured have volumes of 0."""
    if (folder / POOL_RECORD).is_file():
        return "echonet-synthetic"
    for record, key in {PHANTOM_REQUEST: "role", FETCHED: "manifest"}.items():
        try:
            value = json.loads((folder / record).read_text(encoding="utf-8"))[key]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        return "echonet-synthetic" if value in ("synthetic", "echonet-synthetic") else "echonet-dynamic"
    if is_selection(folder):  # its EF is what it was selected by
        return "echonet-dynamic"
    named = {part.name.lower() for place in (folder, given) for part in (place, place.parent)}
    return "echonet-synthetic" if "echonet-synthetic" in named else "echonet-dynamic"


def is_selection(folder: Path) -> bool:
    """Whether the folder holds an exported selection: TRAIN videos alone, without volumes."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        name = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["name"]
        return bool(name.endswith(DISTILLED))
    return False


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
        f"{folder} has no folder {VIDEOS} and no AVI file.", where=f"Looked for: {videos}", remedy=EXPECTED
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
            raise DataError(f"{folder / part} is a folder, not a file.", remedy=EXPECTED)


def _has_avi(folder: Path) -> bool:
    return any(entry.suffix.lower() == ".avi" for entry in folder.iterdir())


def _wrong_folder(folder: Path) -> DataError:
    """The most helpful thing to say of a folder without ``FileList.csv``."""
    entries = sorted(folder.iterdir())
    names = {entry.name for entry in entries}
    what, where = f"{folder} has no {FILE_LIST}.", f"Found there: {', '.join(sorted(names)[:8]) or 'nothing'}"
    if not entries:
        return DataError(f"The data set folder is empty: {folder}", remedy=EXPECTED)
    if names >= {"A4C", "PSAX"}:
        return DataError(what, where=where, remedy=PEDIATRIC)
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
    return DataError(what, where=where, remedy=EXPECTED)
