"""A zip archive unpacked so that nothing lands outside its folder, and nothing grows beyond what was
announced.
"""

from __future__ import annotations

import lzma
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from infomotion_lib.errors import FetchError
from infomotion_lib.progress import track
from infomotion_lib.provenance import atomic

_CHUNK = 1 << 20
_ENCRYPTED = 0x1
_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


def unpack_zip(
    archive: str | Path,
    folder: str | Path,
    *,
    max_bytes: int,
    max_files: int,
    place: Callable[[PurePosixPath], PurePosixPath | None] = lambda member: member,
    progress: bool = True,
) -> list[Path]:
    """Files unpacked from a zip archive, or found already there with the right size.

    All members are judged before the first byte is written. A file appears under its name only when it is
    whole.

    Parameters
    ----------
    archive : str or Path
        The zip file.
    folder : str or Path
        Where to unpack; nothing is written elsewhere.
    max_bytes, max_files : int
        Largest accepted unpacked size and number of files.
    place : callable, optional
        Path below ``folder`` of each member (given as its path in the archive); ``None`` leaves it out.
    progress : bool
        Show a progress bar.

    Raises
    ------
    FetchError
        If it is no zip archive or a damaged one, a member leads out of the folder, is a link, is encrypted,
        or the bounds are passed.
    """
    root = Path(folder).resolve()
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _judge(opened, Path(archive), root, place, max_bytes=max_bytes, max_files=max_files)
            for member, target in (
                track(members, label=f"unpack {Path(archive).name}", unit="file") if progress else members
            ):
                if not (target.is_file() and target.stat().st_size == member.file_size):
                    _unpack_one(opened, member, target, root)
    except _DAMAGE as error:
        raise FetchError(f"{archive} is damaged: {error}", remedy="Delete it and fetch it again.") from None
    return [target for _, target in members]


def _judge(
    opened: zipfile.ZipFile,
    archive: Path,
    root: Path,
    place: Callable[[PurePosixPath], PurePosixPath | None],
    *,
    max_bytes: int,
    max_files: int,
) -> list[tuple[zipfile.ZipInfo, Path]]:
    remedy = "This is not the published archive: nothing was unpacked. Delete it."
    members: list[tuple[zipfile.ZipInfo, Path]] = []
    total = 0
    for member in opened.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        kind = stat.S_IFMT(member.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or ":" in member.filename or "\0" in member.orig_filename:
            raise FetchError(
                f"{archive}: the member {member.orig_filename!r} leads out of the folder.", remedy=remedy
            )
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise FetchError(
                f"{archive}: the member {member.filename!r} is a link or a device.", remedy=remedy
            )
        if member.flag_bits & _ENCRYPTED:
            raise FetchError(f"{archive}: the member {member.filename!r} is encrypted.", remedy=remedy)
        total += member.file_size
        placed = None if member.is_dir() else place(path)
        if placed is not None:
            members.append((member, root / placed))
        if total > max_bytes or len(members) > max_files:
            raise FetchError(
                f"{archive} unpacks to more than {max_bytes:,} bytes or {max_files:,} files.", remedy=remedy
            )
    if len({target for _, target in members}) != len(members):
        raise FetchError(f"{archive} holds a file twice.", remedy=remedy)
    return members


def _unpack_one(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, root: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.parent.resolve().is_relative_to(root):
        raise FetchError(f"A link in {root} leads out of it: {target.parent}", remedy="Remove the link.")
    with atomic(target) as temporary, opened.open(member) as source, temporary.open("wb") as sink:
        shutil.copyfileobj(source, sink, _CHUNK)  # a member longer than announced ends in a checksum error
