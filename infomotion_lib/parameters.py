"""Typed parameters of every stage, and the profiles (``notebooks/params/*.yml``) that set them.

One name means one thing in all stages. Each field says what it is and where its default comes from; the same
names stand in the ``parameters`` cell of the stage's notebook (a test compares the two).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infomotion_lib.arithmetic import Arithmetic
from infomotion_lib.errors import ParameterError, did_you_mean
from infomotion_lib.paths import PARAMS, RunPaths, run_paths
from infomotion_lib.stage_table import NOTEBOOK_STAGES

Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]
Method = Literal[
    "random",
    "kmeans",
    "infodist",
    "infomotion",
    "kcenter",
    "facility_location",
    "ef_stratified",
    "herding_ef",
]
Graph = Literal["literal", "softmax_inverse", "knn"]
RealData = Literal["phantom", "echodiffusion", "echonet-dynamic"]
SyntheticData = Literal["none", "phantom-synthetic", "echonet-synthetic"]


class StageParameters(BaseModel):
    """What every stage takes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    profile: str = Field(
        "smoke",
        pattern=r"^[^./\\][^/\\]*$",
        description="name of the profile; results go to runs_dir/profile",
    )
    runs_dir: str = Field("runs", description="folder of all runs, under the project root unless absolute")
    real_data: RealData = Field("phantom", description="data set that plays the real source")
    synthetic_data: SyntheticData = Field(
        "phantom-synthetic", description="data set that plays the synthetic source"
    )
    data_root: str = Field("", description="folder of the real data sets; empty: $INFOMOTION_DATA")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="where networks run; auto: GPU if there is one"
    )
    workers: Count = Field(2, description="processes or threads; 2 cores is the reference machine")
    arithmetic: Arithmetic = Field(
        "portable", description="portable: held to AVX2 and two threads; native: the machine's own"
    )
    limit: int = Field(0, ge=0, description="use the first N videos of each class and split; 0: all")

    @property
    def sources(self) -> dict[str, str]:
        """Data set of each source of this run: ``real`` and perhaps ``synthetic``, or ``open`` alone for the
        published clips.
        """
        if self.real_data == "echodiffusion":
            return {"open": self.real_data}
        return {"real": self.real_data} | (
            {} if self.synthetic_data == "none" else {"synthetic": self.synthetic_data}
        )


class DataParameters(StageParameters):
    """Data stage: make the phantom pools, fetch the open clips, or check the real folders."""

    phantom_train_per_class: Count = Field(
        60, description="TRAIN videos a class (facts: a study's pool size)"
    )
    phantom_val_per_class: Count = Field(10, description="VAL videos a class")
    phantom_test_counts: tuple[Count, Count, Count, Count, Count] = Field(
        (24, 24, 32, 96, 24), description="TEST videos of each class, a clinical mix"
    )
    phantom_frames: int = Field(64, ge=16, description="frames a video, at phantom_fps")
    phantom_fps: float = Field(50.0, gt=0, description="frames a second (EchoNet-Dynamic's usual rate)")
    phantom_size: int = Field(112, ge=28, description="side of a frame, pixels")
    nuisance_level: float = Field(
        0.4, ge=0, le=1, description="0 the easy phantom, 1 the extreme one; 0.4 leaves selection room"
    )
    machine_shares: tuple[float, float, float, float, float] = Field(
        (0.52, 0.20, 0.13, 0.09, 0.06), description="shares of the five machine styles"
    )
    requested_ef_error: float = Field(
        6.0, ge=0, description="sd of delivered minus requested EF, synthetic pool, points"
    )
    phantom_seed: Seed = Field(0, description="seed of the real pool; the synthetic pool uses the next one")
    ef_label: Literal["relabelled", "requested"] = Field("relabelled", description="label of the open clips")
    open_split_seed: Seed = Field(0, description="seed of the open clips' stratified split")


