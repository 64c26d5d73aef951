"""Vectors of one EF class become a graph, the graph communities, and the communities a few chosen videos.

:func:`build_graph` and :class:`Recipe` name three ways to make a graph, :func:`find_communities` runs
Infomap, :func:`modular_centrality` scores the nodes, :func:`select` chooses videos by any of eight methods,
:func:`run_selection` does all of it for a run. No torch anywhere.
"""

from infomotion_lib.selection.baselines import joint_features
from infomotion_lib.selection.candidates import Candidates, FeatureTable, find_candidates, read_features
from infomotion_lib.selection.centrality import (
    ghalmane_centrality,
    map_equation_centrality,
    modular_centrality,
)
from infomotion_lib.selection.communities import Communities, find_communities
from infomotion_lib.selection.graph import Graph, Recipe, build_graph, default_k
from infomotion_lib.selection.health import partition_health
from infomotion_lib.selection.modular import ClassGraph, allocate, build_class_graphs
from infomotion_lib.selection.selectors import METHODS, Selection, select
from infomotion_lib.selection.stage import SelectionTables, run_selection
from infomotion_lib.selection.sweep import sweep_settings

__all__ = [
    "METHODS",
    "Candidates",
    "ClassGraph",
    "Communities",
    "FeatureTable",
    "Graph",
    "Recipe",
    "Selection",
    "SelectionTables",
    "allocate",
    "build_class_graphs",
    "build_graph",
    "default_k",
    "find_candidates",
    "find_communities",
    "ghalmane_centrality",
    "joint_features",
    "map_equation_centrality",
    "modular_centrality",
    "partition_health",
    "read_features",
    "run_selection",
    "select",
    "sweep_settings",
]
