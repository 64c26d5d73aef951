"""One notebook, executed by papermill with this very interpreter; the copy appears whole, or as a failed
copy.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infomotion_lib.arithmetic import PASSIVE, Arithmetic, variables
from infomotion_lib.errors import StageError
from infomotion_lib.paths import PROJECT
from infomotion_lib.processes import caches
from infomotion_lib.progress import TERMINAL_VARIABLE, terminal, terminal_name
from infomotion_lib.provenance import shown_path
from infomotion_lib.run.scratch import STAGE_FOLDER

if TYPE_CHECKING:
    import nbformat

INJECTED = "injected-parameters"
PATIENCE = 600
"""Seconds that a kernel may take to start, and to hand on what an ended cell showed: a full machine needs
more than the usual 60 and 4.
"""


def _literal(path: Path) -> str:
    """Path as papermill takes it, which reads braces as places for parameters."""
    return str(path).replace("{", "{{").replace("}", "}}")


def execute(
    notebook: Path, output: Path, *, parameters: dict[str, Any], arithmetic: Arithmetic, threads: int
) -> Path:
    """Path of the executed copy.

    Parameters
    ----------
    notebook : Path
        Clean notebook with a cell tagged ``parameters``.
    output : Path
        Where the executed copy goes, and the stage's results beside it; while it runs, and if it fails, the
        copy has another name.
    parameters : dict
        Values injected after the ``parameters`` cell; tuples become lists.
    arithmetic : {"portable", "native"}
        Of the numerical libraries in the kernel.
    threads : int
        Their threads in native arithmetic; portable has its own number.

    Raises
    ------
    StageError
        If a cell fails; the message names the cell, the error and the failed copy.
    """
    import papermill

    failed = output.with_suffix(".failed.ipynb")
    running = output.with_suffix(".running.ipynb")
    failed.unlink(missing_ok=True)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    screen = terminal()
    environment = variables(arithmetic, threads=threads) | caches(output.parent.parent / ".cache")
    environment[STAGE_FOLDER] = str(output.parent.absolute())
    try:
        papermill.execute_notebook(
            _literal(notebook),
            _literal(running),
            parameters={
                name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items()
            },
            kernel_name="python3",
            kernel_manager_class=_kernel_manager(environment),
            cwd=_literal(PROJECT),
            start_timeout=PATIENCE,
            iopub_timeout=PATIENCE,
            progress_bar={"desc": notebook.stem, "file": screen, "leave": False} if screen else False,
        )
    except papermill.PapermillExecutionError as error:
        running.replace(failed)
        _tidy(failed)
        place = _place(failed, error.exec_count)
        raise StageError(
            f"{notebook.name} failed in {place}: {error.ename}: {error.evalue}".rstrip(),
            where=f"The failed copy, with its traceback: {failed}",
            remedy="Mend the cause and run the stage again; finished work is kept.",
        ) from None
    except RuntimeError as error:
        running.unlink(missing_ok=True)
        raise StageError(
            f"The kernel that executed {notebook.name} died: {error}",
            remedy="Was it killed, or out of memory?",
        ) from None
    _tidy(running)
    running.replace(output)
    return output


def _kernel_manager(environment: dict[str, str]) -> type:
    """Kernel manager whose ``python3`` is this interpreter, whatever kernels the machine has registered, with
    these variables set.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    environment = {"PYDEVD_DISABLE_FILE_VALIDATION": "1", **PASSIVE, **environment}
    if device := terminal_name():
        environment[TERMINAL_VARIABLE] = device
    start = "from infomotion_lib.run.kernel import serve; serve()"
    command = [sys.executable, "-c", start, "-f", "{connection_file}", "--log-level=ERROR"]
    spec = KernelSpec(
        argv=command, env=environment, display_name="Python 3", language="python", name="python3"
    )

    class ThisInterpreter(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return spec

    return ThisInterpreter


def _tidy(path: Path) -> None:
    """Hide the injected parameters from readers, give their cell a stable id, leave no folder of this machine
    in the metadata.
    """
    import nbformat

    book = nbformat.read(path, as_version=4)
    for cell in book.cells:
        tags = cell.metadata.get("tags", [])
        if INJECTED in tags:
            cell.id = INJECTED
            cell.metadata["tags"] = [*tags, "hide-input"]
    record = book.metadata.get("papermill", {})
    for key in ("input_path", "output_path"):
        if record.get(key):
            record[key] = shown_path(record[key])
    record.pop("environment_variables", None)
    nbformat.write(book, path)


def _place(path: Path, execution_count: int | None) -> str:
    import nbformat

    heading = ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            heading = next(
                (line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("## ")), heading
            )
        elif _failed(cell):
            return f'cell "{cell.id}" ({heading})' if heading else f'cell "{cell.id}"'
    return f"cell [{execution_count}]"


def _failed(cell: nbformat.NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.get("outputs", []))
