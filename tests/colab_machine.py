"""A machine like Colab's, and the notebooks that are opened there: an empty folder, a Python that has Colab's
packages but not ours; each first cell does the rest.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import nbformat
from finished_run import FinishedRun, copy_project, tables

from infomotion_book.publication import repository_url
from infomotion_lib.paths import RunPaths, notebook_of
from infomotion_lib.provenance import read_run_card
from infomotion_lib.run.colab import earlier_stages
from infomotion_lib.stage_table import RUN_CARD, TABLE, notebook_stages

STAGES = list(notebook_stages().values())
OPENED = STAGES[0]
"""The notebook that is opened first; it must run the stages before its own."""

THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Waiting threads sleep. How many there are, the notebook says itself: the last digits of a trained weight
depend on it.
"""


@dataclass(frozen=True)
class Colab:
    """A machine like Colab's.

    Attributes
    ----------
    home : Path
        Where its Python lies: every package of this one but ours, and kernels in which ``google.colab`` is
        loaded.
    content : Path
        Folder in which notebooks run.
    repository : Path
        What is cloned instead of the public repository.
    """

    home: Path
    content: Path
    repository: Path

    @property
    def run(self) -> RunPaths:
        """The smoke profile's folders in the clone."""
        return RunPaths("smoke", self.content / "infomotion/runs/smoke")

    @property
    def installed(self) -> set[str]:
        """Packages that were installed there."""
        (site,) = (self.home / "python/lib").glob("*/site-packages")
        return {item.name.split("-")[0] for item in site.glob("*.dist-info")}

    def open(self, notebook: Path, out: Path) -> dict[str, str]:
        """What each code cell of the notebook printed; all were executed."""
        words = [
            "-m",
            "papermill",
            str(notebook),
            str(out),
            "-k",
            "python3",
            "--no-progress-bar",
            "--cwd",
            str(self.content),
        ]
        command = [str(self.home / "python/bin/python"), *words]
        done = subprocess.run(
            command, cwd=self.content, env=self._environment(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        cells = [cell for cell in nbformat.read(out, as_version=4).cells if cell.cell_type == "code"]
        return {cell.id: "".join(item.get("text", "") for item in cell.outputs) for cell in cells}

    def start(self, stage: str, notebook: Path, out: Path) -> dict[str, str]:
        """As :meth:`open`; the notebook's first cell has run the stages that were missing, and no other."""
        before = earlier_stages(stage)
        missing = [name for name in before if not (self.run.stage(name) / RUN_CARD).is_file()]
        printed = self.open(notebook, out)
        first = printed["bootstrap"]
        assert "This notebook starts from the profile smoke" in first and all(
            name in first for name in before
        )
        assert [name for name in before if f"Running {TABLE[name].label} ..." in first] == missing, (
            "what has run before is kept"
        )
        assert sorted(item.name for item in self.content.iterdir()) == ["infomotion"]
        assert self.installed == {"infomotion"}, "nothing that was there is installed again"
        return printed

    def _environment(self) -> dict[str, str]:
        """Nothing of this project's; no package index is reachable."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        here = f"url.file://{self.repository}.insteadOf"
        git = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": here, "GIT_CONFIG_VALUE_0": repository_url()}
        pip = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        return {**kept, **THREADS, **git, **pip, "HOME": str(self.home), "JUPYTER_PREFER_ENV_PATH": "1"}


def make_colab(home: Path) -> Colab:
    """A machine on which nothing has run yet, in an empty folder."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / "python")], check=True)
    (site,) = (home / "python" / "lib").glob("*/site-packages")
    packages = home / "packages"
    packages.mkdir()
    for item in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if "infomotion" not in item.name and item.suffix != ".pth":
            (packages / item.name).symlink_to(item)
    (site / "google" / "colab").mkdir(parents=True)
    (site / "google" / "colab" / "__init__.py").touch()
    (site / "colab.pth").write_text(f"{packages}\nimport google.colab\n")
    (home / "content").mkdir()
    repository = copy_project(home / "repository")
    who = {
        f"GIT_{role}_{what}": "nobody@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    for words in (["init", "-q"], ["add", "--force", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *words], cwd=repository, check=True, env={**os.environ, **who})
    return Colab(home, home / "content", repository)


def begun(stage: str, folder: Path) -> Path:
    """The notebook of a stage up to the cell that reads its parameters, and a cell that prints what it
    begins with.
    """
    file = notebook_of(TABLE[stage])
    assert file is not None
    notebook = nbformat.read(file, as_version=4)
    (last,) = [number for number, cell in enumerate(notebook.cells) if cell.id == "config"]
    show = "import json\n\nprint(json.dumps([run.parameters, run.inputs]))"
    notebook.cells = [*notebook.cells[: last + 1], nbformat.v4.new_code_cell(show, id="begun")]
    nbformat.write(notebook, folder / file.name)
    return folder / file.name


def sums(run: RunPaths) -> dict[str, str]:
    """Hashes of all videos that a run has drawn, by data set."""
    found = {file.parent.name: file.read_text(encoding="utf-8") for file in run.data.glob("*/SHA256SUMS")}
    assert set(found) == {"phantom", "phantom-synthetic"}
    return found


def begins_as_in_the_whole_run(colab: Colab, whole: FinishedRun, stage: str, folder: Path) -> None:
    """A notebook, up to its parameters: the stages before it leave the tables of the whole run, byte by byte,
    and it begins with the parameters and inputs of its stage there. Files go to ``folder``.
    """
    printed = colab.start(stage, begun(stage, folder), folder / "out.ipynb")
    for name in earlier_stages(stage):
        assert tables(colab.run.stage(name)) == tables(whole.paths.stage(name)), name
    card = read_run_card(whole.paths.stage(stage))
    parameters, inputs = json.loads(printed["begun"])
    assert parameters == card["parameters"], "the profile's values, though nobody injects them"
    assert inputs == card["inputs"]
    assert sums(colab.run) == sums(whole.paths)


def copy_earlier(colab: Colab, whole: FinishedRun, stage: str) -> None:
    """Copy what the stages before a notebook left in the whole run, where that machine has not run them."""
    for name in earlier_stages(stage):
        if not (colab.run.stage(name) / RUN_CARD).is_file():
            shutil.copytree(whole.paths.stage(name), colab.run.stage(name), dirs_exist_ok=True)
