"""What all sections are."""

from pydantic import BaseModel, ConfigDict

PREFIX = "CALLCENTER_"
"""Of the environment's variables that are settings."""


class Section(BaseModel):
    """A part of the settings that one part of the program receives."""

    model_config = ConfigDict(frozen=True, extra="forbid")
