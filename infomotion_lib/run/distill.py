"""An author's own videos in, a distilled set out: intake, stages up to the selection, the chosen clips."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from infomotion_lib.classes import CLASS_NAMES, Classes, class_name
from infomotion_lib.data.look import ODDITIES, odd_videos
from infomotion_lib.data.own.description import Description, describe_folder, description_of
from infomotion_lib.data.own.intake import Intake, IntakeRequest, take_in
from infomotion_lib.data.own.writing import REPORT
from infomotion_lib.data.records import read_dataset
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.data.videos import open_sources
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.files import FILE_LIST
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.provenance import atomic, read_json, write_csv, write_json
from infomotion_lib.representations.registry import PAPER
from infomotion_lib.run.distilled import LAST_STAGE, Distilled, write_distilled
from infomotion_lib.run.prepare import parameters_of
from infomotion_lib.run.unlabelled import learning_from_ef, require_labels
from infomotion_lib.run.workflow import run_all

SOURCE = "own"
PROFILE, REQUEST, ODD_VIDEOS = "profile.yml", "request.json", "odd_videos.csv"
FIRST = 3
"""Names shown of the videos that look wrong in one way."""


@dataclass(frozen=True)
class DistillRequest:
    """What to distil, and how.

    Attributes
    ----------
    intake : IntakeRequest
        The folder, the list and how to read them.
    out : Path
        Folder of the result; what it was made from lies beside it, in ``<out>-work``.
    vpc : int
        Videos per EF class; in all where the intake looks at no EF.
    name : str
        What the data set is called; by default as it is described beside the videos.
    method : str
        Selector.
    overrides : mapping
        Parameters that differ from the profile ``own``.
    """

    intake: IntakeRequest
    out: Path
    vpc: int
    name: str = ""
    method: str = "infomotion"
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        """Folder of the converted videos, the run and its profile."""
        return self.out.with_name(f"{self.out.name}-work")


def distill(request: DistillRequest, *, resume: bool = False, say: Callable[[str], None] = print) -> Path:
    """Folder of the chosen clips in EchoNet's layout, with ``selection.csv``, a card and pictures.

    Parameters
    ----------
    request : DistillRequest
        What to distil.
    resume : bool
        Go on with an interrupted call, or a finished one whose result was removed.
    say : callable
        Takes each line meant for the reader.

    Raises
    ------
    DataError
        If the list, the folder or its videos cannot be used; nothing has been trained then.
    ParameterError
        If the result's folder holds something, or a parameter is wrong; nothing has been written then.
    StageError
        If a stage failed.
    """
    began = time.monotonic()
    values = _profile(request)
    require_labels(values, last=LAST_STAGE)
    parameters_of(values)  # refuses what is wrong before the videos are read
    _refuse_taken(request, resume=resume)
    intake = take_in(request.intake, request.work / "data" / SOURCES[SOURCE].folder)
    write_json(_asked(request.intake), request.work / REQUEST)
    description = _described(request, intake.root)
    for what, understood in intake.facts.items():
        say(f"{what}: {understood}")
    say(f"every video and what became of it: {intake.root / REPORT}")
    _say_shortfalls(intake, request, say)
    say_oddities(intake.root, say, classes=request.intake.classes, workers=request.intake.workers)
    profile = request.work / PROFILE
    with atomic(profile) as temporary:
        temporary.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), encoding="utf-8")
    paths = run_all(str(profile), until=LAST_STAGE, say=say)
    parameters = stage_parameters("data", read_profile(str(profile)))
    result = Distilled(
        name=description.name if description else "",
        method=request.method,
        vpc=request.vpc,
        intake=intake,
        dataset=open_sources(parameters, paths)["real"],
        run=paths,
    )
    made = write_distilled(result, request.out, seconds=time.monotonic() - began)
    chosen = len(pd.read_csv(made / FILE_LIST))
    labelled = request.intake.classes == "ef"
    say(f"{chosen} videos,{' their EF,' if labelled else ''} why each was chosen, a card, pictures: {made}")
    if labelled:
        say(f"To go on (evaluation, other settings): infomotion run all --until 04 --profile {profile}")
    else:
        say("To go on: write the EF of the chosen videos into a list, and train on them.")
    return made


def _profile(request: DistillRequest) -> dict[str, Any]:
    """Values of the profile that is written for this data set."""
    slug = re.sub(r"[^\w.-]+", "-", request.out.name).strip(".-") or "distilled"
    own = {
        "profile": slug,
        "runs_dir": str((request.work / "runs").resolve()),
        "data_root": str((request.work / "data").resolve()),
        "workers": request.intake.workers,
        "classes": request.intake.classes,
        "methods": [request.method],
        "vpc": [request.vpc],
    }
    if clash := sorted(own.keys() & request.overrides.keys()):
        raise ParameterError(
            f"The command sets the parameter {clash[0]} itself.",
            remedy="Use its options (--method, --vpc, --workers, --out), or change the profile it writes.",
        )
    fitting = {}
    if request.intake.classes == "none":
        without = set(learning_from_ef(PAPER))
        fitting["representations"] = [name for name in PAPER if name not in without]
    return {**read_profile(SOURCE), **own, **fitting, **request.overrides}


def _described(request: DistillRequest, root: Path) -> Description | None:
    """What is said of the videos, kept beside the data set; None where nothing is."""
    said = description_of(request.intake.folder) or description_of(root)
    if said is not None:
        said = replace(said, name=request.name or said.name)
    elif request.name:
        said = Description(request.name)
    if said is not None:
        describe_folder(root, said)
    return said


def _refuse_taken(request: DistillRequest, *, resume: bool) -> None:
    """Nothing, unless the result's folder holds something, or the work is that of another call."""
    if request.out.exists() and (not request.out.is_dir() or any(request.out.iterdir())):
        raise ParameterError(
            f"The folder of the result holds something already: {request.out}",
            remedy="Choose another --out, or remove it.",
        )
    record = request.work / REQUEST
    if record.is_file() and not resume:
        raise ParameterError(
            f"An earlier call has worked in {request.work}.",
            remedy="Give --resume to go on with it, or choose another --out.",
        )
    if record.is_file() and read_json(record) != _asked(request.intake):
        raise ParameterError(
            f"The work in {request.work} was begun with another folder, list, column, size or seed.",
            where=f"As it was asked for: {record}",
            remedy="Give the same again, or choose another --out.",
        )


