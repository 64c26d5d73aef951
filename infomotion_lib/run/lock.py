"""One run at a time in one profile's folder, and one profile."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from infomotion_lib.errors import StageError
from infomotion_lib.paths import PROFILE_NOTE, RunPaths, identity_of, require_own
from infomotion_lib.provenance import atomic, write_json


@contextmanager
def only_run(paths: RunPaths, *, wait: bool = False) -> Iterator[None]:
    """Block inside which no other run of this profile can start; the operating system frees it if the process
    dies.

    Parameters
    ----------
    wait : bool, default False
        Wait for the other run to end instead of refusing.

    Raises
    ------
    StageError
        If another run is going on, or the folder cannot be written.
    """
    owner = paths.root / ".run.json"
    try:
        paths.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(paths.root / ".run.lock")
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        who = json.loads(owner.read_text(encoding="utf-8")) if owner.is_file() else {}
        raise StageError(
            f"Another run of profile {paths.profile} is going on:"
            f" {', '.join(f'{key} {value}' for key, value in who.items())}",
            where=f"It holds {paths.root}",
            remedy="Let it end, or start this one with --wait.",
        ) from None
    except OSError as error:
        raise StageError(
            f"Cannot write to {paths.root}: {error.strerror}",
            remedy="Choose another runs_dir, or free this one.",
        ) from None
    try:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        write_json({"process": os.getpid(), "machine": platform.node(), "since": now}, owner)
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def claim(paths: RunPaths, profile: str) -> None:
    """Note in the folder of a run which profile it is of; the copy that lies there says nothing new.

    Raises
    ------
    ParameterError
        If it is of another profile of the same name.
    """
    identity = identity_of(profile)
    if identity != str(require_own(paths, profile).resolved.resolve()):
        with atomic(paths.root / PROFILE_NOTE) as temporary:
            temporary.write_text(identity, encoding="utf-8")
