"""What another machine makes of the same commit: Table 1 twice."""

from __future__ import annotations

from html import escape

import pandas as pd

from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.book.html import block, number, signed, table
from infomotion_lib.reporting.book.notebooks import card_anchor
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.results import Results, records
from infomotion_lib.reporting.style import SOURCE_NAMES
from infomotion_lib.reporting.summary import shown_method, shown_source, size_name


def two_machines() -> str:
    """MyST block: hard accuracy of each cell of Table 1 on two kinds of processor; a line of text where it has not been compared."""
    file = FROZEN / "studies" / "two_machines.csv"
    if not file.is_file():
        return "No second machine has been compared yet: `infomotion compare --out book/results/studies/two_machines.csv`.\n"
    frozen = Results("phantom", FROZEN / "phantom")
    cells = pd.read_csv(file, keep_default_na=False)
    if "graph_flag" not in cells:
        keys = zip(cells["source"], cells["method"], cells["graph"], cells["vpc"], strict=True)
        cells["graph_flag"] = [frozen.graph_flags.get(key, "") for key in keys]
    rows = [
        [
            f"{escape(shown_method(str(row['method']), str(row['graph']), [row['graph_flag']]))}"
            f'<span class="im-under">{escape(shown_source(str(row["source"])))}, {size_name(row["vpc"])}</span>',
            signed(row["difference"]),
            f"{number(row['frozen_mean'])} ± {number(row['frozen_sd'])}",
            f"{number(row['mean'])} ± {number(row['sd'])}",
        ]
        for row in records(cells)
    ]
    largest = cells.iloc[int(cells["difference"].abs().to_numpy().argmax())]
    name = escape(shown_method(str(largest["method"]), "", [largest["graph_flag"]]))
    pool = SOURCE_NAMES.get(str(largest["source"]), str(largest["source"])).lower()
    processor = escape(str(frozen.card("evaluation").get("processor", "")))
    note = (
        "Hard accuracy in percent, mean ± population sd over runs. "
        f"The largest change, {signed(largest['difference'])} points, is that of {name} in the {pool} pool, "
        f"{size_name(largest['vpc'])}. "
        "Real, Synthetic: the phantoms that stand in for that pool; VPC: videos a class. "
        f"{explained(*cells['graph_flag'])} "
        "Compare yours: <code>infomotion compare</code>. "
        f'<a href="provenance.html#{card_anchor(frozen, "evaluation")}">How the first was made</a>'
    )
    first = f'First machine<span class="im-under">{processor}</span>' if processor else "First machine"
    heads = ['Method<span class="im-under">source, size</span>', "Change", first, "Second machine"]
    return block(table(heads, rows, caption="One commit, one profile, two kinds of processor", numeric_from=1, note=note))
