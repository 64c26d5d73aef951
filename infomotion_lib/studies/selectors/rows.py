"""The rows of the study as tables: a row per pool and one per network in ``rows.jsonl``, three tables in the
book.

The published tables hold all that the rows hold but their seconds; a study can go on from them where
``runs/`` is gone. On disk the networks behind the vectors are called teachers, as they were when the first
rows were published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_lib.errors import DataError
from infomotion_lib.frozen import FROZEN, STUDY
from infomotion_lib.json_lines import Row
from infomotion_lib.provenance import write_csv, write_json
from infomotion_lib.studies.rows import IDENTITY, identity_of

IFA_FILE, APPEARANCE_FILE = "ifa.safetensors", "appearance.safetensors"
ROWS_FILE, SETTINGS_FILE, NETWORKS_FILE = "rows.jsonl", "settings.json", "teachers.json"
NETWORKS = "teachers"
"""Column and folder of the networks behind the vectors."""
PUBLISHED = FROZEN / "phantom-large" / STUDY
POOL_KEY = ["arm", "pool"]
CONFIGURATION = ["method", "feature", "graph", "vpc"]
_TEXTS = ("arm", "method", "feature", "graph", "set", "videos", "settings", NETWORKS, "predictor")
_UNPUBLISHED = ("kind", "seconds", IDENTITY)


@dataclass(frozen=True)
class Tables:
    """What a study has found so far.

    Attributes
    ----------
    sets : DataFrame
        A row per chosen set: ``arm, pool``, configuration, ``vpc``, ``draw``, ``set`` (its name within the
        pool), ``n_train``, ``mislabelled`` videos in it, ``videos`` (rows of the TRAIN candidates), and the
        health of its graphs.
    networks : DataFrame
        A row per trained network: ``arm, pool, set, n_train, steps, training_seed``, every metric on TEST,
        ``accuracy_<machine style>``, and the names of the settings and of the networks
        behind the vectors.
    constants : DataFrame
        A row per constant predictor of each pool.
    settings : dict
        What decides the rows.
    feature_networks : dict
        How the training of the networks behind the vectors ended, a dictionary for each width of the IFA
        network, and for each time that they were trained anew and came out with other weights.
    """

    sets: pd.DataFrame
    networks: pd.DataFrame
    constants: pd.DataFrame
    settings: dict[str, Any]
    feature_networks: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return (
            f"Tables({len(self.networks)} networks on"
            f" {len(self.sets.groupby(POOL_KEY)) if len(self.sets) else 0} pools)"
        )

    def networks_of(self, arm: str) -> set[str]:
        """Names of the networks behind the vectors of one arm's pools; several where its pools were drawn on
        several machines.
        """
        return set(self.sets.loc[self.sets["arm"] == arm, NETWORKS]) if len(self.sets) else set()

    def network_called(self, name: str) -> dict[str, Any]:
        """How the training of the networks of this name ended; empty where it is not known."""
        return next(
            (
                record
                for record in self.feature_networks.values()
                if networks_name(record.get("sha256", {})) == name
            ),
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


def networks_name(sha256: Mapping[str, str]) -> str:
    """Name of a pair of networks: first digits of the hash of the hashes of their weight files."""
    return hashlib.sha256(
        "".join(sha256.get(file, "") for file in (IFA_FILE, APPEARANCE_FILE)).encode()
    ).hexdigest()[:12]


def pool_identity(settings: str, networks: str) -> str:
    """Identity of the rows of a pool: names of the settings (its format among them) and of the networks."""
    return identity_of({"settings": settings, "networks": networks}, format=1)


def kept_rows(rows: Sequence[Row]) -> list[Row]:
    """Rows that count, of rows of equal settings: a pool counts once, with one pair of networks.

    Where it was begun with several, those with which it was finished count; else those with most rows.
    """
    by_pool: dict[tuple[Any, ...], dict[str, list[Row]]] = {}
    for row in rows:
        of_pool = by_pool.setdefault((row["arm"], row["pool"]), {})
        of_pool.setdefault(row[NETWORKS], []).append(row)
    kept = []
    for of_pool in by_pool.values():
        best: list[Row] = max(of_pool.values(), key=_progress)
        kept += best
    return kept


def _progress(rows: list[Row]) -> tuple[bool, int]:
    return is_complete(rows), len(rows)


def rows_of_pool(rows: Sequence[Row], *, most: int) -> int:
    """Rows that a pool has in all: its own and its networks'; ``most`` networks until it is drawn."""
    return 1 + next((int(row["planned"]) for row in rows if row["kind"] == "pool"), most)


def is_complete(rows: Sequence[Row]) -> bool:
    """Whether these rows of one pool are all that it has."""
    return len(rows) >= rows_of_pool(rows, most=len(rows))


