"""Frames of another size: the mean of the area, the cubic kernel, and sums that need no rounding."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from infomotion_lib.data.resampling import CUBIC_UNIT, _area, _cubic, by_area, by_cubic

SHAPES = [((112, 112), 64), ((112, 112), 28), ((97, 113), 112), ((60, 84), 112), ((480, 640), 112)]


def clip_of(shape: tuple[int, int], frames: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (frames, *shape)).astype(np.uint8)


@pytest.mark.parametrize(("shape", "side"), SHAPES)
def test_they_are_opencvs_to_a_grey_level(shape: tuple[int, int], side: int) -> None:
    clip = clip_of(shape)
    for ours, theirs in ((by_area, cv2.INTER_AREA), (by_cubic, cv2.INTER_CUBIC)):
        expected = np.stack([cv2.resize(frame, (side, side), interpolation=theirs) for frame in clip])
        assert np.abs(ours(clip, side).astype(int) - expected).max() <= 1


@pytest.mark.parametrize(("size", "side"), [(7, 4), (4, 7), (5, 1), (1, 5), (6, 3)])
def test_an_area_is_the_mean_of_what_it_covers_ties_to_even(size: int, side: int) -> None:
    clip = clip_of((size, size))
    fine = (
        clip.astype(object).repeat(side, axis=1).repeat(side, axis=2)
    )  # old and new ones are whole pixels of it
    for frame, small in zip(fine, by_area(clip, side), strict=True):
        for row, column in np.ndindex(side, side):
            covered = frame[row * size : (row + 1) * size, column * size : (column + 1) * size]
            assert small[row, column] == round(Fraction(int(covered.sum()), size * size))


def test_weights_are_whole_and_each_pixel_has_all_of_them() -> None:
    for size, side in ((112, 64), (64, 112), (97, 112), (640, 112)):
        for weights in (_area(size, side), _cubic(size, side)):
            assert weights.shape == (side, size) and (weights == np.rint(weights)).all()
            assert len(set(weights.sum(axis=1))) == 1
    assert (_cubic(64, 112).sum(axis=1) == CUBIC_UNIT).all()


def test_no_sum_outgrows_its_type() -> None:
    """Float32 holds whole numbers up to 2 ** 24, float64 up to 2 ** 53: white stays white, and noise adds
    exactly.
    """
    for shape, side in [*SHAPES, ((4093, 61), 112), ((255, 257), 256)]:
        white = np.full((1, *shape), 255, np.uint8)
        assert (by_area(white, side) == 255).all() and (by_cubic(white, side) == 255).all()
    clip, side = clip_of((255, 257), 1), 256
    rows, columns = (_area(size, side).astype(np.int64) for size in (255, 257))
    total = rows @ clip[0].astype(np.int64) @ columns.T
    exact = [round(Fraction(int(value), 255 * 257)) for value in total.ravel()]
    assert by_area(clip, side)[0].ravel().tolist() == exact
