"""How much longer the whole set is trained than a selected one: a distance that no selector can close."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infomotion_book.templates import line


def trained_longer(steps: Mapping[str, Any]) -> str:
    """Sentence on the steps of both, from ``steps_whole`` and ``steps_selected``; empty where they are equal
    or not known.

    >>> trained_longer({"steps_whole": 1200, "steps_selected": 300})[:66]
    'The whole set is trained 4 times as long (1,200 against 300 steps)'
    """
    whole, selected = (int(steps.get(name, 0)) for name in ("steps_whole", "steps_selected"))
    if not whole > selected > 0:
        return ""
    values = {"ratio": f"{whole / selected:.3g}", "whole": f"{whole:,}", "selected": f"{selected:,}"}
    return line("results_notes.md.jinja", "trained_longer", values)
