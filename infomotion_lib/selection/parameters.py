"""Parameters of graphs and selectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from infomotion_lib.parameter_types import Count, Distinct
from infomotion_lib.registry import known
from infomotion_lib.representations.parameters import RepresentationChoice
from infomotion_lib.selection.registry import SELECTORS

if TYPE_CHECKING:
    Method = str
else:
    Method = known(SELECTORS)

Graph = Literal["literal", "softmax_inverse", "knn"]


class SelectionParameters(RepresentationChoice):
    """Stage 03: one graph per class, communities, centrality, selections."""

    methods: Annotated[tuple[Method, ...], Distinct] = Field(
        ("random", "kmeans", "infodist", "infomotion"), min_length=1, description="selectors to run"
    )
    graphs: Annotated[tuple[Graph, ...], Distinct] = Field(
        ("knn", "softmax_inverse", "literal"), min_length=1, description="graph recipes to report"
    )
    selection_graph: Graph = Field("knn", description="recipe that InfoMotion and InfoDist select with")
    judged_graphs: Annotated[tuple[Graph, ...], Distinct] = Field(
        (), description="recipes that select as well, so that claims are judged for each"
    )
    knn_k: int = Field(
        0, ge=0, description="neighbours per node; 0: a tenth of the class, at least 4, at most 20"
    )
    softmax_scale: float = Field(1.0, gt=0, description="factor on distances before softmax(1/d)")
    softmax_cut: Literal["threshold", "row_median"] = Field(
        "threshold", description="drop weights under a threshold or their row's median"
    )
    softmax_threshold: float = Field(1e-3, ge=0, description="that threshold (authors' earlier code)")
    markov_time: float = Field(1.0, gt=0, description="Infomap's resolution; below 1 gives more communities")
    infomap_trials: int = Field(
        0, ge=0, description="Infomap trials, best kept; 0: 100 or more by size (authors' earlier code: 5)"
    )
    centrality: Literal["map_equation", "ghalmane"] = Field("map_equation", description="modular centrality")
    health_resamples: int = Field(
        5, ge=0, description="other seeds, bootstraps and shuffled controls of each graph; 0: none"
    )
    vpc: Annotated[tuple[Count, ...], Distinct] = Field(
        (5, 10), min_length=1, description="videos per class (paper: 5 and 10)"
    )
    n_runs: Count = Field(5, description="runs per cell; run r selects and trains with seed r")

    @model_validator(mode="after")
    def _have_vectors(self) -> SelectionParameters:
        for method in self.methods:
            if SELECTORS[method].needs_judge:
                raise ValueError(f"the selector {method} needs a judge, a function: call it from Python")
            if missing := [name for name in SELECTORS[method].on if name not in self.representations]:
                raise ValueError(
                    f"the selector {method} looks at {missing[0]} vectors: put {missing[0]} into"
                    f" representations, or take {method} out of methods"
                )
        return self
