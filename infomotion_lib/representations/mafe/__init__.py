"""MAFE: the motion network of the paper, taught also by a flow teacher and by one that knows hearts again.

Li, Reynaud, Müller and Kainz, arXiv 2512.09418, its first stage. Written from the paper's words and the
settings of its scripts; its trainer is not published, and :mod:`choices` says what was chosen instead.
"""
