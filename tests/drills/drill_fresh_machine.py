"""A newcomer's machine: Debian 13 with its own Python, a normal user, a folder with a space and an umlaut,
``/dev/shm`` closed.

It takes 15 GB of disk while it runs, less where PyTorch's index of CPU builds can be reached. A short
version: ``INFOMOTION_DRILL_TESTS="tests/data tests/book/test_build.py" make drills
DRILLS=tests/drills/drill_fresh_machine.py``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infomotion_lib.paths import PROJECT

SUITE = "trixie"
PACKAGES = "python3,python3-venv,git,make,ca-certificates"
USER = "newcomer"
PLACE = "My Projects/übung"
DISK = 15e9
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"
CLOSED = "http://127.0.0.1:9/"
TESTS = os.environ.get("INFOMOTION_DRILL_TESTS", "")
"""What ``make test`` runs there, as pytest names it; everything by default."""

ENTER = """
set -eu
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=755 closed "$1/dev/shm"
exec chroot --userspec="$2" "$1" /bin/sh -euc "$3"
"""
"""Runs in a mount namespace of its own, so that nothing stays mounted, whatever happens."""


@dataclass(frozen=True)
class Machine:
    """Another system in a folder, and the surroundings that its user has."""

    root: Path
    surroundings: dict[str, str]

    def run(self, script: str, *, user: str = USER, **more: str) -> int:
        """Exit code of a shell script there; what it prints can be followed."""
        print(f"\n--- {script}", flush=True)
        began = time.monotonic()
        command = [
            "unshare",
            "--mount",
            "--propagation=private",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            ENTER,
            "enter",
        ]
        home = {
            "HOME": f"/home/{user}" if user != "root" else "/root",
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        }
        done = subprocess.run(
            [*command, str(self.root), f"{user}:{user}", f"cd; {script}"], env=home | self.surroundings | more
        )
        print(f"--- ended with {done.returncode} after {time.monotonic() - began:.0f} s", flush=True)
        return done.returncode


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Debian 13 with the committed project in a normal user's folder, its environment set up; removed in the
    end.
    """
    base = tmp_path_factory.mktemp("machine")
    _wanted(base)
    root = base / "root"
    try:
        print(f"\nDebian {SUITE} into {root}: a minute or two", flush=True)
        made = subprocess.run(
            ["unshare", "--mount", *debootstrap(root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if made.returncode:
            pytest.skip(f"debootstrap could not make the system: {' '.join(made.stdout.splitlines()[-3:])}")
        here = Machine(root, carried())
        assert here.run(f"useradd --create-home --shell /bin/sh {USER}", user="root") == 0
        project = root / "home" / USER / PLACE
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", PROJECT, project], check=True)
        settle(root)
        assert here.run(f"chown -R {USER}:{USER} /home/{USER}", user="root") == 0
        assert here.run("touch /dev/shm/x") != 0, (
            "this user may write to /dev/shm, so the drill shows less than it should"
        )
        assert here.run(f'cd "{PLACE}" && make setup && du -sh .venv') == 0
        yield here
    finally:
        shutil.rmtree(base)


def _wanted(base: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("a system of its own needs root")
    if not (PROJECT / ".git").exists():
        pytest.skip("the project was downloaded without git, so there is nothing to clone")
    if (free := shutil.disk_usage(base).free) < DISK:
        pytest.skip(f"{free / 1e9:.0f} GB free in {base}, {DISK / 1e9:.0f} wanted")
    if not shutil.which("debootstrap") and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "debootstrap"], stdout=subprocess.DEVNULL)
    if not shutil.which("debootstrap"):
        pytest.skip("debootstrap is not installed and cannot be")


def debootstrap(root: Path) -> list[str]:
    """Command that makes the system from the mirror that this machine's apt uses, or Debian's own."""
    sources = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in sources if file.is_file())
    mirrors = re.findall(r"(?m)^(?:URIs:|deb\b).*?(https?://\S+/debian)/?(?=\s|$)", text)
    return ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root), *mirrors[:1]]


def carried() -> dict[str, str]:
    """What this machine's environment says about pip, npm and proxies; small torch builds where they can be
    had.
    """
    names = re.compile(
        r"(?i)(pip|npm_config)_.*|.*_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|REQUESTS_CA_BUNDLE"
    )
    found = {name: value for name, value in os.environ.items() if names.fullmatch(name)}
    if "PIP_EXTRA_INDEX_URL" not in found:
        try:
            urllib.request.urlopen(f"{CPU_BUILDS}/", timeout=5).close()
            found["PIP_EXTRA_INDEX_URL"] = CPU_BUILDS
        except OSError as error:
            print(
                f"\nNo CPU builds of torch from {CPU_BUILDS} ({error}): pip's default, with CUDA", flush=True
            )
    return found | {"PIP_NO_CACHE_DIR": "1", "PIP_QUIET": "1"}


def settle(root: Path) -> None:
    """Give the other system this one's settings of network, certificates, pip and npm."""
    home = root / "home" / USER
    places = {
        Path(name): root / name[1:]
        for name in ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt")
    }
    places |= {
        file: root / str(file)[1:] for file in [Path("/etc/pip.conf"), *Path("/etc/xdg/pip").glob("*")]
    }
    own = {".npmrc", ".config/pip/pip.conf", ".pip/pip.conf"}
    places |= {Path.home() / name: home / name for name in own}
    for source, target in places.items():
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def test_make_test_passes(machine: Machine) -> None:
    assert machine.run(f'cd "{PLACE}" && python3 --version && make test TESTS="{TESTS}"') == 0


def test_where_npm_is_out_of_reach_the_book_is_built_and_its_tests_pass(machine: Machine) -> None:
    script = f'cd "{PLACE}" && rm -rf book/_extra && .venv/bin/python -m pytest -rs tests/book'
    assert machine.run(script, npm_config_registry=CLOSED) == 0


def test_make_reproduce_runs_every_stage(machine: Machine) -> None:
    assert machine.run(f'cd "{PLACE}" && make reproduce PROFILE=smoke', npm_config_registry=CLOSED) == 0
