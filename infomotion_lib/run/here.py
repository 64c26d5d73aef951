"""What a run's parameters ask of this machine, looked for before the first stage: files, a device."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infomotion_lib.errors import ParameterError
from infomotion_lib.parameter_types import FILE, FOLDER, HERE
from infomotion_lib.parameters import STAGES, StageParameters


def with_whole_paths(values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters whose paths of files and folders no longer depend on where they are read.

    A relative path means the folder in which the command was started, whatever stage or notebook reads it.
    """
    located = {
        name
        for model in STAGES.values()
        for name, field in model.model_fields.items()
        if HERE in field.metadata
    }
    return {name: _whole(value) if name in located else value for name, value in values.items()}


def _whole(value: Any) -> Any:
    """A path made absolute; what is none is left for the types to refuse."""
    if not isinstance(value, str) or not value:
        return value
    try:
        return str(Path(value).expanduser().absolute())
    except RuntimeError:  # a home that nobody has
        return value


def require_here(stages: Mapping[str, StageParameters]) -> None:
    """Nothing, if every file and folder that the parameters name exists, and the device too.

    Parameters
    ----------
    stages : mapping of str to StageParameters
        Parameters of the stages that are to run, by name.

    Raises
    ------
    ParameterError
        Naming the parameter, its stage and where we looked.
    """
    for stage, parameters in stages.items():
        for name, field in type(parameters).model_fields.items():
            value = getattr(parameters, name)
            if HERE not in field.metadata or not value:
                continue
            path = Path(value).expanduser()
            if not path.exists():
                fault = "names nothing that exists"
            elif (FILE in field.metadata and not path.is_file()) or (
                FOLDER in field.metadata and not path.is_dir()
            ):
                fault = f"must be {FILE if FILE in field.metadata else FOLDER}, and is none"
            else:
                continue
            raise ParameterError(
                f"Parameter {name} = {value!r} {fault}.",
                where=f"Looked for: {path.absolute()} (stage {stage})",
                remedy=f"{name}: {field.description}.",
            )
    if any(parameters.device == "cuda" for parameters in stages.values()):
        from infomotion_lib.device import resolve_device

        resolve_device("cuda")
    for parameters in stages.values():
        parameters.require_machine()
