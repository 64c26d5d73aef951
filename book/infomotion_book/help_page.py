"""When does it help? The page of the registered study, from its published rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from infomotion_book.html import again, figure, number, probability
from infomotion_book.page_table import of_rows, page_table
from infomotion_lib.reporting.figures.help import room_and_gain
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import save_figure, use_style
from infomotion_lib.selection.registry import SELECTORS
from infomotion_lib.studies.help.answers import answer_table, by_pool, gate_table, interval
from infomotion_lib.studies.help.published import PUBLISHED, read_rows
from infomotion_lib.studies.help.registration import Registration, registration
from infomotion_lib.studies.help.tables import arm_table, is_finished, secondary_table, sentences, worlds_of

COMMAND = "infomotion study help"
FIGURE = "help-room-and-gain.svg"
NO_ROWS = (
    "There are no rows yet, so there is no answer. The registration stands (sha256 `{hash}`):"
    " `infomotion study help --gate` measures the room of each world, and `--stage1` compares.\n"
)
BEGUN = (
    "{count} rows of stage 0 are there. It has not finished, and nobody looks before its last row"
    " (registration, sha256 `{hash}`).\n"
)
HEADS = {
    "hard_accuracy": ("Accuracy, %", 1),
    "mae": ("MAE", 1),
    "bias": ("Bias", 1),
    "limit_low": ("Limits, low", 1),
    "limit_high": ("high", 1),
    "bad": ("Bad picks, %", 1),
    "coverage_motion": ("Coverage", 2),
    "diversity_motion": ("Diversity", 2),
    "ior": ("IOR", 1),
    "labels": ("Labels", 0),
    "steps": ("Steps", 0),
    "seconds_choosing": ("Seconds", 2),
}
"""Columns of the table of arms, with their decimals."""


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
    def gated(self) -> bool:
        """Whether stage 0 has its last pool."""
        pools = len(self.registered.content["stage_0"]["seeds"])
        return bool(len(self.stage_0) and (self.gate["pools"] == pools).all())

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
                label = SELECTORS[arm].label if arm in SELECTORS else "Oracle"
                shown = {"difference": difference.mean(), "low": low, "high": high}
                rows.append({"world": world, "arm": arm, "label": label} | shown)
        return pd.DataFrame(rows)


def find_study(folder: Path = PUBLISHED, registered: Registration | None = None) -> HelpStudy:
    """The published rows, as far as there are any."""
    own = registered or registration()
    return HelpStudy(own, *(read_rows(stage, own, folder=folder) for stage in (0, 1)))


def fragment(folder: Path = PUBLISHED, registered: Registration | None = None) -> str:
    """MyST text: the picture, a sentence per world, and the tables; that there are no rows while there are
    none.
    """
    study = find_study(folder, registered)
    if not study.gated:
        line = BEGUN if len(study.stage_0) else NO_ROWS
        return line.format(count=len(study.stage_0), hash=study.registered.hash)
    parts = [figure(f"_static/figures/{FIGURE}", _alt(study)), "## Is there room?\n", _gate(study)]
    if not study.worlds:
        return "\n".join([*parts, "No world has room by the registered rule. That is the finding.\n"])
    parts.append("## Who uses it?\n")
    if not study.finished:
        return "\n".join([*parts, "Stage 1 has not finished, and nobody looks before its last pool.\n"])
    answers = answer_table(study.stage_1, study.worlds, study.registered)
    parts += [f"* {line}" for line in sentences(answers, study.registered)]
    parts += ["", _answers(answers), *(_arms(study, world) for world in study.worlds), _secondary(study)]
    return "\n".join(parts)


def write_figure(
    target: Path, folder: Path = PUBLISHED, registered: Registration | None = None
) -> Path | None:
    """The picture, where stage 0 has finished."""
    study = find_study(folder, registered)
    if not study.gated:
        return None
    use_style()
    drawn = room_and_gain(study.gate, study.gains if study.finished else None)
    return save_figure(drawn, target / FIGURE, alt=_alt(study)).path


def _alt(study: HelpStudy) -> str:
    rooms = "; ".join(
        f"{row['world']} {row['headroom']:+.1f} [{row['low']:+.1f}, {row['high']:+.1f}]"
        for row in records(study.gate)
    )
    return f"Headroom of each world, oracle minus Random, points of accuracy: {rooms}"


def _gate(study: HelpStudy) -> str:
    rows = [
        [
            str(row["world"]).replace("_", " "),
            number(row["random"]),
            number(row["oracle"]),
            f"{row['headroom']:+.1f} [{row['low']:+.1f}, {row['high']:+.1f}]",
            "yes" if row["enters"] else "no",
        ]
        for row in records(study.gate)
    ]
    head = ["World", "Random, %", "Oracle, %", "Headroom", "Enters stage 1"]
    pools = len(study.registered.content["stage_0"]["seeds"])
    caption = f"Headroom by an oracle, {pools} pools per world, 90 % intervals over pools"
    return page_table(of_rows(head, rows, caption=caption, notes=(again(f"{COMMAND} --gate"),)))


def _answers(answers: pd.DataFrame) -> str:
    rows = [
        [
            str(row["world"]).replace("_", " "),
            row["against"],
            f"{row['difference']:+.1f} [{row['low']:+.1f}, {row['high']:+.1f}]",
            number(row["detectable_first"]),
            probability(row["p_holm"]),
            probability(row["p_equivalent_holm"]),
            row["answer"],
        ]
        for row in records(answers)
    ]
    head = ["World", "Against", "Gain", "Detectable", "p, better", "p, equivalent", "Answer"]
    notes = (
        "Detectable: the smallest difference that these pools show with the registered power at the first"
        " step of Holm's correction. Both p are of a world, the larger of its two rivals', corrected over"
        " worlds.",
        again(f"{COMMAND} --stage1"),
    )
    caption = "Agreeing InfoMotion against its two registered rivals, 95 % intervals over pools"
    return page_table(of_rows(head, rows, caption=caption, notes=notes))


def _arms(study: HelpStudy, world: str) -> str:
    table = arm_table(study.stage_1, [world], study.registered)
    rows = [
        [
            SELECTORS[row["arm"]].label if row["arm"] in SELECTORS else "Oracle",
            *(number(row[name], digits) for name, (_, digits) in HEADS.items()),
        ]
        for row in records(table)
    ]
    notes = (
        "Bias and limits of agreement (Bland and Altman) in EF points. Coverage: mean distance of a candidate"
        " to the nearest pick of its class; diversity: between two picks of a class; both in units of the"
        " class's spread of motion vectors. IOR: DD-Ranking's improvement over random. Labels: EF values"
        " looked at beyond the classes. Seconds: CPU, to choose; the vectors of a pool take seconds more,"
        " once.",
    )
    head = ["Arm", *(title for title, _ in HEADS.values())]
    caption = f"Every arm in the world {world.replace('_', ' ')}, means over pools"
    return page_table(of_rows(head, rows, caption=caption, notes=notes))


def _secondary(study: HelpStudy) -> str:
    table = secondary_table(study.stage_1, study.worlds, study.registered)
    accuracy = table[table["metric"].isin(["hard_accuracy", "bad"])]
    rows = [
        [
            str(row["world"]).replace("_", " "),
            f"{row['arm']} − {row['against']}",
            "accuracy" if row["metric"] == "hard_accuracy" else "bad picks",
            f"{row['difference']:+.1f} [{row['low']:+.1f}, {row['high']:+.1f}]",
        ]
        for row in records(accuracy)
    ]
    caption = "Registered secondary contrasts, points, 95 % intervals over pools; none is a claim"
    return page_table(of_rows(["World", "Contrast", "Of", "Difference"], rows, caption=caption))
