"""What the study compares: configurations of the selectors, and arms that change one thing in the pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

WHOLE = "whole"
FEATURES = ("motion", "appearance", "joint")
RECIPES = ("knn", "softmax_inverse", "literal")
GRAPH_METHODS: Mapping[str, str] = MappingProxyType(
    {"motion": "infomotion", "appearance": "infodist", "joint": "infomotion"}
)
"""Selection by communities is one algorithm; on motion vectors it is called InfoMotion, on appearance vectors
InfoDist.
"""


@dataclass(frozen=True)
class Configuration:
    """One way to select: a method, the vectors it is given, the recipe of its graph; empty where it needs
    none.
    """

    method: str
    feature: str = ""
    graph: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Method, feature and graph: the columns that name a configuration in every table."""
        return self.method, self.feature, self.graph


RANDOM = Configuration("random")
CORE = (
    RANDOM,
    Configuration("kmeans", "appearance"),
    Configuration("infodist", "appearance", "knn"),
    Configuration("infomotion", "motion", "knn"),
    Configuration("herding_ef", "joint"),
)
"""The paper's four methods, each on the vectors the paper gives it, and kernel herding: trained first,
confirmed always.
"""

CONFIGURATIONS = (
    *CORE,
    Configuration("ef_stratified"),
    *(
        Configuration(method, feature)
        for method in ("kmeans", "kcenter", "facility_location")
        for feature in FEATURES
        if (method, feature) != ("kmeans", "appearance")
    ),
    *(
        Configuration(GRAPH_METHODS[feature], feature, recipe)
        for feature in FEATURES
        for recipe in RECIPES
        if (feature, recipe) not in (("motion", "knn"), ("appearance", "knn"))
    ),
)
"""All of them. A graph method is listed once per feature and recipe: given equal vectors, InfoMotion and
InfoDist choose equal videos.
"""


@dataclass(frozen=True)
class Arm:
    """The pools as they are, or changed in one respect.

    Attributes
    ----------
    meaning : str
        What is different, in a few words for a table.
    configurations : tuple of Configuration
        What is compared in it.
    small : bool
        Smallest number of videos per class only, and no whole set.
    mislabelled : float
        Share of TRAIN videos whose EF label is moved to a neighbouring class.
    standard_machines : bool
        All scanner styles are the standard one, in TRAIN and TEST.
    plain_pictures : bool
        Every nuisance of the picture (gain, blur, shadow, dropouts ...) stands at the middle of its range
        too.
    ifa_width : int
        F of the IFA network; 0 for the profile's.
    equal_steps : bool
        The whole set is trained too, for as many steps as the selected sets: then its lead is that of its
        videos alone. The pools are as they are.
    """

    meaning: str
    configurations: tuple[Configuration, ...] = CORE
    small: bool = True
    mislabelled: float = 0.0
    standard_machines: bool = False
    plain_pictures: bool = False
    ifa_width: int = 0
    equal_steps: bool = False

    @property
    def whole(self) -> bool:
        """Whether the whole set is trained."""
        return self.equal_steps or not self.small


MAIN, EQUAL_STEPS = "main", "equal_steps"
ARMS: Mapping[str, Arm] = MappingProxyType(
    {
        MAIN: Arm("the phantom as it is", CONFIGURATIONS, small=False),
        "label_noise": Arm(
            "8 % of the TRAIN videos carry the label of a neighbouring class", mislabelled=0.08
        ),
        "standard_machines": Arm("one machine style only", standard_machines=True),
        "plain_pictures": Arm(
            "one machine style, and no nuisance of the picture", standard_machines=True, plain_pictures=True
        ),
        "wide_ifa": Arm("motion vectors of a network twice as wide (F = 16)", ifa_width=16),
        EQUAL_STEPS: Arm("whole and selected sets trained for equal steps", equal_steps=True),
    }
)
"""What would have to be true for the paper's order? Each of :data:`WORLDS` makes one answer true. Pools of
one number share their hearts' EF and motion in all arms but for what the arm changes."""

WORLDS = tuple(name for name, arm in ARMS.items() if name != MAIN and not arm.equal_steps)
"""Arms that change the pools or the vectors: each asks what would make the paper's order true."""
