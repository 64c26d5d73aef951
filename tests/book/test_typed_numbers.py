"""No result is typed by hand into a page or a notebook: numbers that look like one come from tables."""

from __future__ import annotations

import json
import re

import pytest

from infomotion_lib.paths import BOOK, NOTEBOOKS

ALLOWED_NUMBERS = {
    "data.md": {"2.0", "4.0"},
    "index.md": {"2512.09422"},
    "quickstart.md": {"3.11"},
    "encoders.md": {"2.0", "3.0", "4.0"},
    "cite.md": {"2512.09422", "2.0", "3.0"},
    "phases.md": {"50 %"},
    "preregistration.md": {
        *("0.05", "10 %", "2 points", "20 %", "30 %", "4 points", "5 %", "80 %", "9 points", "90 %"),
    },
    "01_frame_index.ipynb": {"45 %", "90 %", "0.5"},
    "02_ifa_training.ipynb": {"1 dB", "3 dB"},
    "03_graph_selection.ipynb": {"0.01", "90 %"},
    "04_evaluation.ipynb": {"95 %", "60 %", "5 EF points"},
    "05_generators.ipynb": {"1.28", "20 %"},
    "06_ablation.ipynb": {"20 %"},
}
"""Numbers that are names, definitions or examples, not results."""


def typed_numbers(text: str) -> set[str]:
    """Numbers in prose that look like results: decimals, and anything in percent, decibels, points or beside
    a spread.
    """
    prose = re.sub(
        r"```(?:\{[^}]*\}|[a-z]*)\n.*?```|\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)|<[^>]+>",
        " ",
        text,
        flags=re.DOTALL,
    )
    prose = prose.replace("\u00a0", " ")
    return set(re.findall(r"\d+\.\d+", prose)) | set(
        re.findall(r"\d[\d.]*\s?(?:%|±|dB|percent|(?:EF )?points)", prose)
    )


def prose() -> dict[str, str]:
    """Text of every page and every notebook, as people typed it."""
    found = {file.name: file.read_text(encoding="utf-8") for file in sorted(BOOK.glob("*.md"))}
    for file in sorted(NOTEBOOKS.glob("*.ipynb")):
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        found[file.name] = "\n\n".join(
            "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"
        )
    return found


def test_no_result_is_typed_by_hand() -> None:
    for name, text in prose().items():
        found = typed_numbers(text) - ALLOWED_NUMBERS.get(name, set())
        assert not found, f"{name}: {found}"


@pytest.mark.parametrize(
    "slip",
    [
        "InfoMotion reaches 57.3 on TEST.",
        "Random is right 46 % of the time.",
        "53 ± 4",
        "It is 2 dB better.",
        "K-means gains 11 points.",
    ],
)
def test_a_result_typed_by_hand_is_found_in_any_page(slip: str) -> None:
    for name, text in prose().items():
        assert typed_numbers(f"{text}\n\n{slip}\n") - ALLOWED_NUMBERS.get(name, set()), (
            f"{slip} slips into {name}"
        )
