"""The widget as one ES module: our small scripts put together, for pages, Colab and hosts of anywidgets.

Only what the scripts use is understood: imports of names from a script of the same folder, on one line, and
``export`` before a function, class or constant.
"""

from __future__ import annotations

import re
from importlib.resources import files

SCRIPTS = (
    "dom",
    "graph",
    "picks",
    "engine",
    "group",
    "heart",
    "controls",
    "map",
    "strips",
    "live",
    "selector",
)
"""Scripts of the widget, each after those that it imports; ``widget`` ends them."""

_IMPORT = re.compile(r'(?m)^import \{ (.+) \} from "\./(\w+)\.js";$')
_EXPORT = re.compile(r"(?m)^export (?:async )?(?:function|class|const) (\w+)")


def module() -> str:
    """ES module whose default export has ``render({model, el})``; its parts are exported by their names."""
    parts = [_scoped(name) for name in SCRIPTS]
    named = ", ".join(f"{name}_ as {name}" for name in SCRIPTS)
    return "\n".join([*parts, _joined(script("widget.js")), f"export {{ {named} }};"]) + "\n"


def page_script() -> str:
    """The module with a page's host behind it, to go into it: a page opened as a file may not import."""
    return f"{module()}{script('host.js')}"


def style() -> str:
    """Style sheet of the widget."""
    return script("live.css")


def script(name: str) -> str:
    """Text of one file of the widget."""
    return (files("infomotion_book.live") / "browser" / name).read_text(encoding="utf-8")


def _joined(text: str) -> str:
    return _IMPORT.sub(lambda match: f"const {{ {match.group(1)} }} = {match.group(2)}_;", text)


def _scoped(name: str) -> str:
    """A script as a constant, its name and ``_``, that holds what it exports."""
    text = _joined(script(f"{name}.js"))
    exported = _EXPORT.findall(text)
    body = re.sub(r"(?m)^export ", "", text)
    return f"const {name}_ = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();"