class LabelsParameters(StageParameters):
    """Labels stage: EF of the synthetic pool by a regressor trained on real TRAIN."""

    regressor: Literal["mini_r3d", "r3d_18", "r2plus1d_18"] = Field(
        "mini_r3d", description="network of the EF regressor"
    )
    regressor_weights: str = Field(
        "", description="published checkpoint to start from or to label with; empty: none"
    )
    clip_frames: Count = Field(12, description="frames a clip (EchoNet: 32)")
    clip_period: Count = Field(4, description="frames from one clip frame to the next (EchoNet: 2)")
    clip_size: int = Field(28, ge=16, description="side of a clip, pixels (EchoNet: 112)")
    clip_shift: float = Field(
        0.107, ge=0, lt=0.5, description="random shift in training, share of the side (EchoNet: 12 of 112 px)"
    )
    test_clips: Count = Field(
        3, description="clips of a test video whose predictions are averaged (EchoNet: one, or all)"
    )
    batch_size: Count = Field(8, description="clips a step (EchoNet: 20)")
    optimiser: Literal["adamw", "sgd"] = Field(
        "adamw", description="of the regressor; sgd has momentum 0.9 (EchoNet)"
    )
    learning_rate: float = Field(3e-3, gt=0, description="peak of the cosine schedule")
    weight_decay: float = Field(1e-4, ge=0, description="weight decay of the regressor (EchoNet: 1e-4)")
    steps_whole: Count = Field(1200, description="training steps on a whole set (400 underfit)")
    labeller_seed: Seed = Field(100, description="training seed of the relabelling regressor")


class FrameIndexParameters(StageParameters):
    """Stage 01: the ED, ES and middle frames of every video."""

    phase_rule: Literal["area", "temporal"] = Field(
        "area", description="area: by traced LV area; temporal: authors' loader"
    )
    diastole_fraction: Share = Field(
        2 / 3, description="share of diastole in the cycle (paper: systole is a third)"
    )
    next_es: Literal["rule", "detect"] = Field(
        "rule", description="next ES by the paper's fraction rule or by the detector"
    )
    residual_gate: float = Field(
        0.40, gt=0, description="largest flow-compensated residual of a trusted clip"
    )


class IfaParameters(StageParameters):
    """Stage 02: train the inter-frame-attention network, extract motion and appearance vectors."""

    ifa_width: Literal[4, 8, 16, 32] = Field(
        8, description="F of EMA-VFI: 32 base (paper), 16 small, 8 for CPUs"
    )
    ifa_depths: tuple[Count, ...] = Field((2, 2, 2, 2, 2), description="blocks a scale; base (2, 2, 2, 4, 4)")
    ifa_weights: str = Field("", description="published or earlier weights to start from; empty: random")
    ifa_steps: int = Field(600, ge=0, description="training steps; 0: extract with the given weights")
    ifa_batch_size: Count = Field(8, description="triplets a step (authors' code: 8)")
    ifa_learning_rate: float = Field(1e-3, gt=0, description="peak; 2e-4 at full size (EMA-VFI)")
    ifa_warmup_steps: int = Field(50, ge=0, description="linear warm-up; 2000 at full size")
    ifa_loss: Literal["infomotion", "ema_vfi"] = Field(
        "infomotion", description="MSE + lambda Laplacian, or the published form"
    )
    ifa_lambda: float = Field(0.5, ge=0, description="weight of the Laplacian term (EMA-VFI's 0.5)")
    ifa_refine: bool = Field(
        False, description="train the refinement U-Net too; false: loss on the warps alone"
    )
    ifa_flips: bool = Field(True, description="random flips and rotations of the published augmentation")
    ifa_seed: Seed = Field(0, description="seed of weights, batches and augmentation")
    ifa_precision: Literal["32-true", "bf16-mixed", "auto"] = Field(
        "32-true",
        description="Lightning Fabric precision; auto: bf16-mixed where the processor has its instructions",
    )
    pooling: Literal["mean", "grid", "flow"] = Field(
        "mean", description="motion map to vector; mean is the paper's"
    )
    appearance_steps: int = Field(150, ge=0, description="training steps of the frame ResNet-18")
    appearance_size: int = Field(64, ge=32, description="side of its input frame, pixels")


