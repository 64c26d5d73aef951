"""The rows of the study: one line a pool and one a network in ``rows.jsonl``, three tables in the book.

A line is written by one system call as soon as it is known, so a study may be killed at any moment. The
published tables hold all that the lines hold but the seconds they took; a study can go on from them where
``runs/`` is gone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_lib.errors import DataError
from infomotion_lib.frozen import FROZEN, STUDY
from infomotion_lib.provenance import atomic, write_csv, write_json

IFA_FILE, APPEARANCE_FILE = "ifa.safetensors", "appearance.safetensors"
ROWS_FILE, SETTINGS_FILE, TEACHERS_FILE = "rows.jsonl", "settings.json", "teachers.json"
PUBLISHED = FROZEN / "phantom-large" / STUDY
POOL_KEY = ["arm", "pool"]
CONFIGURATION = ["method", "feature", "graph", "vpc"]
_TEXTS = ("arm", "method", "feature", "graph", "set", "videos", "settings", "teachers", "predictor")
_UNPUBLISHED = ("kind", "seconds")

Line = dict[str, Any]


@dataclass(frozen=True)
class Tables:
    """What a study has found so far.

    Attributes
    ----------
    sets : DataFrame
        A row a chosen set: ``arm, pool``, configuration, ``vpc``, ``draw``, ``set`` (its name within the
        pool), ``n_train``, ``mislabelled`` videos in it, ``videos`` (rows of the TRAIN candidates), and the
        health of its graphs.
    networks : DataFrame
        A row a trained network: ``arm, pool, set, n_train, steps, training_seed``, every metric on TEST,
        ``accuracy_<machine style>``, and the names of the settings and of the teachers.
    constants : DataFrame
        A row a constant predictor of each pool.
    settings : dict
        What decides the rows.
    teachers : dict
        How the training of the networks behind the vectors ended, a dictionary for each width of the IFA
        network, and for each time that they were trained anew and came out with other weights.
    """

    sets: pd.DataFrame
    networks: pd.DataFrame
    constants: pd.DataFrame
    settings: dict[str, Any]
    teachers: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return (
            f"Tables({len(self.networks)} networks on"
            f" {len(self.sets.groupby(POOL_KEY)) if len(self.sets) else 0} pools)"
        )

    def names_of_teachers(self, arm: str) -> set[str]:
        """Names of the networks behind the vectors of one arm's pools; several where its pools were drawn on
        several machines.
        """
        return set(self.sets.loc[self.sets["arm"] == arm, "teachers"]) if len(self.sets) else set()

    def teachers_called(self, name: str) -> dict[str, Any]:
        """How the training of the networks of this name ended; empty where it is not known."""
        return next(
            (record for record in self.teachers.values() if teachers_name(record.get("sha256", {})) == name),
            {},
        )

    @property
    def finished(self) -> pd.DataFrame:
        """``arm, pool, networks, planned, complete``: how far each pool is."""
        if self.sets.empty:
            return pd.DataFrame(columns=[*POOL_KEY, "networks", "planned", "complete"])
        done = self.networks.groupby(POOL_KEY).size().rename("networks")
        table = (
            self.sets.groupby(POOL_KEY)["planned"]
            .first()
            .to_frame()
            .join(done)
            .fillna({"networks": 0})
            .reset_index()
        )
        table["networks"] = table["networks"].astype(int)
        return table.assign(complete=table["networks"] >= table["planned"])[
            [*POOL_KEY, "networks", "planned", "complete"]
        ]


def teachers_name(sha256: Mapping[str, str]) -> str:
    """Name of a pair of networks: first digits of the hash of the hashes of their weight files."""
    return hashlib.sha256(
        "".join(sha256.get(file, "") for file in (IFA_FILE, APPEARANCE_FILE)).encode()
    ).hexdigest()[:12]


def read_lines(path: Path) -> list[Line]:
    """Every whole line of the file; none where there is no file. A last line cut off by a kill is dropped
    from the file.
    """
    lines = whole_lines(path)
    if path.is_file():
        data = path.read_bytes()
        if not data.endswith(b"\n"):
            os.truncate(path, data.rfind(b"\n") + 1)
    return lines


def whole_lines(path: Path) -> list[Line]:
    """Every line of the file that has its end, as :func:`read_lines` reads them, while others may be
    writing.
    """
    if not path.is_file():
        return []
    return [json.loads(raw) for raw in path.read_bytes().splitlines(keepends=True) if raw.endswith(b"\n")]


def rewrite(path: Path, lines: list[Line]) -> None:
    """Replace the file by these lines."""
    with atomic(path) as temporary:
        temporary.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def tables_of(lines: list[Line], settings: dict[str, Any], teachers: dict[str, Any] | None = None) -> Tables:
    """Tables of the lines, sorted by arm and pool, rows within a pool as they came; equal lines in any order
    of pools give equal tables.
    """
    pools = [line for line in lines if line["kind"] == "pool"]
    networks = [line for line in lines if line["kind"] == "network"]
    shared = ("arm", "pool", "settings", "teachers", "planned")
    nested = {
        part: [{name: line[name] for name in shared} | row for line in pools for row in line[part]]
        for part in ("sets", "constants")
    }
    return Tables(
        _table(nested["sets"]), _table(networks), _table(nested["constants"]), settings, teachers or {}
    )


def publish(tables: Tables, folder: Path = PUBLISHED) -> list[Path]:
    """Files written to the book: ``sets.csv``, ``networks.csv``, ``constants.csv``, ``settings.json`` and
    ``teachers.json``.

    Raises
    ------
    DataError
        If the folder holds rows that these tables have not: they would be lost.
    """
    before = read_published(folder)
    lost = _rows_of(before, like=tables) - _rows_of(tables) if before is not None else set()
    if lost:
        remedy = "Run `infomotion study selectors` first: it takes them up."
        raise DataError(f"{folder} holds {len(lost)} rows that this study has not.", remedy=remedy)
    named = {"sets.csv": tables.sets, "networks.csv": tables.networks, "constants.csv": tables.constants}
    teachers = _all_teachers(before.teachers if before is not None else {}, tables.teachers)
    known = {SETTINGS_FILE: tables.settings, TEACHERS_FILE: teachers}
    return [
        *(write_csv(table, folder / name) for name, table in named.items()),
        *(write_json(values, folder / name) for name, values in known.items()),
    ]


def read_published(folder: Path = PUBLISHED) -> Tables | None:
    """Tables published in the book, or None where nothing is."""
    if not (folder / "networks.csv").is_file():
        return None
    parts = {name: _read(folder / f"{name}.csv") for name in ("sets", "networks", "constants")}
    known = {
        name: json.loads((folder / file).read_text(encoding="utf-8")) if (folder / file).is_file() else {}
        for name, file in (("settings", SETTINGS_FILE), ("teachers", TEACHERS_FILE))
    }
    return Tables(parts["sets"], parts["networks"], parts["constants"], known["settings"], known["teachers"])


def lines_of(tables: Tables) -> list[Line]:
    """Lines that give these tables: what a study goes on from where only the book is left."""
    shared = ("arm", "pool", "settings", "teachers", "planned")
    lines: list[Line] = []
    for key, own in tables.sets.groupby(POOL_KEY, sort=False):
        constants = tables.constants[(tables.constants[POOL_KEY] == list(key)).all(axis=1)]
        head = _plain(own.iloc[0][list(shared)].to_dict())
        nested = {"sets": own, "constants": constants}
        parts = {
            name: [_plain(row) for row in part.drop(columns=list(shared)).to_dict("records")]
            for name, part in nested.items()
        }
        lines.append({"kind": "pool", **head, **parts})
    return [*lines, *({"kind": "network", **_plain(row)} for row in tables.networks.to_dict("records"))]


def _table(rows: list[Line]) -> pd.DataFrame:
    table = pd.DataFrame(
        [{name: value for name, value in row.items() if name not in _UNPUBLISHED} for row in rows]
    )
    return table.sort_values(POOL_KEY, kind="stable", ignore_index=True) if len(table) else table


def _all_teachers(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Both, so that rows made with the earlier networks keep theirs: networks trained anew stand under their
    width and name.
    """
    known = dict(before)
    for width, record in now.items():
        same = width not in known or known[width].get("sha256") == record.get("sha256")
        known[width if same else f"{width} {teachers_name(record['sha256'])}"] = record
    return known


def _rows_of(tables: Tables, *, like: Tables | None = None) -> set[tuple[Any, ...]]:
    """Names of the networks; with ``like``, without those of pools that it has begun again with other
    teachers.
    """
    networks = tables.networks
    if like is not None:
        anew = like.networks.groupby(POOL_KEY)["teachers"].first().rename("anew")
        joined = networks.join(anew, on=POOL_KEY)
        networks = joined[joined["anew"].isna() | (joined["anew"] == joined["teachers"])]
    return set(networks[[*POOL_KEY, "set", "steps", "training_seed"]].itertuples(index=False, name=None))


def _read(path: Path) -> pd.DataFrame:
    names = pd.read_csv(path, nrows=0).columns
    numbers = {name: [""] for name in names if name not in _TEXTS}
    return pd.read_csv(path, dtype=dict.fromkeys(_TEXTS, "str"), keep_default_na=False, na_values=numbers)


def _plain(row: dict[Any, Any]) -> Line:
    return {str(name): value.item() if hasattr(value, "item") else value for name, value in row.items()}
