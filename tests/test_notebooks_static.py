"""The anatomy that every notebook in git has, read without running it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import tomllib
from pathlib import Path
from typing import Any

import nbformat
import pytest

from infomotion_lib.parameters import STAGES
from infomotion_lib.paths import PROJECT, notebook_of
from infomotion_lib.stage_table import TABLE, notebook_stages

FILES = [notebook_of(TABLE[stage]) for stage in notebook_stages().values()]
REPOSITORY = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"][
    "Repository"
]
ORDER = ["title", "glance", "bootstrap", "parameters", "arithmetic", "config"]
MAX_CODE_CELLS, MAX_LINES, MAX_BYTES = 26, 15, 60_000
FREE_OF_THE_LINE_LIMIT = {"parameters"}
FORBIDDEN = re.compile(
    r"sys\.path|os\.chdir|%cd|!pip|!git|(?<![\w.])/(?:home|root|work|tmp|content)/|\.\./|allow_pickle"
)

pytestmark = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def read(file: Path) -> Any:
    return nbformat.read(file, as_version=4)


def code_cells(file: Path) -> list[Any]:
    return [cell for cell in read(file).cells if cell.cell_type == "code"]


def cell(file: Path, name: str) -> Any:
    (found,) = [item for item in read(file).cells if item.id == name]
    return found


def headings(file: Path) -> list[str]:
    pages = [item.source for item in read(file).cells if item.cell_type == "markdown"]
    return [
        line.removeprefix("## ") for page in pages for line in page.splitlines() if line.startswith("## ")
    ]


def test_it_is_valid_and_carries_nothing_from_a_run(file: Path) -> None:
    book = read(file)
    nbformat.validate(book)
    assert (book.nbformat, book.nbformat_minor) == (4, 5)
    assert book.metadata.kernelspec.name == "python3"
    assert not {"papermill", "widgets"} & set(book.metadata)
    for item in book.cells:
        assert not item.get("outputs"), item.id
        assert item.get("execution_count") is None, item.id
        assert not {"papermill", "execution", "ExecuteTime"} & set(item.metadata), item.id
    assert file.stat().st_size <= MAX_BYTES


def test_cell_ids_are_short_words_of_our_own(file: Path) -> None:
    names = [item.id for item in read(file).cells]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z][a-z0-9-]{1,31}", name), name
        assert not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4})?.*", name), f"{name} looks random"


def test_it_begins_with_title_glance_bootstrap_parameters_arithmetic_config(file: Path) -> None:
    assert [item.id for item in read(file).cells][:6] == ORDER
    kinds = [item.cell_type for item in read(file).cells][:6]
    assert kinds == ["markdown", "markdown", "code", "code", "code", "code"]


def test_the_title_asks_one_question_and_opens_this_very_file_in_colab(file: Path) -> None:
    title = cell(file, "title").source
    assert title.startswith("# ")
    assert "?" in title
    name = REPOSITORY.removeprefix("https://github.com/")
    assert f"https://colab.research.google.com/github/{name}/blob/main/notebooks/{file.name}" in title


def test_at_a_glance_says_what_goes_in_and_out_and_how_long_it_takes(file: Path) -> None:
    glance = cell(file, "glance").source
    assert glance.startswith("## At a glance")
    for word in ("Inputs", "Outputs", "Paper", "Minutes", "Hardware", "In Colab"):
        assert re.search(rf"\|\s*\*{{0,2}}{word}", glance, re.IGNORECASE), word
    for word in ("prerequisite", "read"):
        assert word in glance.lower(), word


def test_the_bootstrap_does_nothing_outside_colab(file: Path) -> None:
    bootstrap = cell(file, "bootstrap")
    assert "hide-input" in bootstrap.metadata.get("tags", [])
    for node in ast.parse(bootstrap.source).body:
        assert isinstance(node, ast.Import | ast.ImportFrom | ast.If), ast.unparse(node)
        if isinstance(node, ast.If):
            assert "google.colab" in ast.unparse(node.test)
            assert not node.orelse


def test_parameters_are_the_stages_own_typed_literal_and_explained(file: Path) -> None:
    tagged = [item.id for item in code_cells(file) if "parameters" in item.metadata.get("tags", [])]
    assert tagged == ["parameters"]
    source = cell(file, "parameters").source
    (stage,) = [stage for number, stage in notebook_stages().items() if file.name.startswith(number)]
    fields = STAGES[stage].model_fields
    found = {}
    for node in ast.parse(source).body:
        assert isinstance(node, ast.AnnAssign), ast.unparse(node)
        assert isinstance(node.target, ast.Name)
        assert node.value is not None
        found[node.target.id] = ast.literal_eval(node.value)
        assert node.end_lineno is not None
        assert "  # " in source.splitlines()[node.end_lineno - 1], f"{node.target.id} has no help"
    assert set(fields) - STAGES[stage].of_entries <= set(found) <= set(fields)
    for name, value in found.items():
        if name != "profile":
            assert value == fields[name].default, name


def test_papermill_reads_every_parameter_without_a_complaint(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    papermill = pytest.importorskip("papermill")
    seen = papermill.inspect_notebook(str(file))
    names = {node.target.id for node in ast.parse(cell(file, "parameters").source).body}  # type: ignore[attr-defined]
    assert set(seen) == names
    assert not caplog.records, "an equals sign in a comment confuses it"


def test_cells_are_short_and_define_no_function_but_a_picture_helper_or_a_selector(file: Path) -> None:
    cells = code_cells(file)
    assert len(cells) <= MAX_CODE_CELLS
    for item in cells:
        lines = [line for line in item.source.splitlines() if line.strip()]
        assert len(lines) <= MAX_LINES or item.id in FREE_OF_THE_LINE_LIMIT, (
            f"{item.id} has {len(lines)} lines"
        )
        for node in ast.walk(ast.parse(item.source)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                assert re.match(r"(draw|show|picture|plot|pick)_?", node.name), (
                    f"{item.id} defines {node.name}"
                )


def test_it_reaches_for_no_folder_of_its_own(file: Path) -> None:
    for item in code_cells(file):
        if item.id != "bootstrap":
            assert not FORBIDDEN.search(item.source), f"{item.id}: {FORBIDDEN.search(item.source)}"
            for token in tokenize.generate_tokens(io.StringIO(item.source).readline):
                assert not (token.type == tokenize.STRING and re.match(r"""[rfb]*["']/""", token.string)), (
                    f"{item.id}: {token.string}"
                )


