"""What the paper's own Table 1 implies, worked out from its printed means and spreads: leads, doubling,
tolerance, room, constants.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from infomotion_book.html import block, number, probability, table
from infomotion_book.paper_values import (
    SHARES,
    SIZES,
    above_normal,
    doublings,
    paper_cells,
    paper_leads,
    room_between,
)
from infomotion_book.schedule import trained_longer
from infomotion_book.table1 import best_constant, cell_row
from infomotion_lib.evaluation.claims import PAPER_RUNS
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.flags import explained, in_brackets
from infomotion_lib.reporting.results import Results
from infomotion_lib.reporting.style import METHOD_NAMES, SOURCE_NAMES


def leads() -> str:
    """MyST block: InfoMotion's lead over each other selector, with its error, p-value and the runs it would
    take.
    """
    found = paper_leads()
    rows = [
        [
            _where(lead.source, lead.size),
            METHOD_NAMES[lead.method],
            *(number(value) for value in (lead.points, lead.error, lead.points / lead.error)),
            *(probability(value) for value in (lead.p, lead.p_holm)),
            str(lead.runs),
        ]
        for lead in found
    ]
    head = ["Cell", "Against", "Lead", "Error", "Ratio", "p", "p, Holm", "Runs"]
    note = (
        f"Lead and its standard error in points, and their ratio. {PAPER_RUNS} runs per cell and population"
        " spreads assumed, as in the first author's earlier code; p by Welch's t-test. Holm: corrected for"
        f" {len(rows)} leads. Runs: how many each cell would need for a true difference of this size to be"
        f" found four times in five. p below 0.05 before correction: {sum(lead.p < 0.05 for lead in found)}"
        f" of {len(rows)}; after it: {sum(lead.p_holm < 0.05 for lead in found)}."
    )
    return block(
        table(
            head,
            rows,
            caption="The paper's Table 1: InfoMotion's lead beside its error",
            numeric_from=2,
            note=note,
        )
    )


def doubling() -> str:
    """MyST block: what twice the videos changed in each row of the paper's table."""
    found = doublings()
    rows = [
        [
            _keep(f"{SOURCE_NAMES[row.source]}, {METHOD_NAMES[row.method]}"),
            *(f"{number(value)} ± {number(spread)}" for value, spread in (row.few, row.many)),
            *(number(value) for value in (row.change, row.error, row.change / row.error)),
        ]
        for row in found
    ]
    falls = sum(row.change < 0 for row in found)
    head = ["Row", *(f"{size} a class" for size in SIZES), "Change", "Error", "Ratio"]
    falling = f"{falls} of {len(rows)} rows lose accuracy when the training set is doubled."
    note = f"Change and its standard error in points, and their ratio. {falling}"
    return block(
        table(head, rows, caption="The paper's Table 1: twice the videos", numeric_from=1, note=note)
    )


def softness(results: Results | None) -> str:
    """MyST block: what one point of tolerance adds to each row of the paper's table, and to rows of ours
    beside.
    """
    cells = paper_cells()
    rows = []
    for (source, method, size, metric), (hard, spread) in cells.items():
        soft = cells.get((source, method, size, "soft_accuracy"))
        if metric == "hard_accuracy" and soft is not None:
            spreads = f"{number(spread)} and {number(soft[1])}" if size else "–"
            rows.append(
                [
                    _keep(f"paper: {_name(source, method, size)}"),
                    number(hard),
                    number(soft[0] - hard),
                    spreads,
                ]
            )
    rows += list(_our_softness(results))
    head = ["Row", "Hard, %", "Soft adds", "Spreads"]
    return block(
        table(
            head,
            rows,
            caption="What the tolerance adds, points, and the spreads of hard and soft accuracy",
            numeric_from=1,
        )
    )