def tables_of(
    rows: Sequence[Row], settings: dict[str, Any], networks: dict[str, Any] | None = None
) -> Tables:
    """Tables of the rows, sorted by arm and pool, rows within a pool as they came; equal rows in any order
    of pools give equal tables.
    """
    kept = kept_rows(rows)
    pools = [row for row in kept if row["kind"] == "pool"]
    trained = [row for row in kept if row["kind"] == "network"]
    shared = ("arm", "pool", "settings", NETWORKS, "planned")
    nested = {
        part: [{name: pool[name] for name in shared} | row for pool in pools for row in pool[part]]
        for part in ("sets", "constants")
    }
    return Tables(
        _table(nested["sets"]), _table(trained), _table(nested["constants"]), settings, networks or {}
    )


def published_folder(edition: int, root: Path = PUBLISHED) -> Path:
    """Where the book keeps rows of an edition of the phantom: rows of two editions are never mixed."""
    return root if edition == 1 else root / f"edition_{edition}"


def edition_of(settings: Mapping[str, Any]) -> int:
    """Edition of the phantom that rows of these settings were drawn with."""
    return int(settings.get("edition", 1))


def publish(tables: Tables, folder: Path | None = None) -> list[Path]:
    """Files written to the book, by default to the folder of the rows' edition: ``sets.csv``,
    ``networks.csv``, ``constants.csv``, ``settings.json`` and ``teachers.json``.

    Raises
    ------
    DataError
        If the folder holds rows of other settings, or rows that these tables have not: they would be lost.
    """
    folder = published_folder(edition_of(tables.settings)) if folder is None else folder
    before = read_published(folder)
    if before is not None and before.settings != tables.settings:
        raise DataError(
            f"{folder} holds rows of other settings.",
            remedy="Name the profile and the parameters that it was run with, or remove those files.",
        )
    lost = _names(before, like=tables) - _names(tables) if before is not None else set()
    if lost:
        remedy = "Run `infomotion study selectors` first: it takes them up."
        raise DataError(f"{folder} holds {len(lost)} rows that this study has not.", remedy=remedy)
    named = {"sets.csv": tables.sets, "networks.csv": tables.networks, "constants.csv": tables.constants}
    earlier = before.feature_networks if before is not None else {}
    known = {
        SETTINGS_FILE: tables.settings,
        NETWORKS_FILE: _all_networks(earlier, tables.feature_networks),
    }
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
        for name, file in (("settings", SETTINGS_FILE), ("networks", NETWORKS_FILE))
    }
    return Tables(parts["sets"], parts["networks"], parts["constants"], known["settings"], known["networks"])


def rows_of(tables: Tables) -> list[Row]:
    """Rows that give these tables: what a study goes on from where only the book is left."""
    shared = ("arm", "pool", "settings", NETWORKS, "planned")
    rows: list[Row] = []
    for key, sets in tables.sets.groupby(POOL_KEY, sort=False):
        constants = tables.constants[(tables.constants[POOL_KEY] == list(key)).all(axis=1)]
        about = _plain(sets.iloc[0][list(shared)].to_dict())
        parts = {
            name: [_plain(row) for row in part.drop(columns=list(shared)).to_dict("records")]
            for name, part in (("sets", sets), ("constants", constants))
        }
        rows.append({"kind": "pool", **about, **parts})
    rows += [{"kind": "network", **_plain(row)} for row in tables.networks.to_dict("records")]
    return [with_identity(row) for row in rows]


def with_identity(row: Row) -> Row:
    """The row with its identity, which rows of the book and of earlier files lack."""
    return {IDENTITY: pool_identity(row["settings"], row[NETWORKS]), **row}


def _table(rows: Sequence[Row]) -> pd.DataFrame:
    table = pd.DataFrame(
        [{name: value for name, value in row.items() if name not in _UNPUBLISHED} for row in rows]
    )
    return table.sort_values(POOL_KEY, kind="stable", ignore_index=True) if len(table) else table


def _all_networks(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Both, so that rows made with the earlier networks keep theirs: networks trained anew stand under their
    width and name.
    """
    known = dict(before)
    for width, record in now.items():
        same = width not in known or known[width].get("sha256") == record.get("sha256")
        known[width if same else f"{width} {networks_name(record['sha256'])}"] = record
    return known


def _names(tables: Tables, *, like: Tables | None = None) -> set[tuple[Any, ...]]:
    """Names of the trained networks; with ``like``, without those of pools that it has begun again with other
    networks behind the vectors.
    """
    trained = tables.networks
    if like is not None:
        anew = like.networks.groupby(POOL_KEY)[NETWORKS].first().rename("anew")
        joined = trained.join(anew, on=POOL_KEY)
        trained = joined[joined["anew"].isna() | (joined["anew"] == joined[NETWORKS])]
    return set(trained[[*POOL_KEY, "set", "steps", "training_seed"]].itertuples(index=False, name=None))


def _read(path: Path) -> pd.DataFrame:
    names = pd.read_csv(path, nrows=0).columns
    numbers = {name: [""] for name in names if name not in _TEXTS}
    return pd.read_csv(path, dtype=dict.fromkeys(_TEXTS, "str"), keep_default_na=False, na_values=numbers)


def _plain(row: dict[Any, Any]) -> Row:
    return {str(name): value.item() if hasattr(value, "item") else value for name, value in row.items()}
