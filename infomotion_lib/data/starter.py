"""The files that ship with the project, each with its SHA-256 in ``data_manifests/starter/manifest.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infomotion_lib.errors import DataError
from infomotion_lib.paths import MANIFESTS
from infomotion_lib.provenance import read_json, sha256

STARTER = MANIFESTS / "starter"
MANIFEST = STARTER / "manifest.json"
RUN, LATTE, POOLS = "run", "latte", "pools.npz"


def files() -> dict[str, dict[str, Any]]:
    """What ships, by its path in the folder: ``sha256``, ``bytes``, ``made_by`` and ``from``."""
    found: dict[str, dict[str, Any]] = read_json(MANIFEST)["files"]
    return found


def checked(name: str) -> Path:
    """Path of one file that ships, its hash compared with the manifest's.

    Raises
    ------
    DataError
        If it is missing, or not the file that the manifest describes.
    """
    path = STARTER / name
    if not path.is_file() or sha256(path) != files()[name]["sha256"]:
        raise DataError(
            f"{name} is not the file that ships with this project.",
            where=f"Looked for: {path}",
            remedy="Restore it: git checkout -- data_manifests/starter",
        )
    return path
