"""Imports go down the house only, and the entrance is light."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from infomotion_lib.generators.registry import GENERATORS
from infomotion_lib.paths import PROJECT

LIBRARY = PROJECT / "infomotion_lib"
RENDERER = PROJECT / "book" / "infomotion_book"
FLOORS = (
    (
        *(
            "arithmetic",
            "errors",
            "classes",
            "keys",
            "machine",
            "paths",
            "parameters",
            "provenance",
            "frame_table",
            "frozen",
            "device",
            "outlook",
            "losses",
            "parameter_types",
        ),
        *(
            "files",
            "json_lines",
            "linear",
            "progress",
            "processes",
            "registry",
            "share",
            "stage_table",
            "weights",
        ),
        "workers",
    ),
    ("training",),
    ("data",),
    ("phantom",),
    ("frames",),
    ("representations",),
    ("selection",),
    ("regressor", "generators"),
    ("evaluation",),
    ("studies",),
    ("reporting",),
    ("run",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
GROUND = FLOORS[0]
HEAVY = {"torch", "monai", "diffusers", "safetensors", "lightning"}
WITHOUT_TORCH = (
    *("data", "phantom", "frames", "selection", "evaluation", "studies", "reporting", "run"),
    *(room for room in GROUND if room != "linear"),  # a layer of torch's, for networks alone
)

TRAINS_ALL_THE_SAME = {"evaluation/fidelity.py"}
"""Fréchet distances run networks."""


def library_files() -> list[tuple[str, str]]:
    files = [path.relative_to(LIBRARY) for path in LIBRARY.rglob("*.py")]
    return sorted((file.parts[0].removesuffix(".py"), file.as_posix()) for file in files)


def imports(source: str, *, lazy: bool = True) -> set[str]:
    """Dotted names imported by some code; without ``lazy``, only those that run when the module is
    imported.
    """
    names: set[str] = set()
    pending: list[ast.AST] = [ast.parse(source)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        skipped = not lazy and (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or _type_checking(node)
        )
        pending += [] if skipped else list(ast.iter_child_nodes(node))
    return names


def _type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def test_every_room_has_a_floor() -> None:
    rooms = {room for room, _ in library_files()} - {"__init__"}
    assert rooms <= set(FLOOR), f"no floor for {rooms - set(FLOOR)}"


def test_imports_go_down_only() -> None:
    upwards = []
    for room, file in library_files():
        if room == "__init__":
            continue
        for name in sorted(imports((LIBRARY / file).read_text(encoding="utf-8"))):
            first, *rest = name.split(".")
            target = rest[0] if first == "infomotion_lib" and rest else room
            within_ground = room in GROUND and target in GROUND
            if target != room and target in FLOOR and FLOOR[target] >= FLOOR[room] and not within_ground:
                upwards.append(f"{file} imports {name}, which does not stand below it")
    assert not upwards, "\n".join(upwards)


def test_generators_do_not_import_each_other() -> None:
    """What two of them use lies in ``generators/spacetime`` or in ``generators`` itself."""
    folders = {entry.module.split(".")[2] for entry in GENERATORS.values() if entry.module.count(".") > 2}
    assert {"latte", "lvdm"} <= folders
    across = []
    for path in sorted((LIBRARY / "generators").glob("*/*.py")):
        for name in sorted(imports(path.read_text(encoding="utf-8"))):
            target = name.split(".")[2] if name.startswith("infomotion_lib.generators.") else ""
            if target in folders - {path.parent.name}:
                across.append(f"{path.parent.name}/{path.name} imports {name}")
    assert not across, "\n".join(across)


def test_the_library_never_imports_the_book() -> None:
    wrong = []
    for _, file in library_files():
        names = imports((LIBRARY / file).read_text(encoding="utf-8"))
        wrong += [f"{file} imports {name}" for name in sorted(names) if name.split(".")[0] == RENDERER.name]
    assert not wrong, "\n".join(wrong)


def test_the_book_imports_no_torch() -> None:
    heavy = []
    for file in sorted(RENDERER.rglob("*.py")):
        found = {name.split(".")[0] for name in imports(file.read_text(encoding="utf-8"))} & HEAVY
        heavy += [f"{file.name} imports {name}" for name in sorted(found)]
    assert not heavy, "\n".join(heavy)


def test_rooms_that_do_not_train_import_no_torch() -> None:
    heavy = []
    for room, file in library_files():
        if room in WITHOUT_TORCH and file not in TRAINS_ALL_THE_SAME:
            names = imports((LIBRARY / file).read_text(encoding="utf-8"), lazy=False)
            found = {name.split(".")[0] for name in names} & HEAVY
            heavy += [f"{file} imports {name} when it is imported" for name in sorted(found)]
    assert not heavy, "\n".join(heavy)


@pytest.mark.parametrize(
    "module",
    [
        "infomotion_lib",
        "infomotion_lib.run.cli",
        "infomotion_book.cli",
        "infomotion_lib.run.runner",
        "infomotion_lib.run.workflow",
        "infomotion_lib.selection.stage",
    ],
)
def test_light_modules_load_neither_torch_nor_matplotlib(module: str) -> None:
    code = (
        f"import {module}, sys; print([name for name in ('torch', 'matplotlib', 'monai', 'diffusers') if name"
        " in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("modules", "unwanted"),
    [
        ("infomotion_lib.generators.cutting", "torch diffusers monai"),
        (
            "infomotion_lib.run.verify, infomotion_lib.run.commands.provenance",
            "torch av cv2 scipy joblib sklearn matplotlib pooch",
        ),
        ("infomotion_lib.run.trace", "torch av cv2 scipy joblib sklearn matplotlib pooch"),
    ],
    ids=["cutting", "verifying", "tracing"],
)
def test_what_reads_and_copies_loads_no_more_than_that_needs(modules: str, unwanted: str) -> None:
    code = f"import {modules}, sys; print([name for name in {unwanted.split()} if name in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert answer.stdout.strip() == "[]"


def test_the_project_does_not_depend_on_packages_that_break_a_cpu_torch() -> None:
    segmenter = (  # published weights of torchvision's own network, an extra of its own
        "regressor/segmenter.py"
    )
    files = {
        file: imports((LIBRARY / file).read_text(encoding="utf-8"), lazy=file != segmenter)
        for _, file in library_files()
    }
    everywhere = {name.split(".")[0] for names in files.values() for name in names}
    assert not everywhere & {"torchvision", "timm", "torch_fidelity"}
