"""What a release needs beside the code: a citation that a DOI fits into, and recipes that open the project
elsewhere.
"""

from __future__ import annotations

import json
import os
import re
import tomllib

import pytest
import yaml

from infomotion_lib.paths import PROJECT

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = PYPROJECT["project"]["version"]
PYTHON = "3.11"


def text(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def test_a_doi_fits_into_the_citation_and_two_commands_mint_it() -> None:
    lines = text("CITATION.cff").splitlines()
    (placeholder,) = [line for line in lines if line.startswith(("# doi:", "doi:"))]
    minted = yaml.safe_load("\n".join(lines).replace(placeholder, placeholder.removeprefix("# ")))
    assert minted["doi"] == "10.5281/zenodo.XXXXXXX" or re.fullmatch(r"10\.5281/zenodo\.\d+", minted["doi"])
    commands = [line.removeprefix("#   ") for line in lines if line.startswith("#   ")]
    assert [command.split()[0] for command in commands] == ["git", "gh"]
    assert all(f"v{VERSION}" in command for command in commands)
    assert "--notes-file CHANGELOG.md" in commands[1] and (PROJECT / "CHANGELOG.md").is_file()


def instructions() -> dict[str, list[str]]:
    """Arguments of the Dockerfile's instructions, by name."""
    joined = re.sub(r"\\\n\s*", "", text("Dockerfile"))
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    found: dict[str, list[str]] = {}
    for line in lines:
        name, _, rest = line.partition(" ")
        found.setdefault(name, []).append(rest)
    return found


def test_the_container_installs_what_make_setup_does_as_nobody_special() -> None:
    recipe = instructions()
    assert set(recipe) <= {"FROM", "LABEL", "RUN", "WORKDIR", "COPY", "USER", "ENV", "EXPOSE", "CMD"}
    assert recipe["FROM"] == [f"python:{PYTHON}-slim-bookworm"]
    assert "make setup" in recipe["RUN"] and recipe["USER"] == ["reader"]
    assert json.loads(recipe["CMD"][0])[0] == "jupyter"


def test_the_container_names_the_licence_of_the_bundle() -> None:
    assert 'org.opencontainers.image.licenses="GPL-3.0-or-later"' in "".join(instructions()["LABEL"])
    assert "container image" in text("NOTICE"), "NOTICE says why"


def test_the_container_leaves_out_what_git_ignores_and_is_large() -> None:
    left_out = set(text(".dockerignore").split())
    assert {".git", ".venv", "runs", "book/_build", "book/_extra"} <= left_out


def test_binder_has_our_python_and_the_tested_packages() -> None:
    environment = yaml.safe_load(text(".binder/environment.yml"))
    assert f"python={PYTHON}" in environment["dependencies"]
    script = PROJECT / ".binder" / "postBuild"
    assert os.access(script, os.X_OK) and text(".binder/postBuild").startswith("#!")
    (extras,) = re.findall(r'-c constraints\.txt -e "\.\[([\w,]+)\]"', text(".binder/postBuild"))
    assert set(extras.split(",")) <= set(PYPROJECT["project"]["optional-dependencies"])


def test_the_development_container_sets_up_by_the_makefile() -> None:
    container = json.loads(text(".devcontainer/devcontainer.json"))
    assert container["image"].endswith(f":{PYTHON}")
    (target,) = re.fullmatch(r"make (\w+)", container["postCreateCommand"]).groups()  # type: ignore[union-attr]
    assert re.search(rf"^{target}:", text("Makefile"), re.MULTILINE)
    interpreter = container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert interpreter.endswith(".venv/bin/python")


@pytest.mark.parametrize("name", ["Dockerfile", ".binder/postBuild", ".devcontainer/devcontainer.json"])
def test_recipes_name_no_package_index(name: str) -> None:
    assert not re.search(r"index.url|trusted.host|https?://(?!localhost)", text(name))


def test_the_entry_for_a_list_has_the_usual_form() -> None:
    address = re.escape(PYPROJECT["project"]["urls"]["Repository"])
    (entry,) = re.findall(rf"^- \[[^\]]+\]\({address}\) - (.+)$", text("CONTRIBUTING.md"), re.MULTILINE)
    assert entry[0].isupper() and entry.endswith(".") and len(entry) < 300
