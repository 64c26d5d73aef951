"""The Dockerfile builds, and what it builds runs a stage as nobody special.

Where no registry of images can be reached, a Debian of the same edition, made by debootstrap, stands in for its base.
buildah builds in a chroot, so that no daemon is needed. Takes 10 GB of disk while it runs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from drill_fresh_machine import carried, debootstrap, settle
from finished_run import copy_project

from infomotion_lib.paths import PROJECT

RECIPE = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
(BASE,) = re.findall(r"^FROM (\S+)$", RECIPE, re.MULTILINE)
EDITION = BASE.rpartition("-")[2]
PACKAGES = "python3,python3-pip,python3-venv,ca-certificates"
ISOLATION = ("--isolation", "chroot")
DISK = 12e9


def buildah(*words: str) -> str:
    """What buildah prints; it must succeed."""
    done = subprocess.run(["buildah", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout.strip()


def wheels() -> list[str]:
    """Mounts of folders that this machine's pip takes packages from, with the files that an index links to."""
    files = [Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf"]
    settings = [file.read_text(encoding="utf-8") for file in files if file.is_file()]
    said = " ".join([*carried().values(), *settings])
    named = [Path(name) for name in re.findall(r"(?:(?<=\s)|(?<=file://)|^)/[\w./-]+", said)]
    folders = {path.parent if path.name == "simple" else path for path in named if path.is_dir()}
    return [word for path in sorted(folders) for word in ("--volume", f"{path}:{path}:ro")]


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """Name of the image to build from: that of the recipe, or its stand-in."""
    if os.geteuid() != 0:
        pytest.skip("a build in a chroot needs root")
    if not shutil.which("buildah") and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "buildah"], stdout=subprocess.DEVNULL)
    if not shutil.which("buildah"):
        pytest.skip("buildah is not installed and cannot be")
    if (free := shutil.disk_usage("/var/lib").free) < DISK:
        pytest.skip(f"{free / 1e9:.0f} GB free, {DISK / 1e9:.0f} wanted")
    if subprocess.run(["buildah", "pull", "--quiet", BASE], capture_output=True).returncode == 0:
        yield BASE
        return
    print(f"\n{BASE} cannot be pulled here: a Debian {EDITION} by debootstrap stands in for it", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        words = debootstrap(root)
        words[words.index("trixie")] = EDITION
        words = [f"--include={PACKAGES}" if word.startswith("--include") else word for word in words]
        made = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode:
            pytest.skip(f"debootstrap could not make the system: {' '.join(made.stdout.splitlines()[-3:])}")
        settle(root)
        as_the_base(root)
        container = buildah("from", "scratch")
        buildah("add", "--quiet", container, str(root), "/")
        buildah("commit", "--quiet", "--rm", container, "stand-in")
    yield "localhost/stand-in"
    buildah("rmi", "--force", "localhost/stand-in")


def as_the_base(root: Path) -> None:
    """Let Debian's own Python answer as that of the base does: ``python``, and a pip that installs, with the
    settings that this user's pip has.
    """
    (root / "usr/bin/python").symlink_to("python3")
    for note in (root / "usr/lib").glob("python3*/EXTERNALLY-MANAGED"):
        note.unlink()
    if (own := Path.home() / ".config/pip/pip.conf").is_file():
        everyone = root / "etc/xdg/pip/pip.conf"
        everyone.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(own, everyone)


@pytest.fixture(scope="module")
def image(base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The built image, in which a container waits."""
    project = copy_project(tmp_path_factory.mktemp("context") / "project")
    settings = [word for name, value in carried().items() for word in ("--env", f"{name}={value}")]
    buildah("build", *ISOLATION, "--from", base, *settings, *wheels(), "--tag", "drilled", str(project))
    yield "localhost/drilled"
    buildah("rmi", "--force", "localhost/drilled")


def test_the_image_keeps_the_licences_and_runs_a_stage_as_nobody_special(image: str) -> None:
    labels = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]["config"]["Labels"]
    assert labels["org.opencontainers.image.licenses"] == "GPL-3.0-or-later"
    container = buildah("from", image)
    try:
        run = ("run", *ISOLATION, container, "--", "sh", "-euc")
        assert buildah(*run, "id -un") == "reader"
        assert "GPL-3.0-or-later" in buildah(*run, "cat NOTICE")
        said = buildah(*run, "infomotion run all --profile smoke --until 01")
        assert "Stages up to 01 of smoke are up to date" in said
    finally:
        buildah("rm", container)
