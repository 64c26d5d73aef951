"""The published segmenter: loaded by name into torchvision's network, or refused in words; masks become
areas, areas ED and ES.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from infomotion_lib.data.video import write_clip
from infomotion_lib.errors import CheckpointError
from infomotion_lib.regressor.segmenter import (
    SEGMENTED_COLUMNS,
    area_phases,
    load_segmenter,
    lv_masks,
    segmented_phases,
)
from infomotion_lib.run.cli import main


def beating(n_frames: int, *, first_ed: int) -> NDArray[np.uint8]:
    """Clip (T, 112, 112) of a dark disc on grey that is smallest ten frames after ED, every 30 frames."""
    rows, columns = np.mgrid[:112, :112]
    phase = (np.arange(n_frames) - first_ed) % 30
    radius = 16 + 8 * np.cos(np.pi * np.where(phase < 10, phase / 10, 1 + (phase - 10) / 20))
    return np.where(np.hypot(rows - 50, columns - 56) < radius[:, None, None], 0, 90).astype(np.uint8)


class Head(nn.Sequential):
    """The layout of torchvision's head as far as names go: the last layer has an output a class."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 2, 3, padding=1), nn.ReLU(), nn.Conv2d(2, 21, 1))


class StandIn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(OrderedDict(conv1=nn.Conv2d(3, 3, 1)))
        self.classifier = Head()

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return OrderedDict(out=self.classifier(self.backbone(x)))


@pytest.fixture
def torchvision(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A module that answers as torchvision does, with a network of two layers; keeps how it was asked."""
    asked: list[dict[str, Any]] = []

    def deeplabv3_resnet50(**options: Any) -> nn.Module:
        asked.append(options)
        return StandIn()

    for name in ("torchvision", "torchvision.models", "torchvision.models.segmentation"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["torchvision.models.segmentation"].deeplabv3_resnet50 = deeplabv3_resnet50  # type: ignore[attr-defined]
    return asked


def checkpoint(path: Path, **extra: Tensor) -> Path:
    """As EchoNet-Dynamic saves it; these weights call dark pixels the ventricle."""
    network = StandIn()
    network.classifier[-1] = nn.Conv2d(2, 1, 1)
    state = {name: torch.zeros_like(value) for name, value in network.state_dict().items()}
    state["backbone.conv1.weight"] = torch.eye(3)[:, :, None, None]
    state["classifier.0.weight"][0, 0, 1, 1] = -1.0
    state["classifier.2.weight"][0, 0] = 1.0
    state["classifier.2.bias"] = torch.tensor([-1e-3])
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-5, momentum=0.9)
    content = {
        "epoch": 7,
        "state_dict": {f"module.{name}": value for name, value in (state | extra).items()},
        "best_loss": 0.04,
        "loss": np.float64(0.05),
        "opt_dict": optimiser.state_dict(),
        "scheduler_dict": {"step_size": None},
    }
    torch.save(content, path)
    return path


def test_published_names_fit_and_the_dark_is_masked(
    torchvision: list[dict[str, Any]], tmp_path: Path
) -> None:
    network = load_segmenter(checkpoint(tmp_path / "deeplab.pt"))
    assert torchvision == [
        {"weights": None, "weights_backbone": None, "aux_loss": False}
    ]  # nothing is downloaded
    assert not network.training
    clip = np.full((3, 112, 112), 90, np.uint8)
    clip[:, 40:60, 50:80] = 0
    masks = lv_masks(network, clip, batch_size=2)
    assert masks.shape == (3, 112, 112)
    assert masks.sum(axis=(1, 2)).tolist() == [600] * 3
    assert masks[:, 45, 60].all()


def test_an_auxiliary_head_is_left_out_and_strangers_are_named(
    torchvision: list[dict[str, Any]], tmp_path: Path
) -> None:
    load_segmenter(checkpoint(tmp_path / "with_aux.pt", **{"aux_classifier.0.weight": torch.zeros(1)}))
    with pytest.raises(CheckpointError, match=r"unexpected: \['stem.0.weight'\]"):
        load_segmenter(checkpoint(tmp_path / "other.pt", **{"stem.0.weight": torch.zeros(1)}))
    with pytest.raises(CheckpointError, match="not there"):
        load_segmenter(tmp_path / "gone.pt")


def test_without_torchvision_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = checkpoint(tmp_path / "deeplab.pt")
    for name in ("torchvision", "torchvision.models", "torchvision.models.segmentation"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(CheckpointError, match=r"infomotion\[pretrained\]"):
        load_segmenter(file)


def test_the_command_ends_with_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torchvision.models.segmentation", None)
    words = [
        "frames",
        "segment",
        str(tmp_path),
        "--weights",
        str(checkpoint(tmp_path / "deeplab.pt")),
        "--out",
        str(tmp_path / "out.csv"),
    ]
    assert main(words) == 2
    assert "infomotion[pretrained]" in capsys.readouterr().err
    assert main([*words, "--device", "tpu"]) == 2
    assert "Unknown device: tpu" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_the_command_writes_a_row_a_video(
    torchvision: list[dict[str, Any]], tiny_synthetic: Path, tmp_path: Path
) -> None:
    weights, out = checkpoint(tmp_path / "deeplab.pt"), tmp_path / "out.csv"
    assert (
        main(
            [
                "frames",
                "segment",
                str(tiny_synthetic),
                "--weights",
                str(weights),
                "--out",
                str(out),
                "--limit",
                "1",
                "--device",
                "cpu",
            ]
        )
        == 0
    )
    table = pd.read_csv(out)
    assert tuple(table.columns) == SEGMENTED_COLUMNS
    assert len(table) == 5


def test_ed_and_es_by_area(torchvision: list[dict[str, Any]], tmp_path: Path) -> None:
    rows = []
    for number, first in enumerate((8, 14)):
        path = write_clip(tmp_path / f"{number}.avi", beating(90, first_ed=first), fps=50.0)
        rows.append({"file_name": str(number), "path": str(path), "fps": 50.0})
    (tmp_path / "broken.avi").write_bytes(b"")
    rows.append({"file_name": "broken", "path": str(tmp_path / "broken.avi"), "fps": 50.0})
    network = load_segmenter(checkpoint(tmp_path / "deeplab.pt"))
    table = segmented_phases(pd.DataFrame(rows), network, progress=False)
    assert tuple(table.columns) == SEGMENTED_COLUMNS
    assert table["status"].tolist() == ["detected", "detected", "empty_file"]
    for row, first in zip(table.to_dict("records"), (8, 14), strict=False):
        assert min((row["es"] - first - 10) % 30, -(row["es"] - first - 10) % 30) <= 2
        assert row["es_area"] < row["ed_area"]
    masks = lv_masks(network, beating(90, first_ed=8))
    assert area_phases(masks, 50.0).has_both
