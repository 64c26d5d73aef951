"""Imports go down the house only, and the entrance is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

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
        ),
        *("json_lines", "progress", "processes", "registry", "stage_table", "weights", "workers"),
    ),
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
    *GROUND,
)


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


@pytest.mark.parametrize(
    ("room", "file"), [pair for pair in library_files() if pair[0] != "__init__"], ids=lambda value: value
)
def test_imports_go_down_only(room: str, file: str) -> None:
    for name in imports((LIBRARY / file).read_text(encoding="utf-8")):
        parts = name.split(".")
        if parts[0] == "infomotion_lib" and len(parts) > 1 and parts[1] in FLOOR and parts[1] != room:
            lower = FLOOR[parts[1]] < FLOOR[room] or (room in GROUND and parts[1] in GROUND)
            assert lower, f"{file} imports {name}, which does not stand below it"


@pytest.mark.parametrize("file", [file for _, file in library_files()])
def test_the_library_never_imports_the_book(file: str) -> None:
    names = imports((LIBRARY / file).read_text(encoding="utf-8"))
    assert not {name for name in names if name.split(".")[0] == RENDERER.name}


@pytest.mark.parametrize("file", sorted(RENDERER.rglob("*.py")), ids=lambda file: file.name)
def test_the_book_imports_no_torch(file: Path) -> None:
    names = {name.split(".")[0] for name in imports(file.read_text(encoding="utf-8"))}
    assert not names & HEAVY


@pytest.mark.parametrize(
    ("room", "file"), [pair for pair in library_files() if pair[0] in WITHOUT_TORCH], ids=lambda value: value
)
def test_rooms_that_do_not_train_import_no_torch(room: str, file: str) -> None:
    if file == "evaluation/fidelity.py":  # Fréchet distances run networks
        return
    direct = {
        name.split(".")[0] for name in imports((LIBRARY / file).read_text(encoding="utf-8"), lazy=False)
    }
    assert not direct & HEAVY, f"{file} imports {direct} when it is imported"


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
