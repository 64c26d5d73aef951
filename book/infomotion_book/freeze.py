"""Freeze a run into the book: small copies of tables, figures and notebooks, past the publishing guard."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.explore.board import prepare
from infomotion_book.frozen_notebook import freeze_notebook, link_figures
from infomotion_book.guard import Guard, PublishingError, Refusal, inspect
from infomotion_book.levels import Level, level_of
from infomotion_book.machine_paths import find_machine_paths, names_of_this_machine
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.errors import DataError, StageError
from infomotion_lib.files import DATA_REPORT, PINS
from infomotion_lib.frozen import EXPLORE, FROZEN, FROZEN_FILES, SHOWN, STUDY, frozen_hashes
from infomotion_lib.parameters import read_profile
from infomotion_lib.paths import RunPaths, run_paths
from infomotion_lib.provenance import read_json, write_json
from infomotion_lib.reporting.results import Results
from infomotion_lib.stage_table import RUN_CARD

LARGEST = 1_000_000
"""Bytes of one frozen file; larger ones are left out and listed."""

_PICTURES = ("figures", "hero", "live", "walk", "wall")
"""Folders of pictures within those of the stages and of the controls."""

_KINDS = (".csv", ".json", ".svg", ".png", ".webp")


@dataclass(frozen=True)
class Frozen:
    """What was frozen in ``folder``, what was ``left_out`` and why, and the ``level`` of the run's data."""

    folder: Path
    files: tuple[str, ...]
    left_out: tuple[Refusal, ...]
    level: Level

    @property
    def size(self) -> int:
        """Bytes of all frozen files."""
        return sum((self.folder / name).stat().st_size for name in self.files)

    def __repr__(self) -> str:
        lines = [
            f"Frozen: {len(self.files)} files, {self.size / 1e6:.1f} MB, in {self.folder} (allowed:"
            f" {self.level.name.lower()})"
        ]
        return "\n".join([*lines, *(f"  left out  {item}" for item in self.left_out)])


def freeze(profile: str, *, runs_dir: str | Path = "runs", out: Path = FROZEN, whole: bool = True) -> Frozen:
    """Frozen results of a finished run; an earlier freeze of the profile is replaced as a whole.

    Parameters
    ----------
    profile : str
        Name of the profile.
    runs_dir : path
        Folder of all runs.
    out : Path
        Folder of all frozen results.
    whole : bool
        Executed notebooks, every figure and the controls too, as the leading profile of a book needs them;
        without, tables, run cards and the figures that the results page shows of every profile.

    Raises
    ------
    StageError
        If the run has not reached its evaluation.
    PublishingError
        If something forbidden is still there after the guard has cleared the copy, or a path of this machine.
    """
    paths = run_paths(profile, runs_dir)
    results = Results(profile, paths.root)
    if not results.card("evaluation"):
        raise StageError(
            f"The run of profile {profile} has not finished.",
            where=f"Looked for: {results.folder('evaluation') / RUN_CARD}",
            remedy=f"Run it first: make reproduce PROFILE={profile}",
        )
    guard = guard_of(results, paths)
    if whole:
        prepare(results)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".freezing-") as name:
        copy = Path(name) / profile
        left_out = _copy(results, copy, whole=whole, level=guard.level) + _clear(copy, guard)
        if remaining := inspect(copy, guard):
            raise PublishingError(
                "Nothing was frozen: the guard still finds", where="\n".join(map(str, remaining))
            )
        if named := find_machine_paths(copy, names_of_this_machine(paths.root, *_data_roots(paths))):
            raise PublishingError(
                "Nothing was frozen: these places name your machine.",
                where="\n".join(map(str, named)),
                remedy="Mend what writes them, and run that stage again.",
            )
        write_json(frozen_hashes(copy), copy / FROZEN_FILES)
        if (out / profile / STUDY).is_dir():  # published by a command of its own
            shutil.move(str(out / profile / STUDY), copy / STUDY)
        shutil.rmtree(out / profile, ignore_errors=True)
        shutil.move(str(copy), out / profile)
    files = tuple(sorted([*frozen_hashes(out / profile), FROZEN_FILES]))
    return Frozen(out / profile, files, tuple(left_out), guard.level)


