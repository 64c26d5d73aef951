"""The data set of one file and one line, through the stages to the notebook of the frame index."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import test_toy_source
from test_toy_source import NAME

from infomotion_lib.paths import PROJECT, run_paths


def test_it_goes_through_the_notebook_of_the_frame_index(tmp_path: Path) -> None:
    profile = tmp_path / "toys.yml"
    values = {"real_data": NAME, "synthetic_data": "none", "toys_per_class": 3, "runs_dir": str(tmp_path)}
    profile.write_text("".join(f"{name}: {value}\n" for name, value in values.items()), encoding="utf-8")
    for stage in ("data", "labels", "01"):
        run_with_the_toy(stage, profile, tmp_path)
    paths = run_paths("toys", tmp_path)
    videos, index = pd.read_csv(paths.videos), pd.read_csv(paths.frame_index)
    assert index["file_name"].tolist() == videos["file_name"].tolist()
    assert (index["phase_source"] == "detected").sum() > len(index) / 2
    page = (paths.stage("frame_index") / "01_frame_index.ipynb").read_text(encoding="utf-8")
    assert test_toy_source.TOY.label in page


def run_with_the_toy(stage: str, profile: Path, folder: Path) -> None:
    """One stage by the command; each Python that it starts registers the toy first."""
    module = test_toy_source.__name__
    (folder / "sitecustomize.py").write_text(
        "import sys\n"
        f"sys.path.append({str(Path(test_toy_source.__file__).parent)!r})\n"
        "from infomotion_lib.data.sources import SOURCES\n"
        f"import {module}\n"
        f"SOURCES.add({module}.TOY)\n",
        encoding="utf-8",
    )
    within = os.pathsep.join([str(folder), str(PROJECT), str(PROJECT / "book"), str(PROJECT / "tests")])
    words = ["-m", "infomotion_lib.run.cli", "run", stage, "--profile", str(profile)]
    subprocess.run(
        [sys.executable, *words],
        check=True,
        env={**os.environ, "PYTHONPATH": within},
        cwd=PROJECT,
        timeout=300,
    )
