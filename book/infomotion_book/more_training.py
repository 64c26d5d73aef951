"""What a longer training of a larger Latte buys, profile by profile."""

from __future__ import annotations

from html import escape
from typing import Any

from infomotion_book.editions import older
from infomotion_book.html import block, number, seconds, table
from infomotion_book.notebooks import card_anchor
from infomotion_book.reading import card_seconds, device
from infomotion_book.table2 import STAGE
from infomotion_lib.reporting.results import Results, phantom_edition, records

POOL = "latte_pool"
"""Stage that trains the Latte and draws its pool."""

_HEAD = ["Latte", "Time", "Frame distance", "Clip distance", "Class kept", "All clips teach"]
_NOTE = (
    "Time: of training and drawing, runs added up where one went on from earlier work; of all of the"
    " old stage 05 in results that were carried over from it. Distances: of the Latte’s clips to"
    " real ones, by the frame network and by the EF regressor of the same run; below each the floor, real"
    " clips against real clips. They compare within a row. Class kept: clips whose relabelled EF class is the"
    " one asked for (chance: 20 %), and the rank correlation of relabelled with requested EF (rank). All"
    " clips teach: hard accuracy on TEST of networks trained on the whole pool, and below it the same for the"
    " pool in EchoSyn’s place (other)."
)


def more_training(shown: list[Results]) -> str:
    """MyST section: one row for each profile whose ablation has run, by kind of data; empty where no two of a
    kind differ in training.
    """
    found = [
        results
        for results in shown
        if "latte_size" in results.card(POOL).get("parameters", {}) and results.card(STAGE)
    ]
    kinds = list(dict.fromkeys(results.kind for results in found))
    trainings = {(results.kind, *_training(results)) for results in found}
    if len(trainings) == len(kinds):
        return ""
    rows = [_row(results) for kind in kinds for results in found if results.kind == kind]
    shaped = table(_HEAD, rows, caption="One pipeline, Lattes of several sizes", numeric_from=1, note=_NOTE)
    return f"## What more training of the Latte buys\n\n{block(shaped)}{_in_words(found)}\n"


def _in_words(found: list[Results]) -> str:
    """Which Latte's frames come nearest to real ones, and whether its motion does too."""
    found = [
        results
        for results in found
        if all(value > 0 for (_, pair), value in _distances(results).items() if pair == "real_vs_real")
    ]
    if not found:
        return ""
    best = min(found, key=lambda results: _times_floor(results, "fed_frame"))
    frames, clips = (_times_floor(best, name) for name in ("fed_frame", "fed_video"))
    verdict = (
        "single pictures look right before their motion does"
        if clips > 3 * frames
        else "pictures and motion come near together"
    )
    return (
        f"The frames of `{best.profile}` come nearest: their distance is {number(frames)} times its floor."
        f" The distance of its clips, in which motion counts, is {number(clips, 0)} times theirs:"
        f" {verdict}.\n"
    )


def _distances(results: Results) -> dict[tuple[str, str], float]:
    return {
        (row["metric"], row["pair"]): float(row["value"]) for row in records(results.table(STAGE, "fidelity"))
    }


def _times_floor(results: Results, metric: str) -> float:
    found = _distances(results)
    return found[metric, "real_vs_latte"] / found[metric, "real_vs_real"]


def _training(results: Results) -> tuple[str, int]:
    """Size and steps of the Latte of a run."""
    used = results.card(POOL)["parameters"]
    return used["latte_size"], used["latte_steps"]


def _row(results: Results) -> list[str]:
    card = results.card(POOL)
    used, weights = card["parameters"], card["notes"].get("weights")
    distance = _distances(results)
    heard = next(row for row in records(results.table(STAGE, "conditioning")) if row["source"] == "latte")
    scores = [row for row in records(results.table(STAGE, "summary")) if row["metric"] == "hard_accuracy"]
    taught: dict[str, float] = {row["source"]: row["mean"] for row in scores if row["method"] == "whole"}
    profile = f'<a href="provenance.html#{card_anchor(results, POOL)}">{escape(results.profile)}</a>'
    edition = phantom_edition(results)
    profile += f", on edition {edition} of the phantom" if older(edition) else ""
    million = f"{weights / 1e6:.1f} million weights, " if weights else ""
    training = f"{used['latte_steps']:,} steps of {used['latte_batch_size']} clips"
    return [
        _pair(profile, f"{used['latte_size']}: {million}{used['latte_side']} px; {training}"),
        _time(card),
        *(
            _pair(
                number(distance[name, "real_vs_latte"]), f"floor {number(distance[name, 'real_vs_real'], 2)}"
            )
            for name in ("fed_frame", "fed_video")
        ),
        _pair(f"{number(heard['same_class_percent'], 0)} %", f"rank {number(heard['spearman'], 2)}"),
        _pair(
            f"{number(taught['latte'])} %",
            f"other {number(next(mean for pool, mean in taught.items() if pool != 'latte'))} %",
        ),
    ]


def _time(card: dict[str, Any]) -> str:
    """Time of the stage, or of the drawing where that was done on another machine."""
    if elsewhere := card["notes"].get("drawn_elsewhere"):
        spent = elsewhere.get("seconds", {})
        return _pair(
            seconds(sum(spent.values())) if spent else "–", escape(elsewhere.get("gpu", "another machine"))
        )
    return _pair(
        seconds(card_seconds(card)),
        escape(device(card)) + (", several runs" if card.get("continued") else ""),
    )


def _pair(own: str, below: str) -> str:
    return f'{own}<span class="im-under">{below}</span>'
