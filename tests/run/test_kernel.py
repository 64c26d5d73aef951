"""A good run is silent: the kernel hears interrupts while a cell runs, and at no other time."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from infomotion_lib.run.notebook import execute

INTERRUPTED = """import os, signal, time
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(20)
except KeyboardInterrupt:
    print("heard")"""
LATE = """kernel = get_ipython().kernel
ended = kernel.post_handler_hook
kernel.post_handler_hook = lambda: (time.sleep(0.4), ended())"""


def test_an_interrupt_ends_a_cell_and_one_after_the_last_reply_says_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    notebook = tmp_path / "toy.ipynb"
    cells = [new_code_cell(source) for source in (INTERRUPTED, LATE)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), notebook)
    output = tmp_path / "stage" / notebook.name
    output.parent.mkdir()
    execute(notebook, output, parameters={}, arithmetic="native", threads=1)
    first, _ = nbformat.read(output, as_version=4).cells
    assert "".join(item["text"] for item in first.outputs) == "heard\n"
    # the kernel is asked to end while its last reply is on the way, which a busy machine does at random
    assert capfd.readouterr().err == ""
