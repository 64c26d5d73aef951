"""Small pieces of HTML and MyST that generated pages are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

_APOSTROPHE = re.compile(
    r"(?s)<(code|pre|script|style)\b.*?</\1>|<[^>]*>|(?<=\w)(?:'|&#x27;|&#39;)(?=[\w\s,.;:)<]|$)"
)
"""An apostrophe in a word; before it whatever it is not looked for in: code, scripts, tags."""

_PERCENT = re.compile(
    r"(?sm)^(`{3,})(?=[^\s{`]).*?^\1$|<(code|pre|script|style)\b.*?</\2>|`[^`\n]*`|\$[^$\n]*\$|<[^>]*>|(?<=\d)"
    r" (?=%)"
)
"""A space between a number and its percent sign; before it whatever it is not looked for in: code, formulas,
scripts, tags.
"""


def span(kind: str, text: object) -> Markup:
    """HTML of a piece of text with a look of its own."""
    return Markup('<span class="{}">{}</span>').format(kind, text)


def keep(text: object) -> Markup:
    """HTML of a text on one line."""
    return span("im-keep", text)


def under(text: object, *below: object) -> Markup:
    """HTML of a text with smaller lines below it."""
    return escape(text) + Markup("").join(span("im-under", line) for line in below)


def code(text: object) -> Markup:
    """HTML of a word of code; a bar in it divides no cells."""
    return Markup("<code>{}</code>").format(escape(text).replace("|", Markup("&#124;")))


def prose(text: str) -> Markup:
    """HTML of a cell of words: code between backticks is set as code, a bar divides no cells."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)).replace("|", "&#124;")))


def link(url: str, text: object) -> Markup:
    """HTML of a link."""
    return Markup('<a href="{}">{}</a>').format(url, text)


def again(command: str) -> Markup:
    """Sentence under a table: the command that makes its numbers again."""
    return Markup("Regenerate: {}.").format(code(command))


def note(text: object) -> str:
    """MyST block of a line in small print."""
    return block(Markup('<p class="im-note">{}</p>').format(text))


def figure(url: str, alt: str, *, below: str = "", fits: bool = False, aside: bool = False) -> str:
    """MyST block of a figure that loads when seen; ``aside``: the text flows around it where the page is
    wide.
    """
    image = Markup('<img class="im-figure" loading="lazy" alt="{}" src="{}">').format(alt, url)
    note = Markup("<figcaption>{}</figcaption>").format(below) if below else ""
    kind = "im-fig" + " im-fits" * fits + " im-aside" * aside
    return block(Markup('<figure class="{}">{}{}</figure>').format(kind, image, note))


def block(html: str) -> str:
    """The HTML as one MyST block, apostrophes as in the prose around it: no blank line may stand inside."""
    curly = _APOSTROPHE.sub(
        lambda match: "’" if match.group() in ("'", "&#x27;", "&#39;") else match.group(), str(html)
    )
    return "\n" + "\n".join(line for line in curly.splitlines() if line.strip()) + "\n\n"


def keep_percent(text: str) -> str:
    """The MyST text with no line break between a number and its percent sign.

    >>> keep_percent("Right 46 % of the time, `46 % 7`.").replace("\\u00a0", "~")
    'Right 46~% of the time, `46 % 7`.'
    """
    return _PERCENT.sub(lambda match: "\u00a0" if match.group() == " " else match.group(), text)


def admonition(kind: str, title: str, text: str) -> str:
    """A MyST admonition."""
    return _directive("admonition", title, f":class: {kind}\n\n{text}")


def folded(title: str, text: str) -> str:
    """MyST text folded behind its title."""
    return _directive("dropdown", title, text)


def tabs(parts: Mapping[str, str]) -> str:
    """MyST texts, without headings, of which one is seen at a time, by the titles of their tabs; one has no
    tab.
    """
    if len(parts) < 2:
        return "".join(parts.values())
    return _directive("tab-set", "", "".join(_directive("tab-item", *part) for part in parts.items()))


def _directive(name: str, title: str, text: str) -> str:
    """A MyST directive with a longer fence than any inside."""
    longest = max((len(inside) for inside in re.findall("`+", text)), default=0)
    fence = "`" * max(4, longest + 1)
    return f"{fence}{{{name}}} {title}".rstrip() + f"\n{text}\n{fence}\n\n"


def number(value: float, digits: int = 1) -> str:
    """The number with a true minus sign; an en dash where there is none."""
    return (
        "–" if value != value else f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "\u2212")
    )  # no minus nought


def signed(value: float, digits: int = 1) -> str:
    """The same with its sign, plus or minus; nought has none."""
    shown = number(value, digits)
    return f"+{shown}" if shown.strip("0.") and value > 0 else shown


def spread(mean: float, sd: float, digits: int = 1) -> str:
    """A mean with its standard deviation, where it has one."""
    shown = number(mean, digits)
    return f"{shown} ± {number(sd, digits)}" if sd == sd else shown


def with_sd(value: float | str, sd: float) -> str:
    """A value as it was printed, with its standard deviation where it has one."""
    shown = value if isinstance(value, str) else f"{value:g}"
    return f"{shown} ± {number(sd)}" if sd == sd else shown


def interval(low: float, high: float, digits: int = 1) -> str:
    """An interval in brackets, such as ``[0.2, 1.8]``."""
    return f"[{number(low, digits)}, {number(high, digits)}]"


def below(text: str) -> Markup:
    """HTML of a number with its interval, such as ``1.0 [0.2, 1.8]``, on two lines."""
    value, bracket, interval = text.partition(" [")
    return Markup("{} {}").format(value, span("im-ci", f"[{interval}")) if bracket else escape(text)


def difference(row: Mapping[str, Any], half: str = "") -> str:
    """Difference of a row with its sign and its t interval."""
    value, low, high = (float(row[f"{half}{name}"]) for name in ("difference", "t_low", "t_high"))
    return f"{signed(value)} {interval(low, high)}"


def with_interval(row: Mapping[str, Any], *, sign: bool = False) -> str:
    """The ``difference`` of a row with its interval, ``ci_low`` to ``ci_high``."""
    value = signed(row["difference"]) if sign else number(row["difference"])
    return f"{value} {interval(row['ci_low'], row['ci_high'])}"


def probability(value: float) -> str:
    """A p-value to three digits; an en dash where there is none."""
    return "< 0.001" if value < 0.001 else number(value, 3)


def place(value: float) -> str:
    """A coordinate of a picture, to a tenth."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def lowered(text: str) -> str:
    """The text for the middle of a sentence: its first letter small."""
    return f"{text[:1].lower()}{text[1:]}"


def raised(text: str) -> str:
    """The text for the start of a sentence: its first letter a capital, the others as they are."""
    return f"{text[:1].upper()}{text[1:]}"


def count(value: int, of: int) -> str:
    """How many of how many, in words where all or none are meant."""
    return {0: f"none of {of}", of: f"all {of}"}.get(value, f"{value} of {of}")


def seconds(value: float) -> str:
    """A duration in the unit that suits it."""
    if value < 1:
        return "under 1 s"
    if value < 100:
        return f"{value:.0f} s"
    return f"{value / 60:.1f} min" if value < 5400 else f"{value / 3600:.1f} h"


def hours(value: float) -> str:
    """A number of hours, to a tenth where that is worth while."""
    if value < 0.05:
        return "under 0.1"
    return number(value) if value < 100 else f"{value:,.0f}"
