"""What every stage takes, and the profiles (``notebooks/params/*.yml``) that set the parameters of all.

Each room owns its parameters in its ``parameters.py``; the stage table says whose a stage takes. One name
means one thing in all stages. Each field says what it is and where its default comes from; the same names
stand in the ``parameters`` cell of the stage's notebook (a test compares the two).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from infomotion_lib.arithmetic import Arithmetic
from infomotion_lib.classes import Classes
from infomotion_lib.errors import ParameterError, did_you_mean
from infomotion_lib.parameter_types import LocatedFolder, PathText
from infomotion_lib.paths import PARAMS, RunPaths, is_file_name, require_own, run_paths
from infomotion_lib.registry import imported, known
from infomotion_lib.stage_table import TABLE, notebook_stages, stages_of

_SOURCES = "infomotion_lib.data.sources:SOURCES"

if TYPE_CHECKING:
    RealData = str
    SyntheticData = str
else:
    RealData = known(_SOURCES, only=lambda source: source.plays != "synthetic")
    SyntheticData = known(_SOURCES, only=lambda source: source.plays == "synthetic", besides=("none",))


class StageParameters(BaseModel):
    """What every stage takes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    of_entries: ClassVar[frozenset[str]] = frozenset()
    """Names that registered entries brought: a notebook's parameters cell need not list them."""

    profile: str = Field(
        "smoke",
        pattern=r"^[^./\\\x00-\x1f][^/\\\x00-\x1f]*$",
        max_length=100,
        description="name of the profile; results go to runs_dir/profile",
    )
    runs_dir: PathText = Field(
        "runs", description="folder of all runs, under the project root unless absolute"
    )
    real_data: RealData = Field("phantom", description="data set that plays the real source")
    synthetic_data: SyntheticData = Field(
        "phantom-synthetic", description="data set that plays the synthetic source"
    )
    data_root: LocatedFolder = Field("", description="folder of the real data sets; empty: $INFOMOTION_DATA")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="where networks run; auto: GPU if there is one"
    )
    workers: int = Field(
        2, ge=1, le=1024, description="processes or threads; 2 cores is the reference machine"
    )
    stages_at_once: int = Field(
        1,
        ge=1,
        le=64,
        description="stages side by side on one machine, where none waits for another (not on a cluster)",
    )
    arithmetic: Arithmetic = Field(
        "portable", description="portable: held to AVX2 and two threads; native: the machine's own"
    )
    limit: int = Field(0, ge=0, description="use the first N videos of each class and split; 0: all")
    allow_losses: bool = Field(False, description="go on if more than a quarter of the videos cannot be used")

    def require_machine(self) -> None:
        """Nothing, if this machine can do what the parameters ask of it; rooms add theirs.

        Raises
        ------
        ParameterError
            Naming what is not there.
        """

    @property
    def sources(self) -> dict[str, str]:
        """Data set of each source of this run: ``real`` and perhaps ``synthetic``, or ``open`` alone for the
        published clips.
        """
        plays = imported(_SOURCES)[self.real_data].plays
        alone = plays == "open" or self.synthetic_data == "none"
        return {plays: self.real_data} | ({} if alone else {"synthetic": self.synthetic_data})


class ClassParameters(StageParameters):
    """What the stages take that put videos into classes."""

    classes: Classes = Field(
        "ef", description="ef: select within EF classes; none: from all videos at once, no EF needed"
    )


def classes_of(parameters: StageParameters) -> Classes:
    """How a stage puts videos into classes: by EF, where it does not say."""
    return parameters.classes if isinstance(parameters, ClassParameters) else "ef"


@cache
def composed(base: type[StageParameters], models: tuple[type[StageParameters], ...]) -> type[StageParameters]:
    """``base`` with the fields of some more models, such as those of registered entries, in their order."""
    names = {name for model in models for name in model.model_fields} - set(base.model_fields)
    made = create_model(base.__name__, __doc__=base.__doc__, __base__=(*reversed(models), base))
    made.of_entries = frozenset(names)
    return made


