"""Every source of a synthetic pool: one line each."""

from __future__ import annotations

from dataclasses import dataclass

from infomotion_lib.registry import Entry, Registry


@dataclass(frozen=True, kw_only=True)
class Generator(Entry):
    """One generator; its module follows :mod:`infomotion_lib.generators.base`.

    Attributes
    ----------
    marker : str
        Of its points in figures.
    given : bool
        Whether its clips are those of a data set, which then names the pool.
    in_blocks : bool
        Whether several jobs may draw its pool: ``load`` of its module takes the ``side`` of the clips too,
        and draws the very clips that what was fitted draws.
    reads : tuple of str
        Stages whose outputs it learns from, besides those of the data stage.
    sees : str
        As of a :class:`~infomotion_lib.stage_table.Stage`.
    paper_row : str
        Its row in the paper's Table 2; empty where it has none.
    files : tuple of str
        What fitting leaves in its folder besides the pool.
    shown_by : str
        ``"module:function"`` that draws figures of its own, called with what was fitted, the lessons, a
        ``folder``, the ``parameters`` and what the ``data`` are called, which its figures say; what it
        returns is shown. Empty where there is none.
    refused_by : str
        ``"module:function"`` that gives the reasons why it cannot learn from the videos of each split, before
        any is decoded; empty where it takes whatever there is. The module must be light.
    """

    marker: str = "o"
    paper_row: str = ""
    files: tuple[str, ...] = ()
    shown_by: str = ""
    refused_by: str = ""
    given: bool = False
    in_blocks: bool = False
    reads: tuple[str, ...] = ()
    sees: str = ""


GENERATORS: Registry[Generator] = Registry("generator")

IN_NOTEBOOK = "latte"
"""Whose parameters stand in the cell of the notebook that all generators share; the runner sets another."""

_PACKAGE = "infomotion_lib.generators"
GENERATORS.add(
    Generator(
        name="echosyn",
        label="EchoSyn",
        colour="#0072B2",
        marker="s",
        module=f"{_PACKAGE}.given",
        paper_row="EchoSyn",
        given=True,
    )
)
GENERATORS.add(
    Generator(
        name="lvdm",
        label="LVDM",
        colour="#009E73",
        marker="v",
        module=f"{_PACKAGE}.lvdm.generator",
        in_blocks=True,
        parameters=f"{_PACKAGE}.lvdm.parameters:LvdmParameters",
        files=("lidm.safetensors", "lvdm.safetensors", "losses.csv"),
        refused_by=f"{_PACKAGE}.lvdm.outlook:refusals",
    )
)
GENERATORS.add(
    Generator(
        name="mcdm",
        label="MCDM",
        colour="#CC79A7",
        marker="P",
        module=f"{_PACKAGE}.mcdm.generator",
        in_blocks=True,
        parameters=f"{_PACKAGE}.mcdm.parameters:McdmParameters",
        files=("mcdm.safetensors", "donors.npz", "losses.csv", "motion_kept.csv"),
        reads=("frame_index", "ifa_training"),
        sees="infomotion_lib.representations.lessons:seen_of_index",
        shown_by="infomotion_lib.reporting.figures.mcdm:show",
        refused_by=f"{_PACKAGE}.mcdm.outlook:refusals",
    )
)
GENERATORS.add(
    Generator(
        name="latte",
        label="Latte",
        colour="#D55E00",
        marker="^",
        module=f"{_PACKAGE}.latte.generator",
        in_blocks=True,
        parameters=f"{_PACKAGE}.latte.parameters:LatteParameters",
        paper_row="Latte",
        files=("latte.safetensors", "losses.csv"),
        shown_by="infomotion_lib.reporting.figures.latte:show",
        refused_by=f"{_PACKAGE}.latte.outlook:refusals",
    )
)
