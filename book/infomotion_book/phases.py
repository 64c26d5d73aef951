"""The page on ED and ES without tracings: tables and figures of the phase study, drawn from its
frozen rows.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from infomotion_book.html import block, folded, number, table
from infomotion_lib.frames.phasenet import WEIGHTS_SHA256
from infomotion_lib.frozen import FROZEN
from infomotion_lib.reporting.figures.phase_accuracy import accuracy_by, third_frame
from infomotion_lib.reporting.figures.votes import VOTER_COLOURS
from infomotion_lib.reporting.results import records
from infomotion_lib.reporting.style import save_figure, use_style

STUDIES = FROZEN / "studies"
COMMAND = "infomotion study phases"
ALTS = {
    "es": (
        "Error and share found of ES on phantoms by frame rate, EF class and rhythm, for detector, network"
        " and both where they agree."
    ),
    "ed": (
        "Error and share found of ED on phantoms by frame rate, EF class and rhythm, for detector, network"
        " and both where they agree."
    ),
    "third": (
        "Error of the third end frame by the true share of systole: the rule of a third, the detector, the"
        " network."
    ),
}


def fragments(folder: Path = STUDIES) -> dict[str, str]:
    """MyST blocks by name; a line of text each where the study has not run."""
    names = ("phases_short", "phases_es", "phases_ed", "phases_third", "phases_weights")
    if not (folder / "phases_summary.csv").is_file():
        return dict.fromkeys(names, f"This study has not run yet: `{COMMAND}`.\n")
    summary, third = (
        pd.read_csv(folder / f"phases_{name}.csv", keep_default_na=False, na_values=[""])
        for name in ("summary", "third")
    )
    texts = (_short(summary), _accuracy(summary, "es"), _accuracy(summary, "ed"), _third(third), _weights())
    return dict(zip(names, texts, strict=True))


def write_figures(target: Path, folder: Path = STUDIES) -> list[Path]:
    """Paths of the figures drawn into ``target``, ``phases-<name>.svg``; none where the study has not run."""
    if not (folder / "phases_summary.csv").is_file():
        return []
    summary, third = (
        pd.read_csv(folder / f"phases_{name}.csv", keep_default_na=False, na_values=[""])
        for name in ("summary", "third")
    )
    use_style()
    figures: dict[str, Figure] = {phase: accuracy_by(summary, phase=phase) for phase in ("es", "ed")} | {
        "third": third_frame(third)
    }
    return [
        save_figure(figure, target / f"phases-{name}.svg", alt=ALTS[name]).path
        for name, figure in figures.items()
    ]


def _short(summary: pd.DataFrame) -> str:
    """Sentences: how many clips agree, how far off ES is, and how often shuffled frames agree too."""
    rows = {
        (row["frames"], row["voter"], row["phase"]): row for row in records(summary[summary["by"] == "all"])
    }
    order, chance, both = (
        rows["in_order", "detector", "es"],
        rows["shuffled", "detector", "es"],
        rows["in_order", "both agree", "es"],
    )
    agree = [f"{number(row['agree_percent'], 0)} %" for row in (order, chance)]
    sure, whole = (
        f"{number(row['found_percent'], 0)} % of ES, 90 % of them within {number(row['p90_ms'], 0)} ms"
        for row in (both, order)
    )
    return (
        f"The two votes agree on {agree[0]} of {order['clips']} clips, and on {agree[1]} of the same clips"
        f" shuffled. Where they agree, the detector finds {sure} of the exact frame; over all clips it finds"
        f" {whole}.\n"
    )


def _weights() -> str:
    return f"The weights in the library have the sha256 `{WEIGHTS_SHA256[:16]}…`.\n"


def _accuracy(summary: pd.DataFrame, phase: str) -> str:
    own = {
        (row["by"], str(row["value"]), row["frames"], row["voter"]): row
        for row in records(summary[summary["phase"] == phase])
    }
    rows = []
    for by, value in dict.fromkeys((key[0], key[1]) for key in own):
        for voter in VOTER_COLOURS:
            row, chance = own[by, value, "in_order", voter], own[by, value, "shuffled", voter]
            name = "all clips" if by == "all" else f"{float(value):g} fps" if by == "frame rate" else value
            found = f"{number(row['found_percent'], 0)} ({number(chance['found_percent'], 0)})"
            frames = f"{number(row['median_frames'])} / {number(row['p90_frames'])}"
            late = f"{number(row['median_ms'], 0)} / {number(row['p90_ms'], 0)}"
            cells = [
                f'<span class="im-keep">{voter}</span>',
                str(row["clips"]),
                found,
                number(row["false_a_clip"], 2),
                frames,
                late,
            ]
            rows.append([f'<span class="im-keep">{escape(name)}</span>', *cells])
    due = max(row["due"] for row in own.values())
    head = [
        "Clips",
        "Voter",
        "n",
        "found %<br>(shuffled)",
        "false<br>a clip",
        "error,<br>frames",
        "error,<br>ms",
    ]
    note = (
        f"{due} exact phases to find. Found: within 200 ms; false: phases too many. Errors: median / 90th"
        f" percentile of the size of those found. Regenerate: <code>{COMMAND}</code>."
    )
    caption = f"{phase.upper()} without tracings, on phantoms with exact phases"
    return _figure(phase) + folded(
        "In numbers, by group of clips", block(table(head, rows, caption=caption, numeric_from=2, note=note))
    )


def _third(third: pd.DataFrame) -> str:
    rows = []
    for asked, title in (("next_es", "next ES"), ("previous_es", "ES before")):
        own = third[third["asked"] == asked]
        near = (own["systole_percent"] - 100 / 3).abs() <= 2
        for name, part in (("31 to 35 %", own[near]), ("any", own)):
            rows.append(
                [
                    title,
                    name,
                    str(len(part)),
                    *(_off(part[f"{way}_ms"]) for way in ("rule", "detector", "network")),
                ]
            )
    head = ["Asked for", "True share<br>of systole", "n", "rule of<br>a third", "detector", "network"]
    note = (
        "The next ES after an exact ES and ED, or the ES before an exact ED and ES. Error in ms: mean / 90th"
        " percentile of its size, in brackets its mean with sign. True share: in whole frames; unequal beats"
        " and rounding widen the shares. Where nothing was seen within a cycle, a voter's answer is the"
        f" rule's. Regenerate: <code>{COMMAND}</code>."
    )
    return _figure("third") + block(
        table(
            head,
            rows,
            caption="The third end frame: rule against detection",
            numeric_from=2,
            note=note,
            stack=True,
        )
    )


def _off(late: pd.Series[float]) -> str:
    size = late.abs()
    return (
        f"{number(float(size.mean()), 0)} / {number(float(size.quantile(0.9)), 0)}"
        f" ({number(float(late.mean()), 0)})"
    )


def _figure(name: str) -> str:
    url = f"_static/figures/phases-{name}.svg"
    return block(
        f'<figure class="im-fig"><img class="im-figure" loading="lazy" alt="{escape(ALTS[name])}"'
        f' src="{url}"></figure>'
    )
