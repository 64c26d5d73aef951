"""Columns that name a row in every table of results: a cell of Table 1, and a training run within it."""

from __future__ import annotations

CELL = ["source", "method", "graph", "vpc"]
"""Columns that name a cell of Table 1: what was selected from, by which method, on which graph, how many
videos per class.
"""

RUN = [*CELL, "pool", "selection_seed", "training_seed"]
"""Columns that name one trained network of a cell."""
