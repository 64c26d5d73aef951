"""The pages as they are written: what they name is there, in the words that are meant."""

from __future__ import annotations

import re

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from infomotion_book.api import anchor, modules
from infomotion_book.cli import app
from infomotion_book.terms import link_terms, words
from infomotion_lib.errors import ParameterError
from infomotion_lib.parameters import read_profile, stage_parameters
from infomotion_lib.paths import BOOK


def test_each_equation_of_the_method_stands_beside_its_function() -> None:
    text = (BOOK / "method.md").read_text(encoding="utf-8")
    equations = list(re.finditer(r"^\$\$\n.*?^\$\$$", text, flags=re.DOTALL | re.MULTILINE))
    assert len(equations) > 10
    for equation in equations:
        section = text.rfind("\n## ", 0, equation.start()), text.find("\n## ", equation.end())
        near = text[max(section[0], equation.start() - 700) : min(section[1], equation.end() + 700)]
        assert "(api:" in near, f"no function near {equation.group()}"


def test_words_are_linked_once_and_only_in_prose() -> None:
    known = words(
        "```{glossary}\nEF\n  A share.\n\ncommunity\n  A group.\n\nTRAIN, VAL, TEST\n  Parts.\n```\n"
    )
    apart = "# Communities\n\nThe EF and the `EF`, $EF$, [EF](x.md), <b>EF</b>.\n\n```bash\nEF\n```\n\n"
    text = f"{apart}Two communities, one community; TEST, TRAIN.\n"
    linked = link_terms(text, known)
    assert linked.count("{term}") == 3
    assert "The {term}`EF <EF>` and the `EF`, $EF$, [EF](x.md)" in linked
    assert (
        "Two {term}`communities <community>`, one community; {term}`TEST <TRAIN, VAL, TEST>`, TRAIN."
        in linked
    )
    assert linked.startswith("# Communities") and "```bash\nEF\n```" in linked
    assert link_terms(linked, known) == linked


def test_words_of_the_glossary_cover_the_short_forms() -> None:
    known = set(re.findall(r"(?m)^([\w ,’\-]+)$", (BOOK / "glossary.md").read_text()))
    words = {word.strip() for line in known for word in line.split(",")}
    used = set(
        re.findall(
            r"\b[A-Z]{2,4}\b",
            " ".join((BOOK / name).read_text() for name in ("index.md", "method.md", "results.md")),
        )
    )
    ours = used & {"EF", "ED", "ES", "IFA", "VPC", "MAE", "FID", "FVD", "TRAIN", "VAL", "TEST"}
    assert ours <= words, f"not in the glossary: {ours - words}"


def test_the_pages_name_functions_that_exist() -> None:
    labels = {
        anchor(f"{module.name}.{name}")
        for module in modules()
        for name in [*(item.name for item in module.items), *(name for name, _ in module.constants)]
    } | {anchor(module.name) for module in modules()}
    links = {name for file in BOOK.glob("*.md") for name in re.findall(r"\(api:([\w.]+)\)", file.read_text())}
    assert len(links) > 20
    assert not {name for name in links if anchor(name) not in labels}


def test_the_pages_name_commands_that_exist() -> None:
    doors = get_command(app)
    assert isinstance(doors, TyperGroup)
    commands = set(doors.commands)
    for file in BOOK.glob("*.md"):
        used = set(re.findall(r"(?m)(?:^|`)infomotion ([a-z][a-z-]*)", file.read_text()))
        assert used <= commands, f"{file.name}: {used - commands}"


def test_the_message_in_the_quickstart_is_the_real_one() -> None:
    with pytest.raises(ParameterError) as caught:
        stage_parameters("graph_selection", read_profile("phantom"), overrides={"knn_n": 8})
    assert str(caught.value) in (BOOK / "quickstart.md").read_text()
