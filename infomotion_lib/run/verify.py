"""Does a run still hold? Every file hashed again and held against the run cards; what is stale, edited or
missing has a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from infomotion_lib.data.sources import SOURCES
from infomotion_lib.files import PINS, SUMS
from infomotion_lib.frozen import FROZEN_FILES, frozen_hashes
from infomotion_lib.provenance import read_json
from infomotion_lib.run.chain import Chain, Link, State, Step
from infomotion_lib.run.verify_outside import not_looked_at, own_videos, renamed, weights
from infomotion_lib.stage_table import RUN_CARD, TABLE

REMEDIES: dict[State, str] = {
    "edited": (
        f"Restore an edited file; or delete it and its stage's {RUN_CARD}, then `infomotion run all` makes it"
        " again."
    ),
    "missing": (
        f"A missing file is made again by `infomotion run all`, once its stage's {RUN_CARD} is deleted."
    ),
    "stale": "A stale stage is made again by `infomotion run all`.",
}
OWN_FILES = (
    "Your own files that changed stay as they are: the next `infomotion run all` reads them, and makes again"
    " what follows from them."
)


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold.

    Attributes
    ----------
    stage : str
        Where; empty for a frozen file that belongs to no stage.
    kind : {"edited", "missing", "stale"}
        What became of it.
    what : str
        File or stage, and why.
    own : bool
        Whether it is a file of the reader's, outside the run.
    """

    stage: str
    kind: State
    what: str
    own: bool = False

    def __str__(self) -> str:
        return f"{self.kind:<8}  {self.what}"