def _our_softness(results: Results | None) -> Iterable[list[str]]:
    constants = results.table("evaluation", "constants") if results else None
    if results is None or constants is None:
        return
    kind = "phantom" if results.is_phantom else results.profile
    source = results.first_source
    whole = [
        cell_row(results, source=source, method="whole", vpc=0, metric=name)
        for name in ("hard_accuracy", "soft_accuracy")
    ]
    if whole[0] and whole[1]:
        hard, soft = float(whole[0]["mean"]), float(whole[1]["mean"])
        spreads = " and ".join(number(float(row["sd"])) for row in whole if row)
        yield [_keep(f"{kind}: {_name(source, 'whole', 0)}"), number(hard), number(soft - hard), spreads]
    for row in constants[constants["predictor"] == "best constant in hindsight"].to_dict("records"):
        hard, soft = float(row["hard_accuracy"]), float(row["soft_accuracy"])
        yield [_keep(f"{kind}: always EF {row['constant']:g}"), number(hard), number(soft - hard), "–"]


def room(results: Results | None) -> str:
    """MyST block: how far Random lies below the whole set, and how much of that way InfoMotion goes; the
    paper's and ours.
    """
    cells, names = paper_cells(), ("whole", "random", "infomotion")
    places = [(source, size) for source in ("real", "synthetic") for size in SIZES]
    kind = "phantom" if results is None or results.is_phantom else results.profile
    rows = []
    for source, size in places:
        values = [cells[source, name, 0 if name == "whole" else size, "hard_accuracy"][0] for name in names]
        rows.append(["paper", _where(source, size), *_way(values)])
    for source, size in places if results else ():
        assert results is not None
        found = [
            cell_row(results, source=source, method=name, vpc=0 if name == "whole" else size)
            for name in names
        ]
        values = [float(row["mean"]) for row in found if row]
        if len(values) == len(names):
            far, mine, share = _way(values)
            mine += in_brackets(row.get("graph_flag") for row in found if row)
            rows.append([kind, _where(source, size), far, mine, share])
    head = ["Whose", "Cell", "Whole set", "InfoMotion", "Share of the way, %"]
    longer = trained_longer(results.parameters) if results else ""
    ours = f"Rows of the {kind}: {longer[0].lower()}{longer[1:]}" if longer else ""
    note = (
        f"The paper does not say how much longer its whole sets were trained than its distilled ones. {ours}"
        f" {explained(str(rows))}"
    )
    caption = "Room for a selector: points of hard accuracy above Random"
    return block(table(head, rows, caption=caption, numeric_from=2, note=note.strip()))


def _way(values: Sequence[float]) -> tuple[str, str, str]:
    found = room_between(*values)
    return number(found.whole), number(found.mine), number(found.share, 0)


def normal_share() -> str:
    """MyST block: how many of the paper's distilled cells would beat the answer "normal", by the share of
    normal hearts in TEST.
    """
    rows = [
        [number(share, 0), f"{cells} of {of}", number(lead)]
        for share in SHARES
        for cells, of, lead in [above_normal(share)]
    ]
    counted = best_constant(Results("paper", FROZEN / "paper"))
    note = (
        f"Counted on EchoNet-Dynamic's TEST videos: the best constant scores {number(counted[1])} %."
        if counted
        else "The share in EchoNet-Dynamic's TEST split is to be counted from a licensed copy: pending."
    )
    head = ["Normal hearts, %", "Cells above “normal”", "InfoMotion's best cell minus it"]
    return block(
        table(
            head,
            rows,
            caption="The paper's distilled cells beside an answer that looks at no video",
            numeric_from=0,
            note=note,
        )
    )


def _where(source: str, size: int) -> str:
    return _keep(f"{SOURCE_NAMES[source]}, {size} a class")


def _keep(text: str) -> str:
    """The text on one line."""
    return f'<span class="im-keep">{text}</span>'


def _name(source: str, method: str, size: int) -> str:
    return f"{SOURCE_NAMES[source]}, {METHOD_NAMES[method]}" + (f", {size} a class" if size else "")
