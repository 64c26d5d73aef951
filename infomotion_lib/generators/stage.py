"""Stage 05 as two functions: what a generator may learn from, and its pool."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from infomotion_lib.data.records import Dataset
from infomotion_lib.errors import DataError
from infomotion_lib.generators.base import Fitted, Lessons
from infomotion_lib.generators.cutting import Cut
from infomotion_lib.generators.parameters import PoolParameters
from infomotion_lib.generators.pool import (
    DRAWING,
    DRAWN_HERE,
    MANIFEST,
    POOL,
    REQUEST,
    PoolRequest,
    begin_pool,
    check_copied,
    is_copied,
    write_pool,
)
from infomotion_lib.generators.privacy.record import OF_REAL, PLANTED, of_real_hearts, summary
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import read_json, write_csv
from infomotion_lib.stage_table import TABLE

if TYPE_CHECKING:
    from infomotion_lib.generators.privacy.clips import ClipFilter


@dataclass(frozen=True)
class MadePool:
    """A pool, and the generator that drew it.

    Attributes
    ----------
    folder : Path
        A data set in EchoNet's layout with ``manifest.csv`` and ``pool.json``.
    manifest : DataFrame
        A row per clip: ``FileName``, ``requested_class``, ``requested_ef``, and how it was drawn.
    fitted : Fitted or None
        The generator; None where the pool was drawn on another machine.
    notes : dict
        For the run card: what the generator says of itself, seconds, what another machine wrote down.
    """

    folder: Path
    manifest: pd.DataFrame = field(repr=False)
    fitted: Fitted | None = field(repr=False)
    notes: dict[str, Any] = field(repr=False)


def pool_inputs(paths: RunPaths, parameters: PoolParameters) -> list[Path]:
    """Files that the pool of ``parameters.generator`` depends on, besides the videos themselves."""
    values = parameters.model_dump()
    read = [
        paths.stage(name) / file
        for name in GENERATORS[parameters.generator].reads
        for file in TABLE[name].outputs_of(values)
    ]
    return [paths.pins, paths.videos, *read]


def open_lessons(
    datasets: Mapping[str, Dataset], *, parameters: PoolParameters, paths: RunPaths | None = None
) -> Lessons:
    """Videos that generators may use: TRAIN and VAL of the first source, TRAIN of the last, with the EF that
    was requested.

    ``paths``: folders of the run, for generators that read earlier stages.
    """
    source = next(iter(datasets))
    real, *_, other = [*datasets.values(), *datasets.values()]
    parts = {
        str(split): part.reset_index(drop=True)
        for split, part in real.usable.groupby("split")
        if split != "TEST"
    }
    listed = other.usable.query("split == 'TRAIN'").reset_index(drop=True)
    given = listed.assign(ef=listed["requested_ef"]) if "requested_ef" in listed else listed
    side = int(real.usable["height"].median())
    cut = Cut(parameters.latte_frames, parameters.latte_fps, side)
    return Lessons(parts, given, cut, other is real, parameters.workers, paths, source)


def make_pool(lessons: Lessons, *, folder: Path, parameters: PoolParameters, device: str) -> MadePool:
    """The pool of ``parameters.generator`` in ``folder/pool``: learnt and drawn here, or taken as it is if it
    was copied there from where it was drawn. Finished work is taken up.

    Raises
    ------
    DataError
        If a copied pool is not whole or does not fit, the folder holds a pool of other settings, or the
        generator left a file unwritten.
    """
    if is_copied(folder):
        name, per_class = parameters.generator, parameters.pool_per_class
        pool = check_copied(folder / POOL, cut=lessons.cut, per_class=per_class, generator=name)
        told = read_json(pool / REQUEST).get("privacy_filter")
        if _is_filtered(lessons, parameters) and told != parameters.privacy_filter:
            raise DataError(
                "This pool was drawn without the privacy filter that the profile asks for.",
                where=f"Read: {pool / REQUEST}",
                remedy="Draw it again with privacy_filter=closest, or ask for none.",
            )
        drawing: dict[str, Any] = read_json(pool / DRAWING) if (pool / DRAWING).is_file() else {}
        shown: dict[str, Any] = {name: drawing[name] for name in ("weights", "seconds") if name in drawing}
        notes = {"drawn_elsewhere": {**read_json(pool / REQUEST), **drawing}, **shown}
        return MadePool(pool, pd.read_csv(pool / MANIFEST), None, notes)
    fitted = _fit(lessons, folder=folder, parameters=parameters, device=device)
    request = _request(lessons, folder=folder, parameters=parameters, device=device)
    begun = time.monotonic()
    pool = write_pool(fitted, folder / POOL, request)
    notes = fitted.summary()
    notes["seconds"] = {**notes.get("seconds", {}), "sampling": round(time.monotonic() - begun, 1)}
    if privacy := request.privacy:
        from infomotion_lib.generators.privacy.planted import planted

        write_csv(planted(privacy), pool / PLANTED)
        write_csv(of_real_hearts(privacy), pool / OF_REAL)
        notes["privacy"] = summary(pool) | {"told_apart": round(privacy.accuracy, 3)}
    return MadePool(pool, pd.read_csv(pool / MANIFEST), fitted, notes)


def start_pool(lessons: Lessons, *, folder: Path, parameters: PoolParameters, device: str) -> None:
    """All of :func:`make_pool` that comes before the first clip."""
    fitted = _fit(lessons, folder=folder, parameters=parameters, device=device)
    begin_pool(fitted, folder / POOL, _request(lessons, folder=folder, parameters=parameters, device=device))


def _request(lessons: Lessons, *, folder: Path, parameters: PoolParameters, device: str) -> PoolRequest:
    """The pool that is asked for, with its privacy filter trained where one is."""
    privacy = None
    if _is_filtered(lessons, parameters):
        privacy = _filter(lessons, folder=folder, parameters=parameters, device=device)
    p = parameters
    return PoolRequest(lessons.cut, p.pool_per_class, p.pool_seed, p.generator, privacy)


def _is_filtered(lessons: Lessons, parameters: PoolParameters) -> bool:
    entry = GENERATORS[parameters.generator]
    return parameters.privacy_filter != "none" and not (entry.given and lessons.given_is_real)


def _fit(lessons: Lessons, *, folder: Path, parameters: PoolParameters, device: str) -> Fitted:
    entry = GENERATORS[parameters.generator]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DRAWN_HERE).touch()
    fitted: Fitted = entry.load().fit(lessons, folder=folder, parameters=parameters, device=device)
    if absent := [file for file in entry.files if not (folder / file).is_file()]:
        raise DataError(f"{entry.label} left files unwritten: {', '.join(absent)}", where=f"In {folder}")
    return fitted


def _filter(lessons: Lessons, *, folder: Path, parameters: PoolParameters, device: str) -> ClipFilter:
    from infomotion_lib.generators.privacy.clips import open_filter

    return open_filter(lessons, folder=folder, parameters=parameters, device=device)
