"""Figures, tables, kernel-less controls and the book: what readers see.

Nothing here trains or decides. :mod:`style` gives every figure the same look, :mod:`widgets` the controls
that work in a static page, :mod:`freeze` the guarded copy of results into the book, :mod:`book` the build.
"""
