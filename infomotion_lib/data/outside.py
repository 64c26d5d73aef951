"""The reader's own data sets, which lie outside a run: what they hold, as a short hash, so that another list,
folder or video is another input.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from infomotion_lib.data.layout import find_layout
from infomotion_lib.data.manifests import label_of
from infomotion_lib.data.sources import SOURCES
from infomotion_lib.files import MANIFEST
from infomotion_lib.parameters import StageParameters
from infomotion_lib.provenance import sha256

SAMPLE = 1 << 16
"""Bytes at either end of a video that count for its content; its size counts too."""


def state_outside(parameters: StageParameters) -> dict[str, str]:
    """Hash of each data set of a run that lies outside it, by name: its folder, its lists and what its
    author says of it by content, its videos by name, size and time.

    Raises
    ------
    DataError
        If such a folder is missing or no data set.
    """
    states = {}
    for name in parameters.sources.values():
        source = SOURCES[name]
        if not source.folder:
            continue
        layout = find_layout(source.root(data_dir="", data_root=parameters.data_root), layout=source.layout)
        digest = hashlib.sha256(str(layout.root).encode())
        for file in (layout.file_list, layout.tracings):
            digest.update(sha256(file).encode() if file else b"-")
        if source.owned and (layout.root / MANIFEST).is_file():
            digest.update(sha256(layout.root / MANIFEST).encode())
        for video in sorted(layout.videos.iterdir()):
            if video.is_file():
                status = video.stat()
                digest.update(f"{video.name} {status.st_size} {status.st_mtime_ns}".encode())
        states[name] = digest.hexdigest()[:16]
    return states


def names_outside(parameters: StageParameters) -> dict[str, str]:
    """What the authors of a run's own data sets call them today, by data set; those that others provide are
    left out.

    Raises
    ------
    DataError
        If such a folder is not configured, or what its author says cannot be read.
    """
    return {
        name: label_of(name, source.root(data_dir="", data_root=parameters.data_root))
        for name in parameters.sources.values()
        if (source := SOURCES[name]).owned
    }


def sampled_sha256(path: str | Path) -> str:
    """SHA-256 of a file's size and of :data:`SAMPLE` bytes at either end: seconds for a large data set."""
    with Path(path).open("rb") as stream:
        size = stream.seek(0, 2)
        digest = hashlib.sha256(str(size).encode())
        stream.seek(0)
        digest.update(stream.read(SAMPLE))
        if size > SAMPLE:
            stream.seek(max(SAMPLE, size - SAMPLE))
            digest.update(stream.read(SAMPLE))
    return digest.hexdigest()
