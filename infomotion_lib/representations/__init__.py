"""Video to vector: each room or file turns the videos of a table into one vector each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infomotion_lib.representations.stage import extract

__all__ = ["extract"]


def __getattr__(name: str) -> Any:
    if name == "extract":  # imported when asked for: a room's parameters need nothing of the stage
        from infomotion_lib.representations.stage import extract

        return extract
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
