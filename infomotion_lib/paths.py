"""Where the folders of the project and of a run lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from infomotion_lib import files
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.stage_table import TABLE, Stage

PROJECT = Path(__file__).resolve().parent.parent
"""Root of a source checkout (the package is installed in editable mode)."""

NOTEBOOKS = PROJECT / "notebooks"
PARAMS = NOTEBOOKS / "params"
MANIFESTS = PROJECT / "data_manifests"
BOOK = PROJECT / "book"
RESOLVED = "profile.yml"
PROFILE_NOTE = ".profile_file"
"""In the folder of a run: which profile it is of, a name of ours or the path of a file."""


@dataclass(frozen=True)
class RunPaths:
    """Folders of one profile's run.

    Attributes
    ----------
    profile : str
        Name of the profile.
    root : Path
        ``<runs_dir>/<profile>``.
    moved : tuple of (str, Path)
        Stages whose folder lies elsewhere, as that of a notebook that must not write into a finished run.
    """

    profile: str
    root: Path
    moved: tuple[tuple[str, Path], ...] = ()

    @property
    def data(self) -> Path:
        """Folder of the data sets this run makes or fetches."""
        return self.root / "data"

    @property
    def resolved(self) -> Path:
        """Profile of the last whole run, its overrides laid over it."""
        return self.root / RESOLVED

    @property
    def pins(self) -> Path:
        """Hashes of the lists and videos that the run depends on."""
        return self.data / files.PINS

    @property
    def videos(self) -> Path:
        """Every video of every source."""
        return self.data / files.VIDEO_TABLE

    @property
    def labels(self) -> Path:
        """EF of generated videos by relabelling."""
        return self.stage("labels") / files.LABELS

    @property
    def frame_index(self) -> Path:
        """ED, ES and middle frames of every video."""
        return self.stage("frame_index") / files.FRAME_INDEX

    @property
    def selections(self) -> Path:
        """Which videos every selector chose."""
        return self.stage("graph_selection") / files.SELECTIONS

    @property
    def table1(self) -> Path:
        """A row per cell and metric of Table 1."""
        return self.stage("evaluation") / files.TABLE1

    @property
    def constants(self) -> Path:
        """Scores of answers that look at no video."""
        return self.stage("evaluation") / files.CONSTANTS

    def stage(self, name: str) -> Path:
        """Folder of one stage, such as ``runs/phantom/01_frame_index`` for ``"frame_index"``."""
        return dict(self.moved).get(name, self.root / TABLE[name].folder)


def notebook_of(stage: Stage) -> Path | None:
    """Notebook of a stage; None for the stages that are plain functions."""
    return NOTEBOOKS / f"{stage.notebook or stage.folder}.ipynb" if stage.number else None


def run_paths(profile: str, runs_dir: str | Path = "runs") -> RunPaths:
    """Folders of a profile's run; a relative ``runs_dir`` stands under the project root."""
    base = Path(runs_dir).expanduser()
    return RunPaths(profile, (base if base.is_absolute() else PROJECT / base) / profile)


def is_file_name(profile: str) -> bool:
    """Whether a profile is given as a file, not by the name of one that ships with the project."""
    return profile.lower().endswith((".yml", ".yaml"))


def identity_of(profile: str) -> str:
    """Name of a profile that ships with the project; else the whole path of its file."""
    file = Path(profile).expanduser().resolve() if is_file_name(profile) else PARAMS / profile
    return file.stem if file.parent == PARAMS else str(file)


def require_own(paths: RunPaths, profile: str) -> RunPaths:
    """The folders of a run, if it is of this profile, of a file that has gone since, or of none yet.

    Raises
    ------
    ParameterError
        If it is of another profile of the same name.
    """
    note, now = paths.root / PROFILE_NOTE, identity_of(profile)
    noted = identity_of(note.read_text(encoding="utf-8")) if note.is_file() else now
    gone = is_file_name(noted) and not Path(noted).is_file()
    if noted == now or gone or now == str(paths.resolved.resolve()):
        return paths
    raise ParameterError(
        f"The run {paths.root} belongs to another profile: {noted}",
        where=f"This one: {now}",
        remedy="Give this one another name (profile: NAME in it), or another runs_dir.",
    )


def data_root(configured: str = "") -> Path:
    """Folder that holds the real data sets: ``configured``, else ``$INFOMOTION_DATA``.

    Raises
    ------
    DataError
        If neither is set, or the folder does not exist.
    """
    value = configured or os.environ.get("INFOMOTION_DATA", "")
    remedy = (
        "Set INFOMOTION_DATA (or data_root) to the folder that holds EchoNet-Dynamic/ and EchoNet-Synthetic/."
    )
    if not value:
        raise DataError("No folder of real data is configured.", remedy=remedy)
    root = Path(value).expanduser()
    if not root.is_dir():
        raise DataError(f"The data folder does not exist: {root}", remedy=remedy)
    return root
