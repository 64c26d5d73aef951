"""What changes between two versions of the project: files of a run of the smoke profile, and what readers see
of its book.

    python tests/tools/same.py BEFORE [AFTER] [--expect GLOB ...] [--scratch FOLDER]

Both versions are laid out without git in a scratch folder and run one after the other on this machine, in
this environment. Compared are the hash of every table, vector and weights file of the run, and the visible
text and alt texts of every page. Two machines, and two processors, train different networks: compare versions
on one machine only.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from html.parser import HTMLParser
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [
    str(PROJECT),
    str(PROJECT / "tests"),
]  # this version's helpers, wherever the environment's package comes from

from finished_run import copy_project, tables  # noqa: E402

PROFILE = "smoke"
KINDS = ("*.csv", "*.npz", "*.safetensors")
WORKING_TREE = "working-tree"
SHOWN_LINES = 40
"""Lines of a page's difference that are printed."""

UNSTEADY = (
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b…?"), "<hash>"),
    (re.compile(r"\b\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC"), "<time>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ,]+\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?: ?UTC|Z|\+00:00)?)?"), "<time>"),
    (
        re.compile(r"\b\d+(?:\.\d+)? ?(?:s|seconds?|min|minutes?|h|hours?)(?![a-z])(?: \d+ (?:s|min)\b)?"),
        "<duration>",
    ),
    (re.compile(r"^\| seconds.*"), "| <duration>"),
)
"""What a page says of when and how fast it was made, of the code, and hashes of files, which are compared as
files: never compared.
"""

HIDDEN = frozenset({"script", "style", "template"})
BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "caption",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
    }
    | {
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "title",
    }
    | {"tr", "ul"}
)
CELLS = frozenset({"td", "th"})
WIDGETS = "application/vnd.jupyter.widget-state+json"


@dataclass(frozen=True)
class Comparison:
    """Names that two versions share or not, each list in order.

    Attributes
    ----------
    same, differs, only_before, only_after : tuple of str
        By what became of them.
    """

    same: tuple[str, ...]
    differs: tuple[str, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    def unexpected(self, expected: Collection[str]) -> list[str]:
        """Names that are not the same and match none of these patterns, such as ``smoke/04_evaluation/*`` or
        ``book/api/*``.
        """
        changed = [*self.differs, *self.only_before, *self.only_after]
        return [name for name in changed if not any(fnmatch(name, pattern) for pattern in expected)]


def compare(before: dict[str, str], after: dict[str, str]) -> Comparison:
    """What became of each name; values are hashes or texts."""
    shared = sorted(before.keys() & after.keys())
    return Comparison(
        tuple(name for name in shared if before[name] == after[name]),
        tuple(name for name in shared if before[name] != after[name]),
        tuple(sorted(before.keys() - after.keys())),
        tuple(sorted(after.keys() - before.keys())),
    )


def page_lines(html: str) -> list[str]:
    """What a reader sees of a page, a line per block: text, ``[alt] ...`` of each picture, then, in order of
    the alphabet, those of its controls; spaces as one, what is :data:`UNSTEADY` masked.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return [
        *_steady(reader.lines),
        *sorted(_steady(line for part in reader.controls for line in page_lines(part))),
    ]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self.controls: list[str] = []
        self._hidden: list[str] = []
        self._pre = False
        self._state = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in HIDDEN:
            self._hidden.append(tag)
            self._state = given.get("type") == WIDGETS
        elif tag in BLOCKS:
            self.lines.append("")
            self._pre = tag == "pre"
        elif tag in CELLS:
            self.lines[-1] += " | "
        if tag == "img":
            self.lines += [f"[alt] {given.get('alt')}", ""]

    def handle_endtag(self, tag: str) -> None:
        if self._hidden and self._hidden[-1] == tag:
            self._hidden.pop()
        elif tag in BLOCKS:
            self.lines.append("")
            self._pre = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            first, *more = data.split("\n") if self._pre else [data]
            self.lines[-1] += first
            self.lines += more
        elif self._state:  # controls are drawn from this record by the browser
            models = json.loads(data).get("state", {}).values()
            values = [value for model in models for value in model.get("state", {}).values()]
            texts = [
                text
                for value in values
                for text in (value if isinstance(value, list) else [value])
                if isinstance(text, str)
            ]
            self.controls += [text for text in texts if "<" in text]


def _steady(lines: Iterable[str]) -> list[str]:
    shown = []
    for line in lines:
        text = " ".join(line.split())
        for pattern, mask in UNSTEADY:
            text = pattern.sub(mask, text)
        if text:
            shown.append(text)
    return shown


def pages(folder: Path) -> dict[str, str]:
    """Text of every page below a folder (:func:`page_lines`), by its path."""
    return {
        file.relative_to(folder).as_posix(): "\n".join(page_lines(file.read_text(encoding="utf-8")))
        for file in sorted(folder.rglob("*.html"))
        if "_static" not in file.relative_to(folder).parts
    }


def page_difference(before: str, after: str, name: str) -> str:
    """The first lines of what changed in a page's text."""
    lines = list(
        difflib.unified_diff(
            before.splitlines(), after.splitlines(), f"before/{name}", f"after/{name}", lineterm="", n=0
        )
    )
    more = [f"... and {len(lines) - SHOWN_LINES} lines more"] if len(lines) > SHOWN_LINES else []
    return "\n".join([*lines[:SHOWN_LINES], *more])


def lay_out(version: str, folder: Path) -> Path:
    """A version's files in ``folder``, without git: those of a commit, or of the working tree
    (:data:`WORKING_TREE`).
    """
    if version == WORKING_TREE:
        return copy_project(folder)
    archive = folder.with_suffix(".tar")
    archive.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "archive", "--output", str(archive), version], cwd=PROJECT, check=True)
    shutil.unpack_archive(archive, folder, filter="data")
    archive.unlink()
    return folder


