"""What may be done with each data set, what its files hold and how to cite it: the Croissant manifests, read
and described.

A manifest is JSON-LD of the Croissant vocabulary (http://mlcommons.org/croissant/1.0). Conditions of use
stand in it as an ODRL policy (https://www.w3.org/TR/odrl-vocab/): permitted and prohibited actions, and
obligations. Reading needs no package; checking a manifest against the vocabulary needs ``mlcroissant``.
"""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infomotion_lib.data.sources import SOURCES
from infomotion_lib.errors import DataError, did_you_mean
from infomotion_lib.files import MANIFEST
from infomotion_lib.paths import MANIFESTS

SUFFIX = ".croissant.json"
DISTRIBUTE, PRESENT = "odrl:distribute", "odrl:present"
REQUIRED = (
    "name",
    "description",
    "url",
    "license",
    "citeAs",
    "conditionsOfAccess",
    "odrl:hasPolicy",
    "distribution",
    "recordSet",
)
WIDTH = 100


@dataclass(frozen=True)
class Rule:
    """One condition of use.

    Attributes
    ----------
    action : str
        ODRL term, such as ``"odrl:distribute"``.
    text : str
        The condition in words.
    purposes : tuple of str
        Purposes that the rule is about; empty: all.
    """

    action: str
    text: str
    purposes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conditions:
    """Conditions of use of a data set: what may, must not and must be done."""

    permitted: tuple[Rule, ...]
    prohibited: tuple[Rule, ...]
    obliged: tuple[Rule, ...]


def manifest_names() -> list[str]:
    """Names of the data sets that have a manifest."""
    return sorted(path.name.removesuffix(SUFFIX) for path in MANIFESTS.glob(f"*{SUFFIX}"))


def manifest_path(name: str, root: str | Path | None = None) -> Path:
    """File of the manifest that holds for the data set ``name``.

    Parameters
    ----------
    name : str
        Of the data set.
    root : path, optional
        Its folder: where an author has described his or her own videos there, that holds.

    Raises
    ------
    DataError
        If there is none.
    """
    if root is not None and _described(name, root):
        return Path(root) / MANIFEST
    key = (SOURCES[name].terms if name in SOURCES else "") or name
    known = manifest_names()
    if key not in known:
        raise DataError(
            f"No manifest for the data set {name}.",
            where=f"Looked in: {MANIFESTS}",
            remedy=did_you_mean(name, known),
        )
    return MANIFESTS / f"{key}{SUFFIX}"


def read_manifest(name: str, root: str | Path | None = None) -> dict[str, Any]:
    """Content of the manifest of the data set ``name``; see :func:`manifest_path`.

    Raises
    ------
    DataError
        If there is none, or it is no JSON object with everything that a manifest of ours states.
    """
    path = manifest_path(name, root)
    mend = "Restore it: git checkout data_manifests."
    if path.parent != MANIFESTS:
        mend = f"Describe the data again: infomotion data describe {path.parent} --name NAME"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is no JSON: {error}", remedy=mend) from None
    missing = [key for key in REQUIRED if not (isinstance(content, dict) and content.get(key))]
    if missing:
        raise DataError(f"{path} does not state: {', '.join(missing)}.", remedy=mend)
    manifest: dict[str, Any] = content
    return manifest


def conditions(name: str, root: str | Path | None = None) -> Conditions:
    """Conditions of use of the data set ``name``; see :func:`manifest_path`."""
    policy = read_manifest(name, root)["odrl:hasPolicy"]
    return Conditions(
        *(_rules(policy.get(f"odrl:{kind}", [])) for kind in ("permission", "prohibition", "obligation"))
    )


def label_of(name: str, root: str | Path | None = None) -> str:
    """What the videos of a data set are called over every number: as its author has said beside them, or as
    its line in the registry says.
    """
    if _described(name, root):
        return str(read_manifest(name, root)["name"])
    return SOURCES[name].label if name in SOURCES else name


def may_redistribute(name: str, root: str | Path | None = None) -> bool:
    """Whether copies of the data set's files may be passed on: permitted by name, and prohibited nowhere; see
    :func:`manifest_path`.

    Raises
    ------
    DataError
        If there is no manifest; nobody should publish on a guess.
    """
    return _permits(conditions(name, root), DISTRIBUTE)


