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
    "ef",
    "esv",
    "edv",
    "prediction",
    "requested_ef",
    "ef_label",
    "ef_true",
    "framenumber",
    "x1",
    "y1",
    "x2",
    "y2",
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
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/svg+xml",
    "application/vnd.jupyter.widget-view+json",
}


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

    def text(self, text: str, where: str) -> list[Refusal]:
        """Refusals in a piece of text, markup included."""
        found = []
        if _PATIENT_LIKE.search(text):
            found.append(Refusal(where, "a name that looks like a patient id"))
        if self.level is Level.EVERYTHING:
            return found
        if _PIXELS.search(text):
            found.append(Refusal(where, "a picture made of pixels, or an active element"))
        for match in _SVG_URI.finditer(text):
            found += self.svg(_decoded(match), f"{where}, embedded figure")
        if _ENCODED.search(_SVG_URI.sub("", text)):
            found.append(Refusal(where, "a long run of encoded bytes, perhaps a picture"))
        words = set(re.findall(r"[\w\-.]+", text)) if self.ids else set()
        if self.ids & (words | {word.removesuffix(".avi") for word in words}):
            found.append(Refusal(where, "the name of a video"))
        return found

    def svg(self, text: str, where: str) -> list[Refusal]:
        """Refusals in an SVG figure: pixels inside it, or, at the strictest level, a mark per video."""
        found = self.text(_SVG_URI.sub("", text), where)
        if self.level < Level.EVERYTHING and re.search(r"<(?:svg:)?image\b", text) and not found:
            found.append(Refusal(where, "a picture made of pixels inside the figure"))
        if self.level is Level.EVERYTHING:
            return found
        drawn = measure(text)
        if (
            drawn.shapes > PICTURE_SHAPES
            or drawn.vertices > PICTURE_VERTICES
            or drawn.shades > PICTURE_SHADES
        ):
            found.append(Refusal(where, "so many shapes or shades that they could be a picture"))
        if self.level is Level.AGGREGATES:
            if drawn.marks > MARKS:
                found.append(Refusal(where, f"more than {MARKS} marks of one kind, perhaps one per video"))
            if drawn.shapes > SUMMARY_SHAPES or drawn.longest > SUMMARY_LINE:
                found.append(
                    Refusal(
                        where,
                        f"over {SUMMARY_SHAPES} shapes or a line of over {SUMMARY_LINE} points, perhaps one a"
                        " video",
                    )
                )
        return found

    def table(self, text: str, where: str) -> list[Refusal]:
        """Refusals in a CSV table."""
        found = self.text(text, where)
        head = next(csv.reader(io.StringIO(text)), [])
        if self.level < Level.EVERYTHING and len(head) > MOST_COLUMNS:
            found.append(Refusal(where, f"more than {MOST_COLUMNS} columns, perhaps pixels"))
        if self.level is Level.AGGREGATES:
            name = Path(where.split(",")[0]).stem
            if name not in AGGREGATE_TABLES | fitted_tables():
                found.append(Refusal(where, "not on the list of tables without per-video rows"))
            if {column.strip().lower() for column in head} & ID_COLUMNS:
                found.append(Refusal(where, "a column that names videos"))
            if {column.strip().lower() for column in head} & VIDEO_COLUMNS:
                found.append(Refusal(where, "a column with one value per video"))
        return found

    def values(self, text: str, where: str) -> list[Refusal]:
        """Refusals in a JSON file: forbidden text, or long lists that could be per-video rows or pixels."""
        found = self.text(text, where)
        if self.level is Level.AGGREGATES and Path(where).stem not in AGGREGATE_VALUES:
            found.append(Refusal(where, "not on the list of files without per-video values"))
        most = {Level.AGGREGATES: MARKS, Level.LINES: LONGEST_LIST}.get(self.level)
        if most is not None and _longest_list(json.loads(text)) > most:
            found.append(
                Refusal(where, f"a list of more than {most} values, perhaps one per video or a picture")
            )
        return found

    def output(self, output: dict[str, Any], where: str) -> list[Refusal]:
        """Refusals in one output of a notebook cell."""
        found: list[Refusal] = []
        if "traceback" in output:
            found.append(Refusal(where, "an error"))
        found += self.text(json.dumps(output.get("metadata", {})), where)
        pieces = {"text/plain": output["text"]} if "text" in output else output.get("data", {})
        for mime, value in pieces.items():
            text = (
                value
                if isinstance(value, str)
                else "".join(value)
                if isinstance(value, list)
                else json.dumps(value)
            )
            if self.level < Level.EVERYTHING and mime not in _TEXT_MIMES:
                found.append(Refusal(where, f"an output of kind {mime}"))
                continue
            found += self.svg(text, where) if mime == "image/svg+xml" else self.text(text, where)
            if self.level < Level.EVERYTHING:
                found += self._markup(text, where, html=mime == "text/html")
        return found

    def _markup(self, text: str, where: str, *, html: bool) -> list[Refusal]:
        found = []
        if len(_SVG_URI.sub("", text)) > LONGEST_TEXT:
            found.append(Refusal(where, f"an output of more than {LONGEST_TEXT} characters"))
        if html and _LINKED_PIXELS.search(text):
            found.append(Refusal(where, "a link to a picture made of pixels"))
        if html and self.level is Level.AGGREGATES and text.count("<tr") > MARKS:
            found.append(Refusal(where, f"a table of more than {MARKS} rows, perhaps one per video"))
        return found

    def state(self, state: dict[str, Any], where: str) -> list[Refusal]:
        """Refusals in the saved state of a notebook's controls."""
        found = []
        for model, content in state.get("state", {}).items():
            if self.level < Level.EVERYTHING and (
                content.get("buffers") or "Image" in str(content.get("model_name"))
            ):
                found.append(Refusal(f"{where}, control {model[:8]}", "a picture made of pixels"))
            place, values = f"{where}, control {model[:8]}", content.get("state", {})
            found += self.text(json.dumps(values).replace('\\"', '"'), place)
            for output in values.get("outputs", []):
                found += self.output(output, place)
        return found

    def notebook(self, text: str, where: str) -> list[Refusal]:
        """Refusals in an executed notebook: sources, outputs, attachments, controls."""
        page = json.loads(text)
        about = page.get("metadata", {})
        found = self.state(about.get("widgets", {}).get(STATE, {}), where)
        found += self.text(
            json.dumps({name: value for name, value in about.items() if name != "widgets"}),
            f"{where}, metadata",
        )
        for index, cell in enumerate(page["cells"]):
            place = f"{where}, cell {cell.get('id', index)}"
            found += self.text("".join(cell["source"]), place) + self.text(
                json.dumps(cell.get("metadata", {})), place
            )
            if cell.get("attachments"):
                found.append(Refusal(place, "an attachment"))
            for output in cell.get("outputs", []):
                found += self.output(output, place)
        return found

    def file(self, path: Path, where: str = "") -> list[Refusal]:
        """Refusals in one file of any kind."""
        place = where or path.name
        if named := self.text(place.removesuffix(path.suffix), f"{place}, its name"):
            return named
        look = {
            ".csv": self.table,
            ".json": self.values,
            ".svg": self.svg,
            ".ipynb": self.notebook,
            ".yml": self.text,
            ".md": self.text,
        }
        if path.suffix in look:
            try:
                return look[path.suffix](path.read_text(encoding="utf-8"), place)
            except (UnicodeDecodeError, json.JSONDecodeError, csv.Error) as error:
                return [Refusal(place, f"cannot be read: {error}")]
        if self.level is Level.EVERYTHING and path.suffix in {".png", ".webp", ".gif"}:
            return []
        return [
            Refusal(
                place,
                (
                    "a picture made of pixels"
                    if path.suffix in {".png", ".webp", ".gif", ".jpg"}
                    else "a file of unknown kind"
                ),
            )
        ]


def inspect(folder: Path, guard: Guard) -> list[Refusal]:
    """Refusals in every file under a folder."""
    return [
        item
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for item in guard.file(file, file.relative_to(folder).as_posix())
    ]


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
