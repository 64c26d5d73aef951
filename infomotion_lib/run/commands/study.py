"""Commands of the studies; each goes on where an earlier call of it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infomotion_lib.errors import ParameterError
from infomotion_lib.run.commands.help_study import study_help
from infomotion_lib.run.commands.options import (
    Overrides,
    Part,
    Profile,
    RunsDir,
    parse_overrides,
    share_of,
    with_arithmetic,
)

study = typer.Typer(help="Longer studies; resumable.", no_args_is_help=True, rich_markup_mode=None)


@study.command("selectors")
def study_selectors(
    context: typer.Context,
    profile: Profile = "phantom-large",
    parameter: Overrides = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Begin no network after so many minutes; the same call goes on."),
    ] = None,
    pools: Annotated[
        int | None, typer.Option(min=1, help="Pools to finish, from the first; default: the profile's.")
    ] = None,
    arm: Annotated[
        str, typer.Option(help="main, or pools changed in one respect: label_noise, standard_machines ...")
    ] = "main",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes of one thread each; default: the profile's.")
    ] = None,
    part: Part = "",
    publish: Annotated[
        bool, typer.Option("--publish", help="Write the rows made so far to book/results and train nothing.")
    ] = False,
    runs_dir: RunsDir = "",
) -> None:
    """Every selector on many independent phantom pools, in slices; finished rows are kept, --publish puts
    them into the book.
    """
    from infomotion_lib.parameters import read_profile, stage_parameters
    from infomotion_lib.paths import require_own, run_paths
    from infomotion_lib.run.lock import only_run
    from infomotion_lib.studies.selectors.parameters import EvidenceParameters
    from infomotion_lib.studies.selectors.rows import publish as publish_rows
    from infomotion_lib.studies.selectors.study import run_study, tables_so_far

    values = read_profile(profile) | ({} if workers is None else {"workers": workers})
    chosen = stage_parameters("evidence", values, overrides=parse_overrides(parameter or []))
    parameters = EvidenceParameters.model_validate(chosen.model_dump())
    paths = require_own(run_paths(parameters.profile, runs_dir or parameters.runs_dir), profile)
    folder = paths.root / "evidence"
    if publish:
        tables = tables_so_far(folder, parameters)
        publish_rows(tables)
        typer.echo(f"Published: {tables!r}")
        return
    with_arithmetic(context, parameters.arithmetic, say=typer.echo)
    share = share_of(part)
    # commands that share a study hold each other off only where two would do one part
    held = paths if share is None else run_paths(share.name, folder / "parts")
    with only_run(held):
        tables = run_study(
            folder,
            parameters=parameters,
            arm=arm,
            pools=pools,
            minutes=minutes,
            share=share,
            say=typer.echo,
        )
    done = tables.finished
    typer.echo(
        f"{tables!r}; {int(done['complete'].sum())} pools complete. Publish them: infomotion study selectors"
        " --publish"
    )


@study.command("vectors")
def study_vectors(
    context: typer.Context,
    profile: Profile = "phantom-beyond",
    parameter: Overrides = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Begin no network after so many minutes; the same call goes on."),
    ] = None,
    pools: Annotated[
        int | None, typer.Option(min=1, help="Pools to finish, from the first; default: the profile's.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes of one thread each; default: the profile's.")
    ] = None,
    part: Part = "",
    publish: Annotated[
        bool, typer.Option("--publish", help="Write the rows made so far to book/results and train nothing.")
    ] = False,
    runs_dir: RunsDir = "",
    out: Annotated[Path, typer.Option(help="Folder for the rows; the same call resumes.")] = Path(
        "runs/studies/vectors"
    ),
) -> None:
    """InfoMotion's selector on every kind of vector that stage 02 of a run has fitted, beside Random on the
    same new phantom pools, in slices.
    """
    from infomotion_lib.parameters import paths_of, read_profile, stage_parameters
    from infomotion_lib.studies.selectors.parameters import EvidenceParameters
    from infomotion_lib.studies.selectors.rows import publish as publish_rows
    from infomotion_lib.studies.vectors import PUBLISHED, run_vector_study, vector_settings, vector_tables

    values = read_profile(profile) | ({} if workers is None else {"workers": workers})
    chosen = stage_parameters("evidence", values, overrides=parse_overrides(parameter or []))
    parameters = EvidenceParameters.model_validate(chosen.model_dump())
    stage02 = paths_of(profile, runs_dir).stage("ifa_training")
    if publish:
        tables = vector_tables(out, vector_settings(stage02, parameters))
        publish_rows(tables, PUBLISHED)
        typer.echo(f"Published: {tables!r}")
        return
    with_arithmetic(context, parameters.arithmetic, say=typer.echo)
    tables = run_vector_study(
        out,
        stage02=stage02,
        parameters=parameters,
        pools=pools,
        minutes=minutes,
        share=share_of(part),
        say=typer.echo,
    )
    done = tables.finished
    typer.echo(
        f"{tables!r}; {int(done['complete'].sum())} pools complete. Publish them: infomotion study vectors"
        " --publish"
    )


@study.command("open-splits")
def study_open_splits(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for rows and summary; the same call resumes.")] = Path(
        "runs/studies/open_splits"
    ),
    runs_dir: RunsDir = "",
    networks: Annotated[
        Path | None,
        typer.Option(
            help=(
                "Stage 02 whose networks make the vectors; default: that of the phantom run, which saw no"
                " open clip."
            )
        ),
    ] = None,
    splits: Annotated[int, typer.Option(min=2, help="Splits of the clips.")] = 5,
    seeds: Annotated[int, typer.Option(min=1, help="Training seeds of every selection.")] = 2,
    draws: Annotated[int, typer.Option(min=1, help="Random selections per split.")] = 2,
    workers: Annotated[int, typer.Option(min=1, help="Processes of one thread each.")] = 2,
) -> None:
    """The paper's four selectors on several splits of the open clips, in pairs with Random, beside the
    controls of the same splits.
    """
    import pandas as pd

    from infomotion_lib.evaluation.parameters import EvaluationParameters
    from infomotion_lib.parameters import paths_of, read_profile, stage_parameters
    from infomotion_lib.provenance import read_run_card
    from infomotion_lib.studies.open_splits import SplitSettings, open_clips, run_open_splits

    paths = paths_of("open", runs_dir)
    stage = networks or paths_of("phantom", runs_dir).stage("ifa_training")
    for folder in (paths.stage("frame_index"), stage):
        read_run_card(folder)
    used = stage_parameters("evaluation", read_profile("open"), overrides={"workers": workers})
    settings = SplitSettings(splits=splits, seeds=seeds, draws=draws)
    parameters = EvaluationParameters.model_validate(used.model_dump())
    with_arithmetic(context, parameters.arithmetic, say=typer.echo)
    known = paths.stage("evaluation") / "controls.csv"
    controls = pd.read_csv(known) if known.is_file() else None
    summary = run_open_splits(
        open_clips(paths, stage), out, parameters=parameters, settings=settings, controls=controls
    )
    typer.echo(summary[summary["metric"] == "hard_accuracy"].round(2).to_string(index=False))


@study.command("checkpoint")
def study_checkpoint(
    context: typer.Context,
    profile: Profile = "phantom",
    runs_dir: RunsDir = "",
    out: Annotated[Path, typer.Option(help="Folder for rows and summary; the same call resumes.")] = Path(
        "runs/studies/checkpoint"
    ),
    workers: Annotated[int, typer.Option(min=1, help="Processes of one thread each.")] = 2,
) -> None:
    """Table 1 of a finished run once more, tested with the weights of the least VAL error instead of the last
    ones, in pairs.
    """
    from infomotion_lib.parameters import paths_of
    from infomotion_lib.provenance import read_run_card
    from infomotion_lib.studies.checkpoint import run_checkpoint_study

    paths = paths_of(profile, runs_dir)
    used = read_run_card(paths.stage("evaluation"))["parameters"]
    # that of the run: in another arithmetic the networks would differ by more than the choice of their
    # weights
    with_arithmetic(context, used.get("arithmetic", "native"), say=typer.echo)
    summary = run_checkpoint_study(paths, out, workers=workers)
    typer.echo(summary[summary["metric"] == "hard_accuracy"].round(2).to_string(index=False))


@study.command("phases")
def study_phases(
    out: Annotated[Path, typer.Option(help="Folder for the tables.")] = Path("runs/studies/phases"),
    clips: Annotated[
        int, typer.Option(min=1, help="Phantom clips of each frame rate, EF class and rhythm.")
    ] = 6,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """How far are detected ED and ES from the exact ones? Detector, second vote, and both where they agree,
    beside shuffled frames.
    """
    from infomotion_lib.studies.phases import PhaseStudySettings, run_phase_study

    summary = run_phase_study(out, settings=PhaseStudySettings(clips=clips), workers=workers).summary
    typer.echo(summary[summary["by"] == "all"].drop(columns=["by", "value"]).round(1).to_string(index=False))


@study.command("cine")
def study_cine(
    out: Annotated[Path, typer.Option(help="Folder for the tables and pictures.")] = Path(
        "runs/studies/cine"
    ),
) -> None:
    """The four beats of one real heart, a cine published under MIT: the rule of a third against detection,
    beat by beat. Needs the extra `cine`.
    """
    from infomotion_lib.studies.cine import run_cine_study

    beats = run_cine_study(out).drop(columns=["es", "ed", "next_es", "rule_es"])
    typer.echo(beats.round(2).set_index(["voter", "beat"]).to_string())


study.command("help")(study_help)


@study.command("discovr")
def study_discovr(
    context: typer.Context,
    profile: Profile = "phantom-beyond",
    parameter: Overrides = None,
    runs_dir: RunsDir = "",
    out: Annotated[Path, typer.Option(help="Folder for rows and table; the same call resumes.")] = Path(
        "runs/studies/discovr"
    ),
    workers: Annotated[int, typer.Option(min=1, help="Processes of one thread each.")] = 1,
) -> None:
    """DISCOVR with another learning rate and with another EMA on the TRAIN videos of a run whose stage 01 has
    finished, judged on VAL: EF read, neighbours, collapse.
    """
    from infomotion_lib.parameters import paths_of, read_profile, stage_parameters
    from infomotion_lib.studies.discovr_sweep import run_discovr_sweep

    values = read_profile(profile)
    parameters = stage_parameters("ifa_training", values, overrides=parse_overrides(parameter or []))
    with_arithmetic(context, parameters.arithmetic, say=typer.echo)
    values |= parse_overrides(parameter or [])
    table = run_discovr_sweep(paths_of(profile, runs_dir), out, values=values, workers=workers)
    shown = ["setting", "ridge_r2", "knn_purity", "alarms", "cpu_seconds"]
    typer.echo(table[shown].to_string(index=False))


@study.command("privacy")
def study_privacy(
    context: typer.Context,
    profile: Profile = "phantom-beyond",
    parameter: Overrides = None,
    pools: Annotated[int, typer.Option(min=1, help="Independent phantoms.")] = 5,
    out: Annotated[Path, typer.Option(help="Folder for rows and tables; the same call resumes.")] = Path(
        "runs/studies/privacy"
    ),
    workers: Annotated[int, typer.Option(min=1, help="Processes of one thread each.")] = 2,
) -> None:
    """What the privacy filter catches of planted copies, and what it leaves out of hearts that nobody has
    copied, on new phantoms.
    """
    from infomotion_lib.parameters import read_profile, stage_parameters
    from infomotion_lib.studies.privacy import POOL_STAGE, run_privacy_study

    values = read_profile(profile) | parse_overrides(parameter or [])
    with_arithmetic(context, stage_parameters(POOL_STAGE, values).arithmetic, say=typer.echo)
    table = run_privacy_study(out, values=values, pools=pools, workers=workers)
    shown = table.groupby("kind", sort=False)[["auc", "caught"]].agg(["mean", "min", "max"])
    typer.echo(shown.round(2).to_string())


@study.command(
    "hardness", hidden=True, context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
)
def study_hardness() -> None:
    """Gone: the study of selectors has its numbers."""
    raise ParameterError(
        "There is no study of hardness any more: that of the selectors trains on the whole of each pool too.",
        remedy="Use `infomotion study selectors`; its page has the whole set by scanner style.",
    )
