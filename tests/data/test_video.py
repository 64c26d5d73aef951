"""Video files: exact single frames, equal bytes, and a named error for every broken file."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from conversion_inputs import write_video
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infomotion_lib.data.avi import read_avi_header
from infomotion_lib.data.video import VideoInfo, probe, read_clip, read_frames, resize_clip, write_clip
from infomotion_lib.errors import VideoError

RNG = np.random.default_rng(0)
CLIP = np.uint8(np.clip(np.cumsum(RNG.normal(0, 6, (20, 48, 64)), axis=2) + 120, 0, 255))


@pytest.fixture(scope="module")
def avi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("video") / "clip.avi", CLIP, fps=50)


def test_written_clip_reads_back_within_compression_loss(avi: Path) -> None:
    back = read_clip(avi)
    assert back.shape == CLIP.shape and back.dtype == np.uint8
    assert np.abs(back.astype(int) - CLIP).mean() < 3


def test_full_range_is_kept(tmp_path: Path) -> None:
    clip = np.repeat(np.array([0, 128, 255], np.uint8), 64 * 64).reshape(3, 64, 64)
    assert np.array_equal(read_clip(write_clip(tmp_path / "range.avi", clip, fps=10)), clip)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(indices=st.lists(st.integers(0, len(CLIP) - 1), min_size=1, max_size=6))
def test_picked_frames_equal_the_full_decode_in_order_and_with_repeats(avi: Path, indices: list[int]) -> None:
    assert np.array_equal(read_frames(avi, indices), read_clip(avi)[indices])


def test_picked_frames_equal_the_full_decode_of_a_codec_with_dependent_frames(tmp_path: Path) -> None:
    path = tmp_path / "dependent.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for frame in CLIP:
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(frame, format="gray").reformat(format="yuv420p"))
            )
        container.mux(stream.encode(None))
    assert probe(path).n_frames == len(read_clip(path)) == len(CLIP)
    assert np.array_equal(read_frames(path, [17, 3]), read_clip(path)[[17, 3]])


@pytest.mark.parametrize("codec", ["ffv1", "mjpeg"])
def test_picked_frames_equal_the_full_decode_where_some_frames_stand_alone(
    tmp_path: Path, codec: str
) -> None:
    path = tmp_path / "picked.avi"
    write_video(path, CLIP, codec=codec, pixel_format="yuvj420p" if codec == "mjpeg" else "gray")
    assert np.array_equal(read_frames(path, [17, 3]), read_clip(path)[[17, 3]])


def test_equal_clips_give_equal_bytes_and_others_do_not(avi: Path, tmp_path: Path) -> None:
    again = write_clip(tmp_path / "other_name.avi", CLIP.copy(), fps=50)
    changed = write_clip(tmp_path / "changed.avi", CLIP[::-1], fps=50)
    assert again.read_bytes() == avi.read_bytes() != changed.read_bytes()


@pytest.mark.parametrize(
    ("shape", "fps"),
    [((5, 112, 112), 8.0), ((2, 113, 97), 29.97), ((3, 16, 300), 8.33), ((1, 32, 32), 138.0)],
)
def test_probe_states_what_was_written(tmp_path: Path, shape: tuple[int, int, int], fps: float) -> None:
    path = write_clip(tmp_path / "clip.avi", RNG.integers(0, 256, shape).astype(np.uint8), fps=fps)
    info = probe(path)
    assert info == VideoInfo(shape[0], shape[1], shape[2], pytest.approx(fps))
    assert read_clip(path).shape == shape


def test_probe_reads_other_containers(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for frame in CLIP:
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(frame, format="gray").reformat(format="yuvj420p"))
            )
        container.mux(stream.encode(None))
    assert read_avi_header(path) is None
    assert (probe(path).n_frames, probe(path).height, probe(path).width) == CLIP.shape


def test_header_counts_frames_without_an_index(avi: Path, tmp_path: Path) -> None:
    content = bytearray(avi.read_bytes())
    at = content.rindex(b"idx1")
    content[at : at + 4] = b"JUNK"
    (tmp_path / "noindex.avi").write_bytes(content)
    assert probe(tmp_path / "noindex.avi").n_frames == len(CLIP)


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.3, 0.9, 0.999])
def test_a_cut_file_is_refused_by_name(avi: Path, tmp_path: Path, share: float) -> None:
    content = avi.read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(content[: int(len(content) * share)])
    for read in (probe, read_clip, lambda path: read_frames(path, [0])):
        with pytest.raises(VideoError, match=r"cut\.avi") as error:
            read(cut)
        assert error.value.fault == (
            "empty_file" if share == 0 else "unreadable" if share == 0.0001 else "truncated"
        )


def test_a_picture_of_gigabytes_is_refused(avi: Path, tmp_path: Path) -> None:
    content = bytearray(avi.read_bytes())
    start_of_frame = content.index(b"\xff\xc0", content.index(b"movi"))
    content[start_of_frame + 5 : start_of_frame + 9] = (
        b"\xff\xf0\xff\xf0"  # height and width of the first JPEG
    )
    (tmp_path / "huge.avi").write_bytes(content)
    with pytest.raises(VideoError, match=r"huge\.avi"):
        read_frames(tmp_path / "huge.avi", [0])


def test_missing_file_and_text_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"gone\.avi") as error:
        probe(tmp_path / "gone.avi")
    assert error.value.fault == "missing"
    (tmp_path / "text.avi").write_text("not a video\n" * 50)
    with pytest.raises(VideoError, match=r"text\.avi"):
        read_clip(tmp_path / "text.avi")


@pytest.mark.parametrize("indices", [[20], [-1], [], [0, 99]])
def test_frames_outside_the_clip_are_refused(avi: Path, indices: list[int]) -> None:
    with pytest.raises(VideoError, match=r"clip\.avi"):
        read_frames(avi, indices)


@pytest.mark.parametrize("clip", [CLIP.astype(float), CLIP[0], CLIP[:0]])
def test_a_clip_of_another_kind_is_not_written(tmp_path: Path, clip: np.ndarray) -> None:
    with pytest.raises(VideoError, match="uint8"):
        write_clip(tmp_path / "bad.avi", clip, fps=50)
    with pytest.raises(VideoError, match="frames a second"):
        write_clip(tmp_path / "bad.avi", CLIP, fps=0)
    assert not list(tmp_path.iterdir())


def test_mutated_files_end_in_a_clip_or_in_a_video_error(avi: Path, tmp_path: Path) -> None:
    """Random bytes anywhere in the file: an answer or a :class:`VideoError`, nothing else."""
    content, rng, target = avi.read_bytes(), np.random.default_rng(1), tmp_path / "mutated.avi"
    head = content.index(b"movi")
    answers = {"clip": 0, "error": 0}
    for round_ in range(60):
        mutated = bytearray(content)
        end = head if round_ % 2 else len(content)
        for at in rng.integers(0, end, rng.integers(1, 12)):
            mutated[at] = rng.integers(256)
        target.write_bytes(mutated)
        for read in (probe, read_clip, lambda path: read_frames(path, [0, 5])):
            try:
                read(target)
                answers["clip"] += 1
            except VideoError as error:
                assert "mutated.avi" in str(error)
                answers["error"] += 1
    assert min(answers.values()) > 5


def test_resize_averages_areas_and_leaves_the_original() -> None:
    clip = np.repeat(np.repeat(np.array([[[10, 20], [30, 60]]], np.uint8), 8, axis=1), 8, axis=2)
    assert np.array_equal(resize_clip(clip, 2), [[[10, 20], [30, 60]]])
    assert resize_clip(clip, 1).item() == 30
    same = resize_clip(clip, 16)
    same[:] = 0
    assert clip.any()
