"""Vectors made in blocks of videos: what a killed call keeps, and what several jobs share.

Blocks are the same whoever makes them, so vectors do not depend on the number of jobs.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from infomotion_lib.progress import track
from infomotion_lib.provenance import write_npz
from infomotion_lib.representations.vectors import Vectors, read_features, write_features
from infomotion_lib.share import Share

BLOCK = 32
"""Videos of one block."""

Videos = Sequence[Mapping[Any, Any]]


def made_in_blocks(
    videos: Videos,
    make: Callable[[Videos], Vectors],
    *,
    out: Path | None,
    label: str,
    identity: str,
    size: int = BLOCK,
    share: Share | None = None,
) -> list[Vectors]:
    """Vectors of each block of the videos, in their order.

    Parameters
    ----------
    videos : sequence of mapping
        Rows of a frame index.
    make : callable
        Vectors of the videos of one block, with this ``identity``.
    out : path or None
        File of vectors beside which finished blocks are kept, in ``<out>.parts/``; a later call takes up
        those of equal identity. None: nothing is kept.
    label : str
        Of the progress bar.
    identity : str
        What must be equal for two blocks to belong together: weights, videos, settings.
    size : int
        Videos of one block.
    share : Share, optional
        The blocks of one job alone.
    """
    done = []
    for number, start in enumerate(track(range(0, len(videos), size), label=label, unit="block")):
        if share is not None and not share.has(number):
            continue
        part = None if out is None else _folder(out) / f"{number:06d}.npz"
        table = _kept(part, identity)
        if table is None:
            table = make(videos[start : start + size])
            if part is not None:
                write_npz(part, table.arrays())
        done.append(table)
    return done


def finish(table: Vectors, out: Path | None) -> Vectors:
    """The table, written to ``out`` if that is a path; the blocks beside it are removed."""
    if out is not None:
        write_features(table, out)
        shutil.rmtree(_folder(out), ignore_errors=True)
    return table


def _folder(out: Path) -> Path:
    return Path(f"{out}.parts")


def _kept(part: Path | None, identity: str) -> Vectors | None:
    """A block that an earlier call has made, if it is of this identity."""
    if part is None or not part.is_file():
        return None
    earlier = read_features(part)
    return earlier if earlier.identity == identity else None
