"""An aarch64 Python on this machine: QEMU runs Debian's interpreter with the wheels of that architecture.

Nothing is installed into the system: packages and wheels are unpacked into a folder of the user's cache, once
for each set of versions. No root is needed. Packages of pure Python come from the environment that runs the
tests.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zipfile import ZipFile

import pytest

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
COMPILED = ("numpy", "opencv-python-headless", "av", "pandas", "pydantic-core", "pillow")
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")

APT = """
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Dir::State "{state}";
Dir::State::status "{state}/status";
Dir::Cache "{state}";
"""
"""Lists and packages of an architecture in a folder of our own, as if nothing were installed yet."""


@dataclass(frozen=True)
class Aarch64:
    """An emulator, the root folder of a Debian for it, and a folder of unpacked wheels."""

    qemu: Path
    root: Path
    wheels: Path

    def run(self, script: str, *arguments: str | Path, processor: str = "max", pythonpath: list[Path]) -> str:
        """What a Python script prints on a processor that QEMU knows."""
        paths = [self.wheels, *pythonpath, Path(sysconfig.get_path("purelib"))]
        environment = {
            "PATH": os.environ["PATH"],
            "QEMU_LD_PREFIX": str(self.root),
            "QEMU_CPU": processor,
            "PYTHONHOME": str(self.root / "usr"),
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        python = [str(self.qemu), str(self.root / "usr/bin" / PYTHON), "-W", "ignore"]
        command = [*python, "-c", script, *map(str, arguments)]
        process = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert process.returncode == 0, f"On {processor}:\n{process.stdout}{process.stderr}"
        return process.stdout


def aarch64() -> Aarch64:
    """The emulated machine, unpacked if need be; where it cannot be had, the test is skipped with the
    reason.
    """
    if platform.machine() == "aarch64":
        pytest.skip("this machine is aarch64 itself")
    for tool in ("apt-get", "dpkg"):
        if not shutil.which(tool):
            pytest.skip(f"no {tool} here: Debian's packages for aarch64 cannot be fetched")
    try:
        wanted = [f"{name}=={version(name)}" for name in COMPILED]
    except PackageNotFoundError as error:
        pytest.skip(f"{error}: there is nothing to compare")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "infomotion-drills"
    folder = cache / f"aarch64-{sha256(' '.join([PYTHON, *wanted]).encode()).hexdigest()[:12]}"
    if not folder.is_dir():
        making = folder.with_suffix(f".{os.getpid()}")
        try:
            _unpack(making, wanted)
            making.rename(folder)
        except (subprocess.SubprocessError, OSError) as error:
            said = (getattr(error, "stderr", None) or "").strip().splitlines()
            pytest.skip(f"aarch64 cannot be installed here: {error} {' '.join(said[-2:])}")
        finally:
            shutil.rmtree(making, ignore_errors=True)
    here = [path for name in ("qemu-aarch64-static", "qemu-aarch64") if (path := shutil.which(name))]
    fetched = [folder / "tools/usr/bin" / name for name in ("qemu-aarch64-static", "qemu-aarch64")]
    qemu = [*map(Path, here), *(path for path in fetched if path.is_file())][0]
    return Aarch64(qemu, folder / "root", folder / "wheels")


def _unpack(folder: Path, wheels: list[str]) -> None:
    """Interpreter, its libraries and the wheels, into a new folder; QEMU too where the system has none."""
    folder.mkdir(parents=True)
    _debian([PYTHON, "libstdc++6"], "arm64", into=folder / "root")
    if not (folder / "root/lib").exists():  # newer releases keep all libraries in /usr
        (folder / "root/lib").symlink_to("usr/lib")
    if not (shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")):
        native = _said(["dpkg", "--print-architecture"]).strip()
        _debian(["qemu-user-static"], native, into=folder / "tools")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    only = ["--no-deps", "--only-binary=:all:", "--python-version", python]
    only += [f"--platform={name}" for name in PLATFORMS]
    _said([sys.executable, "-m", "pip", "download", "-q", *only, "-d", str(folder / "fetched"), *wheels])
    for wheel in (folder / "fetched").glob("*.whl"):
        with ZipFile(wheel) as archive:
            archive.extractall(folder / "wheels")
    shutil.rmtree(folder / "fetched")


def _debian(packages: list[str], architecture: str, *, into: Path) -> None:
    """Packages of an architecture and all they need, unpacked into a folder."""
    state = into.with_name(f"apt-{architecture}")
    for name in ("lists/partial", "archives/partial"):
        (state / name).mkdir(parents=True)
    (state / "status").touch()
    settings = state / "apt.conf"
    settings.write_text(APT.format(architecture=architecture, state=state), encoding="utf-8")
    apt = {**os.environ, "APT_CONFIG": str(settings)}
    _said(["apt-get", "update"], apt)
    _said(["apt-get", "install", "--download-only", "-y", *packages], apt)
    into.mkdir()
    for package in sorted((state / "archives").glob("*.deb")):
        _said(["dpkg", "-x", str(package), str(into)])
    shutil.rmtree(state)


def _said(command: list[str], environment: dict[str, str] | None = None) -> str:
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=600)
    return said.stdout
