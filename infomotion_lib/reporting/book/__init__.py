"""The book: pages, executed notebooks and results put together and rendered as static HTML.

:func:`build` is the way in. It reads results from a run or from the frozen copy in ``book/results``, executes
nothing, needs no torch, and changes no tracked file.
"""

from infomotion_lib.reporting.book.render import Book, build

__all__ = ["Book", "build"]
