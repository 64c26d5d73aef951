"""The ``infomotion`` command. Every foreseen error ends with one message on stderr and exit code 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from infomotion_lib.errors import InfoMotionError, ParameterError

app = typer.Typer(
    name="infomotion",
    help="InfoMotion as a living paper: distil echocardiography videos by motion, graphs and communities.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Check, fetch and describe data sets.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data_app, name="data")

Profile = Annotated[str, typer.Option("--profile", "-P", help="Profile: a name in notebooks/params, or the path of a .yml file.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", help="name=value; may be given several times.", metavar="NAME=VALUE")
]
RunsDir = Annotated[str, typer.Option(help="Folder of all runs.")]
WithinWorkflow = Annotated[bool, typer.Option("--within-workflow", hidden=True)]
Limit = Annotated[int | None, typer.Option(help="Use the first N videos of each class and split.", min=0)]


@app.command()
def run(
    stage: Annotated[str, typer.Argument(help="all, data, labels, or a notebook: 03, graph_selection, 03_graph_selection.")],
    profile: Profile = "phantom",
    parameter: Overrides = None,
    limit: Limit = None,
    cluster: Annotated[str, typer.Option(help="With all: folder under cluster/, or another, that says how stages become jobs.")] = "",
    book: Annotated[bool, typer.Option("--book", help="With all: render the book too.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for another run of this profile instead of refusing.")] = False,
    within_workflow: WithinWorkflow = False,
) -> None:
    """Run one stage, or all stages that are not up to date."""
    overrides = parse_overrides(parameter or [])
    if stage == "all":
        from infomotion_lib.workflow import run_all

        paths = run_all(profile, overrides=overrides, limit=limit, cluster=cluster, book=book, wait=wait, say=_say)
        _say(f"All stages of {paths.profile} are up to date: {paths.root}")
        return
    from infomotion_lib.runner import run_stage

    with _speaker(within_workflow) as say:
        run_stage(stage, profile, overrides=overrides, limit=limit, lock=not within_workflow, wait=wait, say=say)


@app.command()
def report(profile: Profile = "phantom", runs_dir: RunsDir = "runs") -> None:
    """Table 1 of a finished run, how long its stages took, where the book is."""
    from infomotion_lib.parameters import STAGES, read_profile
    from infomotion_lib.paths import BOOK, run_paths
    from infomotion_lib.reporting.summary import summary

    index = BOOK / "_build" / "html" / "index.html"
    paths = run_paths(read_profile(profile)["profile"], runs_dir)
    typer.echo(summary(paths, list(STAGES), book=index if index.is_file() else None))


@app.command()
def book(
    profile: Annotated[str, typer.Option("--profile", "-P", help="Whose notebooks to show; default: the first frozen one.")] = "",
    results: Annotated[Path | None, typer.Option(help="Folder of its stages; default: its run, else its frozen results.")] = None,
    within_workflow: WithinWorkflow = False,
) -> None:
    """Render the book; without a profile, from the frozen results alone."""
    from infomotion_lib.reporting.book.render import build
    from infomotion_lib.workflow import BOOK_SHOWS

    with _speaker(within_workflow) as say:
        rendered = build(profile, results)
        BOOK_SHOWS.write_text(str(results or ""), encoding="utf-8")
        for note in rendered.notes:
            say(note)
        say(f"The book: {rendered.index}")


@app.command()
def freeze(profile: Profile = "phantom", runs_dir: RunsDir = "runs") -> None:
    """Copy a finished run's tables, figures and executed notebooks to book/results, as far as its data may be shown."""
    from infomotion_lib.reporting.freeze import freeze as freeze_run

    typer.echo(repr(freeze_run(profile, runs_dir=runs_dir)))


