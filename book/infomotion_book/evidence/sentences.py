"""Sentences of the evidence page, with the table or figure that each speaks of; they hold whatever the
numbers.
"""

from __future__ import annotations

from infomotion_book.editions import edition_mark
from infomotion_book.evidence import values
from infomotion_book.evidence.networks import networks
from infomotion_book.evidence.study import (
    LEVEL,
    MOTION,
    Evidence,
    gain,
    signed,
    spanned,
)
from infomotion_book.evidence.tables import T_INTERVAL, WHO
from infomotion_book.html import number, probability
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.schedule import trained_longer
from infomotion_book.templates import filled
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.results import records
from infomotion_lib.studies.selectors.arms import MAIN


def status(evidence: Evidence) -> str:
    """How much of the study is there, and how small a difference it can see."""
    there = values.extent(evidence)
    more = f", {there.begun} more {'is' if there.begun == 1 else 'are'} begun" if there.begun else ""
    used = evidence.tables.settings
    mark = edition_mark(int(used.get("edition", 1)))
    return (
        f"**{there.complete} of {evidence.planned_pools} pools are complete**{more}. A pool has"
        f" {used['phantom_train_per_class']} TRAIN videos per class, {sum(used['phantom_test_counts'])} TEST"
        f" videos, hearts of its own, {used['study_random_draws']} Random draws per budget and"
        f" {used['study_training_seeds']} training seeds per set; {len(evidence.tables.networks):,} networks"
        " were trained on the phantom and its changed versions, equal sets once. Half of the intervals below"
        f" are narrower than ±{number(there.half_width)} points: a difference much smaller than that cannot"
        f" be seen here.{_network(evidence)}{f' {mark}' if mark else ''}\n"
    )


def short(evidence: Evidence) -> str:
    """Three sentences: who is above Random, who below, and what could have been seen."""
    found, there = values.verdict(evidence), values.extent(evidence)
    above, below = evidence.listed(found.above), evidence.listed(found.below)
    said = {
        "comparisons": found.comparisons,
        "above": above,
        "below": below,
        "half": there.half_width,
        "pools": there.complete,
        "networks": f"{len(evidence.tables.networks):,}",
    }
    return filled("evidence_short.md.jinja", said) + explained(above, below) + "\n"


def paper_order(evidence: Evidence) -> str:
    """The paper's order asked directly: InfoMotion minus each of its rivals in the same pools."""
    rows = values.paper_order(evidence)
    body = [
        [
            evidence.named(dict(zip(("method", "feature", "graph"), row["rival"], strict=True))),
            row["vpc"],
            spanned(row),
            f"{row['pools_better']} of {row['pools']}",
            probability(row["p_holm"]),
        ]
        for row in rows
    ]
    above, below = (len(values.apart(rows, sign)) for sign in (1, -1))
    told = (
        f"{above or 'none'} {_are(above)} clearly above 0 and {below or 'none'} clearly below it"
        if above + below
        else "none is clearly above or below 0"
    )
    said = (
        f"The paper's order puts InfoMotion above Random, K-means and InfoDist. Of the {len(rows)}"
        f" differences that this asks for on the phantom, {told} after Holm's correction."
    )
    head = [
        f"InfoMotion{evidence.mark(MOTION.key)} minus",
        "Videos per class",
        "Points [t, 95 %]",
        "Pools above 0",
        f"p, Holm ({len(rows)})",
    ]
    caption = (
        "The paper's order on the phantom: InfoMotion (kNN graph of motion) minus each rival, hard accuracy"
    )
    notes = (f"{T_INTERVAL} p: by the same t-test.", explained(str(head), str(body)))
    return f"{said}\n{page_table(of_rows(head, body, caption=caption, notes=notes))}"


def verdict(evidence: Evidence) -> str:
    """Who lies above and below Random after correction, how much luck is to be expected, how much room there
    was; then the figure.
    """
    found = values.verdict(evidence)
    total, rest = found.comparisons, found.unclaimed
    words = "interval excludes" if rest == 1 else "intervals exclude"
    lines = [
        f"Above Random after Holm's correction for {total} comparisons: {evidence.listed(found.above)}.",
        f"Below it: {evidence.listed(found.below)}.",
        "If one finding in twenty may be false (Benjamini and Hochberg), also:"
        f" {evidence.listed(found.loose)}.",
        f"{rest} further {words} 0; {total} tests give up to about {number(total * LEVEL, 0)} by luck alone.",
    ]
    for row in values.room_by_budget(evidence):
        lines.append(
            f"Headroom at {row['vpc']} videos per class: the whole set is {signed(row)} points above Random."
        )
    if longer := trained_longer(evidence.tables.settings):
        lines.append(longer)
    if marks := explained(*lines):
        lines.append(marks)
    return "".join(f"- {line}\n" for line in lines) + evidence.figure("forest")


def confirmation(evidence: Evidence) -> str:
    """What screening chose and what fresh pools say of it."""
    rows = records(evidence.confirmed)
    if not rows:
        return "Nothing can be confirmed yet: too few pools are complete.\n"
    total = int(evidence.confirmed["comparisons"].max())
    body = [
        [
            evidence.named(row),
            row["vpc"],
            row["chosen_by"],
            spanned(row, "screening_"),
            spanned(row, "confirmation_"),
            probability(row["p"]),
            probability(row["p_holm"]),
        ]
        for row in rows
    ]
    held = evidence.listed(values.confirmed(evidence), "confirmation_")
    said = (
        f"{rows[0]['screening_pools']} pools screened and {rows[0]['confirmation_pools']} others confirm."
        f" Different from Random in the confirming pools alone, after Holm's correction for {total}"
        f" comparisons: {held}."
    )
    head = [
        WHO,
        "Videos per class",
        "Chosen by",
        "Screening [t, 95 %]",
        "Confirmation [t, 95 %]",
        "p",
        f"p, Holm ({total})",
    ]
    caption = "Screening against confirmation, hard accuracy minus Random's, points"
    shown = of_rows(head, body, caption=caption, keys=3, notes=(T_INTERVAL, explained(str(body))))
    return f"{said}\n{evidence.figure('confirmation')}{page_table(shown)}"


def collapsed(evidence: Evidence) -> str:
    """How many of the class graphs behind the selections collapsed or shattered, by recipe."""
    by_recipe = "; ".join(
        f"`{row.Index}`, {row.collapsed} of {row.graphs} collapsed, {row.shattered} shattered"
        for row in values.unhealthy_graphs(evidence).itertuples()
    )
    chosen = f"{evidence.smallest} videos per class"
    return f"Class graphs behind the selections of {chosen}, by recipe: {by_recipe}.\n"


def _network(evidence: Evidence) -> str:
    gains = "".join(f" {gain(record)}" for record in networks(evidence, MAIN))
    several = len(evidence.tables.networks_of(MAIN)) > 1
    return gains + (" Its pools were drawn with networks of several trainings." if several else "")


def _are(count: int) -> str:
    return "is" if count < 2 else "are"