class _Models(Mapping[str, type[StageParameters]]):
    """Models by name, each imported, or composed, when it is asked for."""

    def __init__(self, references: Callable[[], Mapping[str, str]]) -> None:
        self._references = references

    def __getitem__(self, name: str) -> type[StageParameters]:
        reference, _, word = self._references()[name].rstrip(")").partition("(")
        model = imported(reference)
        if isinstance(model, type):
            return model
        return model(word) if word else model()

    def __iter__(self) -> Iterator[str]:
        return iter(self._references())

    def __len__(self) -> int:
        return len(self._references())


STAGES: Mapping[str, type[StageParameters]] = _Models(
    lambda: {stage.name: stage.parameters for stage in TABLE.values()}
)
"""Stages in the order that data walks through them."""

STUDIES: Mapping[str, type[StageParameters]] = _Models(
    lambda: {"evidence": "infomotion_lib.studies.selectors.parameters:EvidenceParameters"}
)
"""Studies beside the stages; a profile may set their values too."""


def stage_name(word: str) -> str:
    """Name of a stage given as ``"03"``, ``"3"``, ``"graph_selection"`` or ``"03_graph_selection.ipynb"``.

    Raises
    ------
    ParameterError
        If there is no such stage.

    >>> stage_name("3"), stage_name("01_frame_index"), stage_name("data")
    ('graph_selection', 'frame_index', 'data')
    """
    spellings = {name: name for name in STAGES}
    for number, name in notebook_stages().items():
        spellings |= {number: name, number.lstrip("0"): name}
        spellings |= {TABLE[name].notebook: name} if TABLE[name].notebook else {}
    spellings |= {stage.folder: stage.name for stage in TABLE.values()}
    try:
        return spellings[word if word in spellings else Path(word).name.removesuffix(".ipynb")]
    except KeyError:
        raise ParameterError(
            f"Unknown stage: {word}", remedy=did_you_mean(word, [*STAGES, *notebook_stages(), "all"])
        ) from None


def stages_called(word: str, values: Mapping[str, Any]) -> list[str]:
    """Names of the stages that a word means in a profile's run: ``"05"`` means the pools of its generators.

    Raises
    ------
    ParameterError
        If there is no such stage.
    """
    name = stage_name(word)
    shared = TABLE[name].notebook
    if not shared or word in (name, TABLE[name].folder):
        return [name]
    return [stage for stage in stages_of_run(values) if TABLE[stage].notebook == shared]


def stages_of_run(values: Mapping[str, Any]) -> list[str]:
    """Names of the stages of a profile's run, in their order: of the pools, those of its generators."""
    return stages_of(stage_parameters("ablation", values).model_dump()["generators"])


def known_names() -> set[str]:
    """Every parameter name that some stage or study knows."""
    return {name for model in (*STAGES.values(), *STUDIES.values()) for name in model.model_fields}


def profile_names() -> list[str]:
    """Names of the profiles that ship with the project."""
    return sorted(path.stem for path in PARAMS.glob("*.yml"))


