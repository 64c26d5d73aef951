"""Commands about selections: write one as a data set, publish all by name and hash, evaluate them on other
splits or by other weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infomotion_lib.run.commands.options import Profile, RunsDir, with_arithmetic

if TYPE_CHECKING:
    import pandas as pd

    from infomotion_lib.data.records import Dataset
    from infomotion_lib.paths import RunPaths


def export_distilled(
    out: Annotated[Path, typer.Option(help="New folder for the chosen clips.")],
    profile: Profile = "phantom",
    runs_dir: RunsDir = "",
    source: Annotated[str, typer.Option(help="real, synthetic or open.")] = "real",
    method: Annotated[str, typer.Option(help="Selector, such as infomotion.")] = "infomotion",
    vpc: Annotated[int, typer.Option(min=1, help="Videos per class.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Selection seed.")] = 0,
) -> None:
    """Write one selection as a data set in EchoNet's layout, with a card and a Croissant manifest; refused
    where copies are forbidden.
    """
    from infomotion_lib.selection.export import Cell, export_distilled, require_permission

    paths, selections, index = _finished(profile, runs_dir)
    picks = Cell(source, method, vpc, seed).rows(selections)
    require_permission(_sources(paths)[source])
    labels = index[index["source"] == source].set_index("file_name")["ef"]
    settings = {"source": source, "method": method, "videos per class": vpc, "selection seed": seed}
    settings |= {"graph": picks["graph"].iloc[0] or "none", "profile": paths.profile}
    folder = export_distilled(picks, _dataset(paths, source), folder=out, labels=labels, settings=settings)
    typer.echo(f"{len(picks)} videos, their labels, a card and a manifest: {folder}")


def publish_selections(profile: Profile = "phantom", runs_dir: RunsDir = "") -> None:
    """Write names and hashes of all selections of a run to data_manifests/selections/; refused where copies
    are forbidden.
    """
    import pandas as pd

    from infomotion_lib.paths import MANIFESTS
    from infomotion_lib.provenance import write_csv
    from infomotion_lib.selection.export import published_selection, require_permission

    paths, selections, _ = _finished(profile, runs_dir)
    for name in _sources(paths).values():
        require_permission(name)
    tables = [
        published_selection(selections, _dataset(paths, source), source=source)
        for source in selections["source"].unique()
    ]
    path = write_csv(pd.concat(tables, ignore_index=True), MANIFESTS / "selections" / f"{paths.profile}.csv")
    typer.echo(f"{sum(len(table) for table in tables)} picks: {path}")


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
    draws: Annotated[int, typer.Option(min=1, help="Random selections a split.")] = 2,
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
    teachers = networks or paths_of("phantom", runs_dir).stage("ifa_training")
    for folder in (paths.stage("frame_index"), teachers):
        read_run_card(folder)
    used = stage_parameters("evaluation", read_profile("open"), overrides={"workers": workers})
    settings = SplitSettings(splits=splits, seeds=seeds, draws=draws)
    parameters = EvaluationParameters.model_validate(used.model_dump())
    with_arithmetic(context, parameters.arithmetic, say=typer.echo)
    known = paths.stage("evaluation") / "controls.csv"
    controls = pd.read_csv(known) if known.is_file() else None
    summary = run_open_splits(
        open_clips(paths, teachers), out, parameters=parameters, settings=settings, controls=controls
    )
    typer.echo(summary[summary["metric"] == "hard_accuracy"].round(2).to_string(index=False))


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


def _finished(profile: str, runs_dir: str) -> tuple[RunPaths, pd.DataFrame, pd.DataFrame]:
    """Folders, selections and frame index of a run whose stage 03 has finished."""
    import pandas as pd

    from infomotion_lib.frame_table import read_frame_index
    from infomotion_lib.parameters import paths_of
    from infomotion_lib.provenance import read_run_card

    paths = paths_of(profile, runs_dir)
    read_run_card(paths.stage("graph_selection"))
    selections = pd.read_csv(
        paths.stage("graph_selection") / "selections.csv", keep_default_na=False, dtype={"file_name": str}
    )
    return paths, selections, read_frame_index(paths.stage("frame_index") / "frame_index.csv")


def _sources(paths: RunPaths) -> dict[str, str]:
    """Data set of each source of the run."""
    from infomotion_lib.parameters import StageParameters
    from infomotion_lib.provenance import read_run_card

    used = read_run_card(paths.stage("graph_selection"))["parameters"]
    return StageParameters.model_validate(
        {name: used[name] for name in ("real_data", "synthetic_data")}
    ).sources


def _dataset(paths: RunPaths, source: str) -> Dataset:
    from infomotion_lib.data.records import open_source

    return open_source(_sources(paths)[source], data_dir=paths.data)
