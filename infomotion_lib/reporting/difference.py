"""The first stage at which two runs part, and why, as far as their run cards tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

from infomotion_lib import machine
from infomotion_lib.files import PINS, SUMS
from infomotion_lib.provenance import WHERE_AND_HOW_FAST
from infomotion_lib.reporting.results import card_edition
from infomotion_lib.stage_table import TABLE

Card = Mapping[str, Any]
Kind = Literal["data", "parameters", "code", "versions", "machine", "platform", "unexplained"]
DRAWN_BY_THE_LIBRARY = ("graph_selection", "ablation")
"""Stages whose partitions depend on the random draws of the platform's C++ library."""

Pins = Mapping[str, Mapping[str, Any]]
Words = tuple[str, str]
"""What differs, and what the cards do not tell; each in words, empty where there is nothing."""


@dataclass(frozen=True)
class Side:
    """What is known of one run.

    Attributes
    ----------
    cards : mapping of str to mapping
        Run cards of its finished stages.
    pins : mapping of str to mapping
        What its data stage pinned of each data set; empty where that was not kept.
    videos : mapping of str to str
        Digest of the videos of each data set as they lie on disk now, made as the pinned one; empty where
        they are not at hand.
    """

    cards: Mapping[str, Card]
    pins: Pins = field(default_factory=dict)
    videos: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """Something that differs between two runs of a stage: of which kind, and what in words."""

    kind: Kind
    detail: str


@dataclass(frozen=True)
class Difference:
    """The first stage that differs, or none.

    Attributes
    ----------
    stage : str
        Its name; empty where all that was compared is equal.
    files : tuple of str
        Its outputs that differ.
    reasons : tuple of Reason
        All that differs and may be why, of the data stage the data themselves first; ``unexplained`` alone
        where the cards tell nothing.
    equal : tuple of str
        Of parameters, code, versions and machine: what was compared and is equal.
    unknown : tuple of str
        What could not be compared, and why.
    stages : tuple of str
        Stages that both runs hold.
    videos : bool
        Whether every video of both runs was compared.
    """

    stage: str
    files: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    equal: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    videos: bool = False

    @property
    def kind(self) -> str:
        """Kind of the first reason; empty where nothing differs."""
        return self.reasons[0].kind if self.reasons else ""

    @property
    def detail(self) -> str:
        """Words of the first reason; empty where nothing differs."""
        return self.reasons[0].detail if self.reasons else ""


def first_difference(frozen: Side, yours: Side) -> Difference:
    """The first stage, in the order of the walk, whose data or output files differ between two runs; with
    what differs beside them.
    """
    stages = tuple(stage for stage in TABLE if stage in frozen.cards and stage in yours.cards)
    alone = [stage for stage in TABLE if (stage in frozen.cards) != (stage in yours.cards)]
    missing = [f"{_and(alone)}, which one of the two runs has not finished"] if alone else []
    unseen: list[str] = []
    for stage in stages:
        there, here = frozen.cards[stage], yours.cards[stage]
        files, data = changed_files(there, here), ""
        if stage == "data":
            data, unseen = _data(frozen, yours, files)
        if files or data:
            differing, equal, unknown_here = _compared(there, here)
            if stage in DRAWN_BY_THE_LIBRARY and [reason.kind for reason in differing] == ["machine"]:
                differing = _platform(there, here) or differing
            reasons = ([Reason("data", data)] if data else []) + differing or [Reason("unexplained", "")]
            unknown = (*unseen, *unknown_here, *missing)
            return Difference(
                stage,
                tuple(files),
                tuple(reasons),
                tuple(equal),
                unknown,
                stages,
                "data" in stages and not unseen,
            )
    return Difference("", unknown=(*unseen, *missing), stages=stages, videos="data" in stages and not unseen)


def changed_files(first: Card, second: Card) -> list[str]:
    """Outputs of a stage that are not the same bytes on two cards, or are on one of them only."""
    sides = [outputs(card) for card in (first, second)]
    return [
        name for name in dict.fromkeys([*sides[0], *sides[1]]) if sides[0].get(name) != sides[1].get(name)
    ]


def outputs(card: Card) -> dict[str, str]:
    """SHA-256 of each output of a stage, by its name without the folder that holds the run."""
    return {"/".join(PurePosixPath(name).parts[-2:]): value for name, value in card["outputs"].items()}


def _data(frozen: Side, yours: Side, files: list[str]) -> tuple[str, list[str]]:
    """Which lists, videos or editions differ, in words; and what of the data could not be compared."""
    cards = frozen.cards["data"], yours.cards["data"]
    lists = [name for name in files if not name.endswith(PINS)]
    here = yours.pins
    repinned = any(name.endswith(PINS) for name in files)
    there = frozen.pins if repinned or not here else here
    editions = [card_edition(card) for card in cards]
    moved = [name for name, digest in yours.videos.items() if digest != here.get(name, {}).get(SUMS)]
    hashed = [name for name in here if SUMS in here[name] and SUMS in there.get(name, {})]
    other = [name for name in hashed if here[name][SUMS] != there[name][SUMS]]
    differs, unknown = [], []
    if editions[0] != editions[1]:
        differs.append(f"edition {editions[0]} of the phantom there, edition {editions[1]} here")
    if lists:
        differs.append(f"other bytes in {_and(lists)}")
    if other:
        differs.append(f"other videos in {_and(other)}")
    if moved:
        differs.append(
            f"videos of {_and(moved)} here that are not as their data stage left them (ask `infomotion"
            " verify`)"
        )
    # equal lists pinned by equal code: nothing but the videos can have made another record of them
    if not there and repinned and not lists and _code(*cards) == ("", ""):
        differs.append(
            f"other videos, of which data set is not known, since the frozen results do not keep {PINS}"
        )
    elif not there or not here:
        unknown.append(f"videos, since {PINS} is not at hand for both runs")
    elif unhashed := [name for name in here if name not in hashed]:
        unknown.append(f"videos of {_and(unhashed)}, which the data stage did not hash")
    return "; ".join(differs), unknown


