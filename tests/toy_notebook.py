"""A notebook for stage 01 that does next to nothing."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from infomotion_lib.frames.parameters import FrameIndexParameters

CONFIG = """from infomotion_lib.provenance import start_stage
from infomotion_lib.run.runner import config_card, notebook_parameters
from infomotion_lib.run.scratch import notebook_paths

p = notebook_parameters("frame_index", globals())
folder = notebook_paths("frame_index", p).stage("frame_index")
run = start_stage("frame_index", folder, parameters=p.model_dump())
config_card(p)"""
SAVE = """names = ("frame_index.csv", "status_counts.csv", "detector_error.csv", "order_control.csv", "phase_votes.csv", "vote_counts.csv")
files = [folder / name for name in names]
for file in files:
    file.write_text(f"{p.limit}\\n", encoding="utf-8")
run.finish(files)"""


def toy_notebook(folder: Path, *, work: str = "pass", save: str = SAVE) -> None:
    fields = FrameIndexParameters.model_fields
    defaults = "\n".join(f"{name} = {field.default!r}" for name, field in fields.items())
    cells = [
        new_markdown_cell("# Toy", id="title"),
        new_code_cell(defaults, id="parameters", metadata={"tags": ["parameters"]}),
        new_code_cell(CONFIG, id="config"),
        new_markdown_cell("## 1. Work", id="why"),
        new_code_cell(work, id="work"),
        new_code_cell(save, id="save"),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / "01_frame_index.ipynb")
