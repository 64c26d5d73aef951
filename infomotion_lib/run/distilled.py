"""What a distilled set is made of: clips, their list, why each was chosen, a card and pictures."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from infomotion_lib.classes import ALL_VIDEOS, CLASS_NAMES
from infomotion_lib.data.manifests import conditions, read_manifest
from infomotion_lib.data.own.intake import Intake
from infomotion_lib.data.records import Dataset
from infomotion_lib.data.tables import read_table
from infomotion_lib.data.video import read_frames
from infomotion_lib.files import FILE_LIST, MANIFEST, VIDEOS
from infomotion_lib.frame_table import read_frame_index
from infomotion_lib.paths import RunPaths
from infomotion_lib.provenance import whole_folder, write_csv, write_json
from infomotion_lib.reporting.figures.contact_sheet import contact_sheet, short_name
from infomotion_lib.reporting.style import ef_words, save_figure, use_style
from infomotion_lib.selection.export import narrowed_manifest
from infomotion_lib.selection.registry import SELECTORS

LAST_STAGE = "graph_selection"
"""Stage whose selection the set is."""

SELECTION, CARD, GRAPHS, SHEET = "selection.csv", "README.md", "graphs.svg", "chosen_hearts.svg"
"""Files of a set besides its list and videos: why each was chosen, the card, the graph of each class, and
every chosen heart at ED and ES.
"""


@dataclass(frozen=True)
class Distilled:
    """A finished selection of an author's own videos.

    Attributes
    ----------
    name : str
        What the data set is called; empty for none.
    method : str
        Selector.
    vpc : int
        Videos per EF class, as asked for; in all where no EF is known.
    intake : Intake
        What was taken in.
    dataset : Dataset
        The same, as the stages read it.
    run : RunPaths
        The run that selected.
    """

    name: str
    method: str
    vpc: int
    intake: Intake = field(repr=False)
    dataset: Dataset = field(repr=False)
    run: RunPaths


def write_distilled(result: Distilled, folder: Path, *, seconds: float) -> Path:
    """Folder of the chosen clips in EchoNet's layout, written whole; new or empty before.

    Parameters
    ----------
    result : Distilled
        What was selected.
    folder : Path
        Where to.
    seconds : float
        What it took, for the card.
    """
    selection = _selection_table(result)
    videos = result.dataset.videos.set_index("file_name")
    listed = read_table(result.intake.root / FILE_LIST).set_index("FileName")
    with whole_folder(folder) as made:
        (made / VIDEOS).mkdir()
        for name in selection["file_name"]:
            shutil.copyfile(str(videos.loc[name, "path"]), made / VIDEOS / f"{name}.avi")
        write_csv(listed.loc[selection["file_name"]].reset_index(), made / FILE_LIST)
        write_csv(selection, made / SELECTION)
        _draw_sheet(result, selection, videos, made / SHEET)
        if (graphs := result.run.stage(LAST_STAGE) / "figures" / "communities.svg").is_file():
            shutil.copyfile(graphs, made / GRAPHS)
        settings = {"method": result.method, "videos": len(selection)}
        write_json(narrowed_manifest(result.dataset, made, settings), made / MANIFEST)
        (made / CARD).write_text(_card(result, selection, seconds=seconds), encoding="utf-8")
    return folder


def _selection_table(result: Distilled) -> pd.DataFrame:
    """A row per chosen video: ``file_name``, ``original``, ``ef``, ``class_name``, ``community``, ``rank``,
    ``score``, ``why``; without ``ef`` where none is known.
    """
    picks = pd.read_csv(result.run.selections, keep_default_na=False, dtype={"file_name": str})
    picks = picks[picks["selection_seed"] == 0]
    original = result.intake.taken.set_index("file_name")["file"]
    communities = pd.read_csv(result.run.stage(LAST_STAGE) / "communities.csv", keep_default_na=False)
    index = read_frame_index(result.run.frame_index).set_index("file_name")
    rows = []
    for row in picks.to_dict("records"):
        spec = SELECTORS[row["method"]]
        graph = communities[
            (communities["feature"] == spec.feature) & (communities["class_name"] == row["class_name"])
        ]
        same = graph[graph["community"] == row["community"]] if spec.graph else graph[:0]
        why = spec.summary
        if len(same):
            of = "" if row["class_name"] == ALL_VIDEOS else f" of class {row['class_name']}"
            why = (
                f"rank {row['rank']}{of}: community {row['community']} holds"
                f" {len(same)} of its {len(graph)} videos; modular centrality {float(row['score']):.4g}"
            )
        name = row["file_name"]
        rows.append(
            {
                "file_name": name,
                "original": original[name],
                "ef": float(index.loc[name, "ef"]),
                "class_name": row["class_name"],
                "community": row["community"],
                "rank": row["rank"],
                "score": row["score"],
                "graph_flag": row["graph_flag"],
                "why": why,
            }
        )
    table = pd.DataFrame(rows)
    return table if table["ef"].notna().any() else table.drop(columns="ef")


def _draw_sheet(result: Distilled, selection: pd.DataFrame, videos: pd.DataFrame, file: Path) -> None:
    """Write the sheet of every chosen heart at ED and ES."""
    use_style()
    index = read_frame_index(result.run.frame_index).set_index("file_name")
    pairs = []
    for name in selection["file_name"]:
        phases = index.loc[name, ["ed", "es"]].to_numpy(dtype=float)
        known = np.isfinite(phases)
        pair = read_frames(str(videos.loc[name, "path"]), np.where(known, phases, 0).astype(int))
        pairs.append(np.where(known[:, None, None], pair, 0).astype(np.uint8))  # black: none was detected
    captions = [
        " · ".join(filter(None, [short_name(row["file_name"]), ef_words(row.get("ef", np.nan), 1)]))
        for row in selection.to_dict("records")
    ]
    title = f"{len(selection)} videos of {result.name or 'the data set'}: ED and ES of each"
    figure = contact_sheet(pairs, selection["class_name"].tolist(), captions=captions, title=title)
    order = "EF class and rank" if "ef" in selection else "rank"
    alt = f"End-diastole and end-systole of the {len(selection)} chosen videos, by {order}."
    save_figure(figure, file, alt=alt, data=result.name)


def _card(result: Distilled, selection: pd.DataFrame, *, seconds: float) -> str:
    """What the folder holds, how it was made, what it can and cannot be used for."""
    counts = selection["class_name"].value_counts()
    train = int((result.intake.taken["split"] == "TRAIN").sum())
    flags = sorted(set(selection["graph_flag"]) - {""})
    labelled = "ef" in selection
    budget = f"{result.vpc} videos per EF class" if labelled else f"{result.vpc} videos in all, EF unknown"
    lines = [
        f"# {len(selection)} videos of {result.name or 'an unnamed data set'}, selected"
        f" {'for training' if labelled else 'to be labelled first'}",
        "",
        "| | |",
        "|---|---|",
        f"| selected from | {train} TRAIN videos of {len(result.dataset.videos)} |",
        f"| by | {SELECTORS[result.method].label}, {budget} |",
        f"| graph health | {_health(selection)} |",
        *(f"| {name} | {int(counts.get(name, 0))} videos |" for name in CLASS_NAMES if labelled),
        *(f"| {what} | {understood} |" for what, understood in result.intake.facts.items()),
        f"| made in | {seconds:.0f} s |",
        "",
        "`FileList.csv` and `Videos/` are laid out as in EchoNet-Dynamic, all TRAIN; `chosen_hearts.svg`"
        " shows each heart filled (ED) and emptied (ES), `graphs.svg` the graph of each class where the"
        " selector uses graphs. `selection.csv` has a row per video:",
        "",
        "| column | what it says |",
        "|---|---|",
        *(f"| {name} | {_COLUMNS[str(name)]} |" for name in selection),
        "",
        "`SHA256SUMS` holds the hash of every file.",
        "",
        *(_USES if labelled else _USES_UNLABELLED),
        *(["", _UNHEALTHY] if {"collapsed", "shattered"} & set(flags) else []),
        "",
        "## Terms",
        "",
        *_terms(result.dataset),
        "",
    ]
    return "\n".join(lines)


def _health(selection: pd.DataFrame) -> str:
    """Health of the graphs, and of which classes, such as ``healthy: mild, normal; collapsed: severe``."""
    classes = (
        selection[selection["graph_flag"] != ""].groupby("graph_flag", sort=False)["class_name"].unique()
    )
    named = {str(flag): ", ".join(names) for flag, names in classes.items()}
    if list(selection["class_name"].unique()) == [ALL_VIDEOS]:
        return ", ".join(named) or "no graph"
    return "; ".join(f"{flag}: {names}" for flag, names in named.items()) or "no graph"


def _terms(dataset: Dataset) -> list[str]:
    """What the author says may be done with the videos."""
    manifest, terms = (
        read_manifest(dataset.name, dataset.root),
        conditions(dataset.name, dataset.root),
    )
    rules = {"may": terms.permitted, "must not": terms.prohibited}
    return [
        f"- licence: {manifest['license']}",
        *(f"- {verb}: {rule.text}" for verb, found in rules.items() for rule in found),
        f"- cite: {manifest['citeAs']}",
        "",
        "`infomotion data describe FOLDER` changes these answers, before the next call.",
    ]


_COLUMNS = {
    "file_name": "the video here",
    "original": "the file of yours that it was",
    "ef": "ejection fraction in percent, as your list has it",
    "class_name": "EF class; all videos are one where no EF is known",
    "community": "group of hearts in one graph that move alike; each graph numbers its own",
    "rank": "1 was chosen first",
    "score": "how typical of its group: higher is more; comparable within one graph only",
    "graph_flag": "whether that graph was healthy",
    "why": "why it was chosen, in words",
}
"""What each column of :data:`SELECTION` says."""

_UNHEALTHY = (
    "Not every graph was healthy, see `graph health` above. `collapsed`: one group holds nearly all videos;"
    " `shattered`: more than a third lie in groups of one or two; `no more structure than noise of the same"
    " covariance`: noise gives such groups as well. What was chosen there tells little about"
    " groups of motion."
)

_USES = (
    "## What it is not",
    "",
    "A set for training only: no VAL or TEST video is in it, and it is no fair sample of patients."
    " Whether a selected set teaches more than a random one of its size depends on the data: compare them"
    " before you rely on it. ED and ES were detected in the videos, not traced.",
)

_USES_UNLABELLED = (
    "## What it can be used for",
    "",
    "A first set to label: the most typical videos of each group that moves alike, taken from one graph of"
    " all TRAIN videos. No EF was looked at, so `FileList.csv` has no column of it. Write one, from your own"
    " reading, and the folder is a training set of EchoNet-Dynamic's layout; until then no stage after the"
    " selection can use it.",
    "",
    "## What it is not",
    "",
    "It is no fair sample of patients, and nothing makes it hold every EF class: rare ones may be missing"
    " altogether. Hold TEST videos out by a random draw of patients, not by this selection. Whether it"
    " teaches more than a random set of its size has not been shown: label a few random videos too, and"
    " compare. ED and ES were detected in the videos, not traced.",
)
