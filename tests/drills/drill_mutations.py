"""Five hundred mutated files for each reader: an answer or a named error, never a crash, a hang or a
traceback.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from data_folders import make_folder, textured_clip

from infomotion_lib.data.video import write_clip
from infomotion_lib.paths import PROJECT

FILES = 500
SECONDS = 20
"""Longest that one file may take; the kernel ends the reader then."""

DICOM = (
    "mono2_12_bits_window",
    "rgb_planes",
    "ybr_422",
    "palette",
    "rle_ybr",
    "jpeg_mono",
    "jpeg2000_rgb",
)
"""Encodings of ``dicom_files`` that are mutated."""

MEMORY = 6_000_000_000
"""Bytes of address space of the reader; a file that asks for more than it should ends it."""

READ = """
import gzip, shutil, signal, sys, warnings
from pathlib import Path
import numpy as np
from infomotion_lib.data.camus_patient import NotUsable, read_half_beat
from infomotion_lib.data.dicom import read_cine
from infomotion_lib.data.dicom_import import ImportRequest, import_folder
from infomotion_lib.data.echodiffusion import read_gif
from infomotion_lib.data.nifti import read_sequence
from infomotion_lib.data.records import read_dataset
from infomotion_lib.data.video import probe, read_clip, read_frames
from infomotion_lib.errors import InfoMotionError

kind, target, original, files, seconds = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]).read_bytes(), *map(int, sys.argv[4:6])


def imported():
    out = target.parent.parent / "out"
    shutil.rmtree(out, ignore_errors=True)
    import_folder(target.parent, out, ImportRequest())


video = [lambda: probe(target), lambda: read_clip(target), lambda: read_frames(target, [0, 5])]
readers = {
    "csv": [lambda: read_dataset(target.parent)],
    "avi": video,
    "mp4": video,
    "gif": [lambda: read_gif(target), *video],
    "dcm": [lambda: read_cine(target), imported],
    "nii": [lambda: read_sequence(target), lambda: read_half_beat(target.parent, size=56)],
    "cfg": [lambda: read_half_beat(target.parent, size=56)],
}[kind]
if packed := target.suffix == ".gz" and kind == "nii":
    original = gzip.decompress(original)
warnings.simplefilter("ignore")
rng = np.random.default_rng(sum(target.name.encode()))
outcomes = {"read": 0, "refused": 0}
for number in range(files):
    content = bytearray(original)
    end = int(rng.choice([60, 1000, len(content)]))
    way = number % 5
    for at in rng.integers(0, min(end, len(content)), rng.integers(1, 12)):
        content[at] = rng.integers(48, 58) if way == 1 and kind == "csv" else rng.integers(256)
    if way == 2:
        content = content[: int(rng.integers(1, len(content)))]
    if way == 3:
        start, length = rng.integers(0, len(content)), int(rng.integers(1, 2000))
        content[start : start + length] = content[start : start + length] * 2
    if way == 4:
        start = rng.integers(0, len(content))
        del content[start : start + int(rng.integers(1, 200))]
    if packed and number % 2:  # the header and the pictures behind a sound compression, else the compression itself
        content = gzip.compress(bytes(content), 1)
    elif packed:
        whole = bytearray(gzip.compress(original, 1))
        for at in rng.integers(0, len(whole), rng.integers(1, 12)):
            whole[at] = rng.integers(256)
        content = whole[: int(rng.integers(1, len(whole)))] if way == 2 else whole
    target.write_bytes(content)
    for read in readers:
        signal.alarm(seconds)
        try:
            read()
            outcomes["read"] += 1
        except (InfoMotionError, NotUsable) as error:
            assert str(error), "an error says something"
            outcomes["refused"] += 1
        signal.alarm(0)
