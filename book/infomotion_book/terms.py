"""Links to the glossary: the first use of each of its words on a page, put in when the book is built."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

_BLOCK = re.compile(r"(?ms)^```\{glossary\}\n(.*?)^```")
_APART = re.compile(
    r"(?ms)^(?P<fence>`{3,}|:{3,}).*?^(?P=fence)[ \t]*$"  # fenced code, directives
    r"|^\$\$.*?^\$\$|\$[^$\n]+\$"  # formulas
    r"|\{[a-z:]+\}`[^`]*`|`[^`\n]*`"  # roles and code
    r"|!?\[[^\]]*\]\([^)]*\)|\[[^\]]*\]\{[^}]*\}|<https?://[^>]+>"  # links
    r"|^<[^\n]*$|<a\b.*?</a>|<[^>]+>"  # HTML
    # headings, table rules, labels, substitutions
    r"|^#+ [^\n]*$|^\|?[-| :]+\|?$|^\([\w-]+\)=$|\{\{[^}]*\}\}"
)
_TAKEN = re.compile(r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`")


def words(glossary: str) -> dict[str, str]:
    """Each word of the glossary by the form that pages write, its plural too.

    >>> words("```{glossary}\\nEF\\n  Ejection fraction.\\n\\nTRAIN, VAL\\n  Parts.\\n```\\n")["VAL"]
    'TRAIN, VAL'
    """
    found: dict[str, str] = {}
    for body in _BLOCK.findall(glossary):
        for term in re.findall(r"(?m)^(\S.*)$", body):
            for form in term.split(", ") if term.isupper() or "," in term else [term]:
                forms = {form, form[:1].upper() + form[1:]} | ({_plural(form)} if form.islower() else set())
                found |= dict.fromkeys(sorted(forms), term)
    return found


def link_terms(text: str, known: dict[str, str]) -> str:
    """The page with each word's first use linked; code, formulas, links, headings and HTML stay."""
    left = {form: term for form, term in known.items() if term not in set(_TAKEN.findall(text))}
    forms = sorted(left, key=len, reverse=True)
    if not forms:
        return text
    pattern = re.compile(r"(?<![\w-])(" + "|".join(re.escape(form) for form in forms) + r")(?![\w-])")
    done: set[str] = set()

    def link(match: re.Match[str]) -> str:
        term = left[match.group(1)]
        if term in done:
            return match.group(1)
        done.add(term)
        return f"{{term}}`{match.group(1)} <{term}>`"

    pieces, at = [], 0
    for apart in _APART.finditer(text):
        pieces += [pattern.sub(link, text[at : apart.start()]), apart.group()]
        at = apart.end()
    return "".join([*pieces, pattern.sub(link, text[at:])])


def link_pages(folder: Path) -> None:
    """Put the links into every page and notebook of the folder; the glossary and cited titles have none."""
    known = words((folder / "glossary.md").read_text(encoding="utf-8"))
    for file in sorted(folder.glob("*.md")):
        if file.name not in {"glossary.md", "cite.md"}:
            file.write_text(link_terms(file.read_text(encoding="utf-8"), known), encoding="utf-8")
    for file in sorted(folder.glob("notebooks/*.ipynb")):
        page = json.loads(file.read_text(encoding="utf-8"))
        _link_notebook(page, known)
        file.write_text(json.dumps(page, indent=1), encoding="utf-8")


def _link_notebook(page: dict[str, Any], known: dict[str, str]) -> None:
    left = dict(known)
    for cell in page["cells"]:
        if cell["cell_type"] == "markdown":
            text = link_terms("".join(cell["source"]), left)
            cell["source"] = text
            taken = set(_TAKEN.findall(text))
            left = {form: term for form, term in left.items() if term not in taken}


def _plural(word: str) -> str:
    return (
        word[:-1] + "ies" if word.endswith("y") and word[-2] not in "aeiou" else word.removesuffix("s") + "s"
    )