def test_sections_are_numbered_and_the_end_is_check_save_limits_next(file: Path) -> None:
    titles = headings(file)
    numbers = [int(match[1]) for title in titles if (match := re.match(r"(\d+)\. ", title))]
    assert numbers
    assert numbers == list(range(1, len(numbers) + 1))
    ends = ["Check", "Save", "Limits and exercises", "Next"]
    assert [title for title in titles if title in ends] == ends
    text = "".join(item.source for item in read(file).cells if item.cell_type == "markdown")
    assert "<summary>Solution</summary>" in text and "{dropdown}" not in text, (
        "Jupyter and Colab fold details"
    )


def test_the_check_asserts_and_the_save_writes_the_promised_files(file: Path) -> None:
    assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(cell(file, "check").source)))
    save = cell(file, "save").source
    assert "run.finish(" in save


def test_why_comes_before_code_and_what_to_see_after(file: Path) -> None:
    book = read(file)
    text = "\n".join(item.source for item in book.cells if item.cell_type == "markdown")
    sections = [title for title in headings(file) if re.match(r"\d+\. ", title)]
    assert len(re.findall(r"what to see", text, re.IGNORECASE)) >= len(sections) - 1


def test_every_figure_has_a_file_and_a_text_for_those_who_cannot_see_it(file: Path) -> None:
    source = "\n".join(item.source for item in code_cells(file))
    assert "plt.show" not in source
    assert "save_figure(" in source
    assert "alt=" in source


def test_every_figure_says_whose_videos_it_shows(file: Path) -> None:
    unnamed = [
        f"{item.id}: {ast.unparse(call.func)}"
        for item in code_cells(file)
        for call in ast.walk(ast.parse(item.source))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in ("save_figure", "figure_bytes", "image_slider", "show", "show_each")
        and "data" not in {keyword.arg for keyword in call.keywords}
    ]
    assert not unnamed, "what the videos are called: data=run.data, or what is drawn in the cell"
