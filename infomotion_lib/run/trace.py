"""From a table or figure back to the raw data: the run cards in between, each link checked."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from infomotion_lib.data.sources import names_of
from infomotion_lib.errors import ParameterError, StageError
from infomotion_lib.files import SUMS
from infomotion_lib.frozen import EXPLORE, FROZEN_FILES
from infomotion_lib.parameters import STAGES
from infomotion_lib.provenance import WHERE_AND_HOW_FAST, read_json, read_run_card, shown_path
from infomotion_lib.run.chain import Chain, Link, Step
from infomotion_lib.run.verify import pinned_sources
from infomotion_lib.stage_table import RUN_CARD, TABLE, folders

SHOWN = 12
"""Digits of a hash that are printed."""


def trace(file: Path, *, cell: str = "") -> str:
    """Text: what a file is, then every stage it rests on, the last one first, down to the raw data.

    Parameters
    ----------
    file : Path
        A table, figure, executed notebook or video of a run, or a frozen file under ``book/results``.
    cell : str
        Cell of Table 1, such as ``"infomotion/5"`` or ``"real/infomotion/5"``; ``file`` is then of stage 04.

    Raises
    ------
    StageError
        If the file is not there, or belongs to no finished stage.
    ParameterError
        If there is no such cell.
    """
    path = file.expanduser().absolute()
    root, stage = find_stage(path)
    chain = Chain(root)
    parts = [_head(chain, stage, path)]
    if cell:
        from infomotion_lib.run.cell import cell_text

        if stage != "evaluation":
            raise ParameterError(
                f"{file} has no cells of Table 1.",
                remedy="Give --cell with a file of stage 04, such as table1.csv.",
            )
        parts.append(cell_text(root, cell))
    parts += [_step(step) for step in chain.above(stage)]
    return "\n\n".join([*parts, _raw(chain)])


def find_stage(path: Path) -> tuple[Path, str]:
    """Folder of the run and stage that a file belongs to.

    Raises
    ------
    StageError
        If it is no file, or no finished stage wrote it.
    """
    remedy = "Give a file of a run, such as runs/phantom/04_evaluation/table1.csv, or of book/results."
    if not path.is_file():
        raise StageError(
            f"Not a file: {path}",
            remedy="`infomotion verify` says how it comes back." if _is_recorded(path) else remedy,
        )
    for folder in path.parents:
        if folder.name == EXPLORE and (folder.parent / folders()["evaluation"] / RUN_CARD).is_file():
            return folder.parent, "evaluation"
        if stage := _stage_in(folder):
            if (folder / RUN_CARD).is_file():
                return folder.parents[TABLE[stage].folder.count("/")], stage
            if stage != "data":
                where, again = (
                    f"Looked for: {folder / RUN_CARD}",
                    "Run `infomotion run all` with its profile: finished work is kept.",
                )
                raise StageError(
                    f"The stage that writes {path.name} has not finished.", where=where, remedy=again
                )
    raise StageError(
        f"No run card leads to {path}", where=f"Looked for {RUN_CARD} in the folders above it.", remedy=remedy
    )


def _stage_in(folder: Path) -> str:
    """The stage that works in a folder; empty if it is none's."""
    return next((name for name, place in folders().items() if folder.as_posix().endswith(f"/{place}")), "")


def _is_recorded(path: Path) -> bool:
    """Whether a run card in a folder above names a file of this name."""
    cards = [
        read_run_card(folder)
        for folder in path.parents
        if _stage_in(folder) and (folder / RUN_CARD).is_file()
    ]
    return any(
        PurePosixPath(shown).name == path.name
        for card in cards
        for shown in (*card["outputs"], *card.get("figures", {}))
    )


def _head(chain: Chain, stage: str, path: Path) -> str:
    name = path.relative_to(chain.root.absolute()).as_posix()
    links = {link.name: link for link in chain.steps[stage].outputs}
    digest = chain.hash(path)
    frozen = read_json(chain.root / FROZEN_FILES) if chain.is_frozen else {}
    if name in links:
        verdict = _verdict(links[name], "as its run card says")
    elif name in frozen:
        verdict = "as it was frozen" if frozen[name] == digest else "EDITED since it was frozen"
    else:
        recorded = _pinned(chain.root, path)
        verdict = (
            "no run card names it"
            if not recorded
            else "as pinned"
            if recorded == digest
            else "EDITED since it was pinned"
        )
    note = "\ndrawn from the finished tables; its chain is theirs" if path.parent.name == EXPLORE else ""
    return f"{shown_path(path)}\nsha256 {digest[:SHOWN]}: {verdict}{note}"


