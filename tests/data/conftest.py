"""Folders in EchoNet-Dynamic's layout for the tests of the readers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from data_folders import EchoFolder, make_folder, textured_clip

from infomotion_lib.data.video import write_clip


@pytest.fixture(scope="session")
def three_clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three distinct AVI files."""
    folder = tmp_path_factory.mktemp("clips")
    return [write_clip(folder / f"{seed}.avi", textured_clip(seed), fps=50) for seed in range(3)]


@pytest.fixture
def echo_folder(tmp_path: Path, three_clips: list[Path]) -> EchoFolder:
    """40 videos of 24 frames, all five EF classes, ED traced before ES."""
    return make_folder(tmp_path / "EchoNet-Dynamic", three_clips)


@pytest.fixture(scope="session")
def make_echo_folder(three_clips: list[Path]) -> Callable[..., EchoFolder]:
    """Maker of such folders: ``make_echo_folder(root, n=..., linked=...)``."""
    return lambda root, **options: make_folder(root, three_clips, **options)


@pytest.fixture
def real_mirror() -> Path:
    """Local copy of the published clips, where ``$INFOMOTION_MIRROR`` names one."""
    mirror = Path(os.environ.get("INFOMOTION_MIRROR", ""))
    if not (mirror / "echodiffusion" / "counterfactual").is_dir():
        pytest.skip("INFOMOTION_MIRROR names no folder with the published clips")
    return mirror
