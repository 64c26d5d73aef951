"""Commands about data: draw, check, fetch, import, describe, label."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from infomotion_lib.errors import ParameterError, did_you_mean
from infomotion_lib.run.commands.options import Limit, Overrides, Profile, parse_overrides

data = typer.Typer(help="Check, fetch and describe data sets.", no_args_is_help=True, rich_markup_mode=None)


def phantom(
    out: Annotated[Path, typer.Option(help="Folder to fill; it must not hold another data set.")],
    train_per_class: Annotated[int, typer.Option(min=1, help="TRAIN videos of each EF class.")] = 60,
    val_per_class: Annotated[int, typer.Option(min=1, help="VAL videos of each EF class.")] = 10,
    test_counts: Annotated[
        str, typer.Option(help="TEST videos of the five classes, severe to hyperdynamic.")
    ] = "24,24,32,96,24",
    frames: Annotated[int, typer.Option(min=16, help="Frames a video.")] = 64,
    level: Annotated[
        float, typer.Option(min=0, max=1, help="Nuisance: 0 the easy phantom, 1 the extreme one.")
    ] = 0.4,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal videos.")] = 0,
    role: Annotated[
        str, typer.Option(help="real (traced) or synthetic (requested EF, no tracings).")
    ] = "real",
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Draw phantom hearts in EchoNet-Dynamic's layout: EF, ED and ES exact by construction."""
    from infomotion_lib.data.check import check_dataset
    from infomotion_lib.files import FILE_LIST
    from infomotion_lib.phantom.dataset import make_dataset
    from infomotion_lib.phantom.nuisance import check_role
    from infomotion_lib.phantom.plan import PhantomRequest, video_counts

    if role not in ("real", "synthetic"):
        raise ParameterError(f"Unknown role: {role}", remedy="It is real or synthetic.")
    counts = test_counts.replace(" ", "").split(",")
    if len(counts) != 5 or not all(count.isdigit() and int(count) > 0 for count in counts):
        raise ParameterError(f"Not five counts: {test_counts}", remedy="Write them as 24,24,32,96,24.")
    if (out / FILE_LIST).exists():
        raise ParameterError(
            f"The folder holds a data set already: {out}", remedy="Choose another folder, or remove that one."
        )
    numbers = tuple(int(count) for count in counts)
    request = PhantomRequest(
        role=check_role(role),
        seed=seed,
        counts=video_counts(train_per_class, val_per_class, numbers),
        frames=frames,
        level=level,
    )
    make_dataset(out, request, workers=workers)
    typer.echo(str(check_dataset(out)))
    typer.echo(f"To use it: {_use(out, traced=role == 'real')}")


def _use(folder: Path, *, traced: bool) -> str:
    """A command that selects from a folder of drawn hearts, as it can be pasted into a shell."""
    words = ["infomotion", "distill", str(folder / "Videos")]
    words += ["--labels", str(folder / "FileList.csv"), "--vpc", "5"] if traced else ["--no-classes"]
    return shlex.join([*words, "--out", f"{folder}-distilled"])


def relabel(
    folder: Annotated[Path, typer.Argument(help="Data set folder, with FileList.csv and Videos/.")],
    weights: Annotated[
        Path, typer.Option(help="labeller.safetensors of a run, or a published EF checkpoint.")
    ],
    out: Annotated[Path, typer.Option(help="Table to write: file_name, requested_ef, ef.")] = Path(
        "labels.csv"
    ),
    profile: Profile = "paper",
    parameter: Overrides = None,
    limit: Limit = None,
    reference_fps: Annotated[
        float, typer.Option(min=1, help="Frame rate of the videos the regressor was trained on.")
    ] = 50.0,
) -> None:
    """EF of every video of a folder by a regressor that exists already, the requested EF beside it, and how
    the two agree.
    """
    from infomotion_lib.parameters import stage_parameters
    from infomotion_lib.regressor.labels import agreement_with_request
    from infomotion_lib.regressor.parameters import LabelsParameters
    from infomotion_lib.run.labels import relabel_folder
    from infomotion_lib.run.prepare import resolve

    values = resolve(profile, overrides=parse_overrides(parameter or []), limit=limit)
    parameters = LabelsParameters.model_validate(stage_parameters("labels", values).model_dump())
    labels = relabel_folder(folder, weights, out, parameters=parameters, reference_fps=reference_fps)
    typer.echo(
        f"{len(labels)} videos labelled, EF {labels['ef'].min():.1f} to {labels['ef'].max():.1f}: {out}"
    )
    for _, row in agreement_with_request(labels).iterrows():
        typer.echo(
            f"Against the requested EF ({row['n']} videos): mean difference {row['bias']:+.1f}, mean error"
            f" {row['mae']:.1f} points, R2 {row['r2']:.2f}, same class {row['same_class_percent']:.0f} %"
        )


