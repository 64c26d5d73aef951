"""Errors say what failed, where we looked and what to do."""

from __future__ import annotations

import pytest

from infomotion_lib import errors
from infomotion_lib.errors import InfoMotionError, VideoError, did_you_mean


def test_message_has_one_line_each_and_no_empty_ones() -> None:
    assert (
        str(InfoMotionError("It failed.", where="Looked here.", remedy="Do this."))
        == "It failed.\nLooked here.\nDo this."
    )
    assert str(InfoMotionError("It failed.", remedy="Do this.")) == "It failed.\nDo this."


def test_all_errors_are_of_one_family_with_exit_code_2() -> None:
    family = [
        item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, Exception)
    ]
    assert len(family) >= 7
    assert all(issubclass(item, InfoMotionError) and item.exit_code == 2 for item in family)


def test_a_video_that_cannot_be_read_is_a_fault_of_the_data() -> None:
    with pytest.raises(errors.DataError):
        raise VideoError("clip.avi ends early.")


@pytest.mark.parametrize(
    ("word", "answer"),
    [("vcp", "Did you mean vpc?"), ("zzzzzz", "Known: markov_time, vpc.")],
)
def test_did_you_mean(word: str, answer: str) -> None:
    assert did_you_mean(word, ["vpc", "markov_time"]) == answer
