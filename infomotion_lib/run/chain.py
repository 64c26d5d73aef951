"""The chain of run cards of one run: what each stage read and wrote, and whether every link still holds."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from infomotion_lib.data.sources import SOURCES
from infomotion_lib.errors import DataError, StageError
from infomotion_lib.frozen import FROZEN_FILES
from infomotion_lib.parameters import STAGES, read_profile, stage_parameters, stages_of_run
from infomotion_lib.paths import RunPaths, data_root
from infomotion_lib.provenance import read_run_card, sha256
from infomotion_lib.run.code import code_of
from infomotion_lib.run.fingerprint import record_of, science
from infomotion_lib.stage_table import RUN_CARD, TABLE, folders

State = Literal["verified", "edited", "missing", "stale", "left out"]
"""Of one file: as recorded, changed since, gone, made anew since it was read, or never frozen."""

_CODE = {
    "science": "the code that decides its results",
    "figures": "the code that draws its figures",
    "notebook": "its notebook",
}


@dataclass(frozen=True)
class Link:
    """One file that a run card names.

    Attributes
    ----------
    name : str
        The file, from the folder of the run.
    path : Path
        Where it lies, or should.
    recorded : str
        SHA-256 on the card.
    state : State
        What became of it.
    maker : str
        Stage that wrote it; empty for the reader's own data.
    why : str
        What is wrong, in words; empty where nothing is.
    """

    name: str
    path: Path
    recorded: str
    state: State
    maker: str
    why: str = ""


@dataclass(frozen=True)
class Step:
    """One finished stage in the chain.

    Attributes
    ----------
    name : str
        Stage.
    folder : Path
        Its folder.
    card : dict
        Its run card.
    inputs, outputs : tuple of Link
        Files it read and wrote, its figures and executed notebook included.
    changes : tuple of str
        What has changed since it ran: code, parameters, a stage before it. Frozen results are what they are:
        code counts for none.
    unknown : str
        Why the code behind it is not held against today's, or how it differs; empty where it is held and the
        same.
    """

    name: str
    folder: Path
    card: dict[str, Any] = field(repr=False)
    inputs: tuple[Link, ...]
    outputs: tuple[Link, ...]
    changes: tuple[str, ...]
    unknown: str = ""

    @property
    def is_stale(self) -> bool:
        """Whether running it again could give another result."""
        return bool(self.changes) or any(link.state == "stale" for link in self.inputs)


class Chain:
    """Every finished stage of a run, fresh under ``runs/`` or frozen in the book, each file hashed at most
    once.

    Parameters
    ----------
    root : Path
        Folder of the run: it holds ``data/``, ``01_frame_index/`` and so on.
    profile : mapping, optional
        Values of its profile, for a run whose stages were run one by one: run cards hold no whole path.

    Raises
    ------
    StageError
        If no stage has finished there.
    """

    def __init__(self, root: Path, profile: Mapping[str, Any] | None = None) -> None:
        self.root = root
        self._profile = dict(profile or {})
        self.is_frozen = (root / FROZEN_FILES).is_file()
        self.cards = {
            name: read_run_card(root / folder)
            for name, folder in folders().items()
            if (root / folder / RUN_CARD).is_file()
        }
        self._hashes: dict[Path, str] = {}
        if not self.cards:
            remedy = "Give the profile of a run: `infomotion run all --profile NAME` makes one."
            raise StageError(
                f"No finished stage in {root}", where=f"Looked for: {root}/*/{RUN_CARD}", remedy=remedy
            )

    @property
    def unfinished(self) -> list[str]:
        """Stages without a run card; what was frozen is frozen, whatever stages there are today."""
        return [] if self.is_frozen else [name for name in self._wanted if name not in self.cards]

    @cached_property
    def _wanted(self) -> list[str]:
        """Stages of this run: of the pools, those that the last whole run asked for, or that are there."""
        if self._resolved:
            return stages_of_run(self._resolved)
        return [name for name, stage in TABLE.items() if not stage.generator or name in self.cards]

    @cached_property
    def steps(self) -> dict[str, Step]:
        """Finished stages by name, in the order of the walk."""
        steps: dict[str, Step] = {}
        for name, card in self.cards.items():
            outputs = tuple(self._output(name, shown, value) for shown, value in card["outputs"].items())
            drawn = {**card.get("figures", {}), **({} if self.is_frozen else card.get("executed", {}))}
            outputs += tuple(self._output(name, shown, value) for shown, value in drawn.items())
            inputs = tuple(self._input(shown, value) for shown, value in card["inputs"].items())
            code, unknown = self._code(name, card)
            before = [
                f"{TABLE[need].label}, which it reads, is stale"
                for need in TABLE[name].needs
                if need in steps and steps[need].is_stale
            ]
            steps[name] = Step(
                name,
                self.root / folders()[name],
                card,
                inputs,
                outputs,
                (*code, *self._parameters(name), *before),
                unknown,
            )
        return steps

    def above(self, stage: str) -> list[Step]:
        """The stage and all that it rests on, itself first."""
        wanted = {stage}
        for name in reversed(list(TABLE)):
            if name in wanted:
                wanted |= {need for need in TABLE[name].needs if need in self.cards}
        return [self.steps[name] for name in reversed(list(TABLE)) if name in wanted and name in self.cards]

    def hash(self, path: Path) -> str:
        """SHA-256 of a file; empty where there is none."""
        if path not in self._hashes:
            self._hashes[path] = sha256(path) if path.is_file() else ""
        return self._hashes[path]

    def _output(self, stage: str, shown: str, recorded: str) -> Link:
        path, name = self._place(stage, shown)
        now = self.hash(path)
        if now == recorded:
            return Link(name, path, recorded, "verified", stage)
        if not now and self.is_frozen:
            return Link(name, path, recorded, "left out", stage)
        if not now:
            return Link(name, path, recorded, "missing", stage, f"{path} is not there")
        return Link(
            name,
            path,
            recorded,
            "edited",
            stage,
            f"its run card says {recorded[:12]}, the file is {now[:12]}",
        )

    def _input(self, shown: str, recorded: str) -> Link:
        """What a stage read, against what the stage that made it says it wrote."""
        places = {stage: _within(folder, shown) for stage, folder in folders().items()}
        maker = next((stage for stage, inside in places.items() if inside), "")
        if maker not in self.cards:
            path = self.root / PurePosixPath(shown).name
            return Link(
                shown,
                path,
                recorded,
                "missing",
                maker,
                f"{maker or 'the stage'} that made it has no run card",
            )
        link = next(
            (link for link in self._promised(maker) if link.name == f"{folders()[maker]}/{places[maker]}"),
            None,
        )
        if link is None:
            return Link(
                shown,
                self.root,
                recorded,
                "missing",
                maker,
                f"the run card of {TABLE[maker].label} does not name it",
            )
        if link.recorded == recorded:
            return link
        if self.hash(link.path) == recorded:
            return Link(
                link.name,
                link.path,
                recorded,
                "edited",
                maker,
                f"read as it lies there, but {TABLE[maker].label} wrote another",
            )
        return Link(
            link.name, link.path, recorded, "stale", maker, f"{TABLE[maker].label} has made it anew since"
        )

    def _promised(self, stage: str) -> list[Link]:
        return [self._output(stage, shown, value) for shown, value in self.cards[stage]["outputs"].items()]

    def _place(self, stage: str, shown: str) -> tuple[Path, str]:
        """Where a file on a card lies, and its name from the folder of the run."""
        folder = folders()[stage]
        inside = PurePosixPath(_within(folder, shown) or shown)
        places = [
            self.root / folder / inside,
            *(place / inside.parent.name / inside.name for place in self._reader_data if stage == "data"),
        ]
        return next((place for place in places if place.exists()), places[0]), f"{folder}/{inside}"

    @cached_property
    def _reader_data(self) -> list[Path]:
        """Folders above the reader's own copies of data sets, which lie outside the run."""
        try:
            root = data_root(self.path_of("data_root"))
        except DataError:
            return []
        outside = [root / source.folder for source in SOURCES.values() if source.unpacked]
        return [] if self.is_frozen else [root, *outside]

    def path_of(self, parameter: str) -> str:
        """Whole path that a parameter names; empty where it names none."""
        return str((self._resolved or self._profile).get(parameter, ""))

    @cached_property
    def _resolved(self) -> dict[str, Any]:
        """Values of the last whole run; none where stages were run one by one."""
        file = RunPaths(self.root.name, self.root).resolved
        return read_profile(str(file)) if file.is_file() else {}

    def _code(self, stage: str, card: dict[str, Any]) -> tuple[list[str], str]:
        recorded = card.get("code")
        if not recorded:
            return [], "not on the card"
        if str(card["python"]).split(".")[:2] != platform.python_version().split(".")[:2]:
            return [], f"hashed by Python {card['python']}, another than this one"
        now = code_of(TABLE[stage], card.get("parameters", {}))
        changed = [kind for kind in _CODE if recorded[kind] != now[kind]]
        if self.is_frozen:
            commit = str(card["git"]["commit"] or "unknown")[:7]
            return (
                [],
                f"of commit {commit}; since then {' and '.join(_CODE[kind] for kind in changed)} changed"
                if changed
                else "",
            )
        return [f"{_CODE[kind]} has changed" for kind in changed], ""

    def _parameters(self, stage: str) -> list[str]:
        """Parameters of the last whole run that this stage was not run with."""
        record = record_of(self.root / folders()[stage])
        if not record or not self._resolved:
            return []
        wanted = science(stage_parameters(stage, self._resolved))
        used = record["parameters"]
        names = [
            name for name in STAGES[stage].model_fields if name in wanted and used.get(name) != wanted[name]
        ]
        return [
            f"{name} was {used.get(name)!r}, the last whole run asks for {wanted[name]!r}" for name in names
        ]


def _within(folder: str, shown: str) -> str:
    """Path of a file from the folder of a stage, as a card names it; empty if it lies elsewhere.

    A card names a file by its whole path from the project, or by its last two parts where the run lies
    outside.

    >>> _within("05_generators/latte", "runs/phantom/05_generators/latte/manifest.csv")
    'manifest.csv'
    >>> _within("05_generators/latte", "latte/manifest.csv")
    'manifest.csv'
    """
    for name in (folder, PurePosixPath(folder).name if shown.count("/") == 1 else folder):
        _, mark, rest = f"/{shown}".rpartition(f"/{name}/")
        if mark:
            return rest
    return ""
