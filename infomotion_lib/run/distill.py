"""An author's own videos in, a distilled set out: intake, stages up to the selection, the chosen clips."""

from __future__ import annotations

import math
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from infomotion_lib.classes import CLASS_NAMES, class_name
from infomotion_lib.data.own.intake import REPORT, Intake, IntakeRequest, take_in
from infomotion_lib.data.records import Dataset
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.data.video import read_frames
from infomotion_lib.data.videos import open_sources
from infomotion_lib.errors import DataError, ParameterError
from infomotion_lib.files import FILE_LIST, SUMS, VIDEOS
from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import atomic, read_json, sha256, write_csv, write_json
from infomotion_lib.run.workflow import parameters_of, run_all
from infomotion_lib.selection.registry import SELECTORS

SOURCE = "own"
LAST_STAGE = "graph_selection"
PROFILE, REQUEST, SELECTION, CARD = "profile.yml", "request.json", "selection.csv", "README.md"
GRAPHS, SHEET = "graphs.svg", "chosen_hearts.webp"
"""Pictures that go with the result: the graph of each class, and every chosen heart at ED and ES."""


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
        Videos per EF class.
    name : str
        What the data set is called on the card.
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
    parameters_of(values)  # refuses what is wrong before the videos are read
    _claim(request, resume=resume)
    intake = take_in(request.intake, request.work / "data" / SOURCES[SOURCE].folder)
    for what, understood in intake.facts.items():
        say(f"{what}: {understood}")
    say(f"every video and what became of it: {intake.root / REPORT}")
    _say_shortfalls(intake, request, say)
    profile = request.work / PROFILE
    with atomic(profile) as temporary:
        temporary.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), encoding="utf-8")
    paths = run_all(str(profile), until=LAST_STAGE, say=say)
    made = _export(request, paths, intake, seconds=time.monotonic() - began)
    chosen = len(pd.read_csv(made / FILE_LIST))
    say(f"{chosen} videos, their EF, why each was chosen, a card, pictures: {made}")
    say(f"To go on (evaluation, other settings): infomotion run all --profile {profile}")
    return made


def _profile(request: DistillRequest) -> dict[str, Any]:
    """Values of the profile that is written for this data set."""
    slug = re.sub(r"[^\w.-]+", "-", request.out.name).strip(".-") or "distilled"
    own = {
        "profile": slug,
        "runs_dir": str((request.work / "runs").resolve()),
        "data_root": str((request.work / "data").resolve()),
        "workers": request.intake.workers,
        "methods": [request.method],
        "vpc": [request.vpc],
    }
    return {**read_profile(SOURCE), **own, **request.overrides}


def _claim(request: DistillRequest, *, resume: bool) -> None:
    """Take the two folders, or refuse them."""
    if request.out.exists() and (not request.out.is_dir() or any(request.out.iterdir())):
        raise ParameterError(
            f"The folder of the result holds something already: {request.out}",
            remedy="Choose another --out, or remove it.",
        )
    record = request.work / REQUEST
    asked = {
        **{
            name: str(value) if isinstance(value, Path) else value
            for name, value in asdict(request.intake).items()
        },
        "folder": str(request.intake.folder.resolve()),
        "labels": str(request.intake.labels.resolve()),
    }
    asked = {name: value for name, value in asked.items() if name not in ("workers", "allow_losses")}
    if record.is_file() and not resume:
        raise ParameterError(
            f"An earlier call has worked in {request.work}.",
            remedy="Give --resume to go on with it, or choose another --out.",
        )
    if record.is_file() and read_json(record) != asked:
        raise ParameterError(
            f"The work in {request.work} was begun with another folder, list, column, size or seed.",
            where=f"As it was asked for: {record}",
            remedy="Give the same again, or choose another --out.",
        )
    request.work.mkdir(parents=True, exist_ok=True)
    write_json(asked, record)


def _say_shortfalls(intake: Intake, request: DistillRequest, say: Callable[[str], None]) -> None:
    train = intake.taken[intake.taken["split"] == "TRAIN"]
    if train.empty:
        raise DataError("No video is in TRAIN, so none can be selected.")
    counts = pd.Series(class_name(train["ef"].to_numpy(dtype=float))).value_counts()
    short = [f"{name} {counts.get(name, 0)}" for name in CLASS_NAMES if counts.get(name, 0) < request.vpc]
    say(f"TRAIN by EF class: {', '.join(f'{name} {counts.get(name, 0)}' for name in CLASS_NAMES)}")
    if short:
        say(f"Fewer than {request.vpc} videos to choose from: {', '.join(short)}")


def _export(request: DistillRequest, paths: RunPaths, intake: Intake, *, seconds: float) -> Path:
    """The result, written whole."""
    parameters = stage_parameters("data", read_profile(str(request.work / PROFILE)))
    dataset = open_sources(parameters, paths)["real"]
    picks = pd.read_csv(paths.selections, keep_default_na=False, dtype={"file_name": str})
    picks = picks[picks["selection_seed"] == 0].reset_index(drop=True)
    report = intake.taken.set_index("file_name")
    selection = _selection_table(picks, paths, report)
    request.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{request.out.name}.", dir=request.out.parent) as workplace:
        made = Path(workplace) / request.out.name
        (made / VIDEOS).mkdir(parents=True)
        videos = dataset.videos.set_index("file_name")
        for name in selection["file_name"]:
            shutil.copyfile(str(videos.loc[name, "path"]), made / VIDEOS / f"{name}.avi")
        write_csv(_file_list(selection, videos), made / FILE_LIST)
        write_csv(selection, made / SELECTION)
        _draw_sheet(request, selection, videos, paths, made / SHEET)
        if (graphs := paths.stage(LAST_STAGE) / "figures" / "communities.svg").is_file():
            shutil.copyfile(graphs, made / GRAPHS)
        (made / CARD).write_text(_card(request, intake, dataset, selection, seconds), encoding="utf-8")
        files = sorted(path for path in made.rglob("*") if path.is_file())
        sums = [f"{sha256(path)}  {path.relative_to(made).as_posix()}\n" for path in files]
        (made / SUMS).write_text("".join(sums), encoding="utf-8")
        if request.out.exists():
            request.out.rmdir()
        made.rename(request.out)
    return request.out


