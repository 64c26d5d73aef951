"""Commands about selections: write one as a data set, publish all by name and hash."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infomotion_lib.run.commands.options import Profile, RunsDir

if TYPE_CHECKING:
    import pandas as pd

    from infomotion_lib.data.records import Dataset
    from infomotion_lib.parameters import StageParameters
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
    used = _used(paths, profile)
    require_permission(used.sources[source], _root(used, source, paths))
    labels = index[index["source"] == source].set_index("file_name")["ef"]
    settings = {"source": source, "method": method, "videos per class": vpc, "selection seed": seed}
    settings |= {"graph": picks["graph"].iloc[0] or "none", "profile": paths.profile}
    folder = export_distilled(
        picks, _dataset(used, paths, source), folder=out, labels=labels, settings=settings
    )
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
    used = _used(paths, profile)
    for source, name in used.sources.items():
        require_permission(name, _root(used, source, paths))
    tables = [
        published_selection(selections, _dataset(used, paths, source), source=source)
        for source in selections["source"].unique()
    ]
    path = write_csv(pd.concat(tables, ignore_index=True), MANIFESTS / "selections" / f"{paths.profile}.csv")
    typer.echo(f"{sum(len(table) for table in tables)} picks: {path}")


def _finished(profile: str, runs_dir: str) -> tuple[RunPaths, pd.DataFrame, pd.DataFrame]:
    """Folders, selections and frame index of a run whose stage 03 has finished."""
    import pandas as pd

    from infomotion_lib.frame_table import read_frame_index
    from infomotion_lib.parameters import paths_of
    from infomotion_lib.provenance import read_run_card

    paths = paths_of(profile, runs_dir)
    read_run_card(paths.stage("graph_selection"))
    selections = pd.read_csv(paths.selections, keep_default_na=False, dtype={"file_name": str})
    return paths, selections, read_frame_index(paths.frame_index)


def _used(paths: RunPaths, profile: str) -> StageParameters:
    """What every stage takes, as the selection of the run took it; the real data where the profile has it."""
    from infomotion_lib.parameters import StageParameters, read_profile
    from infomotion_lib.provenance import read_run_card
    from infomotion_lib.run.here import with_whole_paths

    used = read_run_card(paths.stage("graph_selection"))["parameters"]
    here = with_whole_paths(read_profile(profile)).get("data_root", "")
    taken = {name: used[name] for name in StageParameters.model_fields if name in used}
    return StageParameters.model_validate(taken | {"data_root": here})


def _root(used: StageParameters, source: str, paths: RunPaths) -> Path | None:
    """Folder of an author's own data set, where its terms stand; None for all others."""
    from infomotion_lib.data.sources import SOURCES

    entry = SOURCES[used.sources[source]]
    return entry.root(data_dir=paths.data, data_root=used.data_root) if entry.owned else None


def _dataset(used: StageParameters, paths: RunPaths, source: str) -> Dataset:
    from infomotion_lib.data.videos import open_sources

    return open_sources(used, paths)[source]
