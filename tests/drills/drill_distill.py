"""The whole of ``infomotion distill`` by the engine where its quick tests stop: no EF, and a folder of DICOM."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from infomotion_lib.data.records import read_dataset
from infomotion_lib.data.video import read_clip
from infomotion_lib.run import cli

SMALL = ("ifa_width=4", "ifa_steps=6", "ifa_batch_size=2", "ifa_warmup_steps=2", "health_resamples=1")
QUICK = [word for value in SMALL for word in ("-p", value)]


@pytest.mark.parametrize("method", ["infomotion", "kmeans_motion", "random"])
def test_without_ef_every_method_that_needs_none(tiny_phantom: Path, tmp_path: Path, method: str) -> None:
    out = tmp_path / "chosen"
    words = ["--no-classes", "--vpc", "6", "--method", method, "--size", "64", *QUICK]
    assert cli.main(["distill", str(tiny_phantom / "Videos"), "--out", str(out), *words]) == 0
    chosen = read_dataset(out, layout="echonet-dynamic", labelled=False).usable
    assert len(chosen) == 6 and chosen["ef"].isna().all()
    assert "ef" not in pd.read_csv(out / "selection.csv")
    assert "selected to be labelled first" in (out / "README.md").read_text(encoding="utf-8")
    assert (out / "chosen_hearts.svg").is_file() and (out / "graphs.svg").is_file()


def test_a_folder_of_dicom(tiny_phantom: Path, tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    sys.path.append(str(Path(__file__).parents[1] / "data"))
    from dicom_files import PLANTED, cine, save

    hearts = pd.read_csv(tiny_phantom / "FileList.csv")
    rows = ["file,ef"]
    for number, (name, ef) in enumerate(zip(hearts["FileName"], hearts["EF"], strict=True)):
        clip = read_clip(tiny_phantom / "Videos" / f"{name}.avi")
        save(cine(clip, "MONOCHROME2", FrameTime="20"), tmp_path / "scans" / f"IM{number}")
        rows.append(f"IM{number},{ef:.1f}")
    (tmp_path / "list.csv").write_text("\n".join(rows), encoding="utf-8")
    out = tmp_path / "chosen"
    words = ["--labels", str(tmp_path / "list.csv"), "--vpc", "1", "--out", str(out), *QUICK]
    assert cli.main(["distill", str(tmp_path / "scans"), *words]) == 0
    assert len(read_dataset(out, layout="echonet-dynamic").usable) == 5
    for file in out.rglob("*"):
        if file.is_file():
            assert not any(word.encode() in file.read_bytes() for word in PLANTED if not word.isdecimal()), (
                file
            )