def _selection_table(picks: pd.DataFrame, paths: RunPaths, report: pd.DataFrame) -> pd.DataFrame:
    """A row per chosen video: ``file_name``, ``original``, ``ef``, ``class_name``, ``community``, ``rank``,
    ``score``, ``why``.
    """
    communities = pd.read_csv(paths.stage(LAST_STAGE) / "communities.csv", keep_default_na=False)
    index = read_frame_index(paths.frame_index).set_index("file_name")
    rows = []
    for row in picks.to_dict("records"):
        spec = SELECTORS[row["method"]]
        graph = communities[
            (communities["feature"] == spec.feature) & (communities["class_name"] == row["class_name"])
        ]
        same = graph[graph["community"] == row["community"]] if spec.graph else graph[:0]
        why = spec.summary
        if len(same):
            why = (
                f"rank {row['rank']} of class {row['class_name']}: community {row['community']} holds"
                f" {len(same)} of its {len(graph)} videos; modular centrality {float(row['score']):.4g}"
            )
        name = row["file_name"]
        rows.append(
            {
                "file_name": name,
                "original": report.loc[name, "file"],
                "ef": float(index.loc[name, "ef"]),
                "class_name": row["class_name"],
                "community": row["community"],
                "rank": row["rank"],
                "score": row["score"],
                "graph_flag": row["graph_flag"],
                "why": why,
            }
        )
    return pd.DataFrame(rows)


def _draw_sheet(
    request: DistillRequest, selection: pd.DataFrame, videos: pd.DataFrame, paths: RunPaths, file: Path
) -> None:
    """Write the sheet of every chosen heart at ED and ES."""
    from infomotion_lib.reporting.figures.contact_sheet import contact_sheet, short_name
    from infomotion_lib.reporting.style import save_figure, use_style

    use_style()
    index = read_frame_index(paths.frame_index).set_index("file_name")
    pairs = []
    for name in selection["file_name"]:
        phases = index.loc[name, ["ed", "es"]].to_numpy(dtype=float)
        frames = [0 if math.isnan(frame) else int(frame) for frame in phases]
        pairs.append(read_frames(str(videos.loc[name, "path"]), frames))
    captions = [
        f"{short_name(name)} · EF {ef:.0f} %"
        for name, ef in zip(selection["file_name"], selection["ef"], strict=True)
    ]
    title = f"{len(selection)} videos of {request.name or 'the data set'}: ED and ES of each"
    figure = contact_sheet(pairs, selection["class_name"].tolist(), captions=captions, title=title)
    alt = f"End-diastole and end-systole of the {len(selection)} chosen videos, by EF class and rank."
    save_figure(figure, file, alt=alt)


def _file_list(selection: pd.DataFrame, videos: pd.DataFrame) -> pd.DataFrame:
    rows = videos.loc[list(selection["file_name"])]
    return pd.DataFrame(
        {
            "FileName": selection["file_name"].to_numpy(),
            "EF": selection["ef"].to_numpy(),
            "FrameHeight": rows["height"].to_numpy(),
            "FrameWidth": rows["width"].to_numpy(),
            "FPS": rows["fps"].to_numpy(),
            "NumberOfFrames": rows["n_frames"].to_numpy(),
            "Split": "TRAIN",
        }
    )


def _card(
    request: DistillRequest, intake: Intake, dataset: Dataset, selection: pd.DataFrame, seconds: float
) -> str:
    """What the folder holds, how it was made, what it can and cannot be used for."""
    counts = selection["class_name"].value_counts()
    train = int((intake.taken["split"] == "TRAIN").sum())
    flags = sorted(set(selection["graph_flag"]) - {""})
    lines = [
        f"# {len(selection)} videos of {request.name or 'an unnamed data set'}, selected for training",
        "",
        "| | |",
        "|---|---|",
        f"| selected from | {train} TRAIN videos of {len(dataset.videos)} |",
        f"| by | {SELECTORS[request.method].label}, {request.vpc} videos per EF class |",
        f"| graph health | {', '.join(flags) or 'no graph'} |",
        *(f"| {name} | {int(counts.get(name, 0))} videos |" for name in CLASS_NAMES),
        *(f"| {what} | {understood} |" for what, understood in intake.facts.items()),
        f"| made in | {seconds:.0f} s |",
        "",
        "`FileList.csv` and `Videos/` are laid out as in EchoNet-Dynamic, all TRAIN. `selection.csv` says of"
        " each video which file it was, its community, rank, score and why it was chosen. `SHA256SUMS` holds"
        " the hash of every file.",
        "",
        "## What it is not",
        "",
        "A set for training only: no VAL or TEST video is in it, and it is no fair sample of patients."
        " Whether a selected set teaches more than a random one of its size depends on the data: compare them"
        " before you rely on it. ED and ES were detected in the videos, not traced.",
        "",
        "## Terms",
        "",
        "The videos belong to whoever gave them. Nothing here says that they may be passed on.",
        "",
    ]
    if {"collapsed", "shattered"} & set(flags):
        lines.insert(-4, "At least one class graph was not healthy: see `graph health` above.\n")
    return "\n".join(lines)