@data.command("check")
def data_check(
    folder: Annotated[Path, typer.Argument(help="Folder with FileList.csv and Videos/.")],
    layout: Annotated[str, typer.Option(help="auto, echonet-dynamic or echonet-synthetic.")] = "auto",
    strict: Annotated[bool, typer.Option("--strict", help="Faults of single videos stop too.")] = False,
    listing: Annotated[
        bool, typer.Option("--list", help="Name every video with a fault, not only the first.")
    ] = False,
    profile: Annotated[
        str,
        typer.Option(
            "--profile",
            "-P",
            help="Profile whose stages shall run on it; default: paper for EchoNet folders, else own.",
        ),
    ] = "",
    parameter: Overrides = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Decode every frame, not only those of a thousand videos.")
    ] = False,
) -> None:
    """What a data set folder holds, what cannot be used or looks wrong, what each stage will do with it; ends
    with 1 where a stage of the profile that was asked for cannot run.
    """
    from infomotion_lib.run.check import check_for_run

    report = check_for_run(
        folder,
        layout=layout,
        profile=profile,
        overrides=parse_overrides(parameter or []),
        strict=strict,
        thorough=thorough,
    )
    typer.echo(str(report))
    if listing and (named := report.listing()):
        typer.echo(named)
    if not report.ready:
        raise typer.Exit(1)