def read_profile(profile: str) -> dict[str, Any]:
    """Values that a profile sets, by parameter name; ``profile`` itself is the file's name unless it is
    among them.

    Parameters
    ----------
    profile : str
        Name of a file in ``notebooks/params``, or the path of a ``.yml`` file.

    Raises
    ------
    ParameterError
        If there is no such profile, or it sets a name that no stage knows.
    """
    path = Path(profile) if is_file_name(profile) else PARAMS / f"{profile}.yml"
    if not path.is_file():
        raise ParameterError(
            f"Unknown profile: {profile}",
            where=f"Looked for: {path}",
            remedy=did_you_mean(profile, profile_names()),
        )
    form = "Write one parameter per line, such as vpc: [5, 10], as the profiles in notebooks/params do."
    try:
        values = yaml_value(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParameterError(f"{path} is not valid YAML: {error}", remedy=form) from None
    if not isinstance(values, dict):
        raise ParameterError(
            f"{path} must hold name: value lines, not a {type(values).__name__}.", remedy=form
        )
    _refuse_unknown(values, known_names(), where=f"In {path}")
    return {"profile": path.stem, **values}


def paths_of(profile: str, runs_dir: str = "") -> RunPaths:
    """Folders of a profile's run: under ``runs_dir``, or where the profile itself puts its runs if that is
    empty.

    Raises
    ------
    ParameterError
        If there is no such profile, one of its values is wrong, or the run is of another one of its name.
    """
    data = stage_parameters("data", read_profile(profile))
    return require_own(run_paths(data.profile, runs_dir or data.runs_dir), profile)


def yaml_value(text: str) -> Any:
    """What a YAML text says; ``1e-3`` is a number, as in YAML 1.2 and JSON.

    >>> yaml_value("[1e-3, 5, text]")
    [0.001, 5, 'text']
    """
    return yaml.load(text, _Loader)  # a safe loader


def stage_parameters(
    stage: str, values: Mapping[str, Any], *, overrides: Mapping[str, Any] | None = None
) -> StageParameters:
    """Validated parameters of one stage: its own names out of ``values``, then ``overrides``.

    Parameters
    ----------
    stage : str
        A key of :data:`STAGES` or :data:`STUDIES`.
    values : mapping
        A whole profile; names of other stages are left out.
    overrides : mapping, optional
        Must all be names of this stage.

    Raises
    ------
    ParameterError
        Naming the unknown, mistyped or out-of-range parameter and the nearest known one.
    """
    model = STAGES[stage] if stage in STAGES else STUDIES[stage]
    _refuse_unknown(values, known_names())
    _refuse_unknown(
        overrides or {}, model.model_fields, where=f"Looked among the parameters of stage {stage}."
    )
    used = {
        name: value for name, value in {**values, **(overrides or {})}.items() if name in model.model_fields
    }
    try:
        return model.model_validate(
            {name: tuple(value) if isinstance(value, list) else value for name, value in used.items()}
        )
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        if not first["loc"]:  # several parameters do not fit together
            raise ParameterError(f"Parameters of stage {stage} do not fit: {message}.") from None
        name = str(first["loc"][0])
        default = model.model_fields[name].default
        reason = message.replace("a valid tuple", "a list")
        if first["type"] == "missing":
            reason = f"It needs {len(default)} values"
        raise ParameterError(
            f"Parameter {name} = {used[name]!r} is not valid: {reason}.",
            remedy=f"{name}: {model.model_fields[name].description}. Default: {default!r}.",
        ) from None


def split_overrides(
    overrides: Mapping[str, Any], stages: Iterable[str] | None = None
) -> dict[str, dict[str, Any]]:
    """Overrides that each stage knows, by stage; a name may belong to several.

    Raises
    ------
    ParameterError
        If none of the stages knows a name.
    """
    models = {stage: STAGES[stage] for stage in (stages or STAGES)}
    _refuse_unknown(overrides, {name for model in models.values() for name in model.model_fields})
    return {
        stage: {name: value for name, value in overrides.items() if name in model.model_fields}
        for stage, model in models.items()
    }


class _Loader(yaml.SafeLoader):
    pass


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def _refuse_unknown(values: Mapping[str, Any], known: Collection[str], *, where: str = "") -> None:
    for name in values:
        if name not in known:
            others = [stage for stage, model in STAGES.items() if name in model.model_fields]
            remedy = f"It belongs to {', '.join(others)}; stages that follow read it there." if others else ""
            raise ParameterError(
                f"Unknown parameter: {name}", where=where, remedy=remedy or did_you_mean(str(name), known)
            )
