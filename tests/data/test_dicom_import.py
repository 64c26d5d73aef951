"""A folder of DICOM becomes videos: every encoding, every way to say the time, and no patient data."""

from __future__ import annotations

import shutil
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pydicom")
from dicom_files import DEEP, ELSEWHERE, EXACT, GREY, LOSSY, PLANTED, RGB, WINDOW, cine, compressed, save

from infomotion_lib.data.dicom import read_cine, sample_cine
from infomotion_lib.data.dicom_header import RATES, rate_of, tissue_region
from infomotion_lib.data.dicom_import import ImportRequest, import_folder, parse_mask
from infomotion_lib.data.dicom_pixels import TAGS, grey_frames, read_header
from infomotion_lib.data.video import probe, read_clip
from infomotion_lib.errors import DataError, ParameterError, VideoError
from infomotion_lib.run import cli


def grey(path: Path) -> np.ndarray:
    return grey_frames(read_header(path, TAGS), path).astype(int)


@pytest.mark.parametrize("name", EXACT)
def test_grey_levels_of_encodings_that_lose_nothing(name: str, tmp_path: Path) -> None:
    found = grey(save(EXACT[name](), tmp_path / name))
    assert found.shape == GREY.shape
    assert np.abs(found - GREY).max() <= (
        2 if "bit" in name or "signed" in name or "rescaled" in name else 0
    ) + (1 if "deep" in name else 0)


@pytest.mark.parametrize("name", LOSSY)
def test_grey_levels_of_encodings_that_lose(name: str, tmp_path: Path) -> None:
    found = grey(save(LOSSY[name](), tmp_path / name))
    assert found.shape == GREY.shape
    assert np.abs(found - GREY).mean() < 1.5


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_compression_without_a_decoder_names_the_package(name: str, tmp_path: Path) -> None:
    from pydicom.pixels.decoders.base import get_decoder

    data = ELSEWHERE[name]()
    if get_decoder(data.file_meta.TransferSyntaxUID).is_available:
        pytest.skip("a decoder is installed")
    save(data, tmp_path / "in" / name)
    save(cine(GREY, "MONOCHROME2"), tmp_path / "in" / "good")
    report = import_folder(tmp_path / "in", tmp_path / "out").report.set_index("status")
    assert "pip install pylibjpeg pylibjpeg-libjpeg" in report.loc["no_decoder", "reason"]


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2", "bare"]
)
def test_other_ways_to_lay_out_a_file(syntax: str, tmp_path: Path) -> None:
    from pydicom.uid import UID

    data, path = cine(GREY, "MONOCHROME2"), tmp_path / "in" / "IM000001"
    path.parent.mkdir()
    if syntax == "bare":
        del data.file_meta
        data.save_as(path, implicit_vr=True, little_endian=True)
    else:
        data.file_meta.TransferSyntaxUID = UID(syntax)
        little, implicit = syntax != "1.2.840.10008.1.2.2", syntax == "1.2.840.10008.1.2"
        if not little:
            data["PixelData"].VR = "OB"
        data.save_as(path, enforce_file_format=True, implicit_vr=implicit, little_endian=little)
    import_folder(path.parent, tmp_path / "out")
    assert np.abs(read_clip(tmp_path / "out/Videos/cine_000001.avi").astype(int) - GREY).mean() < 2


TIMES: dict[str, tuple[dict[str, Any], float | None, str]] = {
    "time": ({"FrameTime": "20"}, 50, ""),
    "vector": ({"FrameTimeVector": [0.0, *[25.0] * 9]}, 40, ""),
    "vector whose first step is no zero": ({"FrameTimeVector": [25.0] * 10}, 40, ""),
    "uneven vector": ({"FrameTimeVector": [0.0, *[20.0] * 8, 40.0]}, 45, "20 to 40 ms apart"),
    "vector before time": ({"FrameTimeVector": [0.0, *[25.0] * 9], "FrameTime": "20"}, 40, ""),
    "empty vector": ({"FrameTimeVector": [0.0], "FrameTime": "20"}, 50, "FrameTimeVector is no time"),
    "vector of another cine": ({"FrameTimeVector": [0.0, 25.0, 25.0], "FrameTime": "20"}, 50, "is no time"),
    "cine rate": ({"CineRate": "30"}, 30, ""),
    "recommended": ({"RecommendedDisplayFrameRate": "31"}, 31, ""),
    "seconds": ({"FrameTime": "0.02"}, None, "50000 frames a second"),
    "seconds, and a rate": ({"FrameTime": "0.02", "CineRate": "50"}, 50, "50000 frames a second"),
    "slow": ({"FrameTime": "5000"}, None, "0.2 frames a second"),
    "zero": ({"FrameTime": "0"}, None, "is no time"),
    "negative": ({"CineRate": "-3"}, None, "is no time"),
    "none": ({}, None, ""),
}