def _step(step: Step) -> str:
    """One stage in several lines: when, by which code, with which parameters, from what, into what."""
    card = step.card
    commit = str(card["git"].get("commit") or "unknown")[:SHOWN]
    code = card.get("code", {}).get("science", "")
    seconds = float(card.get("stage_seconds", card["wall_seconds"]))
    broken = any(link.state in ("edited", "missing") for link in (*step.inputs, *step.outputs))
    state = "stale" if step.is_stale else "does not hold" if broken else "holds"
    lines = [f"{TABLE[step.name].label}: {state}"]
    where = f"{card.get('gpu') or card['device']}, Python {card['python']}"
    lines.append(_row("run", f"{card['started_utc']}, {seconds:.0f} s on {where}"))
    code += f" ({step.unknown})" if code and step.unknown else ""
    commit += ", with uncommitted changes" if card["git"].get("dirty") else ""
    lines.append(_row("code", f"{code or 'hash not on the card'}, commit {commit}"))
    lines += [_row("stale", why) for why in step.changes]
    changed, rest = _parameters(step.name, card["parameters"])
    lines += _rows("set", [f"{name} = {json.dumps(value)}" for name, value in changed])
    lines.append(_row("" if changed else "set", f"{rest} more parameters at their defaults"))
    lines += _rows("reads", [_file(link, "as it was written") for link in step.inputs])
    listed = _listed(step)
    lines += _rows("writes", [_file(link, "verified") for link in listed])
    if pictures := [link for link in step.outputs if link not in listed]:
        verified = sum(link.state == "verified" for link in pictures)
        lines.append(_row("", f"and {len(pictures)} figures and notebooks, {verified} verified"))
    return "\n".join(lines)


def _listed(step: Step) -> list[Link]:
    """Outputs that are listed one by one: tables and vectors, and whatever is not well."""
    return [
        link
        for link in step.outputs
        if link.state not in ("verified", "left out") or link.recorded in step.card["outputs"].values()
    ]


def _parameters(stage: str, values: dict[str, Any]) -> tuple[list[tuple[str, Any]], int]:
    """Parameters that decide results and differ from their defaults, and how many do not differ."""
    fields = STAGES[stage].model_fields
    kept = {name: value for name, value in values.items() if name not in WHERE_AND_HOW_FAST}
    defaults = {
        name: list(field.default) if isinstance(field.default, tuple) else field.default
        for name, field in fields.items()
    }
    changed = [
        (name, value) for name, value in kept.items() if name not in defaults or value != defaults[name]
    ]
    return changed, len(kept) - len(changed)


def _raw(chain: Chain) -> str:
    """What the data stage pinned: the base of the chain."""
    parameters = chain.cards.get("data", {}).get("parameters", {})
    sources = pinned_sources(chain)
    lines = ["raw data"]
    for name in names_of(parameters):
        pinned = sources.get(name, {})
        count = f"{pinned['videos']} videos, " if "videos" in pinned else ""
        how = (
            f"each pinned by hash in {SUMS} {pinned[SUMS][:SHOWN]}"
            if SUMS in pinned
            else f"pinned by the lists above (`infomotion data describe {name}`)"
        )
        lines.append(_row("", f"{name}: {count}{how}"))
    return "\n".join(lines)


def _pinned(root: Path, path: Path) -> str:
    """SHA-256 that the data stage recorded for a video; empty for any other file."""
    sums = path.parent.parent / SUMS
    if path.parent.name != "Videos" or not sums.is_file():
        return ""
    return next(
        (line[:64] for line in sums.read_text(encoding="utf-8").splitlines() if line[66:] == path.name), ""
    )


def _file(link: Link, good: str) -> str:
    return f"{link.name:<48} {link.recorded[:SHOWN]}  {_verdict(link, good)}"


def _verdict(link: Link, good: str) -> str:
    if link.state == "verified":
        return good
    return "not frozen" if link.state == "left out" else f"{link.state.upper()}: {link.why}"


def _rows(head: str, texts: list[str]) -> list[str]:
    """Rows under one head."""
    return [_row("" if number else head, text) for number, text in enumerate(texts)]


def _row(head: str, text: str) -> str:
    return f"  {head:<8}{text}"