class SelectionParameters(StageParameters):
    """Stage 03: one graph a class, communities, centrality, selections."""

    methods: tuple[Method, ...] = Field(
        ("random", "kmeans", "infodist", "infomotion"), description="selectors to run"
    )
    graphs: tuple[Graph, ...] = Field(
        ("knn", "softmax_inverse", "literal"), description="graph recipes to report"
    )
    selection_graph: Graph = Field("knn", description="recipe that InfoMotion and InfoDist select with")
    knn_k: int = Field(
        0, ge=0, description="neighbours a node; 0: a tenth of the class, at least 4, at most 20"
    )
    softmax_scale: float = Field(1.0, gt=0, description="factor on distances before softmax(1/d)")
    softmax_cut: Literal["threshold", "row_median"] = Field(
        "threshold", description="drop weights under a threshold or their row's median"
    )
    softmax_threshold: float = Field(1e-3, ge=0, description="that threshold (authors' earlier code)")
    markov_time: float = Field(1.0, gt=0, description="Infomap's resolution; below 1 gives more communities")
    infomap_trials: Count = Field(10, description="Infomap trials, best kept (authors' earlier code: 5)")
    centrality: Literal["map_equation", "ghalmane"] = Field("map_equation", description="modular centrality")
    health_resamples: int = Field(
        5, ge=0, description="other seeds, bootstraps and shuffled controls of each graph; 0: none"
    )
    vpc: tuple[Count, ...] = Field((5, 10), min_length=1, description="videos per class (paper: 5 and 10)")
    n_runs: Count = Field(5, description="runs a cell; run r has selection_seed = training_seed = r")


class EvaluationParameters(LabelsParameters):
    """Stage 04: train the EF regressor on every selection, test it on real TEST."""

    methods: tuple[Method, ...] = Field(
        ("random", "kmeans", "infodist", "infomotion"), description="selectors to evaluate"
    )
    vpc: tuple[Count, ...] = Field((5, 10), min_length=1, description="videos per class (paper: 5 and 10)")
    n_runs: Count = Field(5, description="runs a cell; run r has selection_seed = training_seed = r")
    checkpoint: Literal["last", "val"] = Field(
        "last", description="weights to test: the last step's, or those with the least VAL error"
    )
    steps_selected: Count = Field(300, description="training steps on a selected set (400 no better)")
    soft_tolerance: float = Field(
        1.0, ge=0, description="EF points outside the true class still soft-correct"
    )
    bootstrap_samples: Count = Field(2000, description="resamples of each 95 % interval")


class EvidenceParameters(
    DataParameters, FrameIndexParameters, IfaParameters, SelectionParameters, EvaluationParameters
):
    """Study of all selectors over many phantom pools (`infomotion study selectors`); stages do not read its
    own values.
    """

    study_pools: Count = Field(12, description="independent pools; pool i is drawn with seed study_seed + i")
    study_seed: Seed = Field(60_000, description="seed of the first pool, away from those of all profiles")
    study_render_size: int = Field(
        56, ge=28, description="side at which clips are drawn before they are reduced to clip_size, pixels"
    )
    study_random_draws: Count = Field(4, description="Random sets of each pool and budget")
    study_stratified_draws: Count = Field(2, description="EF-stratified sets of each pool and budget")
    study_training_seeds: Count = Field(2, description="networks trained on each selected set")
    study_whole_seeds: Count = Field(1, description="networks trained on each whole pool")


class LatteParameters(StageParameters):
    """Stage 05: train an autoencoder and a Latte, sample a pool, put two pools through one pipeline.

    Settings of phases, graphs and regressors are those of stages 01 to 04 of the same run.
    """

    latte_frames: int = Field(
        16, ge=8, le=64, description="frames a clip, in both pools (published Latte: 16)"
    )
    latte_fps: float = Field(
        12.5, gt=0, description="frames a second, in both pools; the phantom's regressor looks at this rate"
    )
    latte_side: int = Field(
        64,
        ge=16,
        multiple_of=16,
        description="side of the generated frames, pixels; latents have an eighth of it",
    )
    latte_windows: Count = Field(2, description="clips cut from each training video")
    latte_condition: Literal["label", "requested"] = Field(
        "label", description="EF that gives a training clip its class"
    )
    autoencoder: Literal["small", "full"] = Field(
        "small", description="size of the autoencoder; full: that of Stable Diffusion"
    )
    autoencoder_weights: str = Field(
        "", description="folder of published weights (diffusers); empty: train our own"
    )
    autoencoder_steps: int = Field(300, ge=0, description="training steps of the autoencoder")
    autoencoder_batch_size: Count = Field(16, description="frames a step")
    latte_size: Literal["cpu/2", "S/2", "B/2", "XL/2"] = Field(
        "cpu/2", description="size of the Latte; the last three are published"
    )
    latte_steps: int = Field(
        1000, ge=0, description="training steps of the Latte (published Latte: up to a million)"
    )
    latte_batch_size: Count = Field(8, description="clips a step (published Latte: 5 a GPU)")
    latte_learning_rate: float = Field(1e-3, gt=0, description="peak (published Latte: 1e-4, constant)")
    latte_seed: Seed = Field(0, description="seed of both trainings")
    pool_per_class: Count = Field(30, description="clips of each requested class in either pool")
    pool_seed: Seed = Field(0, description="seed of the sampled pool")
    pool_methods: tuple[Method, ...] = Field(
        ("random", "infomotion"), description="selectors to compare the pools by (paper: InfoMotion)"
    )
    steps_pool: Count = Field(
        600, description="training steps on a whole pool (half those of a pool of twice the size)"
    )
    guidance: float = Field(
        2.0,
        ge=1,
        le=20,
        description="classifier-free guidance; 1: the conditional model itself (published Latte: 7)",
    )
    sampling_steps: int = Field(
        25, ge=1, le=1000, description="denoising steps of a sample (published Latte: 250)"
    )
    fidelity_resamples: Count = Field(100, description="subsamples of each interval of a distance")
    inception_weights: str = Field(
        "", description="TorchScript Inception for FID; empty: our own encoders alone"
    )
    inception_sha256: str = Field("", description="its hash")
    i3d_weights: str = Field("", description="TorchScript I3D for FVD; empty: our own encoders alone")
    i3d_sha256: str = Field("", description="its hash")


