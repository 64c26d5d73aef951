"""Each notebook alone in an empty folder, in a Python that has Colab's packages but not ours: the first cell does the rest.

Every stage runs here a second time, in another process, clone and way, from the same input: its tables must be those of the whole run, byte
by byte. So these tests also say that two runs of a profile on one machine are equal.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
from finished_run import FinishedRun, copy_project, tables

from infomotion_lib.colab import earlier_stages
from infomotion_lib.parameters import NOTEBOOK_STAGES
from infomotion_lib.paths import RunPaths
from infomotion_lib.reporting.book.render import repository_url
from infomotion_lib.stages.table import TABLE

pytest.importorskip("papermill")

STAGES = list(NOTEBOOK_STAGES.values())
FROM_NOTHING = "ifa_training"
"""Stage whose notebook runs all that it needs; the others find it in their clone, to save minutes."""

THREADS = {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
"""As many as the smoke profile's workers: the last digits of a trained weight depend on it."""


@pytest.fixture(scope="module")
def colab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with every package of this one but ours, in whose kernels ``google.colab`` is loaded, as Colab's are."""
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
    return home


def remote(folder: Path, keep: FinishedRun | None, stage: str) -> Path:
    """A repository to clone from: this project, with what the stages before ``stage`` wrote if there is a run to take it from."""
    copy_project(folder)
    if keep:
        for name in earlier_stages(stage):
            own = keep.paths.stage(name)
            shutil.copytree(own, folder / "runs" / "smoke" / own.name)
    who = {f"GIT_{role}_{what}": "nobody@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for words in (["init", "-q"], ["add", "--force", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *words], cwd=folder, check=True, env={**os.environ, **who})
    return folder


def surroundings(colab: Path, repository: Path) -> dict[str, str]:
    """Nothing of this project's environment; the repository stands in for the public one, no package index is reachable."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    git = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{repository}.insteadOf", "GIT_CONFIG_VALUE_0": repository_url()}
    pip = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {**kept, **THREADS, **git, **pip, "HOME": str(colab), "JUPYTER_PREFER_ENV_PATH": "1"}


@pytest.mark.parametrize("stage", STAGES)
def test_it_starts_alone_and_ends_as_the_whole_run(colab: Path, smoke_run: FinishedRun, tmp_path: Path, stage: str) -> None:
    notebook = TABLE[stage].notebook
    assert notebook is not None
    python = tmp_path / "python"
    shutil.copytree(colab / "python", python, symlinks=True)
    content = tmp_path / "content"
    content.mkdir()
    repository = remote(tmp_path / "remote", None if stage == FROM_NOTHING else smoke_run, stage)
    words = ["-m", "papermill", str(notebook), str(tmp_path / "out.ipynb"), "-k", "python3", "--no-progress-bar", "--cwd", str(content)]
    done = subprocess.run(
        [str(python / "bin" / "python"), *words], cwd=content, env=surroundings(colab, repository), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(item.name for item in content.iterdir()) == ["infomotion"]
    made = RunPaths("smoke", content / "infomotion" / "runs" / "smoke")
    assert (made.stage(stage) / "run_card.json").is_file()
    said = spoken(tmp_path / "out.ipynb")
    assert "This notebook starts from the profile smoke" in said and all(name in said for name in earlier_stages(stage))
    assert ("Running data" in said) == (stage == FROM_NOTHING), "what has run before is kept"
    (site,) = (python / "lib").glob("*/site-packages")
    installed = {item.name.split("-")[0] for item in site.glob("*.dist-info")}
    assert installed == {"infomotion"}, "nothing that was there is installed again"
    for name in (*earlier_stages(stage), stage):
        assert tables(made.stage(name)) == tables(smoke_run.paths.stage(name)), name
    assert sums(made) == sums(smoke_run.paths)


def sums(run: RunPaths) -> dict[str, str]:
    """Hashes of all videos that a run has drawn, by data set."""
    found = {file.parent.name: file.read_text(encoding="utf-8") for file in run.data.glob("*/SHA256SUMS")}
    assert set(found) == {"phantom", "phantom-synthetic"}
    return found


def spoken(notebook: Path) -> str:
    """What the first cell printed."""
    (cell,) = [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.id == "bootstrap"]
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_stages_before_a_stage_come_in_the_order_of_the_walk() -> None:
    assert earlier_stages("data") == []
    assert earlier_stages("evaluation") == ["data", "labels", "frame_index", "ifa_training", "graph_selection"]


@pytest.mark.parametrize("stage", STAGES)
def test_the_first_cell_pins_what_colab_has(stage: str) -> None:
    notebook = TABLE[stage].notebook
    assert notebook is not None
    (cell,) = [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.id == "bootstrap"]
    calls = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call) and "'install'" in ast.unparse(node)]
    (install,) = calls
    assert "*as_they_are" in ast.unparse(install) and "for name in ('numpy', 'torch')" in ast.unparse(ast.parse(cell.source))
    assert not {"--upgrade", "-U", "--force-reinstall"} & set(ast.unparse(install).replace("'", "").replace(",", "").split())
    assert f'start("{stage}")' in cell.source, "it names its own stage"