@data.command("fetch")
def data_fetch(
    name: Annotated[
        str,
        typer.Argument(
            help="A data set that anybody may download, such as echodiffusion; another name lists them."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder to fill; default: echodiffusion/, or where real data lies.")
    ] = None,
    mirror: Annotated[
        Path | None,
        typer.Option(help="Local folder to read instead of the network.", envvar="INFOMOTION_MIRROR"),
    ] = None,
    ef_label: Annotated[str, typer.Option(help="Of echodiffusion: relabelled or requested.")] = "relabelled",
    split_seed: Annotated[
        int, typer.Option(min=0, help="Of echodiffusion: seed of the stratified split.")
    ] = 0,
    keep_archive: Annotated[
        bool, typer.Option("--keep-archive", help="Of echonet-synthetic: keep the archive after unpacking.")
    ] = False,
    patients: Annotated[
        int, typer.Option(min=0, help="Of camus: first so many patients of each split; 0: all.")
    ] = 0,
) -> None:
    """Download a public data set at its pinned revision, check size and hashes, unpack or convert it.
    Resumable.
    """
    from infomotion_lib.data.check import check_dataset
    from infomotion_lib.data.fetch_options import FetchOptions
    from infomotion_lib.data.sources import SOURCES
    from infomotion_lib.paths import data_root
    from infomotion_lib.registry import imported

    source = SOURCES.get(name)
    if source and source.fetched_by:
        options = FetchOptions(
            mirror=mirror,
            ef_label=ef_label,
            split_seed=split_seed,
            keep_archive=keep_archive,
            patients=patients,
        )
        home = data_root() / source.folder if source.folder and not out else Path(name)
        folder = imported(source.fetched_by)(out or home, options)
    elif source and source.access:
        raise ParameterError(
            f"Cannot fetch {name}: each reader accepts its agreement and downloads it in person.",
            where=f"Ask for access: {source.access}",
            remedy=(
                "Unpack it, set INFOMOTION_DATA to the folder above, then: infomotion data check"
                f" $INFOMOTION_DATA/{source.folder}"
            ),
        )
    else:
        offered = {entry.name: entry.offer for entry in SOURCES.values() if entry.fetched_by}
        known = did_you_mean(name, offered)
        raise ParameterError(
            f"Cannot fetch {name}.",
            where="; ".join(f"{entry}: {offer}" for entry, offer in offered.items()),
            remedy=f"{known} `infomotion data describe NAME` says how others are made.",
        )
    typer.echo(str(check_dataset(folder)))


@data.command("import-dicom")
def data_import_dicom(
    folder: Annotated[Path, typer.Argument(help="Folder with ultrasound DICOM files, at any depth.")],
    out: Annotated[Path, typer.Option(help="Folder for Videos/*.avi, imported.csv and import_report.csv.")],
    crop: Annotated[
        bool, typer.Option("--crop", help="Keep only the region of tissue that the header names.")
    ] = False,
    mask: Annotated[
        list[str] | None,
        typer.Option(help="Box to black out, repeatable: first column,row,last column,row, as 0,0,120,30."),
    ] = None,
    sector: Annotated[
        bool, typer.Option("--sector", help="Keep only a square around what moves, black outside it.")
    ] = False,
    keep_names: Annotated[
        bool,
        typer.Option("--keep-names", help="Also write names.csv: which file each video came from. Private."),
    ] = False,
) -> None:
    """Grey videos from ultrasound cines in DICOM, at their own size and rate; patient data are not written.
    Resumable.
    """
    from infomotion_lib.data.dicom_import import (
        IMPORTED,
        NAMES,
        REPORT,
        ImportRequest,
        import_folder,
        in_words,
        parse_mask,
    )

    request = ImportRequest(
        crop=crop,
        masks=tuple(parse_mask(box) for box in mask or []),
        sector=sector,
        keep_names=keep_names,
    )
    summary = import_folder(folder, out, request)
    typer.echo(f"{len(summary.report)} files: {in_words(summary.report)}")
    typer.echo(f"{len(summary.imported)} videos are listed in {out / IMPORTED}")
    typer.echo(f"Each file and what became of it: {out / REPORT}")
    if keep_names:
        typer.echo(
            f"{out / NAMES} says which file each is: keep it private, file names may hold a patient's."
        )
    if remarked := int((summary.imported["remark"] != "").sum()):
        typer.echo(f"{remarked} of them have a remark there, on the frame rate, a region or a mask.")
    if summary.burnt_in:
        typer.echo(f"{summary.burnt_in} headers say that text is burnt into the pictures.")
    typer.echo(
        "Look at the first frames: what is burnt into a picture stays there unless --mask, --crop or --sector"
        " takes it."
    )


@data.command("describe")
def data_describe(
    name: Annotated[
        str,
        typer.Argument(
            help="A data set, such as phantom or echonet-dynamic, a pool, such as latte, or the folder of"
            " your own videos."
        ),
    ],
    called: Annotated[
        str | None, typer.Option("--name", help='Of your own: what they are called, as "Clinic A, 2024".')
    ] = None,
    frames: Annotated[
        str | None,
        typer.Option(
            help="Of your own: who may see frames, me (in a book that I build) or anyone (a published one)."
        ),
    ] = None,
    pass_on: Annotated[
        bool | None,
        typer.Option("--pass-on/--no-pass-on", help="Of your own: may they be passed on?"),
    ] = None,
    licence: Annotated[str | None, typer.Option(help="Of your own: under which terms.")] = None,
    cite: Annotated[str | None, typer.Option(help="Of your own: how to cite them.")] = None,
) -> None:
    """What a data set is, its licence, and what may be done with it. Of a folder of your own videos, it asks
    (or takes from the options) what they are called and what may be done with them, and keeps that beside
    them: every figure, page, card and export follows it.
    """
    from infomotion_lib.data.manifests import describe, manifest_names
    from infomotion_lib.data.own.description import OWN
    from infomotion_lib.data.sources import SOURCES
    from infomotion_lib.run.commands.answers import answered

    answers = {"name": called, "frames": frames, "copies": pass_on, "licence": licence, "citation": cite}
    given = {key: answer for key, answer in answers.items() if answer is not None}
    folder = Path(name).expanduser()
    known = name in manifest_names() or name in SOURCES
    if folder.is_dir() and (given or not known):
        typer.echo(f"Kept in {answered(folder, given)}")
        typer.echo(describe(OWN, folder))
    elif given:
        raise ParameterError(
            f"{name} is no folder, and only your own videos can be described.",
            remedy="Give the folder of your videos.",
        )
    else:
        typer.echo(describe(name))
