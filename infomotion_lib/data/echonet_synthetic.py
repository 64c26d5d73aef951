"""EchoNet-Synthetic fetched at a pinned revision: room checked, resumed after an interruption, hash checked,
safely unpacked.

EchoNet-Dynamic has no such function: each user registers and downloads it in person.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from infomotion_lib.data.archives import unpack_zip
from infomotion_lib.data.echodiffusion import writable_folder
from infomotion_lib.data.fetch_options import FetchOptions
from infomotion_lib.data.transfer import download, request
from infomotion_lib.errors import FetchError
from infomotion_lib.files import FETCHED, FILE_LIST
from infomotion_lib.progress import track
from infomotion_lib.provenance import write_json

if TYPE_CHECKING:
    from tqdm import tqdm

REVISION = "40cee17310ca75f9dc5a1d6ab6ddbd1518459fc6"
ADDRESS = f"https://huggingface.co/datasets/HReynaud/EchoNet-Synthetic-v1/resolve/{REVISION}/dynamic.zip"
NOMINAL_BYTES = 6_930_000_000
SIZE_TOLERANCE = 0.02
ROOM = 2.1
"""Free space needed, as a multiple of the archive: itself and what it unpacks to (AVI files do not shrink).
"""

MAX_UNPACKED = 20_000_000_000
MAX_FILES = 50_000

_CHUNK = 1 << 20


@dataclass(frozen=True)
class RemoteFile:
    """What the server says of the archive.

    Attributes
    ----------
    size : int
        Bytes.
    digest : str
        SHA-256 in the repository's record of the revision; empty where the server does not tell.
    """

    size: int
    digest: str


def fetch_as_asked(folder: Path, options: FetchOptions) -> Path:
    """The folder, filled as a command's options say."""
    return fetch_echonet_synthetic(folder, keep_archive=options.keep_archive)


def fetch_echonet_synthetic(
    root: str | Path,
    *,
    address: str = ADDRESS,
    nominal_bytes: int = NOMINAL_BYTES,
    keep_archive: bool = False,
    progress: bool = True,
) -> Path:
    """Folder ``root``, holding ``FileList.csv`` and ``Videos/*.avi`` of EchoNet-Synthetic.

    Parameters
    ----------
    root : str or Path
        Folder to fill, such as ``$INFOMOTION_DATA/EchoNet-Synthetic``.
    address : str
        Where the archive lies; the pinned revision by default.
    nominal_bytes : int
        Its published size; one that differs by more than 2 % is refused.
    keep_archive : bool
        Keep the archive after unpacking.
    progress : bool
        Show progress bars.

    Raises
    ------
    FetchError
        If there is no room, the download fails (what arrived is kept and continued next time), the size or
        the hash is wrong, or the archive is not safe to unpack.
    """
    folder = writable_folder(root)
    if (folder / FILE_LIST).is_file() and (folder / FETCHED).is_file():
        return folder
    remote = _ask(address)
    if abs(remote.size - nominal_bytes) > SIZE_TOLERANCE * nominal_bytes:
        raise FetchError(
            f"{address} has {remote.size:,} bytes; about {nominal_bytes:,} were expected.",
            remedy="It is not the published archive.",
        )
    archive = folder / "dynamic.zip"
    partial = archive.with_suffix(".zip.partial")
    if not (archive.is_file() and archive.stat().st_size == remote.size):
        _require_room(folder, remote.size, have=partial.stat().st_size if partial.is_file() else 0)
        _download(address, partial, remote, progress=progress)
        partial.replace(archive)
    digest = _hash(archive, progress=progress)
    if remote.digest and digest != remote.digest:
        archive.unlink()
        raise FetchError(
            f"{archive} has the sha256 {digest}, expected {remote.digest}: it was deleted.",
            remedy="Fetch it again.",
        )
    files = unpack_zip(
        archive, folder, max_bytes=MAX_UNPACKED, max_files=MAX_FILES, place=_place, progress=progress
    )
    if folder / FILE_LIST not in [folder / file.relative_to(folder.resolve()) for file in files]:
        raise FetchError(f"{archive} holds no FileList.csv.", remedy="It is not the published archive.")
    write_json(
        {"manifest": "echonet-synthetic", "address": address, "bytes": remote.size, "sha256": digest},
        folder / FETCHED,
    )
    if not keep_archive:
        archive.unlink()
    return folder


def _place(member: PurePosixPath) -> PurePosixPath | None:
    """Place of the tables and videos, without the archive's own top folder; nothing else is unpacked."""
    parts = member.parts[1:] if member.parts[0] == "dynamic" else member.parts
    is_table = len(parts) == 1 and parts[0].endswith(".csv")
    is_video = len(parts) == 2 and parts[0] == "Videos" and parts[1].lower().endswith(".avi")
    return PurePosixPath(*parts) if is_table or is_video else None


def _ask(address: str) -> RemoteFile:
    """Size and hash of the archive, from the redirecting server or the one that holds the bytes."""
    headers: Mapping[str, str] = {}
    for follow in (False, True):
        with request("HEAD", address, follow=follow) as answer:
            headers = answer.headers
        size = headers.get("X-Linked-Size") or (
            headers.get("Content-Length") if follow or answer.status_code == 200 else None
        )
        if size and size.isdigit():
            digest = (headers.get("X-Linked-ETag") or "").strip('W/"').lower()
            return RemoteFile(int(size), digest if re.fullmatch(r"[0-9a-f]{64}", digest) else "")
    raise FetchError(f"{address} does not tell its size.", remedy="Try again later.")


def _require_room(folder: Path, size: int, *, have: int) -> None:
    needed, free = int(size * ROOM) - have, shutil.disk_usage(folder).free
    if free < needed:
        raise FetchError(
            f"{folder} has {free / 1e9:.1f} GB free; {needed / 1e9:.1f} GB are needed for the archive and"
            " what it unpacks to.",
            remedy="Make room, or give a folder on another disk.",
        )


def _download(address: str, partial: Path, remote: RemoteFile, *, progress: bool) -> None:
    """The whole archive in ``partial``, continued from what is already there."""
    bar: tqdm[Any] | None = (
        track(label="download EchoNet-Synthetic", total=remote.size, unit="B") if progress else None
    )

    def tell(count: int) -> None:
        if bar is not None:
            bar.update(count - bar.n)

    download(address, partial, remote.size, tell=tell)


def _hash(path: Path, *, progress: bool) -> str:
    """SHA-256 of a file that takes a while."""
    digest = hashlib.sha256()
    bar: tqdm[Any] | None = (
        track(label=f"check {path.name}", total=path.stat().st_size, unit="B") if progress else None
    )
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            if bar is not None:
                bar.update(len(chunk))
    return digest.hexdigest()
