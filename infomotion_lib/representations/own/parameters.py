"""Parameters of vectors brought as a file."""

from __future__ import annotations

from pydantic import Field, model_validator

from infomotion_lib.parameter_types import LocatedFile
from infomotion_lib.parameters import StageParameters

NAME = "own"


class OwnParameters(StageParameters):
    """Which file holds the vectors."""

    vectors: LocatedFile = Field(
        "", description=".npz of your own vectors (file_name, features), for the representation own"
    )

    @model_validator(mode="after")
    def _used(self) -> OwnParameters:
        chosen = getattr(self, "representations", ())
        if bool(self.vectors) != (NAME in chosen):
            fault = "are given but not used" if self.vectors else "are asked for but not given"
            raise ValueError(
                f"own vectors {fault}: set vectors to a file and put {NAME} into representations"
            )
        return self
