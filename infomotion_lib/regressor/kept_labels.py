"""EF labels that are read off a pool once: who reads the pool again finds them to the last digit.

Networks are told apart by the hash of their labels. Read off anew on another device, labels would differ in a
digit, and all that had been trained on them would count for nothing.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from infomotion_lib.provenance import read_json, write_json
from infomotion_lib.regressor.clips import ClipStore
from infomotion_lib.regressor.labels import relabel

if TYPE_CHECKING:
    from infomotion_lib.regressor.fitted import FittedRegressor

FORMAT = 1
"""Raised when equal weights and clips give other labels: labels of another format are not taken up."""


def relabel_once(
    pool: pd.DataFrame, fitted: FittedRegressor, file: Path, *, store: ClipStore, reference_fps: float
) -> pd.DataFrame:
    """Labels as of :func:`~infomotion_lib.regressor.labels.relabel`, kept in ``file``; those that an earlier
    call has left there, by equal weights off equal clips, are taken up.
    """
    identity = _identity(pool, fitted, store=store, reference_fps=reference_fps)
    if file.is_file() and (kept := read_json(file))["identity"] == identity:
        return pd.DataFrame(kept["labels"])
    labels = relabel(pool, fitted, store=store, reference_fps=reference_fps)
    write_json({"identity": identity, "labels": labels.to_dict("list")}, file, compact=True)
    return labels


def _identity(pool: pd.DataFrame, fitted: FittedRegressor, *, store: ClipStore, reference_fps: float) -> str:
    """What must be equal for labels to be taken up: weights and constants of the network, clips, rates."""
    digest = hashlib.sha256()
    for value in fitted.network.state_dict().values():
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    constants = [
        repr(getattr(fitted, part.name)) for part in fields(fitted) if part.name not in ("network", "record")
    ]
    names = pool["file_name"].tolist()
    clips = [(name, store.keys[name]) for name in names]
    requested = pool["requested_ef"].tolist() if "requested_ef" in pool else []
    seen = [FORMAT, constants, clips, requested, pool["fps"].tolist(), reference_fps]
    digest.update(json.dumps(seen).encode())
    return digest.hexdigest()
