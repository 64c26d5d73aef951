"""Nothing published names a folder, the user or the host of the author's machine.

Paths come out by doors that nobody looks at: a notebook's metadata, the state of a control, the comment of a
picture, the description inside an SVG. So every file that is to be published is opened here, down to the text
that a picture carries and to pictures that a page carries in itself.
"""

from __future__ import annotations

import base64
import binascii
import getpass
import gzip
import html
import io
import json
import os
import platform
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from infomotion_book.guard import Refusal
from infomotion_lib.paths import PROJECT

_HOMES = ("home", "Users", "root", "tmp", "var/folders", "private/var")

_ELSEWHERE = re.compile(
    rf"(?<![\w.:/\-*])/(?:{'|'.join(_HOMES)})/[\w.\-]+(?:/[\w.\-]+)*"
    r"|\b[A-Za-z]:\\{1,2}(?:Users|Temp)\\{1,2}[\w.\-]+|file:///[\w.\-/%]+"
)
"""Folders of anybody's machine."""

_SIGNS = (*(f"/{name}/" for name in _HOMES), ":\\", "file:///")
"""Whatever that finds has one of them; to look for them is fast."""

_EMBEDDED = re.compile(r"data:[\w/+.\-]+;base64,([A-Za-z0-9+/=]{40,})")
_WRITTEN_BY_OTHERS = ("_static/", "@jupyter-widgets/", "notebooks/@jupyter-widgets/")
"""Where a built book keeps the scripts of others; only this machine's own names are looked for there."""

_BYTES = "its bytes"
"""Place of what is no text."""

_PICTURES = {".png", ".webp", ".gif", ".jpg", ".jpeg"}


def names_of_this_machine(*more: str | Path) -> frozenset[str]:
    """What must not be published from here: folders of the user, the project and temporary files, the host,
    the user where a host follows, and ``more``, such as the folder of the data.

    A host whose name is a mere word, and folders right under the root, are left out: other texts hold them.
    """
    folders = [Path.home(), PROJECT, tempfile.gettempdir(), os.environ.get("INFOMOTION_DATA", ""), *more]
    paths = {str(folder).rstrip("/\\") for folder in folders if str(folder)}
    hosts = {platform.node(), platform.node().partition(".")[0]}
    return frozenset(
        {path for path in paths if len(Path(path).parts) > 2}
        | {host for host in hosts if len(host) > 4 and re.search(r"[\d.\-]", host)}
        | {f"{getpass.getuser()}@"}
    )


def find_machine_paths(folder: Path, names: Iterable[str]) -> list[Refusal]:
    """Every place in the files under ``folder``, by file and place in it, that has one of the ``names`` of
    this machine (see :func:`names_of_this_machine`) or a folder of anybody's home.
    """
    here = tuple(sorted(names, key=len, reverse=True))
    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        where = file.relative_to(folder).as_posix()
        anybody = not where.startswith(_WRITTEN_BY_OTHERS)
        for place, text in (("its name", where), *_texts(file.read_bytes(), file.suffix)):
            forms = [text] if place.endswith(_BYTES) else _forms(text)
            if seen := _first(forms, here, anybody=anybody):
                found.append(Refusal(f"{where}, {place}", f"it names a machine: {seen}"))
    return found


def _forms(text: str) -> list[str]:
    """A text, and what it says where a page, an address or JSON writes signs otherwise."""
    forms = [text]
    forms += [html.unescape(text)] if "&" in text else []
    forms += [unquote(text)] if "%2" in text else []
    forms += [text.replace("\\/", "/")] if "\\/" in text else []
    return forms


def _first(forms: list[str], names: tuple[str, ...], *, anybody: bool) -> str:
    """What in the forms of a text names a machine; empty if nothing does."""
    for form in forms:
        for name in names:
            # it must stand alone: the path of a user's folder does, letters in a hash do not
            if name in form and re.search(rf"(?<!\w){re.escape(name)}(?:(?<=@)|(?!\w))", form):
                return name
        if anybody and any(sign in form for sign in _SIGNS) and (match := _ELSEWHERE.search(form)):
            return match[0]
    return ""


def _texts(content: bytes, suffix: str) -> Iterator[tuple[str, str]]:
    """Place and text of everything that can be read in a file."""
    if suffix == ".gz":
        yield from _texts(gzip.decompress(content), "")
        return
    if suffix in _PICTURES:
        yield from _picture(content)
        return
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        yield _BYTES, content.decode("latin-1")
        return
    parts = _lines(text)
    if suffix in (".json", ".ipynb"):
        with suppress(ValueError):
            parts = _strings(json.loads(text), "")
    for place, part in parts:
        if ";base64," not in part:
            yield place, part
            continue
        yield place, _EMBEDDED.sub("", part)
        for match in _EMBEDDED.finditer(part):
            try:
                inside = base64.b64decode(match[1], validate=True)
            except binascii.Error:
                continue
            kind = ".webp" if not inside.lstrip().startswith((b"<", b"{")) else ".svg"
            yield from (
                (f"{place}, embedded file, {deeper}", words) for deeper, words in _texts(inside, kind)
            )


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        yield f"line {number}", line


def _strings(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every text in a JSON value, keys too; cells and controls are called by their name."""
    if isinstance(value, str):
        yield place.lstrip("/") or "its text", value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"{place}/key".lstrip("/"), key
            yield from _strings(item, f"{place}/{key}")
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield place.lstrip("/"), "".join(value)
        for number, item in enumerate(value):
            name = item.get("id", number) if isinstance(item, dict) else number
            yield from _strings(item, f"{place}/{name}")


def _picture(content: bytes) -> Iterator[tuple[str, str]]:
    """Text that a picture carries: its bytes outside packed pixels, and what its format packs."""
    from PIL import Image, UnidentifiedImageError

    yield _BYTES, content.decode("latin-1")
    try:
        with Image.open(io.BytesIO(content)) as picture:
            tags = [*picture.info.items(), *picture.getexif().items()]
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return
    for key, value in tags:
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        yield f"its metadata, {key}", text.replace("\0", "")
