"""A file fetched over an unreliable line: continued where it broke, whole or not there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from infomotion_lib.data.echodiffusion import network_reason
from infomotion_lib.errors import FetchError

if TYPE_CHECKING:
    import requests

TIMEOUT = (10, 60)  # seconds to connect, seconds without a byte
ATTEMPTS = 5
PAUSE = 2.0
_RECEIVED = 1 << 16  # at most this much of a broken connection is asked for again

Told = Callable[[int], object]
"""Called with the number of bytes that are there."""


def download(address: str, partial: Path, size: int, *, tell: Told = lambda count: None) -> None:
    """The whole file in ``partial``, continued from what is already there.

    Parameters
    ----------
    address : str
        Where it lies; a server without ranges starts over.
    partial : Path
        File to fill; what arrived stays there when the line fails.
    size : int
        Bytes of the whole file.
    tell : callable
        Told how many bytes are there.

    Raises
    ------
    FetchError
        If it did not arrive whole after some attempts, or cannot be written.
    """
    reason = ""
    for _ in range(ATTEMPTS):
        have = held(partial)
        if have > size:
            partial.unlink()
            have = 0
        if have == size and partial.is_file():
            return
        tell(have)
        reason = _continue(address, partial, have, tell)
        if held(partial) <= have < size:
            time.sleep(PAUSE)
    have = held(partial)
    if have == size:
        return
    raise FetchError(
        f"The download of {address} was interrupted at {have:,} of {size:,}"
        f" bytes{': ' + reason if reason else ''}.",
        remedy=f"Run it again: it goes on from {partial}.",
    )


def held(partial: Path) -> int:
    """Bytes that have arrived."""
    return partial.stat().st_size if partial.is_file() else 0


def request(
    method: str, address: str, *, follow: bool = True, headers: Mapping[str, str] | None = None
) -> requests.Response:
    """Answer of a server, its content not yet read.

    Raises
    ------
    FetchError
        If the server cannot be reached or refuses; of ``GET`` the error of ``requests``.
    """
    import requests

    plain = {"Accept-Encoding": "identity", **(headers or {})}
    try:
        answer = requests.request(
            method, address, allow_redirects=follow, headers=plain, timeout=TIMEOUT, stream=True
        )
        answer.raise_for_status()
    except requests.RequestException as error:
        if method == "GET":
            raise
        raise unreachable(address, error) from None
    return answer


def unreachable(address: str, error: Exception) -> FetchError:
    """The error for a server that does not answer as it should."""
    return FetchError(
        f"{address} cannot be reached: {network_reason(error)}.",
        remedy="Check the connection and run it again.",
    )


def _continue(address: str, partial: Path, have: int, tell: Told) -> str:
    """Why the transfer ended early; empty when it ran to its end."""
    import requests

    try:
        with request("GET", address, headers={"Range": f"bytes={have}-"} if have else {}) as answer:
            starts_over = have and answer.status_code != 206
            with partial.open("wb" if starts_over or not have else "ab") as sink:
                for chunk in answer.iter_content(_RECEIVED):
                    sink.write(chunk)
                    tell(sink.tell())
    except requests.RequestException as error:
        return network_reason(error)
    except OSError as error:
        raise FetchError(
            f"{partial} cannot be written: {error.strerror}.", remedy="Make room and run it again."
        ) from None
    return ""
