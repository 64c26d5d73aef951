"""Profiles drawn from the declared types of all parameters: tame ones near the smoke profile, wild ones with
values of every kind.
"""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MultipleOf
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from infomotion_lib.data.sources import SOURCES
from infomotion_lib.errors import InfoMotionError
from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.parameter_types import FILE, HERE
from infomotion_lib.parameters import STAGES
from infomotion_lib.representations.registry import REPRESENTATIONS
from infomotion_lib.selection.registry import SELECTORS

NAMES = (
    "none",
    *SOURCES,
    *REPRESENTATIONS,
    *SELECTORS,
    *GENERATORS,
    "kmeans_motion",
    "infomotion_appearance",
)
WILD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1.5, 10**30, float("nan"), float("inf"), -1e308, "", "auto", "nonsense", "a\0b"),
    *([], [1, 1], ["random", "random"], [[1]], {"a": 1}, "x" * 5000, "/no/such/file", "../..", "心臓"),
)
COSTLY = {
    "latte_size",
    "lvdm_size",
    "autoencoder",
    "lvdm_autoencoder",
    "mcdm_size",
    "mcdm_autoencoder",
    "ifa_width",
    "regressor",
    "arithmetic",
    "device",
}
"""Parameters whose other values are right and only take long, or need another machine."""

NOT_DRAWN = {"profile", "runs_dir", "workers", "generator"}
"""Where a run lies and how fast it is, and what the runner sets itself."""


@cache
def fields() -> dict[str, FieldInfo]:
    """Every parameter of every stage, by name."""
    return {name: field for model in STAGES.values() for name, field in model.model_fields.items()}


def drawn(rng: random.Random, *, wild: bool, here: Path, most: int = 5) -> dict[str, Any]:
    """Some parameters and their values, as a profile has them.

    Parameters
    ----------
    rng : Random
        Decides everything.
    wild : bool
        Also values that no such parameter takes.
    here : Path
        A file that exists.
    most : int
        Parameters at most.
    """
    names = sorted(
        set(fields()) - (NOT_DRAWN if wild else NOT_DRAWN | COSTLY | {"real_data", "synthetic_data"})
    )
    chosen = rng.sample(names, rng.randint(1, most))
    values = {}
    for name in chosen:
        field = fields()[name]
        if wild and rng.random() < 0.3:
            values[name] = rng.choice(WILD)
        else:
            values[name] = _value(field.annotation, list(field.metadata), rng, wild=wild, here=here)
    return values


def _value(kind: Any, marks: list[Any], rng: random.Random, *, wild: bool, here: Path) -> Any:
    if get_origin(kind) is Annotated:
        kind, *more = get_args(kind)
        marks = [*more, *marks]
    marks = [part for mark in marks for part in (mark.metadata if isinstance(mark, FieldInfo) else [mark])]
    if get_origin(kind) is Literal:
        return rng.choice(get_args(kind))
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        if parts[-1] is Ellipsis:
            parts = (parts[0],) * rng.randint(0 if wild else 1, 3)
        values = [_value(part, [], rng, wild=wild, here=here) for part in parts]
        return values if wild else list(dict.fromkeys(values)) if get_args(kind)[-1] is Ellipsis else values
    if kind is bool:
        return rng.random() < 0.5
    if kind in (int, float):
        return _number(kind, marks, rng, wild=wild)
    if HERE in marks:
        there = str(here if FILE in marks else here.parent)
        return rng.choice(["", there, "/no/such/place"]) if wild else ""
    known = _known(kind, tuple(mark for mark in marks if callable(getattr(mark, "func", None))))
    return rng.choice(known) if known else rng.choice(["", "0" * 64])


def _number(kind: type, marks: list[Any], rng: random.Random, *, wild: bool) -> Any:
    low = next((mark.ge for mark in marks if isinstance(mark, Ge)), None)
    low = next((mark.gt for mark in marks if isinstance(mark, Gt)), low if low is not None else 0)
    high = next((mark.le for mark in marks if isinstance(mark, Le)), None)
    high = next((mark.lt for mark in marks if isinstance(mark, Lt)), high if high is not None else 10**9)
    step = next((mark.multiple_of for mark in marks if isinstance(mark, MultipleOf)), 1)
    if kind is int:
        tame = [low + step * k for k in (0, 1, 2, 3, 5, 8)]
        value: Any = rng.choice(tame + ([low - 1, high, high + 1, low + step * 40] if wild else []))
        return min(value, high) if not wild else value
    span = min(high, low + 10) - low
    tame_floats = [low + span * share for share in (0.001, 0.05, 0.3, 0.7, 0.999)]
    return rng.choice(tame_floats + ([low, high, low - 1, high * 2, 1e-300] if wild else []))


@cache
def _known(kind: Any, marks: tuple[Any, ...]) -> tuple[str, ...]:
    """Registered names that a parameter takes; none where it takes any text."""
    takes = TypeAdapter(Annotated[kind, *marks] if marks else kind)

    def fits(word: str) -> bool:
        try:
            takes.validate_python(word)
        except (ValidationError, InfoMotionError):
            return False
        return True

    return () if fits("nonsense") else tuple(name for name in NAMES if fits(name))
