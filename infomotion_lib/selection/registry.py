"""Every selector: one decorated function each, and any of them on other vectors by its name alone.

``kmeans_discovr`` is K-means on the vectors of the representation ``discovr``; nobody writes a line for it. A
name of its own, such as ``infodist`` for communities on appearance, is one line::

    selector("infomotion_discovr", on="discovr", needs="graph", label="InfoMotion on DISCOVR")(central)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from infomotion_lib.registry import Entry, Registry
from infomotion_lib.representations.registry import REPRESENTATIONS

if TYPE_CHECKING:
    from infomotion_lib.selection.modular import ClassGraph

BUILT_IN = ("infomotion_lib.selection.baselines", "infomotion_lib.selection.screened")
"""Modules whose decorated functions fill the registry when it is first asked."""

Judge = Callable[[list[str]], float]
"""Error of a set of videos, given by their file names: the lower, the better."""


@dataclass(frozen=True)
class Picks:
    """Videos chosen within one class, in order of rank.

    Attributes
    ----------
    index : ndarray of int64, shape (n,)
        Row numbers within the class.
    community : ndarray of int64, shape (n,)
        Community, cluster or EF bin of each pick; -1 where the method has none.
    score : ndarray of float64, shape (n,)
        What the method ranked by; nan where it has nothing.
    """

    index: NDArray[np.int64]
    community: NDArray[np.int64]
    score: NDArray[np.float64]


@dataclass(frozen=True)
class ClassPool:
    """The candidates of one class, sorted by file name.

    Attributes
    ----------
    vectors : ndarray, shape (n, D)
        Those that the selector asked for; D = 0 where it asked for none.
    ef : ndarray of float64, shape (n,)
        Points; zeros where the selector did not ask for it.
    seed : int
        Of the selection, for libraries that want a number.
    graph : ClassGraph or None
        Graph, communities and centrality of these candidates, where the selector asked for it.
    """

    vectors: NDArray[np.floating]
    ef: NDArray[np.float64]
    seed: int = 0
    graph: ClassGraph | None = None

    def __len__(self) -> int:
        return len(self.vectors)


@dataclass(frozen=True)
class AllClasses:
    """The candidates of all classes, sorted by file name.

    Attributes
    ----------
    file_names, classes : ndarray of str, shape (N,)
    vectors : ndarray, shape (N, D)
    ef : ndarray of float64, shape (N,)
        As in :class:`ClassPool`.
    judge : callable or None
        Of the selector.
    """

    file_names: NDArray[np.str_]
    classes: NDArray[np.str_]
    vectors: NDArray[np.floating]
    ef: NDArray[np.float64]
    judge: Judge | None = None


class Screen(Protocol):
    """Which candidates of all classes a selector may choose from."""

    def __call__(self, pool: AllClasses, *, budget: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """True (N,) for those that stay; ``rng`` depends on the seed alone."""


class Choose(Protocol):
    """What a selector is: ``budget`` candidates of one class, at most as many as there are."""

    def __call__(self, pool: ClassPool, *, budget: int, rng: np.random.Generator) -> Picks:
        """The picks; ``rng`` depends on the seed and the class alone."""


@dataclass(frozen=True, kw_only=True)
class Selector(Entry):
    """One selector.

    Attributes
    ----------
    marker : str
        Its mark in figures, so that colour is never the only sign.
    on : tuple of str
        Representations whose vectors it is given; several are put side by side, none is for selectors that
        look at no vector.
    graph, ef, draws, needs_judge : bool
        Whether it selects on a graph, uses the EF within a class, draws at random (a new set for every seed),
        and needs a judge, which no profile can name.
    summary : str
        What it does, in one line.
    choose : callable
        The function.
    screen : callable or None
        Applied to all classes before any graph is built.
    judge : callable or None
        Handed to the screen; see :func:`judged`.
    """

    marker: str = "o"
    on: tuple[str, ...] = ()
    graph: bool = False
    ef: bool = False
    draws: bool = False
    needs_judge: bool = False
    summary: str = ""
    choose: Choose = field(repr=False)
    screen: Screen | None = field(default=None, repr=False)
    judge: Judge | None = field(default=None, repr=False)

    @property
    def feature(self) -> str:
        """Its representations as one word, such as ``motion`` or ``motion+appearance``; empty for none."""
        return "+".join(self.on)


class Selectors(Registry[Selector]):
    """Selectors by name, those that a name derives from a representation included; only registered ones are
    listed.
    """

    _filled = False

    def _fill(self) -> None:
        if not self._filled:
            self._filled = True  # before the import, which asks again
            for module in BUILT_IN:
                import_module(module)

    def __getitem__(self, name: str) -> Selector:
        self._fill()
        return self._derived(name) or super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._fill()
        return super().__contains__(name) or self._derived(str(name)) is not None

    def __iter__(self) -> Iterator[str]:
        self._fill()
        return super().__iter__()

    def __len__(self) -> int:
        self._fill()
        return super().__len__()

    def _derived(self, name: str) -> Selector | None:
        """The selector ``<selector>_<representation>``; None if the name is registered or no such pair."""
        if name in self._entries:
            return None
        for other, entry in REPRESENTATIONS.items():
            base = self._entries.get(name.removesuffix(f"_{other}"))
            if name.endswith(f"_{other}") and base is not None and base.on and base.on != (other,):
                label, summary = f"{base.label} on {entry.label}", f"{base.summary}, on {entry.label}"
                changes = {"name": name, "label": label, "summary": summary, "colour": entry.colour}
                return replace(base, on=(other,), **changes)  # type: ignore[arg-type]  # names of fields
        return None


SELECTORS = Selectors("selection method")
"""Every selector that :func:`infomotion_lib.selection.selectors.select` knows; the first four are the
paper's."""


def judged(method: str, *, judge: Judge) -> Selector:
    """The selector ``method`` with a judge of its sets, to be given to
    :func:`infomotion_lib.selection.selectors.select` as the method.
    """
    return replace(SELECTORS[method], judge=judge)


def selector(
    name: str,
    *,
    label: str,
    on: str | tuple[str, ...] = (),
    needs: str = "",
    colour: str = "#666666",
    marker: str = "o",
    summary: str = "",
    screen: Screen | None = None,
) -> Callable[[Choose], Choose]:
    """Decorator that registers a function as the selector ``name``.

    Parameters
    ----------
    name, label, colour, marker, summary : str
        See :class:`Selector`.
    on : str or tuple of str
        Representations.
    needs : str
        Blank-separated words out of ``graph``, ``ef``, ``draws`` and ``judge``.
    screen : callable, optional
        See :class:`Selector`.
    """
    asked = set(needs.split())
    if unknown := asked - {"graph", "ef", "draws", "judge"}:
        raise ValueError(f"selector {name} needs {', '.join(unknown)}: known are graph, ef, draws, judge")

    def register(choose: Choose) -> Choose:
        SELECTORS.add(
            Selector(
                name=name,
                label=label,
                colour=colour,
                marker=marker,
                on=(on,) if isinstance(on, str) else on,
                graph="graph" in asked,
                ef="ef" in asked,
                draws="draws" in asked,
                needs_judge="judge" in asked,
                summary=summary,
                choose=choose,
                screen=screen,
            )
        )
        return choose

    return register