def guard_of(results: Results, paths: RunPaths) -> Guard:
    """Guard for a run: the strictest level of its data, and the names of secret videos."""
    parameters = results.parameters
    if "real_data" not in parameters:
        return Guard(Level.AGGREGATES, _video_names(paths.root))
    names = [str(parameters["real_data"]), str(parameters.get("synthetic_data", "none"))]
    owned = [name for name in names if name in SOURCES and SOURCES[name].owned]
    level = level_of(names, {name: _where_described(name, results, paths) for name in owned})
    return Guard(level, _video_names(paths.root) if level is Level.AGGREGATES else frozenset())


def _data_roots(paths: RunPaths) -> list[str]:
    """Folder of the data that a run was made with, if it had one."""
    values = read_profile(str(paths.resolved)) if paths.resolved.is_file() else {}
    return [str(values["data_root"])] if values.get("data_root") else []


def _where_described(name: str, results: Results, paths: RunPaths) -> list[Path]:
    """Where authors may have said what may be done with their videos: the run's copy, and the data set
    itself.
    """
    folders = [paths.data / name]
    with suppress(DataError):
        root = SOURCES[name].root(data_dir="", data_root=str(results.parameters.get("data_root", "")))
        folders += [root] if root.is_dir() else []
    return folders


def _video_names(root: Path) -> frozenset[str]:
    names: set[str] = set()
    for file in root.rglob("*.csv"):
        head = [str(name) for name in pd.read_csv(file, nrows=0).columns] if file.stat().st_size else []
        for column in ("file_name", "FileName"):
            if column in head:
                names |= {
                    str(name).removesuffix(".avi")
                    for name in pd.read_csv(file, usecols=[column], dtype=str)[column].dropna()
                }
    return frozenset(name for name in names if len(name) > 3)


def _copy(results: Results, copy: Path, *, whole: bool, level: Level) -> list[Refusal]:
    """Copy what a book may want; list what is too large for it."""
    left_out = []
    for stage in [*results.stages, *([EXPLORE] if whole else [])]:
        source = results.folder(stage)
        target = copy / results.place(stage)
        shown = [source / "figures" / name for name in SHOWN.get(stage, ())]
        pictures = [file for folder in _PICTURES for file in source.glob(f"{folder}/*")]
        figures = pictures if whole else shown
        wanted = [*source.glob("*"), *figures]
        if stage == "data":
            wanted = [source / name for name in (RUN_CARD, DATA_REPORT, PINS)]
        for file in sorted(
            item
            for item in wanted
            if item.is_file() and item.suffix in _KINDS and not item.name.startswith(".")
        ):
            place = target / file.relative_to(source)
            if file.stat().st_size > LARGEST:
                left_out.append(
                    Refusal(place.relative_to(copy).as_posix(), f"larger than {LARGEST / 1e6:g} MB")
                )
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
        if whole and (notebook := results.notebook(stage)) is not None:
            target.mkdir(parents=True, exist_ok=True)
            freeze_notebook(notebook, target, pixels=level is Level.EVERYTHING)
        if (card := target / RUN_CARD).is_file():
            write_json(_without_places(read_json(card)), card)
    return left_out


def _without_places(card: dict[str, Any]) -> dict[str, Any]:
    parameters = card.get("parameters", {})
    empty = {name: "" for name in ("data_root", "runs_dir") if name in parameters}
    return card | {"parameters": parameters | empty} if empty else card


def _clear(copy: Path, guard: Guard) -> list[Refusal]:
    """Remove from the copy what the guard finds: whole files, single outputs of notebooks."""
    found = []
    for file in sorted(item for item in copy.rglob("*") if item.is_file()):
        where = file.relative_to(copy).as_posix()
        if file.suffix == ".ipynb":
            page = read_json(file)
            found += guard.clear(page, where)
            link_figures(page)
            file.write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")
        elif findings := guard.file(file, where):
            found += findings
            file.unlink()
    for folder in sorted((item for item in copy.rglob("*") if item.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    return found