STAGES: dict[str, type[StageParameters]] = {
    "data": DataParameters,
    "labels": LabelsParameters,
    "frame_index": FrameIndexParameters,
    "ifa_training": IfaParameters,
    "graph_selection": SelectionParameters,
    "evaluation": EvaluationParameters,
    "latte_ablation": LatteParameters,
}
"""Stages in the order that data walks through them."""

STUDIES: dict[str, type[StageParameters]] = {"evidence": EvidenceParameters}
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
    for number, name in NOTEBOOK_STAGES.items():
        spellings |= {number: name, number.lstrip("0"): name, f"{number}_{name}": name}
    try:
        return spellings[Path(word).name.removesuffix(".ipynb")]
    except KeyError:
        raise ParameterError(
            f"Unknown stage: {word}", remedy=did_you_mean(word, [*STAGES, *NOTEBOOK_STAGES, "all"])
        ) from None


def known_names() -> set[str]:
    """Every parameter name that some stage or study knows."""
    return {name for model in (*STAGES.values(), *STUDIES.values()) for name in model.model_fields}


def profile_names() -> list[str]:
    """Names of the profiles that ship with the project."""
    return sorted(path.stem for path in PARAMS.glob("*.yml"))


def read_profile(profile: str) -> dict[str, Any]:
    """Values that a profile sets, by parameter name; ``profile`` itself is the file's name unless the file
    says otherwise.

    Parameters
    ----------
    profile : str
        Name of a file in ``notebooks/params``, or the path of a ``.yml`` file.

    Raises
    ------
    ParameterError
        If there is no such profile, or it sets a name that no stage knows.
    """
    path = Path(profile) if profile.endswith((".yml", ".yaml")) else PARAMS / f"{profile}.yml"
    if not path.is_file():
        raise ParameterError(
            f"Unknown profile: {profile}",
            where=f"Looked for: {path}",
            remedy=did_you_mean(profile, profile_names()),
        )
    form = "Write a parameter a line, such as vpc: [5, 10]; the profiles in notebooks/params are examples."
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
        If there is no such profile, or one of its values is wrong.
    """
    own = stage_parameters("data", read_profile(profile))
    return run_paths(own.profile, runs_dir or own.runs_dir)


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
    model = (STAGES | STUDIES)[stage]
    _refuse_unknown(values, known_names())
    _refuse_unknown(
        overrides or {}, model.model_fields, where=f"Looked among the parameters of stage {stage}."
    )
    own = {
        name: value for name, value in {**values, **(overrides or {})}.items() if name in model.model_fields
    }
    try:
        return model.model_validate(
            {name: tuple(value) if isinstance(value, list) else value for name, value in own.items()}
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        default = model.model_fields[name].default
        reason = first["msg"].replace("a valid tuple", "a list")
        if first["type"] == "missing":
            reason = f"It needs {len(default)} values"
        raise ParameterError(
            f"Parameter {name} = {own[name]!r} is not valid: {reason}.",
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
            raise ParameterError(
                f"Unknown parameter: {name}", where=where, remedy=did_you_mean(str(name), known)
            )
