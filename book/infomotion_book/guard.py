"""The publishing guard: reads whatever is about to be published and lists what may not leave ``runs/``.

It is an allow-list for the :class:`~infomotion_book.levels.Level` of the run: what it does not know,
it refuses.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from infomotion_book.levels import Level
from infomotion_book.svg_counts import measure
from infomotion_lib.errors import InfoMotionError
from infomotion_lib.reporting.widgets import STATE
from infomotion_lib.representations.registry import REPRESENTATIONS

AGGREGATE_TABLES = {
    "data_report", "agreement", "status_counts", "detector_error", "probe", "graph_report",
    "shortfalls", "runs", "table1", "differences", "claims", "sweep", "constants", "machine_accuracy",
    "fidelity", "table2", "tolerance", "confusion", "label_consistency", "conditioning", "motion_rank",
    "vote_counts",
}  # fmt: skip
"""Tables that hold no row per video; only these pass at the strictest level."""


def fitted_tables() -> set[str]:
    """Tables that the fitting of representations leaves, which hold no row per video either."""
    files = [file for entry in REPRESENTATIONS.values() for file in entry.files]
    return {Path(file).stem for file in files if file.endswith(".csv")}


AGGREGATE_VALUES = {"run_card", "summary", "frozen"}
"""JSON files that hold nothing per video; only these pass at the strictest level."""

ID_COLUMNS = {
    *("filename", "file_name", "id", "path", "condimagefilename", "video", "name"),
    *("motion_donor", "heart_donor"),
}
VIDEO_COLUMNS = {
    *("ef", "esv", "edv", "prediction", "requested_ef", "ef_label", "ef_true"),
    *("framenumber", "x1", "y1", "x2", "y2"),
}
"""Columns that hold one video's value per row, under whatever name the table has."""

MARKS = 60
"""Most marks of one kind in a figure, and values in a list, that still count as a summary at the strictest
level.
"""

SUMMARY_SHAPES, SUMMARY_LINE = 150, 1000
"""Shapes of a figure, and points of one line, that still count as a summary at the strictest level."""

PICTURE_SHAPES, PICTURE_VERTICES, PICTURE_SHADES = 1000, 5000, 64
"""A drawing with more shapes, points or fill colours could be a frame redrawn as a mosaic or as contours."""

LONGEST_TEXT, LONGEST_LIST, MOST_COLUMNS = 20_000, 1000, 48
"""Characters of one text output, values of one list, columns of one table; more could be a picture in
disguise.
"""

_PATIENT_LIKE = re.compile(r"\b0X[0-9A-F]{8,}", re.IGNORECASE)
_PIXELS = re.compile(
    r"data:(?:image/(?!svg)|video/|application/octet|audio/)|<(?:canvas|video|object|embed|iframe|script)\b",
    re.IGNORECASE,
)
_LINKED_PIXELS = re.compile(
    r"""(?:src|href)\s*=\s*["'][^"']+\.(?:png|gif|jpe?g|webp|avi|mp4)\b""", re.IGNORECASE
)
_ENCODED = re.compile(r"[A-Za-z0-9+/_\-]{300,}")
_SVG_URI = re.compile(r"data:image/svg\+xml(;base64)?,([^\"'\s)>]+)", re.IGNORECASE)
_TEXT_MIMES = {
    *("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml"),
    "application/vnd.jupyter.widget-view+json",
}

PIXELS = "a picture made of pixels"
LEFT_OUT = "Left out by the publishing guard"
"""What stands where something was."""


class PublishingError(InfoMotionError):
    """Something that may not be published stood among the files to publish."""