@pytest.mark.parametrize("name", TIMES)
def test_frame_rates(name: str) -> None:
    elements, fps, words = TIMES[name]
    data = cine(GREY, "MONOCHROME2")
    del data.FrameTime
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    if fps is None:
        with pytest.raises(VideoError, match=words or "Looked for") as error:
            rate_of(data, name="x")
        assert error.value.fault == "no_frame_rate" and "from 1 to 1000" in str(error.value)
    else:
        rate = rate_of(data, name="x")
        assert rate.fps == pytest.approx(fps) and words in rate.remark and bool(rate.remark) == bool(words)


def region(x0: int, y0: int, x1: int, y1: int, **elements: Any) -> Any:
    from pydicom import Dataset

    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMinY0 = x0, y0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = x1, y1
    item.RegionSpatialFormat, item.RegionDataType = 1, 1
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX, item.PhysicalDeltaY = 0.05, 0.04
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item


def test_the_region_of_tissue_is_the_one_in_the_picture() -> None:
    regions = [
        region(0, 40, 63, 47, RegionSpatialFormat=3),  # the ECG below
        region(2, 2, 9, 9, RegionDataType=2),
        region(8, 4, 55, 39),
        region(0, 0, 800, 600),  # of the screen
    ]
    data = cine(GREY, "MONOCHROME2", SequenceOfUltrasoundRegions=regions)
    assert tissue_region(data) == (8, 4, 55, 39, 0.05, 0.04)
    regions[2].PhysicalUnitsXDirection = 4  # seconds
    assert tissue_region(data) == (8, 4, 55, 39, 0, 0.04)
    data.SequenceOfUltrasoundRegions = [region(8, 4, 64, 48)]  # counted from one
    assert tissue_region(data) == (8, 4, 63, 47, 0.05, 0.04)
    data.SequenceOfUltrasoundRegions = regions[3:]
    assert tissue_region(data) is None


