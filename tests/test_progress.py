"""Bars of processes that share one terminal: one at a time."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from infomotion_lib.progress import TERMINAL_VARIABLE, _held, terminal

HOLDS = "from infomotion_lib.progress import terminal; print(bool(terminal()))"


def test_of_two_processes_one_has_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = os.openpty()
    monkeypatch.setenv(TERMINAL_VARIABLE, os.ttyname(slave))

    def other() -> str:
        command = [sys.executable, "-c", HOLDS]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    with open(os.ttyname(slave)):  # noqa: PTH123  # keeps the device alive
        held = terminal()
        assert held is not None and terminal() is held, "bars of one process share it"
        assert other() == "False"
        _held.pop(os.ttyname(slave)).close()
        assert other() == "True"
    os.close(master)
    os.close(slave)