@dataclass(frozen=True)
class Refusal:
    """One thing that may not be published: the file and the place inside it, and what is wrong with it."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


@dataclass(frozen=True)
class Guard:
    """What to look for: the strictest ``level`` of the data sets that took part, and the ``ids`` of videos
    that may not appear anywhere, which are filled at the strictest level.
    """

    level: Level
    ids: frozenset[str] = field(default_factory=frozenset)

    @property
    def strict(self) -> bool:
        """Whether nothing per video may be published."""
        return self.level is Level.AGGREGATES

    @property
    def open(self) -> bool:
        """Whether frames may be published."""
        return self.level is Level.EVERYTHING

    def text(self, text: str, where: str) -> list[Refusal]:
        """Refusals in a piece of text, markup included."""
        found = _refused(where, (_PATIENT_LIKE.search(text), "a name that looks like a patient id"))
        if self.open:
            return found
        for match in _SVG_URI.finditer(text):
            found += self.svg(_decoded(match), f"{where}, embedded figure")
        words = set(re.findall(r"[\w\-.]+", text)) if self.ids else set()
        return found + _refused(
            where,
            (_PIXELS.search(text), f"{PIXELS}, or an active element"),
            (_ENCODED.search(_SVG_URI.sub("", text)), "a long run of encoded bytes, perhaps a picture"),
            (self.ids & (words | {word.removesuffix(".avi") for word in words}), "the name of a video"),
        )

    def svg(self, text: str, where: str) -> list[Refusal]:
        """Refusals in an SVG figure: pixels inside it, or, at the strictest level, a mark per video."""
        found = self.text(_SVG_URI.sub("", text), where)
        if self.open:
            return found
        drawn, image = measure(text), re.search(r"<(?:svg:)?image\b", text)
        mosaic = (
            drawn.shapes > PICTURE_SHAPES
            or drawn.vertices > PICTURE_VERTICES
            or drawn.shades > PICTURE_SHADES
        )
        marks = f"more than {MARKS} marks of one kind, perhaps one per video"
        shapes = f"over {SUMMARY_SHAPES} shapes or a line of over {SUMMARY_LINE} points, perhaps per video"
        many = drawn.shapes > SUMMARY_SHAPES or drawn.longest > SUMMARY_LINE
        return found + _refused(
            where,
            (image and not found, f"{PIXELS} inside the figure"),
            (mosaic, "so many shapes or shades that they could be a picture"),
            (self.strict and drawn.marks > MARKS, marks),
            (self.strict and many, shapes),
        )

    def table(self, text: str, where: str) -> list[Refusal]:
        """Refusals in a CSV table."""
        head = next(csv.reader(io.StringIO(text)), [])
        columns = {column.strip().lower() for column in head}
        known = Path(where.split(",")[0]).stem in AGGREGATE_TABLES | fitted_tables()
        return self.text(text, where) + _refused(
            where,
            (not self.open and len(head) > MOST_COLUMNS, f"more than {MOST_COLUMNS} columns, perhaps pixels"),
            (self.strict and not known, "not on the list of tables without per-video rows"),
            (self.strict and columns & ID_COLUMNS, "a column that names videos"),
            (self.strict and columns & VIDEO_COLUMNS, "a column with one value per video"),
        )

    def values(self, text: str, where: str) -> list[Refusal]:
        """Refusals in a JSON file: forbidden text, or long lists that could be per-video rows or pixels."""
        most = MARKS if self.strict else LONGEST_LIST
        known = Path(where).stem in AGGREGATE_VALUES
        long = not self.open and _longest_list(json.loads(text)) > most
        return self.text(text, where) + _refused(
            where,
            (self.strict and not known, "not on the list of files without per-video values"),
            (long, f"a list of more than {most} values, perhaps one per video or a picture"),
        )

    def output(self, output: dict[str, Any], where: str) -> list[Refusal]:
        """Refusals in one output of a notebook cell."""
        found = _refused(where, ("traceback" in output, "an error"))
        found += self.text(json.dumps(output.get("metadata", {})), where)
        pieces = {"text/plain": output["text"]} if "text" in output else output.get("data", {})
        for mime, value in pieces.items():
            if not self.open and mime not in _TEXT_MIMES:
                found.append(Refusal(where, f"an output of kind {mime}"))
                continue
            text = "".join(value) if isinstance(value, list | str) else json.dumps(value)
            found += self.svg(text, where) if mime == "image/svg+xml" else self.text(text, where)
            if not self.open:
                found += self._markup(text, where, html=mime == "text/html")
        return found

    def _markup(self, text: str, where: str, *, html: bool) -> list[Refusal]:
        rows = f"a table of more than {MARKS} rows, perhaps one per video"
        long = f"an output of more than {LONGEST_TEXT} characters"
        return _refused(
            where,
            (len(_SVG_URI.sub("", text)) > LONGEST_TEXT, long),
            (html and _LINKED_PIXELS.search(text), f"a link to {PIXELS}"),
            (html and self.strict and text.count("<tr") > MARKS, rows),
        )

    def state(self, state: dict[str, Any], where: str) -> list[Refusal]:
        """Refusals in the saved state of a notebook's controls."""
        found = []
        for model, content in state.get("state", {}).items():
            place, values = f"{where}, control {model[:8]}", content.get("state", {})
            pixels = content.get("buffers") or "Image" in str(content.get("model_name"))
            found += _refused(place, (pixels and not self.open, PIXELS))
            found += self.text(json.dumps(values).replace('\\"', '"'), place)
            for output in values.get("outputs", []):
                found += self.output(output, place)
        return found

    def notebook(self, text: str, where: str) -> list[Refusal]:
        """Refusals in an executed notebook: sources, outputs, attachments, controls."""
        return self.clear(json.loads(text), where)

    def clear(self, page: dict[str, Any], where: str) -> list[Refusal]:
        """The same of a notebook that has been read. Sources, outputs, attachments and controls that are
        refused leave it; what its metadata say does not.
        """
        about = page.get("metadata", {})
        if found := self.state(about.get("widgets", {}).get(STATE, {}), where):
            del about["widgets"]
        other = {name: value for name, value in about.items() if name != "widgets"}
        found += self.text(json.dumps(other), f"{where}, metadata")
        for index, cell in enumerate(page["cells"]):
            found += self._clear_cell(cell, f"{where}, cell {cell.get('id', index)}")
        return found

    def _clear_cell(self, cell: dict[str, Any], place: str) -> list[Refusal]:
        found = self.text(json.dumps(cell.get("metadata", {})), place)
        found += _refused(place, (cell.pop("attachments", None), "an attachment"))
        if refused := self.text("".join(cell["source"]), place):
            found += refused
            cell["source"] = f"*{LEFT_OUT}.*" if cell.get("cell_type") == "markdown" else f"# {LEFT_OUT}"
        for number, output in enumerate(cell.get("outputs", [])):
            if refused := self.output(output, place):
                found += refused
                said = {"text/plain": f"{LEFT_OUT}: {refused[0].why}."}
                cell["outputs"][number] = {"output_type": "display_data", "metadata": {}, "data": said}
        return found

    def file(self, path: Path, where: str = "") -> list[Refusal]:
        """Refusals in one file of any kind."""
        place = where or path.name
        if named := self.text(place.removesuffix(path.suffix), f"{place}, its name"):
            return named
        readers = {".csv": self.table, ".json": self.values, ".svg": self.svg, ".ipynb": self.notebook}
        if look := (readers | dict.fromkeys((".yml", ".md"), self.text)).get(path.suffix):
            try:
                return look(path.read_text(encoding="utf-8"), place)
            except (UnicodeDecodeError, json.JSONDecodeError, csv.Error) as error:
                return [Refusal(place, f"cannot be read: {error}")]
        if self.open and path.suffix in {".png", ".webp", ".gif"}:
            return []
        picture = path.suffix in {".png", ".webp", ".gif", ".jpg"}
        return [Refusal(place, PIXELS if picture else "a file of unknown kind")]


def inspect(folder: Path, guard: Guard) -> list[Refusal]:
    """Refusals in every file under a folder."""
    return [
        item
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for item in guard.file(file, file.relative_to(folder).as_posix())
    ]


def _refused(where: str, *checks: tuple[object, str]) -> list[Refusal]:
    """A refusal for each check that has found something."""
    return [Refusal(where, why) for found, why in checks if found]


def _decoded(match: re.Match[str]) -> str:
    try:
        return (
            base64.b64decode(match.group(2), validate=True).decode("utf-8")
            if match.group(1)
            else unquote(match.group(2))
        )
    except (binascii.Error, UnicodeDecodeError):
        return "<image unreadable>"


def _longest_list(value: Any) -> int:
    if isinstance(value, dict):
        return max((_longest_list(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return max([len(value), *map(_longest_list, value)])
    return 0
