"""A list of videos as clinics write it: any separator, any usual encoding, decimal points or commas.

Everything is read as text. What a cell means is decided by :mod:`~infomotion_lib.data.own.columns`.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from infomotion_lib.errors import DataError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SPREADSHEETS = {
    b"PK\x03\x04": "an Excel workbook (.xlsx)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
}
_SAVE_AS = "Open it there and save it as CSV; any separator and decimal commas are read."


@dataclass(frozen=True)
class VideoList:
    """A list of videos, every cell as text.

    Attributes
    ----------
    path : Path
        The file.
    table : DataFrame of str
        Its rows; column names without spaces around them, empty rows left out. The index is the number of the
        line in the file, from 2 on.
    form : str
        How it is written, in a few words, such as ``semicolons, UTF-8``.
    """

    path: Path
    table: pd.DataFrame = field(repr=False)
    form: str


def read_list(path: str | Path) -> VideoList:
    """The list in a CSV file, whatever program wrote it.

    Parameters
    ----------
    path : str or Path
        Cells separated by commas, semicolons, tabs or bars (a first line ``sep=;``, as Excel writes it, is
        obeyed); UTF-8, UTF-16 or Windows-1252.

    Raises
    ------
    DataError
        If the file is missing, empty, a workbook, or its rows do not fit its header; the message names the
        first such line.
    """
    file = Path(path).expanduser()
    text, encoding = _decoded(file)
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        separator, text, skipped = first.strip()[4], rest, 1
    else:
        separator, skipped = _separator(text), 0
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise DataError(f"{file} cannot be read as a list: {error}.", remedy=_SAVE_AS) from None
    header = [name.strip() for name in rows[0]]
    while header and not header[-1]:  # spreadsheets leave empty columns at the right
        header.pop()
    _refuse_header(header, file)
    body: dict[int, list[str]] = {}
    for number, row in enumerate(rows[1:], start=2 + skipped):
        cells = [cell.strip() for cell in row]
        if any(cells[len(header) :]) or (0 < len(cells) < len(header) and any(cells)):
            raise DataError(
                f"{file}: row {number} has {len(cells)} cells, the header {len(header)}.",
                where=f"Cells are separated by {SEPARATORS.get(separator, repr(separator))}: {row}",
                remedy="Put a cell that holds the separator in quotes, or write decimals with a point.",
            )
        if any(cells):
            body[number] = cells[: len(header)]
    if not body:
        raise DataError(f"{file} lists no video: it has a header and no row.")
    table = pd.DataFrame.from_dict(body, orient="index", columns=header, dtype=str)
    return VideoList(file, table, f"{SEPARATORS.get(separator, repr(separator))}, {encoding}")


def _decoded(file: Path) -> tuple[str, str]:
    """Text of a file and the name of its encoding."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataError(f"The list of videos cannot be read: {file} ({error.strerror}).") from None
    for magic, program in _SPREADSHEETS.items():
        if content.startswith(magic):
            raise DataError(f"{file} is {program}, not a CSV file.", remedy=_SAVE_AS)
    if not content.strip():
        raise DataError(f"The list of videos is empty: {file}")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = {"utf-16": "UTF-16"}
    else:
        encodings = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}
    for encoding, name in encodings.items():
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n"), name
    raise DataError(f"{file} is no text in UTF-8, UTF-16 or Windows-1252.", remedy=_SAVE_AS)


def _separator(text: str) -> str:
    """The separator that cuts the header, and as many of the next rows, into the most equal cells."""
    best, most = ",", (0, 1)
    for separator in SEPARATORS:
        try:
            rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)]
        except csv.Error:
            continue
        if rows and len(rows[0]) > 1:
            fitting = sum(len(row) == len(rows[0]) for row in rows[:200])
            if (fitting, len(rows[0])) > most:
                best, most = separator, (fitting, len(rows[0]))
    return best


def _refuse_header(header: list[str], file: Path) -> None:
    if not header or not all(header):
        raise DataError(
            f"{file}: column {header.index('') + 1 if header else 1} of the header has no name.",
            where=f"Header: {header}",
            remedy="The first row names the columns.",
        )
    if twice := [name for name in header if header.count(name) > 1]:
        raise DataError(f"{file} has the column {twice[0]} twice.", remedy="Rename or remove one of them.")
