"""Files that appear whole or not at all, and the run card that says where each came from."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from infomotion_lib import arithmetic, machine
from infomotion_lib.errors import StageError
from infomotion_lib.files import SUMS
from infomotion_lib.paths import PROJECT
from infomotion_lib.stage_table import RUN_CARD

UNFINISHED = ".unfinished."
"""Begins the name of a file that is being written; one that lies there later was left by a killed process."""

RECORDED_PACKAGES = (
    "infomotion",
    "av",
    "diffusers",
    "faiss-cpu",
    "infomap",
    "joblib",
    "lightning-fabric",
    "monai",
    "nibabel",
    "numpy",
    "opencv-python-headless",
    "openvino",
    "pandas",
    "pillow",
    "pydicom",
    "safetensors",
    "scikit-learn",
    "scipy",
    "threadpoolctl",
    "torch",
    "torchmetrics",
    "torchvision",
)
"""Packages that can decide a result; run cards state the version of each that is installed."""

WHERE_AND_HOW_FAST = frozenset(
    {"profile", "runs_dir", "data_root", "workers", "stages_at_once", "grid_jobs", "shards", "allow_losses"}
)
"""Parameters that say where files lie, who computes, or whether to go on: no result depends on them."""


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Temporary path beside ``path``; renamed onto it if the block succeeds, removed if it fails."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f"{UNFINISHED}{target.stem}.", suffix=target.suffix, dir=target.parent
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_csv(table: pd.DataFrame, path: str | Path) -> Path:
    """Path of the table written whole, without its index, floats at 9 significant digits."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.9g", lineterminator="\n")
    return Path(path)


def write_json(value: Any, path: str | Path, *, compact: bool = False) -> Path:
    """Path of the JSON written whole, keys in the order given; ``compact``: all on one line."""
    layout: dict[str, Any] = {"separators": (",", ":")} if compact else {"indent": 2}
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(value, **layout, default=_jsonable) + "\n", encoding="utf-8")
    return Path(path)


def write_npz(path: str | Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """Path of the arrays, by name, written whole as an uncompressed ``.npz`` (equal arrays, equal bytes)."""
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]  # numpy's stub types the keyword allow_pickle only
    return Path(path)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Folder to fill; it takes the place of ``target``, new or empty, with the hash of every file in
    ``SHA256SUMS``, if the block succeeds, and is removed if it fails.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as workplace:
        made = Path(workplace) / target.name
        made.mkdir()
        yield made
        files = sorted(path for path in made.rglob("*") if path.is_file())
        sums = [f"{sha256(path)}  {path.relative_to(made).as_posix()}\n" for path in files]
        (made / SUMS).write_text("".join(sums), encoding="utf-8")
        if target.exists():
            target.rmdir()
        made.rename(target)


