"""The kernel that executes a notebook for the runner: interrupts reach cells, and nothing else."""

from __future__ import annotations

import signal
import threading
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

from infomotion_lib.processes import die_with_parent


class CellKernel(IPythonKernel):
    """Python kernel that can be interrupted while it executes a cell, and ignores interrupts at all other
    times.

    Whoever shuts a kernel down interrupts it first, in case a cell is still running. ipykernel listens from
    the beginning to the end of every request, so an interrupt that follows the reply to a request too fast
    is reported as an error, though nothing was interrupted.
    """

    def pre_handler_hook(self) -> None:
        """Nothing: a request that is no cell is not interrupted."""

    def post_handler_hook(self) -> None:
        """Nothing, likewise."""

    async def execute_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Execute a cell; an interrupt ends it with a ``KeyboardInterrupt``."""
        if threading.current_thread() is not threading.main_thread():
            await super().execute_request(stream, ident, parent)
            return
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            await super().execute_request(stream, ident, parent)
        finally:
            signal.signal(signal.SIGINT, before)


def serve() -> None:
    """Answer requests until asked to end, or until the runner is gone."""
    die_with_parent()
    IPKernelApp.launch_instance(kernel_class=CellKernel)
