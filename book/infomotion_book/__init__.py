"""The book: pages, executed notebooks and results put together and rendered as static HTML.

:func:`infomotion_book.render.build` is the way in. It reads results from a run or from the frozen copy in
``book/results``, executes nothing, needs no torch, and changes no tracked file.
"""
