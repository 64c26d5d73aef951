"""A share of work that several jobs do, none of whom knows of the others: every n-th piece, from the i-th."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from infomotion_lib.errors import ParameterError

T = TypeVar("T")


@dataclass(frozen=True)
class Share:
    """Share ``number`` (from 1) of ``of`` shares; together they are the whole, and no two overlap.

    Raises
    ------
    ParameterError
        If there is no such share.

    >>> [Share(number, 3).part(range(7)) for number in (1, 2, 3)]
    [[0, 3, 6], [1, 4], [2, 5]]
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise ParameterError(
                f"There is no part {self.number} of {self.of}.", remedy="Parts are 1/N, 2/N ... N/N."
            )

    @classmethod
    def read(cls, word: str) -> Share:
        """Share given as ``"2/7"``.

        Raises
        ------
        ParameterError
            If it is not two numbers, or there is no such share.
        """
        match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", word)
        if match is None:
            raise ParameterError(f"Not a part: {word}", remedy="Write 2/7 for the second part of seven.")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def name(self) -> str:
        """As names of files have it: ``2-of-7``."""
        return f"{self.number}-of-{self.of}"

    def has(self, index: int) -> bool:
        """Whether piece ``index``, counted from 0, is of this share."""
        return index % self.of == self.number - 1

    def part(self, pieces: Sequence[T]) -> list[T]:
        """The pieces of this share, in their order."""
        return list(pieces[self.number - 1 :: self.of])
