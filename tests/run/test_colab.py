"""The notebooks in Colab: an empty folder, a Python that has Colab's packages but not ours; each first cell
does the rest.

They share one such machine, and the first finds nothing on it. The first notebook is executed whole, after the
stages before it, and their tables must be those of the whole run, byte by byte: so these tests also say that
two runs of a profile on one machine are equal, whatever way they were run. Of later notebooks the cells are
executed that depend on where a notebook runs, those up to its parameters.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from finished_run import FinishedRun, copy_project, tables

from infomotion_book.render import repository_url
from infomotion_lib.paths import RunPaths, notebook_of
from infomotion_lib.provenance import read_run_card
from infomotion_lib.run.colab import earlier_stages
from infomotion_lib.stage_table import RUN_CARD, TABLE, notebook_stages

pytest.importorskip("papermill")

STAGES = list(notebook_stages().values())
OPENED = STAGES[0]
"""The notebook that is executed whole; it must run the stages before its own."""

BEGUN = tuple(STAGES[1:])
"""Notebooks of which the first cells are executed."""

RUN_HERE = {OPENED, *earlier_stages(OPENED)}
"""Stages that run on this machine; what others leave is copied from the whole run."""

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


@pytest.fixture(scope="module")
def colab(tmp_path_factory: pytest.TempPathFactory) -> Colab:
    """A machine on which nothing has run yet."""
    home = tmp_path_factory.mktemp("colab")
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


def test_a_notebook_starts_alone_and_ends_as_the_whole_run(
    colab: Colab, smoke_run: FinishedRun, tmp_path: Path
) -> None:
    notebook = notebook_of(TABLE[OPENED])
    assert notebook is not None
    colab.start(OPENED, notebook, tmp_path / "out.ipynb")
    for name in (*earlier_stages(OPENED), OPENED):
        assert tables(colab.run.stage(name)) == tables(smoke_run.paths.stage(name)), name
    assert sums(colab.run) == sums(smoke_run.paths)


@pytest.mark.parametrize("stage", BEGUN)
def test_a_later_notebook_begins_as_in_the_whole_run(
    colab: Colab, smoke_run: FinishedRun, tmp_path: Path, stage: str
) -> None:
    for name in earlier_stages(stage):
        if name not in RUN_HERE:
            shutil.copytree(smoke_run.paths.stage(name), colab.run.stage(name), dirs_exist_ok=True)
    printed = colab.start(stage, begun(stage, tmp_path), tmp_path / "out.ipynb")
    for name in earlier_stages(stage):
        assert tables(colab.run.stage(name)) == tables(smoke_run.paths.stage(name)), name
    card = read_run_card(smoke_run.paths.stage(stage))
    parameters, inputs = json.loads(printed["begun"])
    assert parameters == card["parameters"], "the profile's values, though nobody injects them"
    assert inputs == card["inputs"]


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


def test_the_first_cells_differ_in_the_stage_alone() -> None:
    sources = {first_cell(stage).replace(f'start("{stage}")', 'start("its own")') for stage in STAGES}
    assert len(sources) == 1 and 'start("its own")' in sources.pop()


def first_cell(stage: str) -> str:
    """Source of the first cell of a stage's notebook."""
    notebook = notebook_of(TABLE[stage])
    assert notebook is not None
    (cell,) = [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.id == "bootstrap"]
    return str(cell.source)


def test_stages_before_a_stage_come_in_the_order_of_the_walk() -> None:
    assert earlier_stages("data") == []
    assert earlier_stages("evaluation") == [
        "data",
        "labels",
        "frame_index",
        "ifa_training",
        "graph_selection",
    ]


def test_the_first_cell_pins_what_colab_has() -> None:
    source = first_cell(STAGES[0])
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and "'install'" in ast.unparse(node)
    ]
    (install,) = calls
    assert "*as_they_are" in ast.unparse(install) and "for name in ('numpy', 'torch')" in ast.unparse(
        ast.parse(source)
    )
    assert not {"--upgrade", "-U", "--force-reinstall"} & set(
        ast.unparse(install).replace("'", "").replace(",", "").split()
    )
