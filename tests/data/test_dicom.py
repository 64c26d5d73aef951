"""The real cine that comes with pydicom, and the traps around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conversion_inputs import write_dicom

from infomotion_lib.data.dicom import moving_sector, read_cine, sample_cine
from infomotion_lib.errors import VideoError
from infomotion_lib.frames.votes import both_votes, correlation

pydicom = pytest.importorskip("pydicom")


def cine() -> Path:
    """30 frames of an apical view, JPEG, YBR_FULL_422; a file of the package, nothing is fetched."""
    file = sample_cine()
    assert file is not None
    return file


def test_the_sector_of_the_real_cine() -> None:
    clip, fps, box = read_cine(cine())
    assert clip.dtype == np.uint8
    assert clip.shape == (30, 189, 189)
    assert fps == pytest.approx(30.0, abs=0.01)
    assert box == (40, 19, 259, 189)
    assert (clip[:, :20, :20] == 0).all()  # beside the sector: black, whatever was printed there
    assert clip[:, 60:120, 60:120].mean() > 10


def test_colours_are_converted_once() -> None:
    pixels = pydicom.pixels.pixel_array(cine())
    spread = np.ptp(pixels.astype(int), axis=-1)
    assert np.percentile(spread, 95) <= 4  # grey pictures stay grey: converted twice they would be green
    red = pixels[0, ..., 0].astype(float)
    clip, _, (x, y, _, height) = read_cine(cine())
    middle = height // 2
    assert (
        abs(
            float(clip[0, middle - 20 : middle + 20].mean())
            - red[y + middle - 20 : y + middle + 20, x : x + 259].mean() * 259 / 189
        )
        < 12
    )


@pytest.mark.parametrize("interpretation", ["RGB", "YBR_FULL", "MONOCHROME2"])
def test_grey_levels_are_those_of_the_stored_pixels(interpretation: str, tmp_path: Path) -> None:
    """BT.601 of red, green and blue, rounded half up; Y as it is; deep pictures scaled by their brightest
    pixel.
    """
    frames = np.random.default_rng(0).integers(0, 256, (8, 40, 40, 3)).astype(np.uint8)
    red, green, blue = np.moveaxis(frames.astype(int), -1, 0)
    expected = {"RGB": (299 * red + 587 * green + 114 * blue + 500) // 1000, "YBR_FULL": red}.get(
        interpretation
    )
    if interpretation == "MONOCHROME2":
        frames = frames[..., 0].astype(np.uint16) * 200
        expected = (510 * red * 200 + 255 * 200) // (2 * 255 * 200)
    write_dicom(tmp_path / "cine.dcm", frames, interpretation=interpretation)
    cine = read_cine(tmp_path / "cine.dcm")
    assert cine.box == (0, 0, 40, 40) and cine.fps == 25
    np.testing.assert_array_equal(cine.clip, expected)


def test_a_pixel_on_the_edge_of_stillness_stands_still() -> None:
    """A deviation of exactly half a grey level, which float64 makes 0.5000000000000001: whole numbers
    decide.
    """
    frames = np.ones((50, 40, 40), np.uint8)
    frames[37:46, 5:15, 5:15], frames[46:, 5:15, 5:15] = 0, 2
    with pytest.raises(VideoError, match="does not move"):
        moving_sector(frames)
    frames[0, 5:15, 5:15] = 2
    assert moving_sector(frames)[1] == (5, 5, 10, 10)


def test_detector_and_network_find_the_one_beat_of_the_real_cine() -> None:
    clip, fps, _ = read_cine(cine())
    detector, network = both_votes(clip, fps)
    for phases in (detector, network):
        assert np.abs(phases.es - 4).min() <= 2
        assert np.abs(phases.ed - 21).min() <= 3
    assert correlation(detector.signal, network.signal) > 0.5


def test_marks_that_stand_still_are_left_out() -> None:
    rng = np.random.default_rng(0)
    frames = np.zeros((10, 60, 80), np.uint8)
    frames[:, 10:50, 20:60] = rng.integers(50, 200, (10, 40, 40))
    frames[:, 2:6, 2:30] = 255
    clip, box = moving_sector(frames)
    assert box == (20, 10, 40, 40)
    assert clip.shape == (10, 40, 40)
    np.testing.assert_array_equal(clip[:, 1:-1, 1:-1], frames[:, 11:49, 21:59])


def test_a_sector_at_the_edge_is_filled_with_black() -> None:
    frames = np.zeros((8, 60, 50), np.uint8)
    frames[:, 5:55, 0:20] = np.random.default_rng(1).integers(50, 200, (8, 50, 20))
    clip, box = moving_sector(frames)
    assert box == (0, 5, 20, 50)
    assert clip.shape == (8, 50, 50)
    assert (clip[:, :, :15] == 0).all()


def test_what_is_no_cine_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.dcm").write_text("hello")
    with pytest.raises(VideoError, match=r"text\.dcm cannot be read"):
        read_cine(tmp_path / "text.dcm")
    with pytest.raises(VideoError, match="no DICOM file"):
        read_cine(tmp_path / "gone.dcm")
    still = cine().with_name("CT_small.dcm")
    with pytest.raises(VideoError, match="single picture"):
        read_cine(still)
    with pytest.raises(VideoError, match="does not move"):
        moving_sector(np.full((5, 40, 40), 9, np.uint8))


def test_a_cine_without_a_rate_is_refused(tmp_path: Path) -> None:
    data = pydicom.dcmread(cine())
    for tag in ("FrameTime", "CineRate", "RecommendedDisplayFrameRate"):
        if tag in data:
            del data[tag]
    data.save_as(tmp_path / "timeless.dcm")
    with pytest.raises(VideoError, match="how fast"):
        read_cine(tmp_path / "timeless.dcm")
    data.CineRate = 25
    data.save_as(tmp_path / "cine.dcm")
    assert read_cine(tmp_path / "cine.dcm").fps == 25.0
