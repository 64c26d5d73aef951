"""Table 2 of the generator ablation as the book shows it, with what it must be read against."""

from __future__ import annotations

from html import escape

from infomotion_lib.reporting import table2 as shaped
from infomotion_lib.reporting.book.html import block, table
from infomotion_lib.reporting.book.notebooks import card_anchor
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.tables import DATA_NAMES

STAGE = "latte_ablation"
FIGURES = ("side_by_side.png", "label_consistency.svg", "fidelity.svg", "table2.svg")
"""Figures of the ablation that stand on the results page."""


def table2(results: Results) -> str:
    """MyST block of Table 2, or an empty string where the ablation has not run."""
    found = results.table(STAGE, "table2")
    if found is None:
        return ""
    used = results.parameters
    real, synthetic = str(used.get("real_data", "phantom")), str(used.get("synthetic_data", "none"))
    names = shaped.pool_names(real=real, synthetic=synthetic)
    found["method"] = found["method"].fillna("")
    uncut, constants = results.table("evaluation", "table1"), results.table("evaluation", "constants")
    shown = shaped.table2(found, data=DATA_NAMES.get(real, real), names=names, constants=constants, uncut=uncut)
    rows = [[escape(str(cell)) for cell in row] for row in shown.frame.to_numpy()]
    folder = f"results/{results.profile}/{results.folder(STAGE).name}"
    links = (
        f'<a href="provenance.html#{card_anchor(results, STAGE)}">How this table was made</a> · <a href="{folder}/table2.csv">as CSV</a>'
    )
    html = table(list(map(str, shown.frame.columns)), rows, caption=shown.caption, numeric_from=2, note=" ".join(map(escape, shown.notes)))
    return block(f'<div class="im-table2">{html}</div>') + block(f'<p class="im-note">{links}</p>')


def in_words(results: Results) -> list[str]:
    """What each pool did with the class it was asked for, and what the pools taught, a sentence each."""
    used = results.parameters
    names = shaped.pool_names(real=str(used.get("real_data", "phantom")), synthetic=str(used.get("synthetic_data", "none")))
    said = [shaped.conditioning_in_words(row, name=names[row["source"]]) for row in records(results.table(STAGE, "conditioning"))]
    gap = results.card(STAGE).get("notes", {}).get("gap")
    return [*said, str(gap)] if gap else said
