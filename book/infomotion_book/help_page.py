"""When does it help? The page of the registered study, from its published rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.templates import line, part
from infomotion_lib.reporting.figures.help import room_and_gain
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import save_figure, use_style
from infomotion_lib.studies.help.answers import answer_table, by_pool, gate_table, interval
from infomotion_lib.studies.help.published import PUBLISHED, read_rows
from infomotion_lib.studies.help.registration import Registration, registration
from infomotion_lib.studies.help.tables import (
    arm_name,
    arm_table,
    is_finished,
    secondary_table,
    sentences,
    worlds_of,
)

FIGURE = "help-room-and-gain.svg"
WORDS = "help.md.jinja"


@dataclass(frozen=True)
class HelpStudy:
    """The published rows and what may be read from them."""

    registered: Registration
    stage_0: pd.DataFrame
    stage_1: pd.DataFrame

    @cached_property
    def gate(self) -> pd.DataFrame:
        """Headroom of each world."""
        least = self.registered.content["stage_0"]["least_mean"]
        return gate_table(self.stage_0, self.registered).assign(least=least)

    @property
    def pools(self) -> int:
        """Pools of stage 0."""
        return len(self.registered.content["stage_0"]["seeds"])

    @property
    def gated(self) -> bool:
        """Whether stage 0 has its last pool."""
        return bool(len(self.stage_0) and (self.gate["pools"] == self.pools).all())

    @cached_property
    def worlds(self) -> list[str]:
        """Those that entered, the largest headroom first."""
        return worlds_of(self.stage_0, self.registered)

    @property
    def finished(self) -> bool:
        """Whether the answer may be read."""
        return self.gated and is_finished(self.stage_1, self.worlds, self.registered)

    @cached_property
    def gains(self) -> pd.DataFrame:
        """Every arm minus Random in each world, with 95 % intervals over pools."""
        rule = self.registered.content["stage_1"]
        rows: list[dict[str, Any]] = []
        for world in self.worlds:
            arms = tuple(rule["sets"])
            pools = by_pool(self.stage_1, rule, world=world, metric=rule["metric"], arms=arms)
            for arm in arms[1:]:
                difference = pools[arm] - pools["random"]
                low, high = interval(difference, confidence=1 - rule["level"])
                shown = {"difference": difference.mean(), "low": low, "high": high}
                rows.append({"world": world, "arm": arm, "label": arm_name(arm)} | shown)
        return pd.DataFrame(rows)

    @cached_property
    def answers(self) -> pd.DataFrame:
        """The registered comparisons."""
        return answer_table(self.stage_1, self.worlds, self.registered)

    @property
    def sentences(self) -> list[str]:
        """The answer per world, in the registered words."""
        return sentences(self.answers, self.registered)

    @property
    def alt(self) -> str:
        """Alt text of the picture."""
        return line(WORDS, "alt", {"gate": records(self.gate)})


def find_study(folder: Path = PUBLISHED, registered: Registration | None = None) -> HelpStudy:
    """The published rows, as far as there are any."""
    own = registered or registration()
    return HelpStudy(own, *(read_rows(stage, own, folder=folder) for stage in (0, 1)))


def fragment(folder: Path = PUBLISHED, registered: Registration | None = None) -> str:
    """MyST text: picture, a sentence per world, tables; that there are no rows while there are none."""
    return part(WORDS, "page", page_values(find_study(folder, registered)))


def page_values(study: HelpStudy) -> dict[str, Any]:
    """All that the page may speak of: nothing of a stage before its last row."""
    known: dict[str, Any] = {"study": study, "picture": FIGURE}
    if study.gated:
        known["gate"] = records(study.gate)
    if study.finished:
        rows, worlds, own = study.stage_1, study.worlds, study.registered
        arms = arm_table(rows, worlds, own)
        contrasts = secondary_table(rows, worlds, own)
        tested = own.content["stage_1"]["tested"]
        asked = {"arm": tested, "against": "filter_random", "metric": "hard_accuracy"}
        wanted = (contrasts[list(asked)] == pd.Series(asked)).all(axis=1)
        known["screened"] = records(contrasts[wanted])
        contrasts = contrasts.assign(**{name: contrasts[name].map(arm_name) for name in ("arm", "against")})
        known |= {
            "answers": records(study.answers.assign(against=study.answers["against"].map(arm_name))),
            "arms": records(arms.assign(label=arms["arm"].map(arm_name))),
            "secondary": records(contrasts[contrasts["metric"].isin(["hard_accuracy", "bad"])]),
        }
    return known


def write_figure(
    target: Path, folder: Path = PUBLISHED, registered: Registration | None = None
) -> Path | None:
    """The picture, where stage 0 has finished."""
    study = find_study(folder, registered)
    if not study.gated:
        return None
    use_style()
    drawn = room_and_gain(study.gate, study.gains if study.finished else None)
    return save_figure(drawn, target / FIGURE, alt=study.alt).path