@app.command()
def phantom(
    out: Annotated[Path, typer.Option(help="Folder to fill; it must not hold another data set.")],
    train_per_class: Annotated[int, typer.Option(min=1, help="TRAIN videos of each EF class.")] = 60,
    val_per_class: Annotated[int, typer.Option(min=1, help="VAL videos of each EF class.")] = 10,
    test_counts: Annotated[str, typer.Option(help="TEST videos of the five classes, severe to hyperdynamic.")] = "24,24,32,96,24",
    frames: Annotated[int, typer.Option(min=16, help="Frames a video.")] = 64,
    level: Annotated[float, typer.Option(min=0, max=1, help="Nuisance: 0 the easy phantom, 1 the extreme one.")] = 0.4,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal videos.")] = 0,
    role: Annotated[str, typer.Option(help="real (traced) or synthetic (requested EF, no tracings).")] = "real",
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Draw phantom hearts in EchoNet-Dynamic's layout: EF, ED and ES exact by construction."""
    from infomotion_lib.data.check import check_dataset
    from infomotion_lib.data.phantom import make_dataset

    if role not in ("real", "synthetic"):
        raise ParameterError(f"Unknown role: {role}", remedy="It is real or synthetic.")
    counts = test_counts.replace(" ", "").split(",")
    if len(counts) != 5 or not all(count.isdigit() and int(count) > 0 for count in counts):
        raise ParameterError(f"Not five counts: {test_counts}", remedy="Write them as 24,24,32,96,24.")
    if (out / "FileList.csv").exists():
        raise ParameterError(f"The folder holds a data set already: {out}", remedy="Choose another folder, or remove that one.")
    numbers = tuple(int(count) for count in counts)
    sizes = {"train_per_class": train_per_class, "val_per_class": val_per_class, "frames": frames}
    make_dataset(out, test_counts=numbers, level=level, seed=seed, role=role, workers=workers, **sizes)  # type: ignore[arg-type]
    typer.echo(str(check_dataset(out)))


@app.command()
def relabel(
    folder: Annotated[Path, typer.Argument(help="Data set folder, with FileList.csv and Videos/.")],
    weights: Annotated[Path, typer.Option(help="labeller.safetensors of a run, or a published EF checkpoint.")],
    out: Annotated[Path, typer.Option(help="Table to write: file_name, requested_ef, ef.")] = Path("labels.csv"),
    profile: Profile = "paper",
    parameter: Overrides = None,
    limit: Limit = None,
    reference_fps: Annotated[float, typer.Option(min=1, help="Frame rate of the videos the regressor was trained on.")] = 50.0,
) -> None:
    """EF of every video of a folder, by a regressor that exists already."""
    from infomotion_lib.parameters import LabelsParameters, stage_parameters
    from infomotion_lib.stages.labels import relabel_folder
    from infomotion_lib.workflow import resolve

    values = resolve(profile, overrides=parse_overrides(parameter or []), limit=limit)
    parameters = LabelsParameters.model_validate(stage_parameters("labels", values).model_dump())
    labels = relabel_folder(folder, weights, out, parameters=parameters, reference_fps=reference_fps)
    typer.echo(f"{len(labels)} videos labelled, EF {labels['ef'].min():.1f} to {labels['ef'].max():.1f}: {out}")


@data_app.command("check")
def data_check(
    folder: Annotated[Path, typer.Argument(help="Folder with FileList.csv and Videos/.")],
    layout: Annotated[str, typer.Option(help="auto, echonet-dynamic or echonet-synthetic.")] = "auto",
    strict: Annotated[bool, typer.Option("--strict", help="Faults of single videos stop too.")] = False,
) -> None:
    """What a data set folder holds, what cannot be used and why, class counts by split."""
    from infomotion_lib.data.check import check_dataset

    typer.echo(str(check_dataset(folder, layout, strict=strict)))


@data_app.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(help="echodiffusion: 100 published clips (MIT).")],
    out: Annotated[Path, typer.Option(help="Folder to fill.")],
    mirror: Annotated[Path | None, typer.Option(help="Local folder to read instead of the network.", envvar="INFOMOTION_MIRROR")] = None,
    ef_label: Annotated[str, typer.Option(help="relabelled or requested.")] = "relabelled",
    split_seed: Annotated[int, typer.Option(min=0, help="Seed of the stratified split.")] = 0,
) -> None:
    """Download the open clips, check their hashes, convert them to EchoNet-Dynamic's layout. Resumable."""
    from infomotion_lib.data.check import check_dataset
    from infomotion_lib.data.echodiffusion import fetch

    if name != "echodiffusion":
        raise ParameterError(
            f"Cannot fetch {name}", remedy="Only echodiffusion is fetched; `infomotion data describe NAME` says how to get the others."
        )
    fetch(out, mirror=mirror, ef_label=ef_label, split_seed=split_seed)  # type: ignore[arg-type]  # fetch refuses an unknown label
    typer.echo(str(check_dataset(out)))


@data_app.command("describe")
def data_describe(name: Annotated[str, typer.Argument(help="phantom, echodiffusion, echonet-dynamic, echonet-synthetic, latte.")]) -> None:
    """What a data set is, its licence, and what may be done with it."""
    from infomotion_lib.data.manifests import describe

    typer.echo(describe(name))


def parse_overrides(pairs: list[str]) -> dict[str, Any]:
    """Values by name from ``name=value`` words; each value is read as YAML, so ``5``, ``true``, ``[5, 10]`` and ``text`` all work.

    Raises
    ------
    ParameterError
        If a word has no ``=``, a name comes twice, or a value is not YAML.

    >>> parse_overrides(["vpc=[5, 10]", "ifa_refine=true"])
    {'vpc': [5, 10], 'ifa_refine': True}
    """
    import yaml

    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise ParameterError(f"Not a parameter: {pair}", remedy="Write it as name=value, such as -p vpc=[5].")
        if name in values:
            raise ParameterError(f"Parameter {name} is given twice.", remedy="Give it once.")
        try:
            values[name] = yaml.safe_load(text) if text else ""
        except yaml.YAMLError:
            raise ParameterError(
                f"The value of {name} cannot be read: {text}", remedy="Write numbers, true, false, text or [a, b]."
            ) from None
    return values


@contextmanager
def _speaker(within_workflow: bool) -> Iterator[Callable[[str], None]]:
    """What takes lines for the reader; inside a workflow they are marked, errors too, since the engine swallows the rest."""
    if not within_workflow:
        yield _say
        return
    try:
        yield _say_in_workflow
    except InfoMotionError as error:
        _say_in_workflow(_message(error))
        raise typer.Exit(error.exit_code) from None


def _say(line: str) -> None:
    typer.echo(line)


def _say_in_workflow(text: str) -> None:
    from infomotion_lib.workflow import MARK

    for line in text.splitlines():
        print(f"{MARK}{line}", flush=True)


def _message(error: InfoMotionError) -> str:
    return f"Error: {error}"


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command line; what the ``infomotion`` script calls."""
    try:
        result = app(args=arguments, standalone_mode=False, prog_name="infomotion")
        return int(result or 0)
    except InfoMotionError as error:
        typer.echo(_message(error), err=True)
        return error.exit_code
    except typer.Abort:
        typer.echo("Stopped. Give the same command again to go on from here.", err=True)
        return 130
    except Exception as error:
        if hasattr(error, "show") and hasattr(error, "exit_code"):  # click's own usage errors
            error.show()
            return int(error.exit_code)
        if isinstance(error, OSError) and error.errno is not None:
            name = f": {error.filename}" if error.filename else ""
            typer.echo(f"Error: {os.strerror(error.errno)}{name}\nFree space or change permissions, then run it again.", err=True)
            return 2
        raise


if __name__ == "__main__":
    sys.exit(main())
