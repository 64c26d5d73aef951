"""An executed notebook as it is frozen: without its machine, its pictures as files beside it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from infomotion_lib.reporting.widgets import STATE

PICTURES = "pictures"
"""Folder beside the notebook that holds the pictures of its controls, named by their content."""

_FIGURE = re.compile(r'(<img class="im-figure" data-figure="([^"]+)"[^>]*?) src="data:[^"]+"')
_PICTURE = re.compile(r"data:image/(webp|png|gif|jpeg|svg)(?:\+xml)?;base64,([A-Za-z0-9+/=]+)")
_ABOUT = ("kernelspec", "language_info", "widgets")
"""What a frozen notebook says of itself."""


def freeze_notebook(notebook: Path, folder: Path, *, pixels: bool) -> Path:
    """Path of the frozen copy in ``folder``: no path, time or warning of this machine. Where ``pixels`` may
    be published, figures are linked, not repeated, and other pictures become files in :data:`PICTURES`; else
    all stay where the guard looks into them, see :func:`link_figures`.
    """
    page: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
    page["metadata"] = {name: page["metadata"][name] for name in _ABOUT if name in page["metadata"]}
    for cell in page["cells"]:
        cell["metadata"] = {"tags": cell.get("metadata", {}).get("tags", [])}
        if "outputs" in cell:
            cell["outputs"] = [
                output | {"metadata": {}} if "metadata" in output else output
                for output in cell["outputs"]
                if output.get("name") != "stderr"
            ]
    if pixels:
        link_figures(page)
        _file_pictures(page, folder)
    target = folder / notebook.name
    target.write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")
    return target


def as_files(html: str, folder: Path) -> str:
    """The HTML with each picture in it written to a file under ``folder`` and linked from there."""

    def linked(match: re.Match[str]) -> str:
        content = base64.b64decode(match.group(2))
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.{match.group(1)}"
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
        (folder / PICTURES / name).write_bytes(content)
        return f"{PICTURES}/{name}"

    return _PICTURE.sub(linked, html)


def link_figures(page: dict[str, Any]) -> None:
    """Link the figures of a notebook that has been read, in place: their files lie beside it."""
    for cell in page["cells"]:
        for output in cell.get("outputs", []):
            if (html := output.get("data", {}).get("text/html")) is not None:
                output["data"]["text/html"] = _FIGURE.sub(r'\1 src="figures/\2"', "".join(html))


def _file_pictures(page: dict[str, Any], folder: Path) -> None:
    """Write the pictures in outputs and controls to files."""
    for cell in page["cells"]:
        for output in cell.get("outputs", []):
            if (html := output.get("data", {}).get("text/html")) is not None:
                output["data"]["text/html"] = as_files("".join(html), folder)
    for model in page["metadata"].get("widgets", {}).get(STATE, {}).get("state", {}).values():
        value = model.get("state", {}).get("value")
        if isinstance(value, str):
            model["state"]["value"] = as_files(value, folder)
