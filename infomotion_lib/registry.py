"""Named entries that rooms register: one line adds a representation, a generator, a selector or a data set.

An entry names the module that does the work and loads it only when it is asked for, so that a list of what
there is costs no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator

from infomotion_lib.errors import ParameterError, did_you_mean


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every registered thing has.

    Attributes
    ----------
    name : str
        As parameters, tables and files have it.
    label : str
        As figures and pages have it.
    colour : str
        Of its marks in figures, a hex code.
    module : str
        Dotted name of the module that does the work; empty where the entry holds the work itself.
    parameters : str
        ``"module:Class"`` of the pydantic model of its own parameters; empty where it has none. The module
        must be light: it is imported to read a profile.
    """

    name: str
    label: str
    colour: str = "#666666"
    module: str = ""
    parameters: str = ""

    def load(self) -> ModuleType:
        """The module that does the work, imported now."""
        return import_module(self.module)


E = TypeVar("E", bound=Entry)


class Registry(Mapping[str, E], Generic[E]):
    """Entries of one kind by their name, in the order they were added.

    Parameters
    ----------
    kind : str
        What an entry is, for messages, such as ``"representation"``.
    """

    def __init__(self, kind: str, entries: Collection[E] = ()) -> None:
        self.kind = kind
        self._entries = {entry.name: entry for entry in entries}

    def add(self, entry: E) -> E:
        """The entry, registered.

        Raises
        ------
        ParameterError
            If another entry has its name.
        """
        if self._entries.get(entry.name, entry) != entry:
            raise ParameterError(f"There is a {self.kind} of the name {entry.name!r} already.")
        self._entries[entry.name] = entry
        return entry

    def remove(self, name: str) -> None:
        """Take an entry out again, as tests do."""
        del self._entries[name]

    def checked(self, name: str) -> str:
        """``name`` itself, if it is registered.

        Raises
        ------
        ParameterError
            Naming the nearest known one.
        """
        return self[name].name

    def __getitem__(self, name: str) -> E:
        try:
            return self._entries[name]
        except KeyError:
            raise ParameterError(
                f"Unknown {self.kind}: {name}", remedy=did_you_mean(name, self._entries)
            ) from None

    def get(self, name: str, default: Any = None) -> Any:
        """The entry, or ``default`` where there is none of this name."""
        return self._entries.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Registry({self.kind}: {', '.join(self._entries)})"


def known(
    registry: Registry[Any] | str,
    *,
    only: Callable[[Any], bool] = lambda entry: True,
    besides: Collection[str] = (),
) -> Any:
    """Type of a parameter that holds a registered name: ``methods: tuple[known(SELECTORS), ...]``.

    Parameters
    ----------
    registry : Registry or str
        The registry, or ``"module:name"`` of it where it lies in a room above.
    only : callable
        Whether an entry may stand here.
    besides : collection of str
        Further names that may.
    """

    def check(name: str) -> str:
        entries = imported(registry) if isinstance(registry, str) else registry
        allowed = [*besides, *(key for key, entry in entries.items() if only(entry))]
        if name not in allowed:
            raise ValueError(f"unknown {entries.kind}; {did_you_mean(name, allowed)}")
        return name

    return Annotated[str, AfterValidator(check)]


def imported(reference: str) -> Any:
    """What ``"module:name"`` names."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
