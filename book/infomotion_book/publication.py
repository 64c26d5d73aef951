"""Where the repository is, and whether anybody can go there yet."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from infomotion_lib.paths import PROJECT


@cache
def _project() -> dict[str, Any]:
    with (PROJECT / "pyproject.toml").open("rb") as stream:
        return tomllib.load(stream)


def repository_url() -> str:
    """Public address of the repository, from the one place that holds it."""
    return str(_project()["project"]["urls"]["Repository"])


def is_public() -> bool:
    """Whether that address exists: ``public`` under ``[tool.infomotion]`` in ``pyproject.toml``."""
    return bool(_project()["tool"]["infomotion"]["public"])


def hide_what_leads_there(config: dict[str, Any]) -> None:
    """Leave launch, repository and issue buttons out of jupyter-book's configuration."""
    config.pop("launch_buttons", None)
    config["html"] |= {"use_repository_button": False, "use_issues_button": False}
