"""The files around the library agree with each other."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from finished_run import project_files
from packaging.requirements import Requirement

from infomotion_lib.parameters import STAGES
from infomotion_lib.paths import NOTEBOOKS, PROJECT
from infomotion_lib.stage_table import TABLE

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
PINNED_LINES = (PROJECT / "constraints.txt").read_text(encoding="utf-8").splitlines()
CONSTRAINTS = [Requirement(line) for line in PINNED_LINES if line and not line.startswith("#")]
IMPORT_NAMES = {
    "opencv-python-headless": "cv2",
    "faiss-cpu": "faiss",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
    "lightning-fabric": "lightning_fabric",
}


COME_WITH_OTHERS = {
    "IPython",
    "cycler",
    "jupyter_client",
    "lightning",
    "sphinx",
}  # ipykernel, matplotlib, papermill, lightning-fabric, jupyter-book bring them


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def tracked(pattern: str = "*") -> list[Path]:
    return [PROJECT / name for name in project_files() if fnmatch(name, pattern)]


def declared(*extras: str) -> set[str]:
    lists = [PYPROJECT["project"]["dependencies"], *(EXTRAS[extra] for extra in extras)]
    return {canonical(Requirement(line).name) for lines in lists for line in lines}


def test_conda_door_opens_the_same_environment() -> None:
    door = yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, packages = door["dependencies"]
    assert python == f"python={PYPROJECT['project']['requires-python'].removeprefix('>=')}"
    assert pip == "pip"
    assert packages == {"pip": ["-c constraints.txt", "-e .[all]"]}
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert '-c constraints.txt -e ".[$(EXTRAS)]"' in makefile
    assert "EXTRAS := all" in makefile


def test_all_means_all_extras_that_fit_together() -> None:
    (everything,) = [Requirement(line) for line in EXTRAS["all"]]
    assert everything.extras == set(EXTRAS) - {"all", "pretrained"}


def test_what_breaks_a_cpu_torch_is_asked_for_by_name_alone() -> None:
    assert "torchvision" in declared("pretrained")
    assert "torchvision" not in declared(*(set(EXTRAS) - {"pretrained"}))


def test_every_dependency_is_pinned_by_a_constraint_it_allows() -> None:
    pins = {canonical(pin.name): pin for pin in CONSTRAINTS}
    for line in [
        *PYPROJECT["project"]["dependencies"],
        *(line for extra in EXTRAS.values() for line in extra),
    ]:
        wanted = Requirement(line)
        if wanted.name == "infomotion":
            continue
        (exact,) = pins[canonical(wanted.name)].specifier
        assert exact.operator == "=="
        assert wanted.specifier.contains(exact.version), line


def test_torch_is_pinned_to_a_release_that_cpu_and_gpu_builds_share() -> None:
    (pin,) = [str(pin) for pin in CONSTRAINTS if pin.name == "torch"]
    assert pin == "torch==2.13.0"
    text = (PROJECT / "constraints.txt").read_text(encoding="utf-8")
    assert "+cpu" not in text
    assert "://" not in text


def test_the_small_setup_takes_the_cpu_build(tmp_path: Path) -> None:
    (tested,) = [str(pin.specifier).removeprefix("==") for pin in CONSTRAINTS if pin.name == "torch"]
    for folder, version in (("usual", tested), ("cpu", f"{tested}+cpu")):
        wheel = tmp_path / folder / "torch" / f"torch-{version}-py3-none-any.whl"
        wheel.parent.mkdir(parents=True)
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(
                f"torch-{version}.dist-info/METADATA",
                f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n",
            )
            archive.writestr(
                f"torch-{version}.dist-info/WHEEL",
                "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            archive.writestr(f"torch-{version}.dist-info/RECORD", "")
        (wheel.parent / "index.html").write_text(
            f'<a href="{quote(wheel.name)}">{wheel.name}</a>', encoding="utf-8"
        )
    around = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")} | {
        "PIP_CONFIG_FILE": os.devnull
    }
    around |= {"PIP_INDEX_URL": (tmp_path / "usual").as_uri(), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    words = [
        "install",
        "--dry-run",
        "--ignore-installed",
        "--no-deps",
        "-c",
        str(PROJECT / "constraints.txt"),
        "torch>=2.6",
    ]
    for more, version in (
        ({}, tested),
        ({"PIP_EXTRA_INDEX_URL": (tmp_path / "cpu").as_uri()}, f"{tested}+cpu"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "pip", *words], env=around | more, capture_output=True, text=True
        )
        assert f"Would install torch-{version}\n" in done.stdout, done.stdout + done.stderr
    for page in ("README.md", "book/quickstart.md"):
        text = (PROJECT / page).read_text(encoding="utf-8")
        assert "PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make setup" in text, page


def test_the_tested_versions_are_the_installed_ones() -> None:
    for pin in CONSTRAINTS:
        try:
            installed = metadata.version(pin.name)
        except metadata.PackageNotFoundError:
            continue
        assert pin.specifier.contains(installed, prereleases=True), (
            f"{pin.name} {installed} is installed, {pin} was tested"
        )


def test_the_core_has_no_torch_and_the_book_needs_none() -> None:
    assert not {"torch", "monai", "diffusers", "lightning-fabric"} & declared("book", "notebooks")


def imported_roots(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def test_what_the_library_imports_is_declared() -> None:
    declared_names = declared(
        "train", "notebooks", "workflow", "book", "manifests", "dicom", "camus", "openvino", "pretrained"
    )
    known = {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in declared_names} | COME_WITH_OTHERS
    packages = {"infomotion_lib", "infomotion_book"}
    for file in [*tracked("infomotion_lib/*.py"), *tracked("book/infomotion_book/*.py")]:
        unknown = imported_roots(file) - known - set(sys.stdlib_module_names) - packages
        assert not unknown, f"{file.name} imports {unknown}"


def test_the_address_of_the_repository_stands_in_one_place() -> None:
    address = PYPROJECT["project"]["urls"]["Repository"]
    name = address.removeprefix("https://github.com/")
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["repository-code"] == address
    for notebook in NOTEBOOKS.glob("*.ipynb"):
        assert (
            f"colab.research.google.com/github/{name}/blob/main/notebooks/{notebook.name}"
            in notebook.read_text(encoding="utf-8")
        )


def test_the_paper_is_the_preferred_citation() -> None:
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    paper = citation["preferred-citation"]
    assert citation["cff-version"] == "1.2.0"
    assert [author["family-names"] for author in paper["authors"]] == ["Li", "Reynaud", "Gomez", "Kainz"]
    assert "2512.09422" in paper["url"]
    assert citation["version"] == PYPROJECT["project"]["version"]


def test_licence_and_the_note_on_infomap() -> None:
    assert PYPROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0, January 2004" in (
        PROJECT / "LICENSE"
    ).read_text(encoding="utf-8")
    for file in ("NOTICE", "README.md"):
        assert "GPL-3.0-or-later" in (PROJECT / file).read_text(encoding="utf-8"), file


def test_ci_and_workflows_call_the_same_doors() -> None:
    assert "make test" in (PROJECT / ".ci/run").read_text(encoding="utf-8")
    for file in (PROJECT / ".github/workflows").glob("*.yml"):
        assert yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"], file
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    rules = re.findall(r"^([a-z -]+):", makefile, flags=re.MULTILINE)
    doors = {name for names in rules for name in names.split()}
    assert {"setup", "reproduce", "test", "check", "drills", "book", "clean"} <= doors


def test_cluster_settings_name_stages_and_parts_of_them() -> None:
    kinds = {stage.spread.kind for stage in TABLE.values() if stage.spread}
    parts = {f"{kind}_{job}" for kind in kinds for job in ("prepare", "part")}
    for file in (PROJECT / "cluster").glob("*/config.yaml"):
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert set(settings["set-resources"]) <= {*STAGES, *parts}, file
        for asked in (settings["default-resources"], *settings["set-resources"].values()):
            assert {"slurm_partition", "runtime", "mem_mb"} <= set(asked), file


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_in_the_front_pages_lead_somewhere(file: str) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", (PROJECT / file).read_text(encoding="utf-8")):
        assert target.startswith("https://") or (PROJECT / target).exists(), target


def test_no_large_file_and_no_machine_path_is_committed() -> None:
    machine = re.compile(rb"(?<![\w.])/(?:root|work|tmp/dev)/")
    for file in tracked():
        starter = file.is_relative_to(PROJECT / "data_manifests" / "starter")  # together under 10 MB
        assert file.stat().st_size < (4_000_000 if starter else 1_500_000), file
        if file.suffix in {
            ".py",
            ".md",
            ".yml",
            ".toml",
            ".ipynb",
            ".json",
            ".csv",
            ".txt",
            "",
        } and file != Path(__file__):
            assert not machine.search(file.read_bytes()), file
