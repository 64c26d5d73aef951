"""The networks behind the study's vectors: how training ended, and in which worlds it gave other weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from infomotion_book.evidence.study import Evidence, Row
from infomotion_lib.studies.selectors.rows import APPEARANCE_FILE, Tables


def networks(tables: Tables, arm: str) -> list[Row]:
    """How the training of the networks behind the vectors of an arm ended, those that are on record."""
    named = sorted(tables.networks_of(arm))
    return [record for name in named if (record := tables.network_called(name))]


def wider(evidence: Evidence, arm: str) -> list[Row]:
    """Those of an arm whose width the unchanged phantom's networks do not have."""
    known = {record.get("width") for record in networks(evidence.changed, evidence.unchanged)}
    return [record for record in networks(evidence.changed, arm) if record["width"] not in known]


@dataclass(frozen=True)
class TrainedAnew:
    """Worlds whose vectors come from networks that were trained anew, though nothing asked for others: their
    names, the gain of each such network that is as wide as the main study's, and the gains of that study's,
    dB over the average of both frames.
    """

    worlds: list[str]
    gains_db: list[float]
    main_gains_db: list[float]


def trained_anew(evidence: Evidence, worlds: Iterable[str]) -> TrainedAnew | None:
    """Those worlds whose networks came out with other weights than the unchanged phantom's; None without
    any.
    """
    tables, unchanged = evidence.changed, evidence.unchanged
    main = networks(tables, unchanged)
    looks = {record["sha256"][APPEARANCE_FILE] for record in main}
    anew: dict[str, list[float]] = {}
    for name in worlds:
        own, other = networks(tables, name), wider(evidence, name)
        same_looks = bool(own) and all(record["sha256"][APPEARANCE_FILE] in looks for record in own)
        if not (same_looks if other else tables.networks_of(name) <= tables.networks_of(unchanged)):
            anew[name] = [record["gain_db"] for record in own if record not in other]
    gains = sorted({gain for own in anew.values() for gain in own})
    return TrainedAnew(list(anew), gains, sorted({record["gain_db"] for record in main})) if anew else None
