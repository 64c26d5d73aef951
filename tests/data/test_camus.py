"""CAMUS: fetched from a server of its shape, its traps, and its half beats in EchoNet's layout."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("nibabel")
from girder_server import Server, half_beat, info, nifti, patient, small_cohort, write

from infomotion_lib.data import camus, transfer
from infomotion_lib.data.camus import fetch_camus, split_of
from infomotion_lib.data.camus_patient import NotUsable, read_half_beat, read_info, square
from infomotion_lib.data.check import check_dataset
from infomotion_lib.data.nifti import Sequence, read_sequence
from infomotion_lib.data.records import read_dataset
from infomotion_lib.data.video import read_clip
from infomotion_lib.errors import FetchError, VideoError
from infomotion_lib.frames.index import build_frame_index
from infomotion_lib.frames.parameters import FrameIndexParameters
from infomotion_lib.run import cli

COHORT = small_cohort()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(transfer, "PAUSE", 0.0)
    instance = Server({name: dict(files) for name, files in COHORT.items()})
    yield instance
    instance.close()


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    instance = Server(COHORT)
    folder = fetch_camus(tmp_path_factory.mktemp("data") / "CAMUS", api=instance.api, progress=False)
    instance.close()
    return folder


def test_patients_become_a_data_set_with_terms_and_hashes_beside_it(fetched: Path) -> None:
    data = read_dataset(fetched)
    assert data.layout == "echonet-dynamic" and len(data.usable) == 6
    videos = data.videos.set_index("file_name")
    assert videos["split"].to_dict() == {
        **dict.fromkeys((f"patient000{n}" for n in (1, 2, 3, 4)), "TRAIN"),
        "patient0401": "VAL",
        "patient0451": "TEST",
    }
    assert videos.loc["patient0001", "ef"] == 25 and (videos["fps"] == 50).all()
    assert (videos[["height", "width"]] == camus.SIZE).all(axis=None)
    terms = (fetched / "LICENCE.md").read_text()
    assert "CC BY-NC-SA 4.0" in terms and "Leclerc" in terms
    assert (fetched / "download" / "patient0001" / "MANDATORY_CITATION.md").is_file()
    sums = (fetched / "download" / "SHA256SUMS").read_text().splitlines()
    assert len(sums) == 6 * 4 and not any("2CH" in line for line in sums)


def test_the_check_says_which_profile_runs_it(fetched: Path) -> None:
    assert str(check_dataset(fetched)).splitlines()[-1].endswith("infomotion run all --profile camus")


def test_the_index_has_one_annotated_pair_per_half_beat(fetched: Path) -> None:
    data = read_dataset(fetched)
    index = build_frame_index(data, source="real", parameters=FrameIndexParameters(pairs=1), progress=False)
    assert (index["status"] == "annotated").all() and index["diastole_start"].isna().all()
    assert (index["systole_start"] == 0).all(), "ED is frame 1 of the list, 0 here"
    assert (index["systole_end"] == index["n_frames"] - 1).all()
    whole = build_frame_index(data, source="real", parameters=FrameIndexParameters(), progress=False)
    assert (whole["status"] == "no_room").all(), "no third end frame in half a beat"


def test_the_picture_stands_upright_and_is_not_mirrored(tmp_path: Path, fetched: Path) -> None:
    frames, _ = half_beat(1, 25.0)
    file = tmp_path / "a.nii.gz"
    file.write_bytes(nifti(frames, spacing=(0.2, 0.4)))
    sequence = read_sequence(file)
    np.testing.assert_array_equal(sequence.frames, frames)
    assert sequence.spacing == pytest.approx((0.2, 0.4))
    report = pd.read_csv(fetched / "camus_report.csv")
    assert report["Upright"].all()
    clip = read_clip(fetched / "Videos" / "patient0001.avi").astype(float)
    small = square(Sequence(frames, (0.3, 0.3)), camus.SIZE)[0]
    assert np.abs(clip - small).mean() < 3
    assert np.corrcoef(clip.ravel(), small[:, :, ::-1].ravel())[0, 1] < 0.95


def test_pixels_are_made_square_and_tracings_follow(tmp_path: Path) -> None:
    frames = np.zeros((9, 40, 20), np.uint8)
    masks = np.zeros_like(frames)
    frames[:, 10:30, 5:15] = 200
    masks[:, 10:30, 5:15] = 1
    masks[4:, 10:12] = 0  # smaller from the fifth frame on
    place = tmp_path / "patient0001"
    stem = "patient0001_4CH_half_sequence"
    files = {
        f"{stem}.nii.gz": nifti(frames, spacing=(0.25, 1.0)),
        f"{stem}_gt.nii.gz": nifti(masks, spacing=(0.25, 1.0)),
        "Info_4CH.cfg": info(ef=50, length=9),
    }
    beat = read_half_beat(write(files, place), size=20)
    lit = np.argwhere(beat.clip[0] > 50)
    assert beat.clip.shape == (9, 20, 20)
    assert lit.min(axis=0).tolist() == [2, 5] and lit.max(axis=0).tolist() == [7, 14], (
        "10 mm x 20 mm in 20 mm"
    )
    ed = beat.tracings[beat.tracings[:, 4] == 0]
    assert len(ed) == 21 and len(beat.tracings) == 42
    assert ed[1:, 0] == pytest.approx(5) and ed[1:, 2] == pytest.approx(15)
    assert ed[1, 1] == pytest.approx(2.625) and ed[-1, 1] == pytest.approx(7.375)
    assert beat.one_view_ef == pytest.approx(10.0), "two of twenty rows"
    assert beat.info.ef == 50, "the listed EF stays"


def test_what_is_missing_or_contradicts_itself_is_named(server: Server, tmp_path: Path) -> None:
    one, two, three, four, five = (server.patients[name] for name in list(COHORT)[:5])
    stem = "{}_4CH_half_sequence.nii.gz".format
    del one["Info_4CH.cfg"]
    two[stem("patient0002")] = two[stem("patient0002")][:2000]
    three["Info_4CH.cfg"] = three["Info_4CH.cfg"].replace(b"ED: 1\n", b"ED: 0\n")
    four["Info_4CH.cfg"] = four["Info_4CH.cfg"].replace(b"NbFrame: ", b"NbFrame: 1")
    del five["patient0401_4CH_half_sequence_gt.nii.gz"]
    six = server.patients["patient0451"]
    swapped = dict(line.split(": ") for line in six["Info_4CH.cfg"].decode().splitlines())
    length = int(swapped["NbFrame"])
    six["Info_4CH.cfg"] = info(ef=35, length=length, ed=length, es=1)
    folder = fetch_camus(tmp_path / "CAMUS", api=server.api, progress=False)
    report = pd.read_csv(folder / "camus_report.csv").set_index("FileName")
    assert report["Status"].tolist() == [
        "no_info",
        "no_frames",
        "phases_outside",
        "other_length",
        "no_mask",
        "mask_contradicts",
    ]
    assert report["Reason"].notna().all()
    assert pd.read_csv(folder / "FileList.csv")["FileName"].tolist() == ["patient0401", "patient0451"]


def test_a_cut_line_is_continued_and_a_second_call_fetches_nothing(server: Server, tmp_path: Path) -> None:
    server.drop_after = [0] * 2 + [70_000] * 5
    big = "patient0001_4CH_half_sequence.nii.gz"
    server.patients["patient0001"][big] += bytes(500_000)  # gzip files may have a tail of zeros
    for _ in range(2):
        try:
            fetch_camus(tmp_path, api=server.api, patients=1, progress=False)
        except FetchError as error:
            assert "goes on from" in error.remedy and "interrupted at" in error.what
    spans = [line.partition("bytes=")[2] for line in server.asked if "bytes=" in line]
    assert spans and all(int(span[:-1]) > 0 for span in spans), "what had arrived was not asked for again"
    server.asked.clear()
    before = [file.stat().st_mtime_ns for file in sorted((tmp_path / "Videos").iterdir())]
    fetch_camus(tmp_path, api=server.api, patients=1, progress=False)
    assert not any("download" in line or "item" in line for line in server.asked)
    assert [file.stat().st_mtime_ns for file in sorted((tmp_path / "Videos").iterdir())] == before
    assert len(read_dataset(tmp_path).usable) == 3
    fetch_camus(tmp_path, api=server.api, patients=2, progress=False)
    assert len(read_dataset(tmp_path).usable) == 4


def test_wrong_hashes_are_refused(server: Server, tmp_path: Path) -> None:
    server.hashes, server.wrong_hash = True, "Info_4CH.cfg"
    with pytest.raises(FetchError, match="sha512") as error:
        fetch_camus(tmp_path, api=server.api, patients=1, progress=False)
    assert "Fetch it again" in error.value.remedy
    assert not list(tmp_path.rglob("*Info_4CH.cfg"))
    server.wrong_hash = ""
    fetch_camus(tmp_path, api=server.api, patients=1, progress=False)
    changed = tmp_path / "download" / "patient0401" / "Info_4CH.cfg"
    changed.write_text(changed.read_text().replace("EF: 55", "EF: 75"))
    with pytest.raises(FetchError, match="has changed since it was fetched"):
        fetch_camus(tmp_path, api=server.api, patients=1, progress=False)


def test_a_killed_call_left_a_file_that_was_not_recorded(server: Server, tmp_path: Path) -> None:
    fetch_camus(tmp_path, api=server.api, patients=1, progress=False)
    sums = tmp_path / "download" / "SHA256SUMS"
    sums.write_text("\n".join(sums.read_text().splitlines()[:-1]) + "\n0123")
    server.asked.clear()
    fetch_camus(tmp_path, api=server.api, patients=1, progress=False)
    assert not any("download" in line for line in server.asked)


@pytest.mark.parametrize("name", ["../../evil.cfg", "a\\b", ".hidden", ""])
def test_names_that_lead_out_are_refused(server: Server, tmp_path: Path, name: str) -> None:
    server.patients["patient0001"] |= {name: b"x"}
    with pytest.raises(FetchError, match="lists a file that is none"):
        fetch_camus(tmp_path / "in", api=server.api, patients=1, progress=False)
    assert not (tmp_path / "evil.cfg").exists()


def test_a_server_of_another_shape_is_named(server: Server, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch_camus(tmp_path, api="http://127.0.0.1:9/api", progress=False)
    server.patients = {"someone": {}}
    with pytest.raises(FetchError, match="lists no patient"):
        fetch_camus(tmp_path, api=server.api, progress=False)


def test_the_command(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(camus, "fetch_camus", partial(fetch_camus, api=server.api, progress=False))
    monkeypatch.setenv("INFOMOTION_DATA", str(tmp_path))
    assert cli.main(["data", "fetch", "camus", "--patients", "1"]) == 0
    assert "3 videos listed, 3 usable" in capsys.readouterr().out
    assert (tmp_path / "CAMUS" / "FileList.csv").is_file()


@pytest.mark.parametrize(
    "text",
    ["", "ED: 1\nES: 9\n", "ED: 1\nES: 9\nNbFrame: 9\nEF: many\nFrameRate: 50", "EF: 400\n"],
)
def test_an_info_file_without_its_numbers(text: str, tmp_path: Path) -> None:
    file = tmp_path / "Info_4CH.cfg"
    file.write_text(text)
    with pytest.raises(NotUsable, match="no_info"):
        read_info(file)


def test_what_is_no_sequence_is_named(tmp_path: Path) -> None:
    frames, _ = half_beat(1, 50.0, side=28)
    cases = {
        "claims": nifti(frames, claims=(30000, 30000, 30000)),
        "cannot be read": nifti(frames)[:300],
        "other numbers": nifti(frames.astype(np.float32) + 0.5),
        "states pixels": nifti(frames, spacing=(1e-9, 0.3)),
        "no sequence": nifti(frames, claims=(16, 16)),
    }
    for words, content in cases.items():
        (tmp_path / "a.nii.gz").write_bytes(content)
        with pytest.raises(VideoError, match=words):
            read_sequence(tmp_path / "a.nii.gz")
    with pytest.raises(VideoError, match="no file"):
        read_sequence(tmp_path / "gone.nii")


def test_splits_go_by_number() -> None:
    names = [f"patient{n:04d}" for n in (1, 400, 401, 450, 451, 500)]
    assert [split_of(name) for name in names] == ["TRAIN", "TRAIN", "VAL", "VAL", "TEST", "TEST"]
    assert patient("patient0001", 3, ef=50.0).keys() >= {"Info_4CH.cfg", "MANDATORY_CITATION.md"}
