"""Tables of the evidence page."""

from __future__ import annotations

from infomotion_book.evidence import values
from infomotion_book.evidence.study import (
    COMMAND,
    Evidence,
    below,
    key_of,
    spanned,
)
from infomotion_book.html import again, interval, number, probability, span, spread
from infomotion_book.page_table import of_rows, page_table
from infomotion_book.schedule import trained_longer
from infomotion_lib.reporting.flags import explained
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.tables import CONSTANT_NAMES
from infomotion_lib.studies.selectors import comparison
from infomotion_lib.studies.selectors.arms import MAIN

METRIC_NAMES = {
    "hard_accuracy": "Hard",
    "soft_accuracy": "Soft",
    "balanced_accuracy": "Balanced",
    "mae": "MAE, points",
}
WHO = "Selector · vectors · graph"
T_INTERVAL = "[t, 95 %]: interval by Student’s t over pools."


def differences(evidence: Evidence) -> str:
    """MyST block: every comparison with Random."""
    errors = comparison.compare(comparison.pool_differences(evidence.runs, metric="mae"), metric="mae")
    error = {(*key_of(row), row["vpc"]): spanned(row) for row in records(errors)}
    rows = [
        [
            evidence.named(row) + span("im-under", f"{row['vpc']} per class"),
            spanned(row) + span("im-ci", interval(row["boot_low"], row["boot_high"])),
            number(row["effect_size"], 2) + span("im-ci", f"{row['pools_better']} of {row['pools']}"),
            *(probability(row[name]) for name in ("p", "p_holm", "p_bh")),
            error[*key_of(row), row["vpc"]],
        ]
        for row in records(evidence.compared)
    ]
    total = int(evidence.compared["comparisons"].max())
    head = [WHO, "Minus Random [t, 95 %] [bootstrap]", "Effect size, pools above 0"]
    head += ["p", f"p, Holm ({total})", f"p, BH ({total})", "MAE minus Random's [t, 95 %]"]
    notes = (
        f"{T_INTERVAL} Hard accuracy, points; in the last column the mean absolute error, EF points, where"
        " less is better; all over pools. Effect size: mean over the sample standard deviation over pools."
        " p: t-test over pools, of hard accuracy. The second interval is a 95 % bootstrap over pools, too"
        " narrow where pools are few. InfoMotion and InfoDist are one algorithm on other vectors.",
        explained(str(rows)),
        again(COMMAND),
    )
    return page_table(of_rows(head, rows, caption="Every selector minus Random", notes=notes))


def means(evidence: Evidence) -> str:
    """MyST block: means of every configuration, of the whole set and of the constant predictors."""
    rows, scores = [], values.dd_scores(evidence)
    for by_metric in values.means(evidence):
        hard, *_, last = cells = [by_metric[name] for name in METRIC_NAMES]
        shown = [spread(row["mean"], row["sd"]) for row in cells]
        shown[0] += span("im-ci", interval(hard["ci_low"], hard["ci_high"]))
        size = span("im-under", f"{int(hard['vpc'])} per class" if hard["vpc"] else "all videos")
        ranked = scores.get((key_of(hard), int(hard["vpc"])), {})
        shown += [number(ranked[name]) if name in ranked else "–" for name in ("ior", "hlr")]
        rows.append([evidence.named(hard) + size, *shown, f"{last['n']}, {last['pools']}"])
    constants = evidence.tables.constants
    for name, group in constants[constants["arm"] == MAIN].groupby("predictor", sort=False):
        shown = [spread(group[metric].mean(), group[metric].std(ddof=0)) for metric in METRIC_NAMES]
        rows.append(
            [f"No training · {CONSTANT_NAMES.get(str(name), name)}", *shown, "–", "–", f"–, {len(group)}"]
        )
    head = [WHO, "Hard [95 %]", *list(METRIC_NAMES.values())[1:], "IOR", "HLR", "Networks, pools"]
    notes = (
        "Mean ± population standard deviation over networks (over pools for constants); accuracies in"
        " percent. The interval is a bootstrap over pools. All rows share their pools, so the difference of"
        " two rows is surer than their intervals look: the table above has it.",
        "DD-Ranking's two scores, points of hard accuracy: IOR, improvement over random; HLR, hard label"
        " recovery, what the set loses to the whole one.",
        trained_longer(evidence.tables.settings),
        explained(str(rows)),
    )
    return page_table(of_rows(head, rows, caption="Means over all pools", notes=notes))


def health(evidence: Evidence) -> str:
    """MyST text: how many graphs were healthy, and how many had a community for every video to choose."""
    shares = comparison.graph_health(evidence.runs).sort_values(["vpc", "graph", "feature"], kind="stable")
    columns = ("healthy", "collapsed", "shattered", "few_communities")
    rows = [
        [
            evidence.named(row),
            row["vpc"],
            *(number(row[name], 0) for name in columns),
            row["graphs"],
        ]
        for row in records(shares)
    ]
    few = values.few_communities(evidence).items()
    by_budget = "; ".join(f"at {vpc} videos per class {number(share, 0)} %" for vpc, share in few)
    sentence = (
        f"Of the kNN graphs, those with fewer communities than videos to choose: {by_budget}. There some"
        " communities give two.\n"
    )
    head = [
        WHO,
        "Videos per class",
        "Healthy",
        "Collapsed",
        "Shattered",
        "Fewer communities than videos",
        "Graphs",
    ]
    notes = (
        "Percent of the class graphs of all pools; healthy: neither collapsed nor shattered. Whether noise of"
        " the same covariance gives such groups as well was not asked here; stage 03 asks it.",
        "Where all collapse, nothing was selected by community.",
        explained(str(rows)),
    )
    caption = "Health of the graphs behind the selections"
    return sentence + page_table(of_rows(head, rows, caption=caption, notes=notes))


def headroom(evidence: Evidence) -> str:
    """MyST block: how much better the whole set is than a few random videos, by machine style; smaller
    budget.
    """
    room = values.headroom(evidence)
    if room is None:
        return "No pool of this study has trained on its whole set yet.\n"
    rows = [
        [machine, *(f"{number(cell['mean'])} {interval(cell['ci_low'], cell['ci_high'])}" for cell in cells)]
        for machine, *cells in room.by_machine
    ]
    notes = (
        f"The whole set is {number(room.gap)} {interval(room.low, room.high)} points better in the same"
        " pool.",
        trained_longer(evidence.tables.settings),
        values.equal_steps(evidence),
        again(COMMAND),
    )
    caption = f"Hard accuracy in percent on {room.pools} independent phantom pools, 95 % intervals over pools"
    head = ["Machine style", f"{evidence.smallest} random videos per class", "All of TRAIN"]
    return page_table(of_rows(head, rows, caption=caption, notes=notes))


def machines(evidence: Evidence) -> str:
    """MyST block: hard accuracy of the core configurations on each machine style, smaller budget."""
    found = records(comparison.machine_accuracy(evidence.core_runs))
    names = list(dict.fromkeys(str(row["machine"]) for row in found))
    named = {key_of(row): evidence.named(row) for row in found}
    cells = {
        (key_of(row), row["machine"]): below(
            f"{number(row['mean'])} {interval(row['ci_low'], row['ci_high'])}"
        )
        for row in found
    }
    rows = [[named[key], *(cells[key, name] for name in names)] for key in named]
    caption = (
        f"Hard accuracy in percent on the TEST videos of each machine style, {evidence.smallest} videos a"
        " class, 95 % intervals over pools"
    )
    return page_table(of_rows([WHO, *names], rows, caption=caption, notes=(explained(str(rows)),)))
