"""Every source of a synthetic pool: one line each."""

from __future__ import annotations

from dataclasses import dataclass

from infomotion_lib.registry import Entry, Registry


@dataclass(frozen=True, kw_only=True)
class Generator(Entry):
    """One generator; its module follows :mod:`infomotion_lib.generators.base`.

    Attributes
    ----------
    paper_row : str
        Its row in the paper's Table 2; empty where it has none.
    files : tuple of str
        What fitting leaves in its folder besides the pool.
    """

    paper_row: str = ""
    files: tuple[str, ...] = ()


GENERATORS: Registry[Generator] = Registry("generator")
