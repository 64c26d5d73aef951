"""Types of parameters: numbers in a range, lists without repeats, paths that must exist."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 2)]
Rate = Annotated[float, Field(gt=0, le=1)]
"""Learning rate."""
Pairs = Literal[1, 2]
"""Motions of a video: filling and emptying, or emptying alone where only half a beat was recorded."""


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    twice = [value for value in values if values.count(value) > 1]
    if twice:
        raise ValueError(f"{twice[0]} stands there twice")
    return values


Distinct = AfterValidator(_distinct)
"""Of a list in which each value counts once."""


def _plain(path: str) -> str:
    if any(ord(letter) < 32 for letter in path):
        raise ValueError("it holds a control character")
    return path


PathText = Annotated[str, Field(max_length=4000), AfterValidator(_plain)]

HERE = "a file or folder that must exist on the machine that runs"
"""Marks a parameter that names one, where it is not empty."""

FILE, FOLDER = "a file", "a folder"
"""Say which of the two it must be."""

LocatedFile = Annotated[PathText, HERE, FILE]
LocatedFolder = Annotated[PathText, HERE, FOLDER]
"""Path of a file, of a folder; empty for none."""