def _asked(intake: IntakeRequest) -> dict[str, Any]:
    """What decides the data set, as it is kept beside it."""
    return {
        "folder": str(intake.folder.resolve()),
        "labels": str(intake.labels.resolve()) if intake.labels else "",
        "classes": intake.classes,
        "columns": dict(intake.columns),
        "side": intake.side,
        "masks": [list(box) for box in intake.masks],
        "split_seed": intake.split_seed,
    }


def say_oddities(root: Path, say: Callable[[str], None], *, classes: Classes, workers: int) -> None:
    """Name the videos that can be used and yet look wrong, the same twice above all, and list them all in
    ``odd_videos.csv``.
    """
    odd = odd_videos(read_dataset(root, name=SOURCE, labelled=classes == "ef"), workers=workers)
    file = write_csv(odd, root / ODD_VIDEOS)
    for kind, rows in odd.groupby("kind", sort=False):
        names = ", ".join(rows["file_name"].head(FIRST)) + (" ..." if len(rows) > FIRST else "")
        say(f"{len(rows)} look wrong ({ODDITIES[str(kind)]}): {names}; all: {file}")


def _say_shortfalls(intake: Intake, request: DistillRequest, say: Callable[[str], None]) -> None:
    train = intake.taken[intake.taken["split"] == "TRAIN"]
    if train.empty:
        raise DataError("No video is in TRAIN, so none can be selected.")
    if not (intake.taken["split"] == "VAL").any():
        raise DataError(
            "No video is in VAL, and the motion network is checked on those.",
            remedy="Put some patients into VAL, or leave the split column out: then the videos are split"
            " here.",
        )
    if request.intake.classes == "none":
        say(f"One graph of all {len(train)} TRAIN videos, of which {min(request.vpc, len(train))} are chosen")
        return
    counts = pd.Series(class_name(train["ef"].to_numpy(dtype=float))).value_counts()
    short = [f"{name} {counts.get(name, 0)}" for name in CLASS_NAMES if counts.get(name, 0) < request.vpc]
    say(f"TRAIN by EF class: {', '.join(f'{name} {counts.get(name, 0)}' for name in CLASS_NAMES)}")
    if short:
        say(f"Fewer than {request.vpc} videos to choose from: {', '.join(short)}")
