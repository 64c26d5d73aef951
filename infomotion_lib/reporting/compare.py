"""A run beside the frozen results of its profile: how far a second machine reproduces the first."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from infomotion_lib.errors import StageError
from infomotion_lib.files import PINS, SUMS
from infomotion_lib.keys import CELL
from infomotion_lib.provenance import read_run_card, sha256
from infomotion_lib.reporting.difference import Difference, Side, first_difference, outputs
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.results import Results, title_of
from infomotion_lib.reporting.shown_table import ShownTable
from infomotion_lib.reporting.summary import shown_method, shown_source
from infomotion_lib.stage_table import RUN_CARD, TABLE

SHOWN = 3
"""Files of a stage that are named; the others are counted."""

_KINDS = {
    "parameters": "the parameters",
    "code": "the code",
    "versions": "the versions of packages",
    "machine": "the machine",
}

COMPARISON_COLUMNS = (*CELL, "frozen_mean", "frozen_sd", "mean", "sd", "difference", "graph_flag")


def compare_tables(
    frozen: pd.DataFrame, yours: pd.DataFrame, *, metric: str = "hard_accuracy"
) -> pd.DataFrame:
    """One metric of two Table 1s, one row per cell that both have: means, standard deviations over runs, your
    minus frozen mean, flags of both.

    Parameters
    ----------
    frozen, yours : DataFrame
        Two ``table1.csv``: source, method, graph, vpc, metric, mean, sd, n.
    metric : str
        Which of their metrics; accuracies are in percent.
    """
    columns = [*CELL, "mean", "sd", "graph_flag"]
    texts = dict.fromkeys(("graph", "graph_flag"), "")
    sides = [
        table[table["metric"] == metric]
        .reindex(columns=columns)
        .astype(dict.fromkeys(texts, object))
        .fillna(texts)
        for table in (frozen, yours)
    ]
    first = sides[0].rename(columns={name: f"frozen_{name}" for name in columns[len(CELL) :]})
    both = first.merge(sides[1], on=CELL, validate="one_to_one")
    flags = [
        "+".join(dict.fromkeys(filter(None, pair)))
        for pair in zip(both["frozen_graph_flag"], both["graph_flag"], strict=True)
    ]
    return both.assign(difference=both["mean"] - both["frozen_mean"], graph_flag=flags)[
        list(COMPARISON_COLUMNS)
    ]


def equal_files(frozen: Side, yours: Side) -> pd.DataFrame:
    """How many output files of each stage, both finished, carry the same SHA-256: ``stage, equal, files``.

    Videos do not count one by one; :func:`difference_in_words` tells of them.
    """
    rows = []
    for stage in TABLE:
        if stage in frozen.cards and stage in yours.cards:
            first, second = (outputs(side.cards[stage]) for side in (frozen, yours))
            shared = first.keys() & second.keys()
            rows.append((stage, sum(first[name] == second[name] for name in shared), len(shared)))
    return pd.DataFrame(rows, columns=["stage", "equal", "files"])


def side_of(results: Results) -> Side:
    """What is known of a run, or of frozen results; the videos that lie there are hashed, the largest part of
    the work.
    """
    cards = {
        stage: read_run_card(results.folder(stage))
        for stage in TABLE
        if (results.folder(stage) / RUN_CARD).is_file()
    }
    pins = results.values("data", PINS.removesuffix(".json")) if "data" in cards else {}
    return Side(
        cards, pins, {name: digest for name in pins if (digest := _digest(results.folder("data") / name))}
    )


def _digest(folder: Path) -> str:
    """What :data:`~infomotion_lib.reporting.difference.SUMS` would hash to, were it written of the videos
    that lie there now.
    """
    if not (folder / SUMS).is_file():
        return ""
    names = [line.partition("  ")[2] for line in (folder / SUMS).read_text(encoding="utf-8").splitlines()]
    files = [folder / "Videos" / name for name in names]
    now = "".join(f"{sha256(file) if file.is_file() else 'missing'}  {file.name}\n" for file in files)
    return hashlib.sha256(now.encode()).hexdigest()


def difference_in_words(difference: Difference) -> str:
    """A sentence: the first stage that differs and why, as far as the cards tell; or that all is equal. Then
    what was not compared.
    """
    unknown = f" Not compared: {'; '.join(difference.unknown)}." if difference.unknown else ""
    names = [title_of(stage) for stage in difference.stages]
    if not difference.stages:
        return f"The two runs hold no stage in common.{unknown}"
    if not difference.stage:
        videos = ", the videos too" if difference.videos else ""
        return f"All stages that both runs hold are equal to the byte{videos}: {', '.join(names)}.{unknown}"
    equal = f"; equal: {', '.join(_KINDS[kind] for kind in difference.equal)}" if difference.equal else ""
    what = difference.detail if difference.kind == "data" else _files(difference.files)
    if difference.kind == "platform":
        return (
            f"Other platform: {title_of(difference.stage)} has {what} ({difference.detail}{equal}). Infomap's"
            " random draws depend on the C++ library, so equal seeds need not give equal communities"
            f" there.{unknown}"
        )
    others = [reason for reason in difference.reasons if reason.kind not in ("data", "unexplained")]
    only = "only " if len(others) == 1 and len(difference.equal) == len(_KINDS) - 1 else ""
    differ = "; ".join(f"{_KINDS[reason.kind]} ({reason.detail})" for reason in others)
    if differ:
        one = len(others) == 1 and others[0].kind not in ("parameters", "versions")
        why = f"of what the cards record, {only}{differ} {'differs' if one else 'differ'}"
    elif difference.kind == "data":
        why = "nothing else that the cards record differs"
    else:
        why = "nothing that the cards record differs, so it is not explained"
    return f"The first stage that differs is {title_of(difference.stage)}, {what}: {why}{equal}.{unknown}"


def _files(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    return f"other bytes in {shown}{f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''}"


def comparison_text(frozen: Results, yours: Results) -> tuple[str, pd.DataFrame]:
    """What ``infomotion compare`` prints, and the rows of its table.

    Raises
    ------
    StageError
        If either side has no Table 1.
    """
    tables = []
    for side, remedy in (
        (frozen, "Only profiles with frozen results can be compared."),
        (yours, "Finish the run first: `make reproduce`."),
    ):
        table = side.table("evaluation", "table1")
        if table is None:
            raise StageError(
                "There is no Table 1 to compare.",
                where=f"Looked in: {side.folder('evaluation')}",
                remedy=remedy,
            )
        tables.append(table)
    cells = compare_tables(*tables)
    sides = side_of(frozen), side_of(yours)
    difference = first_difference(*sides)
    same = equal_files(*sides)
    stages = [f"{row.stage} {row.equal} of {row.files}" for row in same.itertuples()]
    notes = (
        f"files equal to the byte: {', '.join(stages) or 'no stage can be compared'}",
        difference_in_words(difference),
        *filter(None, [explained(*cells["graph_flag"])]),
    )
    title = (
        f"Hard accuracy of profile {yours.profile}, percent, mean ± population sd over runs: frozen in the"
        " book, and yours"
    )
    shown = ShownTable(shown_cells(cells), title, notes, formats={"difference": "{:+.1f}"})
    return shown.to_text(), cells


def shown_cells(cells: pd.DataFrame) -> pd.DataFrame:
    """Both sides of each cell as they are read: ``source, method, VPC, frozen, yours, difference``.

    Parameters
    ----------
    cells : DataFrame
        From :func:`compare_tables`.
    """
    return pd.DataFrame(
        [
            {
                "source": shown_source(row["source"]),
                "method": shown_method(row["method"], row["graph"], [row["graph_flag"]]),
                "VPC": str(row["vpc"] or "all"),
                "frozen": f"{row['frozen_mean']:.1f} ± {row['frozen_sd']:.1f}",
                "yours": f"{row['mean']:.1f} ± {row['sd']:.1f}",
                "difference": row["difference"],
            }
            for row in cells.to_dict("records")
        ]
    )
