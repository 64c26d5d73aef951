"""Commands about weights: make published ones plain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def convert_checkpoint(
    source: Annotated[
        Path, typer.Argument(help="Published EF checkpoint, such as r2plus1d_18_32_2_pretrained.pt.")
    ],
    out: Annotated[Path, typer.Option(help="New .safetensors file.")],
    frames: Annotated[int, typer.Option(min=1, help="Frames of its clips.")] = 32,
    period: Annotated[int, typer.Option(min=1, help="Video frames between two of them.")] = 2,
    size: Annotated[int, typer.Option(min=16, help="Their side, pixels.")] = 112,
) -> None:
    """One plain file with the weights of a published EF checkpoint and what it was made from; it labels
    pools.
    """
    from infomotion_lib.regressor.convert import convert_checkpoint as convert

    made = convert(
        source, out, clip={"clip_frames": frames, "clip_period": period, "clip_size": size, "test_clips": 1}
    )
    typer.echo(f"{made.network} from {source} (sha256 {made.source_sha256})")
    typer.echo(f"{made.path}: sha256 {made.sha256}")
