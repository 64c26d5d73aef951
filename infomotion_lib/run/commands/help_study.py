"""The command of the registered study: when does motion-based selection help?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infomotion_lib.errors import ParameterError
from infomotion_lib.run.commands.options import Part, share_of, with_arithmetic


def study_help(
    context: typer.Context,
    gate: Annotated[
        bool, typer.Option("--gate", help="Run stage 0: the headroom of each world, by an oracle.")
    ] = False,
    stage_1: Annotated[
        bool, typer.Option("--stage1", help="Run stage 1: every arm in the worlds that entered.")
    ] = False,
    pilot: Annotated[
        bool, typer.Option("--pilot", help="Both stages with tiny settings and pilot seeds, in minutes.")
    ] = False,
    part: Part = "",
    publish: Annotated[
        bool, typer.Option("--publish", help="Write the rows made so far to book/results and run nothing.")
    ] = False,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Begin no network after so many minutes; the same call goes on."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the rows; the same call resumes.")] = Path(
        "runs/studies/help"
    ),
    workers: Annotated[int, typer.Option(min=1, help="Processes of one thread each.")] = 2,
) -> None:
    """When does motion-based selection help? The study as it was registered, and its rows so far."""
    from infomotion_lib.studies.help.gate import run_gate
    from infomotion_lib.studies.help.pilot import pilot_registration
    from infomotion_lib.studies.help.published import publish_rows, take_up
    from infomotion_lib.studies.help.registration import registration
    from infomotion_lib.studies.help.said import about, so_far
    from infomotion_lib.studies.help.stage_1 import run_stage_1

    folder, share = out / "pilot" if pilot else out, share_of(part)
    registered = pilot_registration(folder) if pilot else registration()
    for line in about(registered):
        typer.echo(line)
    if publish:
        if pilot:
            raise ParameterError("A pilot is not published.", remedy="Leave --pilot out.")
        typer.echo(f"Published: {', '.join(map(str, publish_rows(folder, registered)))}")
        return
    if gate or stage_1 or pilot:
        with_arithmetic(context, registered.content["parameters"]["arithmetic"], say=typer.echo)
        # parts leave it to the first call, which does the whole: they must not all add the same rows
        if not pilot and share is None and (taken := take_up(folder, registered)):
            typer.echo(f"{taken} published rows are taken up.")
    if gate or pilot:
        run_gate(folder, own=registered, workers=workers, minutes=minutes, share=share, say=typer.echo)
    if stage_1 or pilot:
        run_stage_1(
            folder, registered=registered, workers=workers, minutes=minutes, share=share, say=typer.echo
        )
    for line in so_far(folder, registered):
        typer.echo(line)
