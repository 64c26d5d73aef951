"""What all tests share: one thread a process, a tiny phantom and its synthetic partner, one run of the smoke
profile.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Literal

import hypothesis
import pytest
from finished_run import FinishedRun, copy_project, infomotion, once, project_hashes

from infomotion_lib.paths import PROJECT, run_paths

TINY = (4, 1, (2, 2, 2, 2, 2))


def pytest_configure() -> None:
    """One thread a process, set before torch starts its pool, and this checkout's packages (test processes
    inherit both); no example fails for being slow.
    """
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(PROJECT), str(PROJECT / "book"), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")


LONGEST = (
    "test_notebooks_run.py",
    "test_arithmetic.py",
    "test_paper_profile.py",
    "test_distill.py",
    "test_browser.py",
    "test_evidence_study.py",
    "test_stage_refusals.py",
    "test_chain.py",
    "test_colab.py",
    "test_runner.py",
    "test_here.py",
    "test_scripts.py",
    "test_build.py",
    "test_rooms_generator.py",
)
"""Test files that take longest (none more than a third of the whole on one core). Processes that take a whole
file each end together if these come first. The second to the sixth need no run of the smoke profile, which the
first one makes meanwhile, and what reads the book comes after the fifth, which has it built.
"""


MARKED = {
    "run": {"smoke_run", "paper_run", "colab"},
    "book": {"book", "unrun_book", "unrun_sources", "chromium"},
}
"""Fixtures whose tests take a marker: they stand on what takes minutes to make."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Markers, before pytest selects by them; the longest files first."""
    for item in items:
        for marker, fixtures in MARKED.items():
            if fixtures & set(getattr(item, "fixturenames", ())):
                item.add_marker(marker)
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Folder that all processes of this test session see."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def _draw(folder: Path, *, seed: int, role: Literal["real", "synthetic"]) -> Path:
    from infomotion_lib.phantom.dataset import make_dataset
    from infomotion_lib.phantom.plan import PhantomRequest, video_counts

    request = PhantomRequest(role=role, seed=seed, counts=video_counts(*TINY), frames=48)
    return make_dataset(folder, request, progress=False)


@pytest.fixture(scope="session")
def tiny_phantom(shared_folder: Path) -> Path:
    """Phantom data set: 4 TRAIN, 1 VAL and 2 TEST videos a class, 48 frames of 112 x 112."""
    return once(shared_folder / "tiny_phantom", lambda folder: _draw(folder, seed=0, role="real"))


@pytest.fixture(scope="session")
def tiny_synthetic(shared_folder: Path) -> Path:
    """Synthetic partner of ``tiny_phantom``: other nuisance, requested EF, no tracings, TRAIN only."""
    return once(shared_folder / "tiny_synthetic", lambda folder: _draw(folder, seed=1, role="synthetic"))


@pytest.fixture(scope="session")
def smoke_run(shared_folder: Path) -> FinishedRun:
    """All stages of the smoke profile, from nothing, in a copy of the project: without git, in a folder whose
    name is not plain.
    """
    folder = shared_folder / "Kopie für alle #1, no git"

    def make(folder: Path) -> None:
        before = project_hashes(copy_project(folder))
        output = infomotion("run", "all", "--profile", "smoke", project=folder)
        after = project_hashes(folder)
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        (folder / "runs/smoke.json").write_text(json.dumps([output, changed]), encoding="utf-8")

    once(folder, make)
    output, changed = json.loads((folder / "runs/smoke.json").read_text(encoding="utf-8"))
    return FinishedRun(run_paths("smoke", folder / "runs"), output, changed)