def may_present(name: str, root: str | Path | None = None) -> bool:
    """Whether frames may be shown in a published page: permitted by name, and prohibited nowhere."""
    return _permits(conditions(name, root), PRESENT)


def _described(name: str, root: str | Path | None) -> bool:
    owned = name in SOURCES and SOURCES[name].owned
    return owned and root is not None and (Path(root) / MANIFEST).is_file()


def _permits(terms: Conditions, action: str) -> bool:
    permitted = any(rule.action == action and not rule.purposes for rule in terms.permitted)
    return permitted and not any(rule.action == action for rule in terms.prohibited)


def record_columns(name: str, record_set: str) -> list[str]:
    """Columns of one table of the data set, such as ``record_columns("echonet-dynamic", "FileList")``.

    Raises
    ------
    DataError
        If the manifest has no such record set.
    """
    sets = {entry["name"]: entry for entry in read_manifest(name)["recordSet"]}
    if record_set not in sets:
        raise DataError(
            f"{manifest_path(name)} has no record set {record_set}.", remedy=did_you_mean(record_set, sets)
        )
    return [field["source"]["extract"]["column"] for field in sets[record_set]["field"]]


def describe(name: str, root: str | Path | None = None) -> str:
    """Text that says what a data set is, its terms, files, tables and citation, for reading at a terminal;
    see :func:`manifest_path`.
    """
    manifest, terms = read_manifest(name, root), conditions(name, root)
    verdict = (
        "permitted"
        if may_redistribute(name, root)
        else "NOT permitted: nothing of it may leave your runs/ folder"
    )
    parts = [
        f"{manifest['name']} (version {manifest.get('version', 'unknown')})",
        textwrap.fill(manifest["description"], WIDTH, break_on_hyphens=False),
        "",
    ]
    parts += [
        *([] if name in SOURCES and SOURCES[name].owned else [_line("home", manifest["url"])]),
        _line("licence", _licence(manifest["license"])),
        _line("access", manifest["conditionsOfAccess"]),
    ]
    parts += [_line("passing on", verdict)]
    for head, rules in (("may", terms.permitted), ("must not", terms.prohibited), ("must", terms.obliged)):
        parts += [_line(head if number == 0 else "", rule.text) for number, rule in enumerate(rules)]
    limits = manifest.get("rai:dataLimitations", [])
    parts += [_line("limits" if number == 0 else "", limit) for number, limit in enumerate(limits)]
    parts += [""]
    for number, file in enumerate(manifest["distribution"]):
        sha = f" [sha256 {file['sha256'][:12]}...]" if "sha256" in file else ""
        parts.append(_line("files" if number == 0 else "", f"{file['name']}: {file['description']}{sha}"))
    for entry in manifest["recordSet"]:
        parts += ["", _line("table", f"{entry['name']}: {entry['description']}")]
        parts += [
            _line("", f"{field['source']['extract']['column']}: {field['description']}", hang=4)
            for field in entry["field"]
        ]
    return "\n".join([*parts, "", _line("cite", manifest["citeAs"])])


def problems(name: str, root: str | Path | None = None) -> list[str]:
    """What ``mlcroissant`` finds wrong with the manifest: an empty list for a valid one.

    Raises
    ------
    DataError
        If ``mlcroissant`` is not installed, or there is no such manifest.
    """
    path = manifest_path(name, root)
    read_manifest(name, root)
    try:
        import mlcroissant
    except ImportError:
        raise DataError(
            "Checking a manifest needs the package mlcroissant.", remedy="pip install mlcroissant"
        ) from None
    try:
        issues = mlcroissant.Dataset(jsonld=str(path)).metadata.ctx.issues
    except mlcroissant.ValidationError as error:
        return str(error).splitlines()
    return sorted(issues.errors)


def _rules(entries: list[dict[str, Any]]) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            entry["odrl:action"],
            entry["description"],
            tuple(entry.get("odrl:constraint", {}).get("odrl:rightOperand", ())),
        )
        for entry in entries
    )


def _licence(value: str | dict[str, str]) -> str:
    return value if isinstance(value, str) else f"{value['name']}, {value['url']}"


def _line(head: str, text: str, *, hang: int = 0) -> str:
    indent = " " * (12 + hang)
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=f"{head:<12}" + " " * hang,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
