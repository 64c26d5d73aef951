"""Real videos that lend their motion, and perhaps their heart, to drawn clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from infomotion_lib.errors import CheckpointError, DataError
from infomotion_lib.generators.mcdm.parameters import Condition
from infomotion_lib.provenance import write_npz
from infomotion_lib.representations.vectors import Vectors

LEAST_SPREAD = 1e-6
"""Numbers of a vector that hardly differ between videos are not blown up by scaling."""


@dataclass(frozen=True)
class Scale:
    """How motion vectors are brought to a token's size.

    Attributes
    ----------
    shift, spread : ndarray, shape (D,), float32
        Taken away, divided by; 0 and 1 where vectors are used as they are.
    """

    shift: NDArray[np.float32] = field(repr=False)
    spread: NDArray[np.float32] = field(repr=False)

    @classmethod
    def of(cls, vectors: NDArray[np.float32], *, standard: bool) -> Scale:
        """Mean and standard deviation of vectors (N, D), or no change."""
        if not standard:
            return cls(np.zeros_like(vectors[0]), np.ones_like(vectors[0]))
        values = vectors.astype(np.float64)
        spread = np.maximum(values.std(axis=0), LEAST_SPREAD)
        return cls(values.mean(axis=0).astype(np.float32), spread.astype(np.float32))

    def __call__(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scaled vectors (N, D)."""
        return (vectors - self.shift) / self.spread


@dataclass(frozen=True)
class Donors:
    """Videos whose motion a network may be told.

    Attributes
    ----------
    names : tuple of str
        ``source/file_name`` of each.
    ef : ndarray, shape (N,)
        Points.
    motion : ndarray, shape (N, D), float32
        Motion vectors as stage 02 wrote them.
    hearts : ndarray, shape (N, 4, S, S), float32, optional
        Latent frame of each, where real hearts are set in motion.
    """

    names: tuple[str, ...] = field(repr=False)
    ef: NDArray[np.float64] = field(repr=False)
    motion: NDArray[np.float32] = field(repr=False)
    hearts: NDArray[np.float32] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"Donors({len(self)} videos, motion of {self.motion.shape[1]} numbers)"

    def row(self, name: str) -> int:
        """Number of the donor of this name.

        Raises
        ------
        DataError
            If there is none.
        """
        rows = {known: row for row, known in enumerate(self.names)}
        if name not in rows:
            raise DataError(f"{name} is none of the {len(self)} videos that lend their motion.")
        return rows[name]


def donor_name(source: str, file_name: str) -> str:
    """Name of a donor, such as ``real/0X1A``; never one that a table would take for a number."""
    return f"{source}/{file_name}"


def with_vectors(names: Sequence[str], vectors: Vectors, *, source: str) -> NDArray[np.int64]:
    """Row of the vector of each video of a source, (N,); -1 where it has none."""
    rows = vectors.rows(source)
    return np.array([rows.get(name, -1) for name in names], dtype=np.int64)


def tokens(
    motion: NDArray[np.float32], ef: NDArray[np.float64], *, scale: Scale, condition: Condition
) -> Tensor:
    """Tokens (N, 1, D) of motion vectors (N, D), or (N, 1, D + 1) with the EF, 0 to 1, before them."""
    told = torch.from_numpy(scale(motion))
    if condition == "ef_motion":
        told = torch.cat([torch.from_numpy((ef / 100).astype(np.float32))[:, None], told], dim=1)
    return told[:, None]


def save_donors(donors: Donors, scale: Scale, path: Path) -> Path:
    """Path of the donors and of the scale of their vectors, written whole."""
    arrays: dict[str, NDArray[np.generic]] = {
        "name": np.array(donors.names, dtype=np.str_),
        "ef": donors.ef,
        "motion": donors.motion,
        "shift": scale.shift,
        "spread": scale.spread,
    }
    return write_npz(path, arrays | ({} if donors.hearts is None else {"hearts": donors.hearts}))


def load_donors(path: Path) -> tuple[Donors, Scale]:
    """What :func:`save_donors` wrote.

    Raises
    ------
    CheckpointError
        If the file is missing or not one of these.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays: Mapping[str, Any] = {name: stored[name] for name in stored.files}
        names = tuple(arrays["name"].tolist())
        donors = Donors(names, arrays["ef"], arrays["motion"], arrays.get("hearts"))
        return donors, Scale(arrays["shift"], arrays["spread"])
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise CheckpointError(
            f"Not a file of donors: {path}", where=f"Reason: {error}", remedy="Run stage 05 again."
        ) from None
