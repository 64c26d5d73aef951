"""What is shown with the registered answer, without a claim: every arm as it is, and secondary contrasts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from infomotion_lib.evaluation.agreement import LIMITS
from infomotion_lib.selection.registry import SELECTORS
from infomotion_lib.studies.help.answers import by_pool, gate_table, interval
from infomotion_lib.studies.help.registration import Registration

SECONDARY_METRICS = ("hard_accuracy", "balanced_accuracy", "mae", "bad", "error_sd")
ARM_METRICS = (
    *("hard_accuracy", "soft_accuracy", "balanced_accuracy", "mae", "bias", "error_sd", "bad"),
    *("coverage_motion", "diversity_motion", "coverage_appearance", "diversity_appearance"),
    *("labels", "steps", "seconds_choosing", "seconds_vectors"),
)


def secondary_table(rows: pd.DataFrame, worlds: list[str], own: Registration) -> pd.DataFrame:
    """Registered secondary contrasts of stage 1: ``world, arm, against, metric, pools, difference, low,
    high`` (95 % t-interval over pools); no p-value, since none of them is a claim.
    """
    rule = own.content["stage_1"]
    contrasts: list[dict[str, Any]] = []
    for world in worlds:
        for arm, rival in rule["secondary"]:
            for metric in SECONDARY_METRICS:
                pools = by_pool(rows, rule, world=world, metric=metric, arms=(arm, rival))
                difference = pools[arm] - pools[rival]
                low, high = interval(difference, confidence=1 - rule["level"])
                contrasts.append(
                    {"world": world, "arm": arm, "against": rival, "metric": metric}
                    | {"pools": len(difference), "difference": difference.mean(), "low": low, "high": high}
                )
    return pd.DataFrame(contrasts)


def arm_table(rows: pd.DataFrame, worlds: list[str], own: Registration) -> pd.DataFrame:
    """Every arm of stage 1, means over pools: accuracies, error, agreement of Bland and Altman (bias ± 1.96
    sd), share of bad picks, coverage and diversity, cost of construction (labels, steps, CPU seconds), and
    ``ior``, DD-Ranking's improvement over random.

    ``labels`` are EF values looked at beyond the classes, which every arm uses; ``steps`` are those of the
    network and of the judges it took to choose the set; ``seconds_vectors`` were spent once per pool.
    """
    rule = own.content["stage_1"]
    arms = tuple(rule["sets"])
    shown: list[dict[str, Any]] = []
    for world in worlds:
        means = {
            metric: by_pool(rows, rule, world=world, metric=metric, arms=arms).mean()
            for metric in ARM_METRICS
        }
        for arm in arms:
            row = {metric: float(values[arm]) for metric, values in means.items()}
            limits = {
                "limit_low": row["bias"] - LIMITS * row["error_sd"],
                "limit_high": row["bias"] + LIMITS * row["error_sd"],
            }
            gain = row["hard_accuracy"] - float(means["hard_accuracy"]["random"])
            shown.append({"world": world, "arm": arm} | row | limits | {"ior": gain})
    return pd.DataFrame(shown)


def arm_name(arm: str) -> str:
    """An arm as readers know it.

    >>> arm_name("agree_infomotion"), arm_name("oracle")
    ('Agreeing InfoMotion', 'Oracle')
    """
    return SELECTORS[arm].label if arm in SELECTORS else arm.capitalize()


def world_name(world: object) -> str:
    """A world in words.

    >>> world_name("wrong_ef")
    'wrong EF'
    """
    return " ".join("EF" if word == "ef" else word for word in str(world).split("_"))


def worlds_of(rows: pd.DataFrame, own: Registration) -> list[str]:
    """Worlds that entered stage 1 by finished rows of stage 0, the largest headroom first; none before the
    last.
    """
    table = gate_table(rows, own)
    return [str(name) for name in table[table["enters"]].sort_values("headroom", ascending=False)["world"]]


def is_finished(rows: pd.DataFrame, worlds: list[str], own: Registration) -> bool:
    """Whether every pool of stage 1 has all its networks; before that, nobody looks."""
    rule = own.content["stage_1"]
    arms = tuple(rule["sets"])
    pools = [len(by_pool(rows, rule, world=world, metric=rule["metric"], arms=arms)) for world in worlds]
    return bool(worlds) and min(pools) >= rule["pools"]


def sentences(answers: pd.DataFrame, own: Registration) -> list[str]:
    """One per world: beats, equivalent, or undecided and what the pools could have shown."""
    rule = own.content["stage_1"]
    tested, power = arm_name(rule["tested"]), 100 * rule["power"]
    lines = []
    for world, part in answers.groupby("world", sort=False):
        gains = " and ".join(
            f"{row['difference']:+.1f} points [{row['low']:+.1f}, {row['high']:+.1f}] to"
            f" {arm_name(row['against'])}"
            for row in part.to_dict("records")
        )
        shown, first = part["detectable"].max(), part["detectable_first"].max()
        meaning = {
            "beats": f"{tested} beats both rivals",
            "equivalent": (
                f"{tested} is equivalent to both rivals, within {rule['equivalence_margin']:g} points"
            ),
            "undecided": (
                f"undecided; with {power:.0f} % power these pools show differences of {shown:.1f} points or"
                f" more, {first:.1f} at the first step of Holm's correction"
            ),
        }.get(str(part["answer"].iloc[0]), "not all pools are finished")
        lines.append(f"{world_name(world)}: {meaning} ({gains}).")
    return lines
