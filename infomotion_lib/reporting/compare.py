"""A run beside the frozen results of its profile: how far a second machine reproduces the first."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from infomotion_lib.errors import StageError
from infomotion_lib.keys import CELL
from infomotion_lib.provenance import read_run_card
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.results import STAGES, Results
from infomotion_lib.reporting.summary import aligned, shown_method, shown_source

COMPARISON_COLUMNS = (*CELL, "frozen_mean", "frozen_sd", "mean", "sd", "difference", "graph_flag")


def compare_tables(frozen: pd.DataFrame, own: pd.DataFrame, *, metric: str = "hard_accuracy") -> pd.DataFrame:
    """One metric of two Table 1s, a row a cell that both have: means, standard deviations over runs, own minus frozen mean, flags of both.

    Parameters
    ----------
    frozen, own : DataFrame
        Two ``table1.csv``: source, method, graph, vpc, metric, mean, sd, n.
    metric : str
        Which of their metrics; accuracies are in percent.
    """
    columns = [*CELL, "mean", "sd", "graph_flag"]
    texts = dict.fromkeys(("graph", "graph_flag"), "")
    sides = [
        table[table["metric"] == metric].reindex(columns=columns).astype(dict.fromkeys(texts, object)).fillna(texts)
        for table in (frozen, own)
    ]
    first = sides[0].rename(columns={name: f"frozen_{name}" for name in columns[len(CELL) :]})
    both = first.merge(sides[1], on=CELL, validate="one_to_one")
    flags = ["+".join(dict.fromkeys(filter(None, pair))) for pair in zip(both["frozen_graph_flag"], both["graph_flag"], strict=True)]
    return both.assign(difference=both["mean"] - both["frozen_mean"], graph_flag=flags)[list(COMPARISON_COLUMNS)]


def equal_files(frozen: Results, own: Results) -> pd.DataFrame:
    """How many output files of each stage, both finished, carry the same SHA-256: ``stage, equal, files``.

    Video files do not count one by one: the data stage's run card lists their tables.
    """
    rows = []
    for stage in STAGES:
        try:
            first, second = (
                {_own_name(name): value for name, value in read_run_card(side.folder(stage))["outputs"].items()} for side in (frozen, own)
            )
        except StageError:
            continue
        shared = first.keys() & second.keys()
        rows.append((stage, sum(first[name] == second[name] for name in shared), len(shared)))
    return pd.DataFrame(rows, columns=["stage", "equal", "files"])


def comparison_text(frozen: Results, own: Results) -> tuple[str, pd.DataFrame]:
    """What ``infomotion compare`` prints, and the rows of its table.

    Raises
    ------
    StageError
        If either side has no Table 1.
    """
    tables = []
    for side, remedy in ((frozen, "Only profiles with frozen results can be compared."), (own, "Finish the run first: `make reproduce`.")):
        table = side.table("evaluation", "table1")
        if table is None:
            raise StageError("There is no Table 1 to compare.", where=f"Looked in: {side.folder('evaluation')}", remedy=remedy)
        tables.append(table)
    cells = compare_tables(*tables)
    rows = [["source", "method", "VPC", "frozen", "yours", "difference"]]
    for row in cells.to_dict("records"):
        name = shown_method(str(row["method"]), str(row["graph"]), [row["graph_flag"]])
        ours, theirs = f"{row['mean']:.1f} ± {row['sd']:.1f}", f"{row['frozen_mean']:.1f} ± {row['frozen_sd']:.1f}"
        rows.append([shown_source(str(row["source"])), name, str(row["vpc"] or "all"), theirs, ours, f"{row['difference']:+.1f}"])
    same = equal_files(frozen, own)
    stages = [f"{row.stage} {row.equal} of {row.files}" for row in same.itertuples()]
    return "\n".join(
        [
            f"Hard accuracy of profile {own.profile}, percent, mean ± population sd over runs: frozen in the book, and yours",
            *aligned(rows),
            f"files equal to the byte: {', '.join(stages) or 'no stage can be compared'}",
            "Data are equal everywhere. Trained networks round differently on another processor, and the picks follow them.",
            *filter(None, [explained(*cells["graph_flag"])]),
        ]
    ), cells


def _own_name(shown: str) -> str:
    """Name of an output without the folder that holds the run."""
    return "/".join(Path(shown).parts[-2:])