def test_crop_masks_and_calibration(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    save(cine(GREY, "MONOCHROME2", SequenceOfUltrasoundRegions=[region(8, 4, 55, 39)]), source / "a" / "IM1")
    save(cine(GREY[:9], "MONOCHROME2"), source / "a" / "IM2")
    summary = import_folder(source, out, ImportRequest(crop=True, masks=(parse_mask("0,0,23,11"),)))
    assert summary.report["status"].tolist() == ["imported", "no_region"]
    outside = import_folder(source, tmp_path / "outside", ImportRequest(masks=((64, 0, 90, 9),)))
    assert set(outside.imported["remark"]) == {"mask 64,0,90,9 is outside the picture"}
    row = pd.read_csv(out / "imported.csv").iloc[0]
    assert (row["n_frames"], row["height"], row["width"], row["fps"]) == (10, 36, 48, 25)
    assert (row["cm_per_pixel_x"], row["cm_per_pixel_y"]) == (0.05, 0.04)
    assert row[["region_x0", "region_y0", "region_x1", "region_y1"]].tolist() == [8, 4, 55, 39]
    clip = read_clip(out / "Videos" / "cine_000001.avi").astype(int)
    assert clip[:, :8, :16].max() < 12
    assert np.abs(clip[:, 8:, 16:] - GREY[:, 12:40, 24:56]).mean() < 2
    assert probe(out / "Videos" / "cine_000001.avi").fps == 25


@pytest.mark.parametrize("box", ["", "1,2,3", "a,b,c,d", "9,0,3,5", "-1,0,3,5"])
def test_what_is_no_box(box: str) -> None:
    with pytest.raises(ParameterError, match="Not a box"):
        parse_mask(box)


def folder(root: Path) -> Path:
    """Cines and what lies beside them in an export, the patient's name in paths too."""
    home = root / "Mustermann^Erika" / "2024"
    save(cine(GREY, "MONOCHROME2"), home / "Erika_1.dcm")
    save(cine(RGB, "RGB", FrameTimeVector=[0.0, *[20.0] * 9]), home / "deep" / "IM0002")
    shutil.copy(home / "Erika_1.dcm", home / "deep" / "copy")
    save(cine(GREY[:1], "MONOCHROME2"), home / "still")
    save(cine(GREY, "MONOCHROME2", FrameTime="0.02"), home / "fast")
    save(cine(GREY, "MONOCHROME2", Modality="CT"), home / "ct")
    damaged = cine(GREY, "MONOCHROME2")
    damaged.PixelData = damaged.PixelData[:5000]
    save(damaged, home / "cut")
    report = cine(GREY, "MONOCHROME2")
    del report.PixelData
    save(report, home / "report")
    (home / "notes.txt").write_text("Mustermann, Erika")
    (home / "thumbs").write_bytes(b"\0" * 500)
    return root


def test_a_folder_with_all_that_lies_in_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = folder(tmp_path / "in"), tmp_path / "out"
    assert cli.main(["data", "import-dicom", str(source), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    report = pd.read_csv(out / "import_report.csv")
    assert report["status"].value_counts().to_dict() == {
        **{"imported": 2, "no_dicom": 2},
        **dict.fromkeys(
            ("repeated", "single_picture", "no_frame_rate", "no_ultrasound", "no_pictures", "unreadable"), 1
        ),
    }
    assert sorted(path.name for path in (out / "Videos").iterdir()) == ["cine_000001.avi", "cine_000002.avi"]
    assert sorted(pd.read_csv(out / "imported.csv")["fps"]) == [25, 50]
    assert "2 imported" in said and "single_picture (a single picture, no cine)" in said
    written = b"".join(path.name.encode() + path.read_bytes() for path in out.rglob("*") if path.is_file())
    for word in PLANTED:
        assert word.encode() not in written and word not in said, word
    assert not (out / "names.csv").exists()


def test_names_are_written_on_demand_alone(tmp_path: Path) -> None:
    source, out = folder(tmp_path / "in"), tmp_path / "out"
    import_folder(source, out, ImportRequest(keep_names=True))
    names = pd.read_csv(out / "names.csv", keep_default_na=False)
    rows = dict(zip(names["source"], names["file_name"], strict=True))
    assert rows["Mustermann^Erika/2024/deep/IM0002"] == rows["Mustermann^Erika/2024/deep/IM0002"] != ""
    assert len(names) == 10


def test_an_import_goes_on_and_keeps_names(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    save(cine(GREY, "MONOCHROME2"), source / "m")
    first = import_folder(source, out)
    video = out / "Videos" / "cine_000001.avi"
    before = video.stat().st_mtime_ns
    save(cine(GREY[::-1].copy(), "MONOCHROME2"), source / "a")  # sorts before the other
    second = import_folder(source, out)
    assert second.report["status"].tolist() == ["imported", "kept"]
    assert second.report["file_name"].tolist() == ["cine_000002", "cine_000001"]
    assert video.stat().st_mtime_ns == before
    assert len(pd.read_csv(out / "imported.csv")) == 2 and len(first.imported) == 1
    video.write_bytes(b"damaged")
    assert import_folder(source, out).report["status"].tolist() == ["kept", "imported"]
    assert len(read_clip(video)) == 10
    masked = import_folder(source, out, ImportRequest(masks=((0, 0, 63, 47),)))
    assert masked.report["status"].tolist() == ["imported", "imported"] and read_clip(video).max() < 3
    with pytest.raises(DataError, match="no_region"):
        import_folder(source, out, ImportRequest(crop=True))
    assert not list((out / "Videos").iterdir())
    lists = [(out / name).read_bytes() for name in ("imported.csv", "import_report.csv")]
    assert lists[0].count(b"\n") == 1 and lists[1].count(b"no_region") == 2


def test_a_killed_import_leaves_whole_files_and_a_folder_that_can_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    for number in range(3):
        save(cine(np.roll(GREY, number, axis=2), "MONOCHROME2"), source / str(number))
    from infomotion_lib.data import dicom_import

    write = dicom_import.write_clip
    monkeypatch.setattr(
        dicom_import,
        "write_clip",
        lambda path, clip, fps: write(path, clip, fps=fps) if "2" not in path.name else 1 / 0,
    )
    with pytest.raises(ZeroDivisionError):
        import_folder(source, out)
    assert [path.name for path in (out / "Videos").iterdir()] == ["cine_000001.avi"]
    monkeypatch.undo()
    (out / "imported.csv").unlink()  # killed before its first list
    (out / "Videos" / "cine_000001.avi").unlink()
    assert import_folder(source, out).report["status"].tolist() == ["imported"] * 3


@pytest.mark.parametrize("case", ["missing", "empty", "nothing to import", "file", "occupied", "box"])
def test_what_stops_an_import(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out, more = tmp_path / "in", tmp_path / "out", []
    if case != "missing":
        source.mkdir()
    if case != "empty" and case != "missing":
        save(cine(GREY[: 1 if case == "nothing to import" else 10], "MONOCHROME2"), source / "a")
    if case == "file":
        out.write_text("mine")
    if case == "occupied":
        (out / "Videos").mkdir(parents=True)
        (out / "Videos" / "mine.avi").write_text("mine")
    if case == "box":
        more = ["--mask", "1,2"]
    assert cli.main(["data", "import-dicom", str(source), "--out", str(out), *more]) == 2
    words = {
        **{
            "missing": "There is no folder",
            "empty": "holds no file",
            "nothing to import": "1 single_picture",
        },
        **{"file": "is a file, not a folder", "occupied": "no import made", "box": "Not a box"},
    }
    said = capsys.readouterr()
    assert words[case] in said.err and "Traceback" not in said.err
    if case == "occupied":
        assert (out / "Videos" / "mine.avi").read_text() == "mine"


def test_damaged_files_are_refused_or_read_but_never_a_traceback(tmp_path: Path) -> None:
    rng, answers = np.random.default_rng(0), dict[str, int]()
    makers = {**EXACT, **LOSSY}
    for name in (
        "mono2_12_bits_window",
        "rgb",
        "ybr_422",
        "rle_rgb",
        "jpeg_ybr_422",
        "jpeg2000_rgb",
        "palette",
    ):
        content = save(makers[name](), tmp_path / "whole" / name).read_bytes()
        for number in range(25):
            damaged = bytearray(content)
            if number % 5 == 4:
                damaged = damaged[: rng.integers(len(damaged))]
            else:
                end = 1500 if number % 2 else len(damaged)
                for at in rng.integers(0, end, rng.integers(1, 20)):
                    damaged[at] = rng.integers(256)
            place = tmp_path / "in" / f"{name}_{number}"
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(damaged)
    report = import_folder(tmp_path / "in", tmp_path / "out").report
    answers = report["status"].value_counts().to_dict()
    assert answers["imported"] > 20 and answers["unreadable"] > 10
    for row in report[report["status"] == "imported"].itertuples():
        assert len(read_clip(tmp_path / "out" / "Videos" / f"{row.file_name}.avi")) >= 2
    text = (tmp_path / "out" / "import_report.csv").read_text() + (
        tmp_path / "out" / "imported.csv"
    ).read_text()
    assert not any(word in text for word in ("Mustermann", "Erika", "Elsewhere"))


def test_no_element_of_an_unknown_kind_ends_an_import(tmp_path: Path) -> None:
    """pydicom decodes an element only when it is asked for: the header has been read by then."""
    regions = [region(8, 4, 55, 39)]
    deep = cine(DEEP, "MONOCHROME2", **WINDOW, BurnedInAnnotation="YES", SequenceOfUltrasoundRegions=regions)
    whole = save(deep, tmp_path / "whole.dcm").read_bytes()
    damaged = 0
    for element in deep:
        known = struct.pack("<HH", element.tag.group, element.tag.element) + element.VR.encode()
        if whole.count(known) == 1:
            path = tmp_path / "in" / f"{element.tag:08x}.dcm"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(whole.replace(known, known[:4] + b"D["))
            damaged += 1
            with suppress(VideoError):
                read_cine(path)
    report = import_folder(tmp_path / "in", tmp_path / "out").report
    assert len(report) == damaged > 15
    states = report["status"]
    assert {"imported", "unreadable", "no_frame_rate"} >= set(states) - {"no_ultrasound", "no_pictures"}
    assert (states == "unreadable").sum() >= 4, "pixels, sizes and window are needed"


def test_claims_of_gigabytes_are_refused(tmp_path: Path) -> None:
    for number, claim in enumerate(({"Rows": 60000, "Columns": 60000}, {"NumberOfFrames": 10**8})):
        path = save(cine(GREY, "MONOCHROME2", **claim), tmp_path / str(number))
        with pytest.raises(VideoError, match="claims"):
            grey(path)
    video = compressed(cine(GREY, "MONOCHROME2"), "1.2.840.10008.1.2.4.102", [b"mpeg"])
    with pytest.raises(VideoError, match="are not read"):
        grey(save(video, tmp_path / "mpeg4"))


def test_the_real_cine_comes_in_whole(tmp_path: Path) -> None:
    file = sample_cine()
    assert file is not None
    (tmp_path / "in").mkdir()
    shutil.copy(file, tmp_path / "in" / "I1")
    row = import_folder(tmp_path / "in", tmp_path / "out").imported.iloc[0]
    header = read_header(file, (*RATES, *TAGS))
    assert (row["n_frames"], row["height"], row["width"]) == (30, header.Rows, header.Columns)
    assert row["fps"] == pytest.approx(30, abs=0.01)
    assert row["remark"] == "no region lies in the picture"  # it was scaled down, its region was not
