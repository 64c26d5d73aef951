"""What a data set folder holds, what was dropped and why, in a few lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from infomotion_lib.classes import CLASS_NAMES, class_name
from infomotion_lib.data.faults import FAULTS, OK, REMARKS, TRACING_FAULTS
from infomotion_lib.data.layout import EXTRA_SPLIT, SPLITS, is_selection
from infomotion_lib.data.look import ODD_COLUMNS, ODDITIES
from infomotion_lib.data.records import Dataset, read_dataset
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.data.volume_tracings import first_tracing_areas
from infomotion_lib.files import FILE_LIST, OPEN_LABELS, PHANTOM_TRUTH, VIDEOS

_WANTED_A_CLASS = 10
NOT_READY = "Not ready"
"""Begins a verdict on a folder on which some stage cannot run."""

_REAL_NAMES = ("EchoNet-Dynamic", "EchoNet-Synthetic")


@dataclass(frozen=True, repr=False)
class DataReport:
    """Report on one data set; printing it gives :meth:`summary`.

    Attributes
    ----------
    dataset : Dataset
        What was read.
    class_counts : DataFrame
        Usable videos, a row a split, a column an EF class.
    phase_order : dict of str to int
        Videos whose earlier traced frame is end-diastole (``"ed_first"``, by area), end-systole
        (``"es_first"``), or neither (``"equal"``).
    odd : DataFrame
        What looks wrong though it can be used, from :func:`infomotion_lib.data.look.odd_videos`.
    stages : tuple of (str, str)
        What each stage of a run will do with these videos, where a profile was given.
    verdict : str
        Whether all stages can run, and which cannot; empty where none was asked about.
    ready : bool
        False where a profile was asked for by name and one of its stages cannot run.
    """

    dataset: Dataset = field(repr=False)
    class_counts: pd.DataFrame
    phase_order: dict[str, int]
    odd: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(ODD_COLUMNS)), repr=False)
    stages: tuple[tuple[str, str], ...] = ()
    verdict: str = ""
    ready: bool = True

    def __repr__(self) -> str:
        return self.summary()

    def summary(self) -> str:
        """Text of a few lines: found, dropped and why, tracings, order of ED and ES, classes by split, what
        to do next.
        """
        dataset, usable = self.dataset, self.dataset.usable
        lines = [("data set", f"{dataset.name} at {dataset.place} ({dataset.layout})")]
        lines.append(
            ("found", f"{len(dataset.videos)} videos listed, {len(usable)} usable: {_geometry(usable)}")
        )
        lines.append(("dropped", _reasons(dataset.faults, FAULTS) or "none"))
        if len(sizes := _sizes(dataset.videos)) > 1:
            lines.append(("sizes", ", ".join(sizes)))
        unusable = dataset.videos[dataset.videos["status"] != OK]
        if first := _first(unusable, "status"):
            lines.append(("", f"first: {first}"))
        if dataset.tracings is not None:
            lines.append(("tracings", f"{dataset.tracings['FileName'].nunique()} videos traced"))
            lines += [("", reason) for reason in [_reasons(dataset.faults, TRACING_FAULTS)] if reason]
            untraced = dataset.usable[dataset.usable["tracing"].isin(list(TRACING_FAULTS))]
            if first := _first(untraced, "tracing"):
                lines.append(("", f"first: {first}"))
            order = self.phase_order
            equal = f", equal areas in {order['equal']}" if order["equal"] else ""
            lines.append(
                (
                    "order",
                    (
                        f"ED before ES in {order['ed_first']} videos, ES before ED in"
                        f" {order['es_first']}{equal} (by traced area)"
                    ),
                )
            )
        if dataset.layout == "echonet-synthetic":
            lines.append(("labels", "EF is the REQUESTED value: relabel before use"))
        elif (dataset.root / OPEN_LABELS).is_file():
            lines.append(
                (
                    "labels",
                    f"EF is no measurement: {OPEN_LABELS} holds what was requested and what a regressor read",
                )
            )
        table = self.class_counts.assign(all=self.class_counts.sum(axis=1)).to_string().splitlines()
        lines += [("classes" if number == 0 else "", row) for number, row in enumerate(table)]
        notes = [*dataset.notes, *([remarks] if (remarks := _reasons(dataset.faults, REMARKS)) else [])]
        lines += [("note", note) for note in notes]
        lines += [
            ("", f"{remark}: {', '.join(names[:3])}") for remark, names in dataset.remarked.items() if names
        ]
        for kind, odd in self.odd.groupby("kind", sort=False):
            lines.append(("odd", f"{odd['file_name'].nunique()} {kind} ({ODDITIES[str(kind)]})"))
            lines.append(("", f"first: {_first(odd, 'detail')}"))
        lines += self._stage_lines()
        lines += [("next", step) for step in self.next_steps()]
        return "\n".join(f"{head:<9}{text}" for head, text in lines)

    def listing(self) -> str:
        """A line per video with a fault, its own or its tracing's, in the order of the list; then those whose
        row contradicts the file, and those that look wrong.
        """
        videos = self.dataset.videos
        lines = [
            f"{row['file_name']}  {fault}"
            for row in videos.to_dict("records")
            for fault in (row["status"], row["tracing"])
            if fault in FAULTS or fault in TRACING_FAULTS
        ]
        lines += [f"{name}  {remark}" for remark, names in self.dataset.remarked.items() for name in names]
        lines += [
            f"{row['file_name']}  {row['kind']}  {row['detail']}".rstrip()
            for row in self.odd.to_dict("records")
        ]
        return "\n".join(lines)

    def _stage_lines(self) -> list[tuple[str, str]]:
        """What each stage will do, in columns."""
        width = max((len(label) for label, _ in self.stages), default=0) + 2
        return [
            ("stages" if not number else "", f"{label:<{width}}{text}")
            for number, (label, text) in enumerate(self.stages)
        ]

    def next_steps(self) -> list[str]:
        """What to do next, a sentence a line; the last one says how to use the folder."""
        steps = []
        counts = self.class_counts
        short = (
            [f"{name} ({n})" for name, n in counts.loc["TRAIN"].items() if n < _WANTED_A_CLASS]
            if "TRAIN" in counts.index
            else []
        )
        if short:
            steps.append(
                f"TRAIN has fewer than {_WANTED_A_CLASS} videos of: {', '.join(short)}. Selections there will"
                " fall short."
            )
        selection = is_selection(self.dataset.root)
        needed = SPLITS if self.dataset.layout == "echonet-dynamic" and not selection else SPLITS[:1]
        missing = [split for split in needed if split not in counts.index]
        if missing:
            steps.append(f"No usable video in {', '.join(missing)}.")
        if selection:
            return [*steps, "A selection, for training alone: no run of this project starts from it."]
        root = self.dataset.place
        holder = (
            root.parent
            if root.name in _REAL_NAMES
            else root.parent.parent
            if root.parent.name in _REAL_NAMES
            else None
        )
        if self.verdict:
            steps.append(self.verdict)
        if self.verdict.startswith(NOT_READY):
            return steps
        if any((root / made).is_file() for made in (OPEN_LABELS, PHANTOM_TRUTH)):
            how = "This project made the folder, nothing more is needed."
        elif holder is not None:
            of_paper = not self.verdict or "profile paper:" in self.verdict
            how = f"Set INFOMOTION_DATA={holder} and run {'the paper' if of_paper else 'that'} profile."
        elif fetched := [
            name for name, entry in SOURCES.items() if entry.fetched_by and entry.folder == root.name
        ]:
            how = f"Set INFOMOTION_DATA={root.parent}, then: infomotion run all --profile {fetched[0]}"
        else:
            how = (
                f"To distil videos of your own: infomotion distill {root / VIDEOS} --labels"
                f" {root / FILE_LIST}. To use it as one of the paper's data sets, name it {_REAL_NAMES[0]} or"
                f" {_REAL_NAMES[1]} and point INFOMOTION_DATA at its parent."
            )
        steps.append(how)
        return steps

    def to_frame(self) -> pd.DataFrame:
        """The counts as a table: ``dataset``, ``group`` (found, fault, phase_order, class), ``split``,
        ``item``, ``n``.
        """
        dataset = self.dataset
        rows: list[tuple[str, str, str, str, int]] = []
        for item, n in (("listed", len(dataset.videos)), ("usable", len(dataset.usable))):
            rows.append((dataset.name, "found", "", item, n))
        if dataset.tracings is not None:
            rows.append((dataset.name, "found", "", "traced", int(dataset.tracings["FileName"].nunique())))
        rows += [(dataset.name, "fault", "", fault, n) for fault, n in dataset.faults.items()]
        rows += [(dataset.name, "phase_order", "", item, n) for item, n in self.phase_order.items()]
        for split in self.class_counts.index:
            rows += [
                (dataset.name, "class", str(split), name, int(self.class_counts.loc[split, name]))
                for name in CLASS_NAMES
            ]
        return pd.DataFrame(rows, columns=["dataset", "group", "split", "item", "n"])


def check_dataset(
    root: str | Path, layout: str = "auto", *, name: str = "", strict: bool = False
) -> DataReport:
    """Report on the data set in the folder ``root``.

    Parameters
    ----------
    root : str or Path
        Folder with ``FileList.csv``.
    layout : {"auto", "echonet-dynamic", "echonet-synthetic"}
        See :func:`infomotion_lib.data.records.read_dataset`.
    name : str, optional
        Name for the report; the folder's by default.
    strict : bool
        Faults of single videos stop too.

    Raises
    ------
    DataError
        If it is the wrong folder or a faulty data set; the message says what to do.
    """
    return report(read_dataset(root, name=name, layout=layout, strict=strict))


def report(dataset: Dataset) -> DataReport:
    """Report on a data set that has been read."""
    usable = dataset.usable
    counts = pd.crosstab(usable["split"], class_name(usable["ef"].to_numpy()))
    splits = [split for split in (*SPLITS, EXTRA_SPLIT) if split in counts.index]
    counts = counts.reindex(index=splits, columns=list(CLASS_NAMES), fill_value=0)
    counts.index.name = counts.columns.name = None
    return DataReport(dataset, counts, _phase_order(dataset))


def _phase_order(dataset: Dataset) -> dict[str, int]:
    """How often the larger of a video's traced frames comes first."""
    order = {"ed_first": 0, "es_first": 0, "equal": 0}
    if dataset.tracings is None or dataset.tracings.empty:
        return order
    areas = first_tracing_areas(dataset.tracings)
    usable = dataset.videos.loc[dataset.videos["status"] == OK, "file_name"]
    areas = areas[areas["FileName"].isin(usable)].sort_values(["FileName", "area", "Frame"], kind="stable")
    ends = areas.groupby("FileName")[["Frame", "area"]].agg(["first", "last"])
    lag = (ends["Frame", "last"] - ends["Frame", "first"]).to_numpy()  # ED (largest) minus ES (smallest)
    equal = (ends["area", "last"] == ends["area", "first"]).to_numpy()
    order["ed_first"], order["es_first"] = int(np.sum((lag < 0) & ~equal)), int(np.sum((lag > 0) & ~equal))
    order["equal"] = int(equal.sum())
    return order