def run(project: Path) -> None:
    """All stages of the profile, then the book, by that version's own code; its words go to ``same.log``."""
    words = ["run", "all", "--profile", PROFILE, "--book"]
    with (project / "same.log").open("w", encoding="utf-8") as log:
        done = subprocess.run(
            [sys.executable, "-m", "infomotion_lib.run.cli", *words],
            cwd=project,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(project), str(project / "book")])},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        raise SystemExit(f"The run of {project.name} failed: {project / 'same.log'}")


def results(version: str, scratch: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Hashes of a version's files and texts of its pages, by names such as ``smoke/labels.csv`` and
    ``book/results.html``.

    A commit that has been run in this scratch folder is not run again; the working tree always is.
    """
    project = scratch / version
    finished = scratch / f"{version}.finished"
    if not finished.exists():
        shutil.rmtree(project, ignore_errors=True)
        print(f"{version}: running", flush=True)
        run(lay_out(version, project))
        if version != WORKING_TREE:
            finished.touch()
    files = tables(project / "runs" / PROFILE, KINDS)
    shown = pages(project / "book" / "_build" / "html")
    return {f"{PROFILE}/{name}": value for name, value in files.items()}, {
        f"book/{name}": text for name, text in shown.items()
    }


def report(
    before: Sequence[dict[str, str]], after: Sequence[dict[str, str]], expected: Collection[str]
) -> tuple[str, bool]:
    """What is printed of two versions' files and pages, and whether nothing differs that was not expected."""
    head = f"{'':<7}{'same':>7}{'differs':>9}{'only before':>13}{'only after':>12}"
    counts, details, fine = [head], [], True
    for kind, old, new in zip(("files", "pages"), before, after, strict=True):
        found = compare(old, new)
        unexpected = found.unexpected(expected)
        fine = fine and not unexpected
        counts.append(
            f"{kind:<7}{len(found.same):>7}{len(found.differs):>9}{len(found.only_before):>13}{len(found.only_after):>12}"
        )
        for word, names in (
            ("differs", found.differs),
            ("only before", found.only_before),
            ("only after", found.only_after),
        ):
            for name in names:
                details.append(f"{word}{'' if name in unexpected else ', as expected'}: {name}")
                if kind == "pages" and name in found.differs and name in unexpected:
                    details.append(page_difference(old[name], new[name], name))
    return "\n".join([*details, *counts]), fine


def main() -> int:
    """Exit code: 1 if something differs that was not expected."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", help="a commit")
    parser.add_argument("after", nargs="?", default=WORKING_TREE, help="a commit; default: the working tree")
    parser.add_argument(
        "--expect", action="append", default=[], metavar="GLOB", help="what may differ, such as 'book/api/*'"
    )
    parser.add_argument(
        "--scratch",
        type=Path,
        help="keep both runs in this folder; a commit that lies there is not run again",
    )
    given = parser.parse_args()
    versions = [name if name == WORKING_TREE else _commit(name) for name in (given.before, given.after)]
    with tempfile.TemporaryDirectory(prefix="same-") as name:
        before, after = (results(version, (given.scratch or Path(name)).resolve()) for version in versions)
    text, fine = report(before, after, given.expect)
    print(text)
    return 0 if fine else 1


def _commit(name: str) -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short=12", f"{name}^{{commit}}"], cwd=PROJECT, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"Git knows no commit {name}.")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
