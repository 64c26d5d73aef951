"""The publishing guard: what may leave ``runs/`` depends on the data sets that took part.

Three levels, by the most restricted data set of a run:

- ``EVERYTHING``: the data was drawn by this project (phantom).
- ``LINES``: its manifest allows redistribution, but it shows hearts: tables, and figures made of lines; no pixels.
- ``AGGREGATES``: its manifest forbids redistribution: tables of sums and means from a fixed list, and figures made of
  lines without a mark a video; no ids, no per-video rows.

The guard is an allow-list. What it does not know, it refuses.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from infomotion_lib.data.manifests import may_redistribute
from infomotion_lib.errors import DataError, InfoMotionError

AGGREGATE_TABLES = {
    "data_report", "agreement", "status_counts", "detector_error", "training_log", "probe", "graph_report", "shortfalls",
    "runs", "table1", "differences", "claims", "sweep", "constants", "machine_accuracy", "fidelity", "table2", "tolerance", "motion_rank",
}  # fmt: skip
"""Tables that hold no row a video; only these pass at the strictest level."""

AGGREGATE_VALUES = {"run_card", "summary"}
"""JSON files that hold nothing a video; only these pass at the strictest level."""

ID_COLUMNS = {"filename", "file_name", "id", "path", "condimagefilename", "video", "name"}
MARKS = 60
"""Most marks of one kind in a figure, and rows in a table, that still count as a summary at the strictest level."""

LONGEST_TEXT = 20_000
"""Characters of one text output; more could be a picture in disguise."""

_PATIENT_LIKE = re.compile(r"\b0X[0-9A-F]{8,}", re.IGNORECASE)
_PIXELS = re.compile(
    r"data:(?:image/(?!svg)|video/|application/octet|audio/)|<(?:canvas|video|object|embed|iframe|script)\b", re.IGNORECASE
)
_LINKED_PIXELS = re.compile(r"""(?:src|href)\s*=\s*["'][^"']+\.(?:png|gif|jpe?g|webp|avi|mp4)\b""", re.IGNORECASE)
_SVG_URI = re.compile(r"data:image/svg\+xml(;base64)?,([^\"'\s)>]+)", re.IGNORECASE)
_TEXT_MIMES = {"text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml", "application/vnd.jupyter.widget-view+json"}
_STATE = "application/vnd.jupyter.widget-state+json"


class Level(IntEnum):
    """How much of a run may be published."""

    AGGREGATES = 0
    LINES = 1
    EVERYTHING = 2


class PublishingError(InfoMotionError):
    """Something that may not be published stood among the files to publish."""


@dataclass(frozen=True)
class Finding:
    """One thing that may not be published.

    Attributes
    ----------
    where : str
        File, and the place inside it.
    why : str
        What is wrong with it.
    """

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


@dataclass(frozen=True)
class Guard:
    """What to look for.

    Attributes
    ----------
    level : Level
        The strictest level of the data sets that took part.
    ids : frozenset of str
        Names of videos that may not appear anywhere; filled at the strictest level.
    """

    level: Level
    ids: frozenset[str] = field(default_factory=frozenset)

    def text(self, text: str, where: str) -> list[Finding]:
        """Findings in a piece of text, markup included."""
        found = []
        if _PATIENT_LIKE.search(text):
            found.append(Finding(where, "a name that looks like a patient id"))
        if self.level is Level.EVERYTHING:
            return found
        if _PIXELS.search(text):
            found.append(Finding(where, "a picture made of pixels, or an active element"))
        for match in _SVG_URI.finditer(text):
            found += self.svg(_decoded(match), f"{where}, embedded figure")
        words = set(re.findall(r"[\w\-.]+", text)) if self.ids else set()
        if self.ids & (words | {word.removesuffix(".avi") for word in words}):
            found.append(Finding(where, "the name of a video"))
        return found

    def svg(self, text: str, where: str) -> list[Finding]:
        """Findings in an SVG figure: pixels inside it, or, at the strictest level, a mark a video."""
        found = self.text(_SVG_URI.sub("", text), where)
        if self.level < Level.EVERYTHING and re.search(r"<(?:svg:)?image\b", text) and not found:
            found.append(Finding(where, "a picture made of pixels inside the figure"))
        if self.level is Level.AGGREGATES and _most_marks(text) > MARKS:
            found.append(Finding(where, f"more than {MARKS} marks of one kind, perhaps one a video"))
        return found

    def table(self, text: str, where: str) -> list[Finding]:
        """Findings in a CSV table."""
        found = self.text(text, where)
        if self.level is Level.AGGREGATES:
            name = Path(where.split(",")[0]).stem
            head = next(csv.reader(io.StringIO(text)), [])
            if name not in AGGREGATE_TABLES:
                found.append(Finding(where, "not on the list of tables without per-video rows"))
            if {column.strip().lower() for column in head} & ID_COLUMNS:
                found.append(Finding(where, "a column that names videos"))
        return found

    def values(self, text: str, where: str) -> list[Finding]:
        """Findings in a JSON file: forbidden text, or long lists that could be per-video rows or pixels."""
        found = self.text(text, where)
        if self.level is Level.AGGREGATES:
            if Path(where).stem not in AGGREGATE_VALUES:
                found.append(Finding(where, "not on the list of files without per-video values"))
            if _longest_list(json.loads(text)) > MARKS:
                found.append(Finding(where, f"a list of more than {MARKS} values, perhaps one a video"))
        return found

    def output(self, output: dict[str, Any], where: str) -> list[Finding]:
        """Findings in one output of a notebook cell."""
        found: list[Finding] = []
        if "traceback" in output:
            found.append(Finding(where, "an error"))
        pieces = {"text/plain": output["text"]} if "text" in output else output.get("data", {})
        for mime, value in pieces.items():
            text = value if isinstance(value, str) else "".join(value) if isinstance(value, list) else json.dumps(value)
            if self.level < Level.EVERYTHING and mime not in _TEXT_MIMES:
                found.append(Finding(where, f"an output of kind {mime}"))
                continue
            found += self.svg(text, where) if mime == "image/svg+xml" else self.text(text, where)
            if self.level < Level.EVERYTHING:
                found += self._markup(text, where, html=mime == "text/html")
        return found

    def _markup(self, text: str, where: str, *, html: bool) -> list[Finding]:
        found = []
        if len(_SVG_URI.sub("", text)) > LONGEST_TEXT:
            found.append(Finding(where, f"an output of more than {LONGEST_TEXT} characters"))
        if html and _LINKED_PIXELS.search(text):
            found.append(Finding(where, "a link to a picture made of pixels"))
        if html and self.level is Level.AGGREGATES and text.count("<tr") > MARKS:
            found.append(Finding(where, f"a table of more than {MARKS} rows, perhaps one a video"))
        return found

    def state(self, state: dict[str, Any], where: str) -> list[Finding]:
        """Findings in the saved state of a notebook's controls."""
        found = []
        for model, content in state.get("state", {}).items():
            if self.level < Level.EVERYTHING and (content.get("buffers") or "Image" in str(content.get("model_name"))):
                found.append(Finding(f"{where}, control {model[:8]}", "a picture made of pixels"))
            found += self.text(json.dumps(content.get("state", {})).replace('\\"', '"'), f"{where}, control {model[:8]}")
        return found

    def notebook(self, text: str, where: str) -> list[Finding]:
        """Findings in an executed notebook: sources, outputs, attachments, controls."""
        page = json.loads(text)
        found = self.state(page.get("metadata", {}).get("widgets", {}).get(_STATE, {}), where)
        for index, cell in enumerate(page["cells"]):
            place = f"{where}, cell {cell.get('id', index)}"
            found += self.text("".join(cell["source"]), place)
            if cell.get("attachments"):
                found.append(Finding(place, "an attachment"))
            for output in cell.get("outputs", []):
                found += self.output(output, place)
        return found

    def file(self, path: Path, where: str = "") -> list[Finding]:
        """Findings in one file of any kind."""
        place = where or path.name
        look = {".csv": self.table, ".json": self.values, ".svg": self.svg, ".ipynb": self.notebook, ".yml": self.text, ".md": self.text}
        if path.suffix in look:
            try:
                return look[path.suffix](path.read_text(encoding="utf-8"), place)
            except (UnicodeDecodeError, json.JSONDecodeError, csv.Error) as error:
                return [Finding(place, f"cannot be read: {error}")]
        if self.level is Level.EVERYTHING and path.suffix in {".png", ".webp", ".gif"}:
            return []
        return [
            Finding(place, "a picture made of pixels" if path.suffix in {".png", ".webp", ".gif", ".jpg"} else "a file of unknown kind")
        ]


def level_of(datasets: Iterable[str]) -> Level:
    """The strictest level of these data sets; one that has no manifest may not be passed on.

    >>> level_of(["phantom", "phantom-synthetic"]).name
    'EVERYTHING'
    """
    return min((_level(name) for name in datasets if name and name != "none"), default=Level.AGGREGATES)


def inspect(folder: Path, guard: Guard) -> list[Finding]:
    """Findings in every file under a folder."""
    return [item for file in sorted(folder.rglob("*")) if file.is_file() for item in guard.file(file, file.relative_to(folder).as_posix())]


def _level(name: str) -> Level:
    if name.startswith("phantom"):
        return Level.EVERYTHING
    try:
        return Level.LINES if may_redistribute(name) else Level.AGGREGATES
    except DataError:
        return Level.AGGREGATES


def _decoded(match: re.Match[str]) -> str:
    try:
        return base64.b64decode(match.group(2), validate=True).decode("utf-8") if match.group(1) else unquote(match.group(2))
    except (binascii.Error, UnicodeDecodeError):
        return "<image unreadable>"


def _most_marks(svg: str) -> int:
    uses = re.findall(r"""<use[^>]*href\s*=\s*["']#([^"']+)""", svg)
    counts: dict[str, int] = {}
    for name in uses:
        if not re.match(r"(?:DejaVu|STIX|Cm)", name, re.IGNORECASE):
            counts[name] = counts.get(name, 0) + 1
    shapes = [len(re.findall(rf"<{kind}\b", svg)) for kind in ("circle", "ellipse", "rect")]
    return max([*counts.values(), *shapes], default=0)


def _longest_list(value: Any) -> int:
    if isinstance(value, dict):
        return max((_longest_list(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return max([len(value), *map(_longest_list, value)])
    return 0
