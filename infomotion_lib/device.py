"""Where networks run, and on how many threads; torch is loaded by the first call."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.errors import ParameterError
from infomotion_lib.processes import die_with_parent

if TYPE_CHECKING:
    import torch


def resolve_device(name: str) -> torch.device:
    """Device of the name ``auto``, ``cpu`` or ``cuda``; ``auto`` is the GPU where there is one.

    Raises
    ------
    ParameterError
        If a GPU is asked for and there is none.
    """
    import torch

    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ParameterError(
            "device = 'cuda', but torch sees no GPU.", remedy="Use device = 'auto' or 'cpu'."
        )
    return torch.device("cuda" if name != "cpu" and there else "cpu")


def as_unit(frames: NDArray[np.uint8], device: torch.device) -> torch.Tensor:
    """Float32 frames in [0, 1] of uint8 frames, same shape, on the device."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(frames)).to(device).float().div_(255)


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread for as long as the block runs, so that results do not depend on the number of
    cores.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def start_worker() -> None:
    """First thing in a worker process: it has one thread, ends with the process that it works for, and leaves
    Ctrl-C to that one.
    """
    import cv2
    import torch

    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
