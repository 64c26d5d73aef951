"""One training, begun in one process or in several, and taken up whatever their number was before.

Several processes of one machine are begun here by Fabric's own launcher, each a fresh interpreter (a fork
would inherit a used OpenMP or CUDA, which hangs or fails). Fabric begins none from a notebook's kernel, so
there a fresh process stands between. Those of several machines are begun by ``srun`` or ``torchrun`` around
``infomotion train``: see :func:`joined`.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from torch import distributed

from infomotion_lib.errors import InfoMotionError, ParameterError, StageError
from infomotion_lib.processes import die_with_parent
from infomotion_lib.progress import track
from infomotion_lib.training.placement import Placement
from infomotion_lib.training.team import Team, several

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from lightning_fabric.strategies.ddp import DDPStrategy
    from tqdm import tqdm


class Run(Protocol):
    """A training in progress.

    Attributes
    ----------
    label : str
        Of its progress bar.
    step, steps : int
        Done, and in all.
    batch : int
        Rows per step, of all processes together.
    keeps : bool
        Whether it writes a checkpoint after its last step; several processes have no other way to hand over
        what they learnt.
    """

    @property
    def step(self) -> int: ...

    @property
    def label(self) -> str: ...

    @property
    def steps(self) -> int: ...

    @property
    def batch(self) -> int: ...

    @property
    def keeps(self) -> bool: ...

    def saved(self) -> int:
        """Steps that the checkpoint of this very training has; nothing is changed."""

    def resume(self) -> None:
        """Put the network on its device, and take up the checkpoint if there is one."""

    def advance(self) -> float | None:
        """Do one step; its loss, where it is worth showing."""


R = TypeVar("R", bound=Run)


def trained(
    begin: Callable[[Team], R],
    placement: Placement,
    *,
    on_step: Callable[[int, float], None] | None = None,
) -> R:
    """A training at its end, in this process, whatever processes have done it.

    Parameters
    ----------
    begin : callable
        Makes the training for a team; several processes need it picklable, such as a ``partial`` of a class.
    placement : Placement
        Where it runs.
    on_step : callable, optional
        Called with step and loss after each step worth showing, where one process trains.

    Raises
    ------
    ParameterError
        If there are not so many devices, or they cannot share a batch.
    StageError
        If a process dies, or several machines are asked for and this process was not begun on them.
    """
    run = begin(Team.alone(placement))
    if placement.processes > 1:
        placement.require_devices()
        placement.require_shares(run.batch, name=f"batch of the {run.label}")
        if not run.keeps:
            raise ParameterError("Several processes need a place for a checkpoint.")
        if run.saved() < run.steps:
            _start(begin, placement)
    _to_the_end(run, shown=True, on_step=on_step)
    return run


def _to_the_end(run: Run, *, shown: bool, on_step: Callable[[int, float], None] | None = None) -> None:
    run.resume()
    bar: tqdm[int] | None = track(label=run.label, total=run.steps, unit="step") if shown else None
    if bar is not None:
        bar.update(run.step)
    while run.step < run.steps:
        loss = run.advance()
        if bar is not None:
            bar.update()
            if loss is not None:
                bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
        if loss is not None and on_step is not None:
            on_step(run.step, loss)
    if bar is not None:
        bar.close()


def _start(begin: Callable[[Team], Run], placement: Placement) -> None:
    if distributed.is_initialized():  # begun by srun or torchrun: the others wait for this
        distributed.broadcast_object_list([(begin, placement)], src=0)
        _in_a_group(begin, placement)
    elif placement.num_nodes > 1:
        raise StageError(
            f"num_nodes = {placement.num_nodes}, and this process runs on one machine.",
            where=f"Looked for {placement.processes} processes of srun or torchrun.",
            remedy=(
                f"Train first: srun --nodes={placement.num_nodes} --ntasks-per-node={placement.devices}"
                " infomotion train STAGE --profile NAME; then run the stage, which takes up what was learnt."
            ),
        )
    elif hasattr(sys, "ps1"):  # a notebook's kernel
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=die_with_parent) as between:
            between.submit(_spawn, pickle.dumps(begin), placement).result()
    else:
        _spawn(pickle.dumps(begin), placement)


def _spawn(begin: bytes, placement: Placement) -> None:
    # bytes, since processes would share the memory of tensors, and each changes its own weights
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment
    from torch.multiprocessing.spawn import ProcessException

    fabric = several(placement, start_method="spawn", plugins=[LightningEnvironment()])
    with tempfile.TemporaryDirectory(prefix="infomotion-") as folder:
        errors = Path(folder)
        try:
            fabric.launch(partial(_of_several, begin=begin, placement=placement, errors=errors))
        except ProcessException as error:
            for file in sorted(errors.glob("*.pickle")):
                raise pickle.loads(file.read_bytes()) from None  # ours, written a moment ago
            last = str(error).strip().splitlines()[-1:]
            raise StageError(
                f"A process of the training ended: {' '.join(last)}",
                remedy="Was it killed, or out of memory? Run the stage again: finished steps are kept.",
            ) from error


def _of_several(fabric: Fabric, begin: bytes, placement: Placement, errors: Path) -> None:
    """What each process does that Fabric has begun."""
    die_with_parent()
    team = Team(fabric, placement)
    try:
        _to_the_end(pickle.loads(begin)(team), shown=team.leads)
    except InfoMotionError as error:
        (errors / f"{fabric.global_rank}.pickle").write_bytes(pickle.dumps(error))
        raise


def _in_a_group(begin: Callable[[Team], Run], placement: Placement) -> None:
    fabric = several(placement, start_method="popen")
    fabric.launch()  # the processes are there: it begins none
    team = Team(fabric, placement)
    _to_the_end(begin(team), shown=team.leads)


@contextmanager
def joined(placement: Placement) -> Iterator[bool]:
    """Whether this process, one of several begun by ``srun`` or ``torchrun``, is the first.

    The first does the work of the block; the others do nothing but the trainings that it begins, until it
    leaves the block.

    Raises
    ------
    StageError
        If the processes there are do not fit the placement.
    """
    if placement.processes == 1:
        yield True
        return
    fabric = several(placement, start_method="popen")
    if not getattr(
        cast("DDPStrategy", fabric.strategy).cluster_environment, "creates_processes_externally", False
    ):
        raise StageError(
            f"Nobody has begun the {placement.processes} processes of this training.",
            where="Looked for the variables of srun and torchrun.",
            remedy=(
                f"srun --nodes={placement.num_nodes} --ntasks-per-node={placement.devices} infomotion train"
                " STAGE, or torchrun; on one machine `infomotion run` begins them itself."
            ),
        )
    fabric.launch()
    try:
        if not fabric.is_global_zero:
            _follow()
        yield bool(fabric.is_global_zero)
        if fabric.is_global_zero:
            distributed.broadcast_object_list([None], src=0)
    finally:
        distributed.destroy_process_group()


def _follow() -> None:
    while True:
        told: list[Any] = [None]
        distributed.broadcast_object_list(told, src=0)
        if told[0] is None:
            return
        _in_a_group(*told[0])