def _geometry(usable: pd.DataFrame) -> str:
    if usable.empty:
        return "nothing to measure"
    height, width = usable["height"].iloc[0], usable["width"].iloc[0]
    lengths, rates = _range(usable["n_frames"], "frames"), _range(usable["fps"], "frames a second")
    return f"{width} x {height} pixels, {lengths}, {rates}"


def _sizes(videos: pd.DataFrame) -> list[str]:
    """Sizes of the readable videos, each with its number, the most common first."""
    sizes = videos[videos["height"] > 0].groupby(["width", "height"]).size().sort_values(ascending=False)
    rows = sizes.rename("n").reset_index().to_dict("records")
    return [f"{row['width']} x {row['height']} ({row['n']})" for row in rows]


def _range(values: pd.Series, unit: str) -> str:
    low, high = values.min(), values.max()
    return (
        f"{low:.4g} {unit}"
        if low == high
        else f"{low:.4g} to {high:.4g} {unit} (median {values.median():.4g})"
    )


def _first(videos: pd.DataFrame, column: str) -> str:
    """First names of some videos with a fault, ``name (fault)`` each; empty for none."""
    rows = videos.head(3).to_dict("records")
    named = [f"{row['file_name']} ({row[column]})" if row[column] else str(row["file_name"]) for row in rows]
    return ", ".join(named)


def _reasons(faults: dict[str, int], known: dict[str, str]) -> str:
    return "; ".join(f"{faults[fault]} {fault} ({why})" for fault, why in known.items() if fault in faults)