def sha256(path: str | Path) -> str:
    """Hexadecimal SHA-256 of one file."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def git_state() -> dict[str, Any]:
    """Commit of the source checkout and whether tracked files differ from it; ``None`` where git does not
    track this project.

    A downloaded archive may lie inside somebody's own repository: its commit says nothing about this code.
    """

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True
        ).stdout

    try:
        git("ls-files", "--error-unmatch", "pyproject.toml")
        return {
            "commit": git("rev-parse", "HEAD").strip(),
            "dirty": bool(git("status", "--porcelain", "-uno").strip()),
        }
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "dirty": None}


def graphics_card(device: str) -> str:
    """Name of the GPU behind a torch device such as ``"cuda"``; empty for any other device."""
    if not device.startswith("cuda"):
        return ""
    import torch

    return torch.cuda.get_device_name(device)


@dataclass
class StageRun:
    """One stage in progress: call :meth:`finish` when its outputs are written.

    Attributes
    ----------
    stage : str
        Name of the stage, such as ``"frame_index"``.
    folder : Path
        Where the stage writes.
    parameters : dict
        The validated parameters of this run.
    inputs : dict of str to str
        SHA-256 of each input file.
    notes : dict
        What the card says besides; ``called`` names each data set as the cards of the stages read do.
    """

    stage: str
    folder: Path
    parameters: dict[str, Any]
    inputs: dict[str, str]
    device: str = "cpu"
    notes: dict[str, Any] = field(default_factory=dict)
    _started: float = field(default_factory=time.time)

    @property
    def data(self) -> str:
        """What the videos of the real source are called, such as ``phantom``; empty where nobody has said."""
        return str(self.notes.get("called", {}).get(self.parameters.get("real_data"), ""))

    @property
    def every_data(self) -> str:
        """The same of all sources, such as ``phantom and EF-conditioned phantoms``."""
        return " and ".join(dict.fromkeys(self.notes.get("called", {}).values()))

    def finish(self, outputs: Iterable[str | Path]) -> Path:
        """Path of ``run_card.json``, written last: a folder that has one holds a complete stage.

        Raises
        ------
        StageError
            If a declared output does not exist.
        """
        files = [Path(output) for output in outputs]
        missing = [str(file) for file in files if not file.is_file()]
        if missing:
            raise StageError(f"Stage {self.stage} did not write: {', '.join(missing)}")
        card = {
            "stage": self.stage,
            "started_utc": datetime.fromtimestamp(self._started, UTC).isoformat(timespec="seconds"),
            "wall_seconds": round(time.time() - self._started, 1),
            "git": git_state(),
            "parameters": self.parameters,
            "inputs": self.inputs,
            "outputs": {shown_path(file): sha256(file) for file in files},
            "device": self.device,
            "machine": machine.describe(graphics_card(self.device)),
            "arithmetic": arithmetic.state(self.parameters.get("arithmetic", "native")),
            "python": platform.python_version(),
            "packages": _versions(),
            "notes": self.notes,
        }
        return write_json(card, self.folder / RUN_CARD)


def start_stage(
    stage: str,
    folder: str | Path,
    *,
    parameters: Mapping[str, Any],
    inputs: Iterable[str | Path] = (),
    device: str = "cpu",
) -> StageRun:
    """Stage in progress, its clock running, its input files hashed and any old run card removed.

    Raises
    ------
    StageError
        If an input is missing; the message names the stage to run first.
    """
    root = Path(folder)
    files = [Path(item) for item in inputs]
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise StageError(
            f"Stage {stage} needs files that are not there.",
            where="Looked for: " + ", ".join(missing),
            remedy=(
                "Run the stages before it first: `infomotion run all --profile <name>` or `make reproduce`."
            ),
        )
    root.mkdir(parents=True, exist_ok=True)
    (root / RUN_CARD).unlink(missing_ok=True)
    hashes = {shown_path(file): sha256(file) for file in files}
    notes = {"called": called} if (called := _called(files)) else {}
    return StageRun(stage, root, _portable(parameters), hashes, device, notes)


def _called(files: Iterable[Path]) -> dict[str, str]:
    """What the videos of each data set are called, by the run cards beside some files; that of the data stage
    stands over all others.
    """
    cards = [read_json(card) for card in {file.parent / RUN_CARD for file in files} if card.is_file()]
    called: dict[str, str] = {}
    for card in sorted(cards, key=lambda card: (card.get("stage") == "data", str(card.get("stage")))):
        called |= card.get("notes", {}).get("called", {})
    return called


def read_run_card(folder: str | Path) -> dict[str, Any]:
    """Content of a finished stage's run card.

    Raises
    ------
    StageError
        If the folder has none: the stage has not finished. Or if it is damaged.
    """
    path = Path(folder) / RUN_CARD
    if not path.is_file():
        raise StageError(
            f"No finished stage in {folder}", where=f"Looked for: {path}", remedy="Run the stage first."
        )
    card = read_json(path)
    missing = [key for key in ("stage", "git", "parameters", "inputs", "outputs") if key not in card]
    if missing:
        raise StageError(
            f"{path} is no run card: it does not state {', '.join(missing)}.", remedy="Run the stage again."
        )
    return card


def read_json(path: str | Path) -> dict[str, Any]:
    """Content of a JSON file that this project wrote.

    Raises
    ------
    StageError
        If it holds no JSON object: somebody has edited or damaged it.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:  # no JSON, or no text
        content = None
    if not isinstance(content, dict):
        raise StageError(
            f"{path} is damaged: it holds no JSON object.",
            remedy="Restore it, or delete it and run the stage again.",
        )
    return content


def shown_path(path: str | Path) -> str:
    """Path as run cards and pages show it: from the project root, or its last two parts where it lies
    elsewhere.
    """
    absolute = Path(path).resolve()
    return (
        absolute.relative_to(PROJECT).as_posix()
        if absolute.is_relative_to(PROJECT)
        else Path(*absolute.parts[-2:]).as_posix()
    )


def _portable(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without the folders of this machine: run cards are published."""
    return {name: shown_path(value) if _is_folder(value) else value for name, value in parameters.items()}


def _is_folder(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("/", "~"))


def _versions() -> dict[str, str]:
    installed = {}
    for package in RECORDED_PACKAGES:
        try:
            installed[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return installed


def _jsonable(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
