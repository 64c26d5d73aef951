"""Controls to play with, drawn from a run: the heart cycle, the tolerance, the graphs, the chosen clips.

Each has a module of its own; :mod:`~infomotion_book.explore.board` puts them together.
"""

FOLDER = "explore"
"""Folder of the files that the controls need, beside the stages."""
