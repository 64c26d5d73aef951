"""Selectors that look at all classes first: wrong labels, copies and still clips are left out."""

from __future__ import annotations

import numpy as np
import pytest

from infomotion_lib.classes import class_name
from infomotion_lib.errors import DataError
from infomotion_lib.selection.graph import Recipe
from infomotion_lib.selection.registry import judged
from infomotion_lib.selection.screened import copies, still, two_motions
from infomotion_lib.selection.selectors import select

RECIPE = Recipe(trials=2, null_draws=0)


@pytest.fixture(scope="module")
def labelled() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Vectors that tell EF, labels of which every fifth is wrong, which ones, and file names."""
    rng = np.random.default_rng(0)
    true = rng.uniform(12, 84, 150)
    vectors = np.column_stack(
        [true / 10 + rng.normal(0, 0.1, 150), rng.standard_normal((150, 7)), np.full(150, 9)]
    )
    ef, wrong = true.copy(), np.arange(150) % 5 == 0
    ef[wrong] = 96 - true[wrong]
    wrong &= np.abs(ef - true) > 25
    return vectors, ef, wrong, [f"v{i:03d}" for i in range(150)]


def bad(
    labelled: tuple[np.ndarray, np.ndarray, np.ndarray, list[str]], method: str
) -> tuple[float, list[str]]:
    vectors, ef, wrong, names = labelled
    chosen = select(
        vectors, class_name(ef), file_names=names, method=method, vpc=5, graph=RECIPE, ef=ef
    ).file_names
    return float(np.mean([wrong[names.index(name)] for name in chosen])), chosen


@pytest.mark.parametrize("method", ["agree_infomotion", "filter_random"])
def test_wrong_labels_are_left_out(
    labelled: tuple[np.ndarray, np.ndarray, np.ndarray, list[str]], method: str
) -> None:
    share, chosen = bad(labelled, method)
    assert len(chosen) == 25 and share == 0 < labelled[2].mean()


def test_order_of_the_rows_changes_nothing(
    labelled: tuple[np.ndarray, np.ndarray, np.ndarray, list[str]],
) -> None:
    vectors, ef, wrong, names = labelled
    turned = (vectors[::-1], ef[::-1], wrong[::-1], names[::-1])
    assert bad(labelled, "agree_infomotion")[1] == bad(turned, "agree_infomotion")[1]


def test_without_ef_it_says_so(labelled: tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]) -> None:
    vectors, ef, _, names = labelled
    with pytest.raises(DataError, match="agree_infomotion needs the EF"):
        select(vectors, class_name(ef), file_names=names, method="agree_infomotion", vpc=5)


def test_copies_and_still_clips_are_seen() -> None:
    rng = np.random.default_rng(1)
    vectors = 5 + rng.standard_normal((12, 20))
    vectors[7] = vectors[2] + 0.01
    assert np.flatnonzero(copies(vectors, np.array(["mild"] * 12))).tolist() == [7]
    vectors[4] *= 0.02
    assert np.flatnonzero(still(vectors)).tolist() == [4]


def test_a_frozen_clip_has_two_equal_motions() -> None:
    """The order of the numbers is scale, motion, direction, channel; between equal frames the motion is not
    zero.
    """
    rng = np.random.default_rng(2)
    first = rng.standard_normal((30, 2, 2, 8)), rng.standard_normal((30, 2, 2, 16))
    for scale in first:
        scale[3, 1] = scale[3, 0]
    vectors = 5 + np.concatenate([scale.reshape(30, -1) for scale in first], axis=1)
    assert np.flatnonzero(still(vectors)).tolist() == [3]
    filling, emptying = two_motions(vectors)
    assert filling.shape == emptying.shape == (30, 48) and np.array_equal(filling[3], emptying[3])


def test_the_judge_decides(labelled: tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]) -> None:
    _, ef, _, names = labelled
    asked: list[tuple[float, list[str]]] = []

    def judge(drawn: list[str]) -> float:
        asked.append((float(np.mean([int(name[1:]) for name in drawn])), sorted(drawn)))
        return asked[-1][0]

    method = judged("validated_draw", judge=judge)
    chosen = select(None, class_name(ef), file_names=names, method=method, vpc=3)
    assert len(asked) == 16 and sorted(chosen.file_names) == min(asked)[1]
    with pytest.raises(DataError, match="needs a judge"):
        select(None, class_name(ef), file_names=names, method="validated_draw", vpc=3)


def test_tac_like_follows_time() -> None:
    """Two motions in the other order are other features: the label says how little is known of the method."""
    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((20, 8))
    names = [f"v{i:02d}" for i in range(20)]
    chosen = select(vectors, ["mild"] * 20, file_names=names, method="tac_like", vpc=4)
    assert len(set(chosen.file_names)) == 4
