"""A Girder server's folders and files by their names, and a file fetched with its hash kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from infomotion_lib.data.transfer import download, held, request, unreachable
from infomotion_lib.errors import FetchError
from infomotion_lib.provenance import UNFINISHED, sha256

PAGE = 50
"""Entries asked for at a time."""


@dataclass(frozen=True)
class Entry:
    """A folder or an item of a server.

    Attributes
    ----------
    key : str
        Its identifier there.
    name : str
        Its name, with no slash in it.
    size : int
        Bytes; 0 of a folder.
    sha512 : str
        Hash, where the server states it.
    """

    key: str
    name: str
    size: int = 0
    sha512: str = ""


@dataclass(frozen=True)
class Girder:
    """The public part of one server; ``api`` is the address of its REST interface, without a slash at its
    end.
    """

    api: str

    def folders(self, parent: str, *, kind: str) -> Iterator[Entry]:
        """Folders in a ``"collection"`` or a ``"folder"``."""
        return self._entries(f"folder?parentType={kind}&parentId={parent}")

    def items(self, folder: str) -> Iterator[Entry]:
        """Items of a folder, each a file."""
        return self._entries(f"item?folderId={folder}")

    def address(self, item: Entry) -> str:
        """Where the file of an item lies."""
        return f"{self.api}/item/{item.key}/download"

    def fetch(self, item: Entry, target: Path) -> str:
        """SHA-256 of the file of an item, then in ``target``; what arrived of it before is continued.

        Raises
        ------
        FetchError
            If it does not arrive whole, or is not what the server says it is.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{UNFINISHED}{target.name}")
        if held(target) == item.size and target.is_file():
            target.replace(partial)  # arrived, and not recorded: a call that was killed
        download(self.address(item), partial, item.size)
        if item.sha512 and (found := _sha512(partial)) != item.sha512:
            partial.unlink()
            raise FetchError(
                f"{target.name} has the sha512 {found[:16]}…, expected {item.sha512[:16]}…: it was deleted.",
                where=f"Address: {self.address(item)}",
                remedy="Fetch it again.",
            )
        partial.replace(target)
        return sha256(target)

    def _entries(self, query: str) -> Iterator[Entry]:
        offset = 0
        while True:
            page = self._ask(f"{self.api}/{query}&limit={PAGE}&offset={offset}")
            for record in page:
                yield _entry(record, self.api)
            offset += PAGE
            if len(page) < PAGE:
                return

    def _ask(self, address: str) -> list[Any]:
        import requests

        try:
            with request("GET", address) as answer:
                content = answer.json()
        except requests.RequestException as error:  # what is no JSON among them
            raise unreachable(address, error) from None
        if not isinstance(content, list):
            raise FetchError(f"{address} gave no list.", remedy="Has the server changed? Look at its page.")
        return content


def _entry(record: Any, api: str) -> Entry:
    try:
        key, name = str(record["_id"]), str(record["name"])
        size, digest = int(record.get("size") or 0), str(record.get("sha512") or "").lower()
    except (TypeError, KeyError, ValueError, AttributeError):
        raise FetchError(f"{api} lists something without a name: {str(record)[:80]}") from None
    plain = PurePosixPath(name).name == name != "" and "\\" not in name and not name.startswith(".")
    if not plain or not key.isalnum() or size < 0:
        raise FetchError(f"{api} lists a file that is none: {name[:80]!r} ({size} bytes).")
    return Entry(key, name, size, digest)


def _sha512(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha512").hexdigest()