print(outcomes["read"], outcomes["refused"])
"""


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def read_mutated(kind: str, target: Path) -> tuple[int, int]:
    """How many readings of 500 mutated copies of ``target`` gave an answer, and how many a named error."""
    original = target.with_name("original")
    original.write_bytes(target.read_bytes())
    words = [kind, str(target), str(original), str(FILES), str(SECONDS)]
    answer = subprocess.run(
        [sys.executable, "-c", READ, *words],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        preexec_fn=limited,
        timeout=1800,
    )
    assert answer.returncode == 0, (
        f"exit code {answer.returncode}, the last file is {target}\n{answer.stderr[-2000:]}"
    )
    read, refused = map(int, answer.stdout.split()[-2:])
    print(f"\n{FILES} mutated {target.name}: {read} readings gave an answer, {refused} a named error")
    return read, refused


def encoded(path: Path, codec: str) -> Path:
    """A textured clip in a container of the path's suffix."""
    clip = textured_clip(0, frames=24)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=50)
        kind = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.height, stream.width, stream.pix_fmt = *clip.shape[1:], kind
        for frame in np.ascontiguousarray(clip):
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(frame, format="gray").reformat(format=kind))
            )
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("table", ["FileList.csv", "VolumeTracings.csv"])
def test_mutated_tables(tmp_path: Path, table: str) -> None:
    clips = [write_clip(tmp_path / f"{seed}.avi", textured_clip(seed), fps=50) for seed in range(2)]
    folder = make_folder(tmp_path / "EchoNet-Dynamic", clips)
    assert min(read_mutated("csv", folder.root / table)) > FILES // 50


def test_mutated_videos(tmp_path: Path) -> None:
    assert min(read_mutated("avi", write_clip(tmp_path / "clip.avi", textured_clip(0), fps=50))) > FILES // 50


def test_mutated_gifs(tmp_path: Path) -> None:
    clip = textured_clip(0, frames=16)
    with av.open(str(tmp_path / "clip.gif"), "w", format="gif") as container:
        stream = container.add_stream("gif", rate=8)
        stream.height, stream.width, stream.pix_fmt = *clip.shape[1:], "gray"
        for frame in np.ascontiguousarray(clip):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray")))
        container.mux(stream.encode(None))
    assert min(read_mutated("gif", tmp_path / "clip.gif")) > FILES // 50


@pytest.mark.parametrize("codec", ["mpeg4", "libx264", "mjpeg"])
def test_mutated_mp4(tmp_path: Path, codec: str) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this build of FFmpeg has no {codec}")
    assert min(read_mutated("mp4", encoded(tmp_path / "clip.mp4", codec))) > FILES // 50


@pytest.mark.parametrize("name", DICOM)
def test_mutated_dicom(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pydicom")
    monkeypatch.syspath_prepend(PROJECT / "tests" / "data")
    from dicom_files import EXACT, LOSSY, save

    (tmp_path / "in").mkdir()
    make = {**EXACT, **LOSSY}[name]
    assert min(read_mutated("dcm", save(make(), tmp_path / "in" / "cine.dcm"))) > FILES // 50


def test_mutated_real_dicom(tmp_path: Path) -> None:
    file = pytest.importorskip("infomotion_lib.data.dicom").sample_cine()
    if file is None:
        pytest.skip("pydicom is not installed")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "cine.dcm").write_bytes(file.read_bytes())
    assert min(read_mutated("dcm", tmp_path / "in" / "cine.dcm")) > 0


@pytest.mark.parametrize("which", ["sequence", "masks", "info"])
def test_mutated_half_beats(tmp_path: Path, which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nibabel")
    monkeypatch.syspath_prepend(PROJECT / "tests" / "data")
    from girder_server import patient, write

    from infomotion_lib.data.camus_patient import file_names

    name = "patient0001"
    folder = write(patient(name, 1, ef=50.0), tmp_path / name)
    kind = "cfg" if which == "info" else "nii"
    assert min(read_mutated(kind, folder / file_names(name)[which])) > FILES // 50
