"""What was registered, its hash, and the refusal of anything else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infomotion_lib.errors import DataError, ParameterError, did_you_mean
from infomotion_lib.json_lines import Row
from infomotion_lib.phantom.contamination import Contamination
from infomotion_lib.phantom.plan import EDITION
from infomotion_lib.selection import screened
from infomotion_lib.studies.selectors.parameters import EvidenceParameters

REGISTERED = Path(__file__).with_name("registration.json")
COLUMN = "registration"
"""Column of every row that holds the hash."""

FORMATS = {"stage_0": 2, "stage_1": 1}
"""Of the code of each stage: raised whenever it would give other rows for equal settings."""


def code_of_arms() -> dict[str, Any]:
    """What the code decides and no parameter does: formats, and thresholds of the filter."""
    return FORMATS | {
        "screens": screened.FORMAT,
        "copy_below": screened.COPY_BELOW,
        "still_below": screened.STILL_BELOW,
        "short_below": screened.SHORT_BELOW,
        "folds": screened.FOLDS,
        "kept_share": screened.KEPT_SHARE,
        "penalties": list(screened.PENALTIES),
    }


@dataclass(frozen=True)
class Registration:
    """The registered settings.

    Attributes
    ----------
    hash : str
        SHA-256 of the file's bytes, hexadecimal.
    content : mapping
        Of the file.
    """

    hash: str
    content: Mapping[str, Any] = field(repr=False)

    @property
    def parameters(self) -> EvidenceParameters:
        """Of drawing, vectors, graphs and networks; each that decides a row is named in the file."""
        return EvidenceParameters.model_validate_json(json.dumps(self.content["parameters"]))

    @property
    def worlds(self) -> tuple[str, ...]:
        """Names of the worlds, in their order."""
        return tuple(self.content["worlds"])

    def contaminations(self, world: str) -> tuple[Contamination, ...]:
        """Faults of the pools of one world.

        Raises
        ------
        ParameterError
            If it is not registered.
        """
        if world not in self.worlds:
            raise ParameterError(f"Not a registered world: {world}", remedy=did_you_mean(world, self.worlds))
        return tuple(Contamination(**fault) for fault in self.content["worlds"][world])


def registration(path: str | Path = REGISTERED) -> Registration:
    """What was registered.

    Raises
    ------
    DataError
        If it was registered for another edition of the drawing, or other code of the arms.
    """
    raw = Path(path).read_bytes()
    content = json.loads(raw)
    if content["phantom_edition"] != EDITION:
        raise DataError(
            f"Registered for edition {content['phantom_edition']} of the phantom; this is edition {EDITION}.",
            remedy="Register it anew, under another edition, before any row.",
        )
    changed = [name for name, value in code_of_arms().items() if content["code"].get(name) != value]
    if changed:
        raise DataError(
            f"The code of the arms is not the registered one: {', '.join(changed)}.",
            remedy="Run the registered study with the release that registered it.",
        )
    return Registration(hashlib.sha256(raw).hexdigest(), content)


def refuse_others(asked: Mapping[str, Any], *, registered: Mapping[str, Any]) -> None:
    """Refuse settings that were not registered.

    Raises
    ------
    ParameterError
        Naming each that differs, or that nobody registered.
    """
    wrong = [
        f"{name} = {value!r}, registered {registered.get(name, 'nothing of that name')!r}"
        for name, value in asked.items()
        if name not in registered or registered[name] != value
    ]
    if wrong:
        raise ParameterError(
            "The registered study runs with its registered settings only.",
            where="; ".join(wrong),
            remedy="Leave these out. Another experiment is another study, with a name of its own.",
        )


def check_rows(rows: list[Row], own: Registration) -> None:
    """Refuse rows of another registration.

    Raises
    ------
    DataError
        Naming the hash that was not expected.
    """
    others = sorted({str(row.get(COLUMN, "none")) for row in rows} - {own.hash})
    if others:
        raise DataError(
            f"Rows carry another registration: {others[0][:12]} instead of {own.hash[:12]}.",
            remedy="Give a folder of its own to each registration.",
        )
