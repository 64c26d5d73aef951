"""What a longer training of a larger Latte buys, profile by profile."""

from __future__ import annotations

from html import escape

from infomotion_lib.reporting.book.html import block, number, seconds, table
from infomotion_lib.reporting.book.notebooks import card_anchor
from infomotion_lib.reporting.book.reading import card_seconds, device
from infomotion_lib.reporting.book.table2 import STAGE
from infomotion_lib.reporting.results import Results, records

_HEAD = ["Profile", "Latte", "Steps", "Stage", "Frame distance", "Class kept", "All clips teach"]
_NOTE = (
    "Stage: time of all of stage 05 and what it ran on; “at least” where it went on from earlier work. "
    "Frame distance: of the Latte’s clips to real ones, by the frame network of the same run; below it the floor, real clips against "
    "real clips. Such distances compare within a row. "
    "Class kept: clips whose relabelled EF class is the one asked for (chance: 20 %), and the rank correlation of relabelled with "
    "requested EF. All clips teach: hard accuracy on TEST of networks trained on the whole pool, and below it the same for the pool in "
    "EchoSyn’s place."
)


def more_training(shown: list[Results]) -> str:
    """MyST section: one row for each profile whose ablation has run, by kind of data; empty where no two of a kind differ in training."""
    found = [results for results in shown if results.table(STAGE, "fidelity") is not None]
    kinds = list(dict.fromkeys(results.kind for results in found))
    trainings = {(results.kind, *_training(results)) for results in found}
    if len(trainings) == len(kinds):
        return ""
    rows = [_row(results) for kind in kinds for results in found if results.kind == kind]
    return "## What more training of the Latte buys\n\n" + block(
        table(_HEAD, rows, caption="One pipeline, Lattes of several sizes", numeric_from=2, note=_NOTE)
    )


def _training(results: Results) -> tuple[str, int]:
    """Size and steps of the Latte of a run."""
    used = results.card(STAGE)["parameters"]
    return used["latte_size"], used["latte_steps"]


def _row(results: Results) -> list[str]:
    card = results.card(STAGE)
    used, weights = card["parameters"], card["notes"]["weights"] / 1e6
    distance = {row["pair"]: row["value"] for row in records(results.table(STAGE, "fidelity")) if row["metric"] == "fed_frame"}
    heard = next(row for row in records(results.table(STAGE, "conditioning")) if row["source"] == "latte")
    scores = [row for row in records(results.table(STAGE, "summary")) if row["metric"] == "hard_accuracy"]
    taught = {row["source"]: row["mean"] for row in scores if row["method"] == "whole"}
    profile = f'<a href="provenance.html#{card_anchor(results, STAGE)}">{escape(results.profile)}</a>'
    took = ("at least " if card.get("continued") else "") + seconds(card_seconds(card))
    return [
        _pair(profile, results.kind),
        _pair(used["latte_size"], f"{weights:.1f} million weights, {used['latte_side']} px"),
        _pair(f"{used['latte_steps']:,}", f"{used['latte_batch_size']} clips each"),
        _pair(took, escape(device(card))),
        _pair(number(distance["real_vs_latte"]), f"floor {number(distance['real_vs_real'])}"),
        _pair(f"{number(heard['same_class_percent'], 0)} %", f"rank correlation {number(heard['spearman'], 2)}"),
        _pair(f"{number(taught['latte'])} %", f"other pool {number(taught['echosyn'])} %"),
    ]


def _pair(own: str, below: str) -> str:
    return f'{own}<span class="im-under">{below}</span>'