def _compared(there: Card, here: Card) -> tuple[list[Reason], list[str], list[str]]:
    """Of parameters, code, versions and machine: what differs, what is equal, what the cards do not tell."""
    reasons: list[Reason] = []
    equal: list[str] = []
    unknown: list[str] = []
    ways: dict[Kind, Callable[[Card, Card], Words]] = {
        "parameters": _parameters,
        "code": _code,
        "versions": _versions,
        "machine": _machine,
    }
    for kind, compare in ways.items():
        differs, unknown_here = compare(there, here)
        reasons += [Reason(kind, differs)] if differs else []
        unknown += [unknown_here] if unknown_here else []
        equal += [] if differs or unknown_here else [kind]
    return reasons, equal, unknown


def _parameters(there: Card, here: Card) -> Words:
    sides = [
        {k: v for k, v in card["parameters"].items() if k not in WHERE_AND_HOW_FAST} for card in (there, here)
    ]
    return _apart(dict.fromkeys([*sides[0], *sides[1]]), *sides), ""


def _code(there: Card, here: Card) -> Words:
    """By the hashes of the code where both cards have comparable ones, else by commit."""
    commits = [
        f"{str(card['git'].get('commit'))[:12]}{' with changes' if card['git'].get('dirty') else ''}"
        for card in (there, here)
    ]
    named = f"commit {commits[0]} there, {commits[1]} here"
    if there.get("kept_from") != here.get("kept_from"):
        return f"{named}; one of the two went on from work of earlier code", ""
    hashes = [
        [card["code"].get(kind) for kind in ("science", "notebook")]
        for card in (there, here)
        if "code" in card
    ]
    python = [str(card.get("python")).split(".")[:2] for card in (there, here)]
    if len(hashes) == 2 and python[0] == python[1]:  # another Python hashes equal code otherwise
        return ("" if hashes[0] == hashes[1] else named), ""
    if commits[0] != commits[1]:
        return named, ""
    clean = there["git"].get("commit") and not there["git"].get("dirty")
    return (
        "",
        (
            ""
            if clean
            else "code, of which the cards tell neither comparable hashes nor a commit without changes"
        ),
    )


def _versions(there: Card, here: Card) -> Words:
    sides = [{"Python": card.get("python"), **card.get("packages", {})} for card in (there, here)]
    alone = sorted(sides[0].keys() ^ sides[1].keys())
    return _apart(_both(*sides), *sides), (
        f"versions of {_and(alone)}, which one card alone names" if alone else ""
    )


def _machine(there: Card, here: Card) -> Words:
    """By all that both cards say; by their names alone two processors may be told apart but not be called
    equal.
    """
    sides = [_flat(card) for card in (there, here)]
    words = [machine.in_words(machine.of_card(card)) for card in (there, here)]
    short = [word for word, card in zip(words, (there, here), strict=True) if "machine" not in card]
    differs = [f"{words[0]} there, {words[1]} here"] if words[0] != words[1] and not short else []
    differs += (
        [more]
        if (
            more := _apart(
                [name for name in _both(*sides) if not differs or name not in machine.IDENTITY], *sides
            )
        )
        else []
    )
    same = sides[0].get("processor") == sides[1].get("processor")
    unknown_here = (
        f"the kind of processor, of which a card says only “{short[0]}”, a name that several kinds share"
        if short and same
        else ""
    )
    return "; ".join(differs), unknown_here


def _platform(there: Card, here: Card) -> list[Reason]:
    """That the platforms differ, the C++ library with them, in words; nothing if they do not."""
    sides = [_flat(card) for card in (there, here)]
    differs = _apart([name for name in _both(*sides) if name in machine.PLATFORM], *sides)
    return [Reason("platform", differs)] if differs else []


def _flat(card: Card) -> dict[str, Any]:
    """What a card says of its machine, each dispatch variable by its own name."""
    facts = machine.of_card(card) | {"device": card.get("device")}
    variables = facts.pop("variables", None)
    return (
        facts
        if variables is None
        else facts | {name: variables.get(name, "unset") for name in machine.VARIABLES}
    )


def _both(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    return [name for name in first if name in second]


def _apart(names: Iterable[str], there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Values that differ, as ``knn_k 8 there, 16 here``; of instruction sets those that one side
    alone has.
    """
    apart = []
    for name in names:
        pair = [side.get(name, "absent") for side in (there, here)]
        if pair[0] != pair[1]:
            if name == "instructions":
                pair = [
                    " ".join(sorted(set(one) - set(other))) or "no more" for one, other in (pair, pair[::-1])
                ]
            apart.append(f"{name} {pair[0]} there, {pair[1]} here")
    return "; ".join(apart)


def _and(names: list[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
