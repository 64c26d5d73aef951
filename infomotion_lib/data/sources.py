"""Every data set that may play a source of a run: one line each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from infomotion_lib import paths
from infomotion_lib.files import FILE_LIST
from infomotion_lib.registry import Entry, Registry

if TYPE_CHECKING:
    from infomotion_lib.data.layout import LayoutName

NONE = "none"
"""Value of ``synthetic_data`` where a run has no synthetic source."""


@dataclass(frozen=True, kw_only=True)
class Source(Entry):
    """One data set.

    Its module makes or fetches it with ``provide(folder, *, plays, parameters)``; a data set without one is
    the reader's own, and only checked. ``label`` is what its videos are called over every number.

    Attributes
    ----------
    plays : {"real", "synthetic", "open"}
        Its role in a run; ``"open"``: the only source, real and generated at once.
    layout : {"echonet-dynamic", "echonet-synthetic"}
        How its folder is laid out.
    phrase : str
        Its name within a sentence, such as ``the phantom``.
    drawn_here : bool
        Whether this project draws it, so that no patient is in it.
    of_paper : bool
        Whether the paper's numbers were computed on it.
    folder : str
        Its folder under the folder of real data; empty where it lies in the run that makes it.
    unpacked : str
        Folder within that one which its archive has, in case the reader unpacked it by hand.
    pool_label, pool_short : str
        Its name where it is compared as a pool of clips, in full and in a word or two; the label by default.
    learnt_from : str
        What a generator that learnt from it is said to be trained on; the label by default.
    terms : str
        Data set whose manifest holds for it too; its own by default.
    owned : bool
        Whether it is the author's own, who says in a manifest beside the videos what they are called and what
        may be done with them; the project's manifest holds where nothing is said.
    fetched_by : str
        ``"module:function"`` that downloads it: called with a folder and
        :class:`~infomotion_lib.data.fetch_options.FetchOptions`, it gives the folder.
    offer : str
        What a download brings, in a few words.
    access : str
        Address where each reader asks for it in person.
    """

    plays: Literal["real", "synthetic", "open"]
    layout: LayoutName
    phrase: str
    drawn_here: bool = False
    of_paper: bool = False
    folder: str = ""
    unpacked: str = ""
    pool_label: str = ""
    pool_short: str = ""
    learnt_from: str = ""
    terms: str = ""
    owned: bool = False
    fetched_by: str = ""
    offer: str = ""
    access: str = ""

    def root(self, *, data_dir: str | Path, data_root: str | Path = "") -> Path:
        """Folder of the data set.

        Parameters
        ----------
        data_dir : str or Path
            Folder of the data sets that a run makes or fetches.
        data_root : str or Path, optional
            Folder of real data; ``$INFOMOTION_DATA`` by default.

        Raises
        ------
        DataError
            If it lies under the folder of real data, and that is not configured.
        """
        if not self.folder:
            return Path(data_dir) / self.name
        root = paths.data_root(str(data_root)) / self.folder
        inner = root / self.unpacked
        unpacked_by_hand = not (root / FILE_LIST).exists() and (inner / FILE_LIST).is_file()
        return inner if self.unpacked and unpacked_by_hand else root


SOURCES = Registry(
    "data set",
    (
        Source(
            name="phantom",
            label="phantom",
            phrase="the phantom",
            plays="real",
            layout="echonet-dynamic",
            module="infomotion_lib.phantom.dataset",
            parameters="infomotion_lib.phantom.parameters:PhantomParameters",
            drawn_here=True,
            learnt_from="phantoms",
        ),
        Source(
            name="phantom-synthetic",
            label="EF-conditioned phantoms",
            phrase="the EF-conditioned phantoms",
            plays="synthetic",
            layout="echonet-synthetic",
            module="infomotion_lib.phantom.dataset",
            parameters="infomotion_lib.phantom.parameters:PhantomParameters",
            drawn_here=True,
            pool_label="EF-conditioned phantoms (in EchoSyn's place)",
            pool_short="EF-conditioned",
            terms="phantom",
        ),
        Source(
            name="echodiffusion",
            label="open clips",
            phrase="the open clips",
            plays="open",
            layout="echonet-dynamic",
            module="infomotion_lib.data.echodiffusion",
            parameters="infomotion_lib.data.parameters:OpenClipsParameters",
            pool_label="published clips (in EchoSyn's place)",
            pool_short="published clips",
            learnt_from="the published clips",
            fetched_by="infomotion_lib.data.echodiffusion:fetch_as_asked",
            offer="100 published clips (MIT)",
        ),
        Source(
            name="own",
            label="own videos",
            phrase="the author's own videos",
            plays="real",
            layout="echonet-dynamic",
            folder="own",
            owned=True,
        ),
        Source(
            name="own-synthetic",
            label="own synthetic videos",
            phrase="the author's own synthetic videos",
            plays="synthetic",
            layout="echonet-synthetic",
            folder="own-synthetic",
            terms="own",
            owned=True,
        ),
        Source(
            name="camus",
            label="CAMUS",
            phrase="CAMUS",
            plays="real",
            layout="echonet-dynamic",
            folder="CAMUS",
            fetched_by="infomotion_lib.data.camus:fetch_as_asked",
            offer="500 patients' half beats with EF (CC BY-NC-SA 4.0, non-commercial research)",
        ),
        Source(
            name="echonet-dynamic",
            label="EchoNet-Dynamic",
            phrase="EchoNet-Dynamic",
            plays="real",
            layout="echonet-dynamic",
            of_paper=True,
            folder="EchoNet-Dynamic",
            access="https://echonet.github.io/dynamic/",
        ),
        Source(
            name="echonet-synthetic",
            label="EchoNet-Synthetic",
            phrase="EchoNet-Synthetic",
            plays="synthetic",
            layout="echonet-synthetic",
            of_paper=True,
            folder="EchoNet-Synthetic",
            unpacked="dynamic",
            pool_label="EchoSyn",
            pool_short="EchoSyn",
            fetched_by="infomotion_lib.data.echonet_synthetic:fetch_as_asked",
            offer="10,030 videos, 7 GB (Apache-2.0)",
        ),
    ),
)


def names_of(parameters: Mapping[str, Any]) -> list[str]:
    """Data sets of a run of some parameters, the real source's first."""
    names = (parameters.get("real_data", ""), parameters.get("synthetic_data", NONE))
    return [str(name) for name in names if name and name != NONE]


def modules_of(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Dotted names of the modules that provide the data sets of a run; of all where none is named."""
    names = names_of(parameters) or list(SOURCES)
    return tuple(dict.fromkeys(SOURCES[name].module for name in names if SOURCES[name].module))