@dataclass(frozen=True)
class Verdict:
    """What a verification found; printing it gives the report.

    Attributes
    ----------
    root : Path
        Folder of the run.
    findings : tuple of Finding
        What does not hold; none where all does.
    lines : tuple of str
        One line per stage.
    unseen : tuple of str
        What was not looked at.
    """

    root: Path
    findings: tuple[Finding, ...]
    lines: tuple[str, ...]
    unseen: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing is stale, edited or missing."""
        return not self.findings

    def __repr__(self) -> str:
        found = Counter(finding.kind for finding in self.findings)
        counts = ", ".join(f"{found[kind]} {kind}" for kind in REMEDIES if found[kind])
        made = {finding.kind for finding in self.findings if not finding.own}
        remedies = [remedy for kind, remedy in REMEDIES.items() if kind in made]
        remedies += [OWN_FILES] if any(finding.own for finding in self.findings) else []
        end = ["Everything is as its run card says."] if self.holds else [f"{counts}.", *remedies]
        unseen = [f"Not looked at: {what}." for what in self.unseen]
        listed = [f"  {finding}" for finding in self.findings]
        return "\n".join([str(self.root), *self.lines, *listed, *unseen, *end])


def verify(root: Path, *, deep: bool = False, profile: Mapping[str, Any] | None = None) -> Verdict:
    """Verdict on a run, fresh or frozen: outputs, inputs, figures, videos, code and parameters against the
    run cards.

    Parameters
    ----------
    root : Path
        ``runs/<profile>`` or ``book/results/<profile>``.
    deep : bool
        Hash the reader's own videos whole, not only their two ends.
    profile : mapping, optional
        Values of the run's profile, for paths that no whole run has recorded.

    Raises
    ------
    StageError
        If no stage has finished there.
    """
    chain = Chain(root, profile)
    findings = [
        Finding(name, "missing", f"{TABLE[name].label}: no run card, it has not finished")
        for name in chain.unfinished
    ]
    lines = []
    for step in chain.steps.values():
        broken, videos = _videos(chain, step)
        changed, own = own_videos(chain, step, deep=deep) if step.name == "data" else ([], 0)
        videos += own
        changed += [] if chain.is_frozen else weights(chain, step)
        names = [] if chain.is_frozen else renamed(chain, step)
        faults = (
            _files(chain, step)
            + broken
            + [Finding(*fault, own=True) for fault in changed]
            + [Finding(*fault) for fault in names]
            + [Finding(step.name, "stale", f"{TABLE[step.name].label}: {why}") for why in step.changes]
        )
        findings += faults
        lines.append(_line(step, faults, videos))
    if chain.is_frozen:
        findings += _frozen(root, known={finding.what.split(":")[0] for finding in findings})
    return Verdict(root, tuple(findings), tuple(lines), not_looked_at(chain, deep=deep))


def _files(chain: Chain, step: Step) -> list[Finding]:
    faults = [
        Finding(
            step.name,
            link.state,
            f"{link.name}: {link.why}",
            own=step.name == "data" and _is_readers(chain, link),
        )
        for link in step.outputs
        if link.state in REMEDIES
    ]
    for link in step.inputs:
        listed_by_its_maker = link.maker in chain.steps and link in chain.steps[link.maker].outputs
        if link.state in REMEDIES and not listed_by_its_maker:
            faults.append(
                Finding(step.name, link.state, f"{TABLE[step.name].label} read {link.name}: {link.why}")
            )
    return faults


def _is_readers(chain: Chain, link: Link) -> bool:
    """Whether a file that the data stage read lies, or lay, in a folder that no stage makes."""
    held = {PurePosixPath(source.folder).name for source in SOURCES.values() if source.folder}
    return not link.path.is_relative_to(chain.root) or (
        link.state == "missing" and PurePosixPath(link.name).parent.name in held
    )


def _videos(chain: Chain, step: Step) -> tuple[list[Finding], int]:
    """Videos that are not as the data stage pinned them, and how many are; only where this run made or
    fetched them.
    """
    faults, good = [], 0
    for name, pinned in pinned_sources(chain).items() if step.name == "data" else ():
        if SUMS not in pinned or chain.is_frozen:  # videos are never frozen
            continue
        folder = step.folder / name
        if chain.hash(folder / SUMS) != pinned[SUMS]:
            faults.append(Finding("data", "edited", f"data/{name}/{SUMS}: {PINS} says {pinned[SUMS][:12]}"))
            continue
        for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
            recorded, _, video = line.partition("  ")
            now = chain.hash(folder / "Videos" / video)
            good += now == recorded
            if not now:
                faults.append(
                    Finding(
                        "data",
                        "missing",
                        f"data/{name}/Videos/{video}: {folder / 'Videos' / video} is not there",
                    )
                )
            elif now != recorded:
                faults.append(
                    Finding(
                        "data",
                        "edited",
                        f"data/{name}/Videos/{video}: {SUMS} says {recorded[:12]}, the file is {now[:12]}",
                    )
                )
    return faults, good


def pinned_sources(chain: Chain) -> dict[str, dict[str, Any]]:
    """What the data stage pinned of each data set; nothing where its file is gone or edited."""
    data = chain.steps.get("data")
    whole = data is not None and any(
        link.path.name == PINS and link.state == "verified" for link in data.outputs
    )
    return read_json(chain.root / "data" / PINS) if whole else {}


def _frozen(root: Path, *, known: set[str]) -> list[Finding]:
    """Frozen files that are not as they were frozen, those that a run card has told of left out."""
    recorded = read_json(root / FROZEN_FILES)
    now = frozen_hashes(root)
    faults = [
        Finding("", "missing", f"{name}: it was frozen and is not there")
        for name in recorded
        if name not in now
    ]
    for name, value in now.items():
        if name not in recorded:
            faults.append(Finding("", "edited", f"{name}: it was not there when the run was frozen"))
        elif recorded[name] != value and name not in known:
            faults.append(
                Finding(
                    "",
                    "edited",
                    f"{name}: {FROZEN_FILES} says {recorded[name][:12]}, the file is {value[:12]}",
                )
            )
    return faults


def _line(step: Step, faults: list[Finding], videos: int) -> str:
    """How a stage stands, in one line."""
    counts = {state: sum(link.state == state for link in step.outputs) for state in ("verified", "left out")}
    parts = [f"{counts['verified']} of {len(step.outputs)} files verified"]
    parts += [f"{counts['left out']} were not frozen"] if counts["left out"] else []
    parts += [f"{videos} videos verified"] if videos else []
    parts += (
        [f"code {step.unknown}"]
        if step.unknown
        else ["code unchanged"]
        if not any("code" in why for why in step.changes)
        else []
    )
    return f"  {'holds' if not faults else '-----':<7}{TABLE[step.name].label:<22}{', '.join(parts)}"
