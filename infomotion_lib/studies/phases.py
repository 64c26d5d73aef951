"""How well are ED and ES found without tracings? Detector, network, and both where they agree, on phantoms of
any rhythm.

Every clip is a heart of its own, drawn for this study alone: frame rate, ejection fraction and regularity in
equal numbers, length of a beat and share of systole at random. Each is read twice, its frames in order and
shuffled: what is found in shuffled frames is found by chance. Nothing here chooses a parameter; the network's
training phantoms have other seeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from infomotion_lib.classes import CLASS_NAMES, class_bounds
from infomotion_lib.frames.accuracy import TOLERANCE_MS, KnownClip, beat_errors
from infomotion_lib.frames.choose import choose_pairs
from infomotion_lib.frames.detect import Phases
from infomotion_lib.frames.phasenet import WEIGHTS_SHA256
from infomotion_lib.frames.rhythm import Rhythm, rhythm_clip
from infomotion_lib.frames.rule import motion_pairs
from infomotion_lib.frames.signals import single_threaded
from infomotion_lib.frames.votes import AGREE, both_votes, compare
from infomotion_lib.json_lines import Row
from infomotion_lib.provenance import write_csv
from infomotion_lib.studies.rows import RowFile, identity_of
from infomotion_lib.studies.runner import Job, Plan, run

FORMAT = 1
"""Raised whenever changed code would give other rows for equal settings."""

ROWS_FILE = "phases.jsonl"

VOTERS = ("detector", "network")
AGREEING = "both agree"
"""The detector on the clips on which the network agrees with it."""

GROUPS = {"all": "", "frame rate": "fps", "EF class": "class_name", "rhythm": "rhythm"}
"""What the summary goes by, and the column of it."""

_EF = (12.0, 83.0)  # what a phantom can have
_AWAY = 100_000  # frames: no border is near


@dataclass(frozen=True)
class PhaseStudySettings:
    """One study; equal settings give equal rows.

    Attributes
    ----------
    clips : int
        Clips of each frame rate, EF class and rhythm.
    seconds : float
        Length of a clip.
    fps : tuple of float
        Frame rates: the open clips', two between, EchoNet-Dynamic's usual one.
    beat, systole : (float, float)
        Length of a beat in seconds, and share of systole in it, drawn evenly.
    jitter : float
        Largest departure of a beat of an irregular heart from the mean, as a share of it.
    size : int
        Side of a frame, pixels.
    seed : int
        Of the hearts, away from the seeds of the profiles and of the network's training.
    """

    clips: int = 6
    seconds: float = 2.0
    fps: tuple[float, ...] = (8.0, 16.0, 25.0, 50.0)
    beat: tuple[float, float] = (0.5, 1.2)
    systole: tuple[float, float] = (0.28, 0.5)
    jitter: float = 0.25
    size: int = 112
    seed: int = 70_000


class StudyTables(NamedTuple):
    """``counts``: a row per clip, order of frames, voter and phase; ``errors``: a row per detected phase;
    ``third``: a row per end frame that the rule and the voters were asked for; ``summary``: see
    :func:`summarise_phases`."""

    counts: pd.DataFrame
    errors: pd.DataFrame
    third: pd.DataFrame
    summary: pd.DataFrame


def run_phase_study(
    out_dir: str | Path, *, settings: PhaseStudySettings | None = None, workers: int = 2
) -> StudyTables:
    """Tables of the study, also written to ``phases_{counts,errors,third,summary}.csv``; the result does not
    depend on ``workers``.

    Every clip is kept as it ends, in ``phases.jsonl``; the same call goes on with the missing ones.
    """
    study = settings or PhaseStudySettings()
    jobs = clip_jobs(study)
    plan = Plan(jobs, rows_of_clip, label="Phases of phantoms", unit="clip")
    done = run(plan, file=RowFile(Path(out_dir) / ROWS_FILE), workers=workers)
    parts = ("counts", "errors", "third")
    counts, errors, third = (
        pd.DataFrame([row for of_job in done for row in of_job[0][part]]) for part in parts
    )
    tables = StudyTables(counts, errors, third, summarise_phases(counts, errors))
    for name, table in tables._asdict().items():
        write_csv(table, Path(out_dir) / f"phases_{name}.csv")
    return tables


@dataclass(frozen=True)
class ClipTask:
    """One clip: its number within the study, frame rate, EF class and rhythm."""

    number: int
    fps: float
    ef_class: int
    rhythm: str
    settings: PhaseStudySettings


def clip_jobs(settings: PhaseStudySettings) -> list[Job[ClipTask]]:
    """A job per clip."""
    identity = identity_of({"settings": asdict(settings), "network": WEIGHTS_SHA256}, format=FORMAT)
    cells = product(settings.fps, range(len(CLASS_NAMES)), ("regular", "irregular"), range(settings.clips))
    return [
        Job({"clip": number}, identity, ClipTask(number, fps, ef_class, rhythm, settings))
        for number, (fps, ef_class, rhythm, _) in enumerate(cells)
    ]


def rows_of_clip(task: ClipTask, known: list[Row]) -> Iterator[Row]:
    """The row of one clip, which holds its rows for the three tables of :class:`StudyTables`."""
    settings, number, fps, ef_class, rhythm = task.settings, task.number, task.fps, task.ef_class, task.rhythm
    rng = np.random.default_rng((settings.seed, number))
    low, high = np.clip(class_bounds(ef_class), *_EF)
    beating = Rhythm(
        float(rng.uniform(*settings.beat)),
        float(rng.uniform(*settings.systole)),
        settings.jitter * (rhythm == "irregular"),
    )
    beats = rhythm_clip(
        rng,
        beating,
        ef=float(rng.uniform(low, high)),
        fps=fps,
        n_frames=round(settings.seconds * fps),
        size=settings.size,
    )
    about = {"clip": number, "fps": fps, "class_name": CLASS_NAMES[ef_class], "rhythm": rhythm}
    counts, errors, third = [], [], []
    orders = {"in_order": beats.clip, "shuffled": beats.clip[rng.permutation(len(beats.clip))]}
    with single_threaded():
        for order, clip in orders.items():
            seen = dict(zip(VOTERS, both_votes(clip, fps), strict=True))
            verdict, agreement = _verdict(seen, n_frames=len(clip), fps=fps)
            for voter, phases in seen.items():
                for phase, true, detected in (("es", beats.es, phases.es), ("ed", beats.ed, phases.ed)):
                    late, due, false = beat_errors(
                        true, detected, n_frames=len(clip), tolerance=TOLERANCE_MS * fps / 1000
                    )
                    key = about | {"frames": order, "voter": voter, "phase": phase}
                    counts.append(
                        key
                        | {
                            "due": due,
                            "found": len(late),
                            "false": false,
                            "verdict": verdict,
                            "agreement": agreement,
                        }
                    )
                    errors += [key | {"error_frames": float(value), "verdict": verdict} for value in late]
            if order == "in_order":
                third = [about | row for row in third_frames(beats, seen)]
    yield {"counts": counts, "errors": errors, "third": third}


def third_frames(known: KnownClip, seen: dict[str, Phases]) -> list[dict[str, Any]]:
    """How far the third end frame is off, ms, for each true pair of a clip that has one: by the rule of a
    third, and as each voter saw it.

    ``asked``: ``next_es`` after a true ES -> ED pair, or ``previous_es`` before a true ED -> ES pair;
    ``systole_percent``: true share of the systole in these three frames.
    """
    rows = []
    last = len(known.clip) - 1
    es, ed = (sorted(round(frame) for frame in phase) for phase in (known.es, known.ed))
    for first in es:
        middle = next((frame for frame in ed if frame > first), None)
        end = next((frame for frame in es if middle is not None and frame > middle), None)
        if middle is None or end is None or first < 0 or end > last:
            continue
        about = {"systole_percent": 100 * (end - middle) / (end - first)}
        for asked, pair, true in (("next_es", (first, middle), end), ("previous_es", (end, middle), first)):
            row: dict[str, Any] = about | {"asked": asked}
            for name, frames in {"rule": None, **seen}.items():
                answer = _third(*pair, frames)
                row[f"{name}_ms"] = np.nan if answer is None else 1000 * (answer - true) / known.fps
            rows.append(row)
    return rows


def summarise_phases(counts: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    """Accuracy by frame rate, EF class and rhythm, of each voter and of both where they agree, in order and
    shuffled.

    Returns
    -------
    DataFrame
        ``by, value, frames, voter, phase, clips, agree_percent`` (clips on which the two agree), ``due``
        (true phases to find), ``found_percent``, ``false_a_clip``, and of the found ones ``median_frames,
        p90_frames, median_ms, p90_ms`` (absolute) and ``bias_ms`` (mean of found minus true).
    """
    rows = []
    for by, column in GROUPS.items():
        for value in counts[column].unique() if column else [""]:
            mine, late = (table[table[column] == value] if column else table for table in (counts, errors))
            for order, voter, phase in product(("in_order", "shuffled"), (*VOTERS, AGREEING), ("es", "ed")):
                count, off = (_of(table, order, voter, phase) for table in (mine, late))
                key = {
                    "by": by,
                    "value": value,
                    "frames": order,
                    "voter": voter,
                    "phase": phase,
                    "clips": len(count),
                }
                rows.append(key | {"agree_percent": _agreed(mine, order)} | _numbers(count, off))
    return pd.DataFrame(rows)


def _of(table: pd.DataFrame, order: str, voter: str, phase: str) -> pd.DataFrame:
    if voter == AGREEING:
        voter, table = "detector", table[table["verdict"] == AGREE]
    return table[(table["frames"] == order) & (table["voter"] == voter) & (table["phase"] == phase)]


def _agreed(counts: pd.DataFrame, order: str) -> float:
    clips = counts[counts["frames"] == order].drop_duplicates("clip")
    return 100 * float((clips["verdict"] == AGREE).mean())


def _numbers(count: pd.DataFrame, late: pd.DataFrame) -> dict[str, float]:
    due, off = int(count["due"].sum()), late["error_frames"].abs()
    late_ms = 1000 * late["error_frames"] / late["fps"]
    return {
        "due": due,
        "found_percent": 100 * float(count["found"].sum()) / due if due else np.nan,
        "false_a_clip": float(count["false"].mean()),
        "median_frames": float(off.median()),
        "p90_frames": float(off.quantile(0.9)),
        "median_ms": float(late_ms.abs().median()),
        "p90_ms": float(late_ms.abs().quantile(0.9)),
        "bias_ms": float(late_ms.mean()),
    }


def _verdict(seen: dict[str, Phases], *, n_frames: int, fps: float) -> tuple[str, float]:
    """The network's verdict on the pair that a frame index would take from the detector, and the correlation
    of the two curves.
    """
    best = choose_pairs(seen["detector"], n_frames=n_frames, use_detected=True)
    if best is None:
        return "no_phase", float("nan")
    vote = compare(seen["detector"], seen["network"], es=best[0], ed=best[1], fps=fps)
    return vote.verdict, vote.agreement


def _third(es: int, ed: int, seen: Phases | None) -> int | None:
    """Third end frame by the rule, or as seen in place of it; the pair is moved away from all borders."""
    seen_es, seen_ed = ([], []) if seen is None else ((seen.es + _AWAY).tolist(), (seen.ed + _AWAY).tolist())
    pairs = motion_pairs(es + _AWAY, ed + _AWAY, n_frames=2 * _AWAY, seen_es=seen_es, seen_ed=seen_ed)
    if pairs.diastole is None or pairs.systole is None:
        return None
    return (pairs.systole[2] if es < ed else pairs.diastole[0]) - _AWAY
