"""A caller's character as a YAML file: how they sound, what they answer to what, and what the call should find out."""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, Field, field_validator, model_validator

from callcenter import yaml_file
from callcenter.errors import FileError
from callcenter.simulation import pauses
from callcenter.simulation.engines import catalogue
from callcenter.simulation.engines.catalogue import EngineName
from callcenter.yaml_file import Part


def _with_pauses(text: str) -> str:
    pauses.phrases(text)
    return text


Speech = Annotated[str, AfterValidator(_with_pauses)]
"""What a caller says; `[700]` between words is a silence of 700 ms."""


class Voice(Part):
    """What the caller sounds like."""

    engine: EngineName | None = None
    """By default the one for the persona's language: flite for English, pico for French, Spanish, German and Italian,
    rhvoice for Portuguese, espeak for others."""
    name: str = ""
    """A voice of the engine's: flite's `slt`, pico's `fr-FR`, espeak's `fr+f3`; for piper one in `speech/models.toml`,
    or the path of an `.onnx` file. By default the usual one for the persona's language."""
    tempo: float = Field(default=1.0, ge=0.5, le=2.0)
    """2 speaks twice as fast."""
    pitch: int = Field(default=0, ge=-1200, le=1200)
    """Cents up or down."""

    @model_validator(mode="after")
    def _engine_has_it(self) -> Self:
        if self.engine and self.name and (mistake := catalogue.no_such_voice(self.engine, self.name)):
            raise ValueError(mistake)
        return self


class Noise(Part):
    """What is heard under the caller during the whole call."""

    snr_db: float = Field(ge=-5, le=60)
    """The level of the caller's speech over that of the noise."""
    kind: Literal["white", "babble"] = "white"


class Echo(Part):
    """A loudspeaker: what the phone receives comes back into what it sends."""

    db: float = Field(default=-20.0, ge=-60, lt=0)
    """Relative to what was received."""
    delay_ms: float = Field(default=120.0, ge=0, le=1000)


class Network(Part):
    """What lies between the phone and Asterisk, for the packets that the phone sends."""

    jitter_ms: float = Field(default=0.0, ge=0, le=1000)
    """Each packet comes later than its time by something between 0 and this, so that the order can change."""
    loss: float = Field(default=0.0, ge=0, le=1)
    """The probability that a packet is lost."""
    reorder: float = Field(default=0.0, ge=0, le=1)
    """The probability that a packet changes places with its successor."""


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


class Line(Part):
    """What the caller does when the agent has said something that `on` is found in."""

    on: str
    say: Speech | None = None
    """An empty text answers with silence."""
    cough: bool = False
    """One cough, another each time."""
    wav: Path | None = None
    dtmf: Annotated[str, Field(pattern=r"^[0-9A-D*#]+$")] | None = None
    hang_up: bool = False
    after: float = Field(default=0.5, ge=0, le=120)
    """Seconds after the agent has stopped."""
    barge_in: float | None = Field(default=None, ge=0, le=60)
    """Seconds after the agent began the clause with the pattern in it; in place of `after`."""
    repeat: bool = False
    aside: bool = False
    """Said without taking the turn, such as "mm-hm"; what the agent has said still wants an answer. So is a cough."""

    @field_validator("on")
    @classmethod
    def _is_regex(cls, pattern: str) -> str:
        return _regex(pattern)

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        done = [name for name in ("say", "wav", "dtmf") if getattr(self, name) is not None] + ["cough"] * self.cough
        if len(done) > 1 or (self.hang_up and done not in ([], ["say"])):
            raise ValueError("only one of say, cough, wav, dtmf and hang_up is allowed, or say with hang_up")
        if not done and not self.hang_up:
            raise ValueError("one of say, cough, wav, dtmf or hang_up is missing")
        if self.barge_in is not None and "after" in self.model_fields_set:
            raise ValueError("only one of after and barge_in is allowed")
        return self

    @property
    def takes_turn(self) -> bool:
        """Whether only what the agent says after it asks for another line."""
        return not (self.aside or self.cough)

    @property
    def told(self) -> str:
        """What the caller does, for a transcript: their words without the pauses, keys, or what it is in brackets."""
        if self.cough:
            return "[cough]"
        return pauses.spoken(self.say or "") or self.dtmf or (f"[{self.wav.name}]" if self.wav else "")


class Service(Part):
    """What a service that the flow asks answers while the persona is played.

    On the telephone the simulation answers at the service's address, which must be one of this machine's loopback.
    """

    url: str
    """A regular expression that is found in the URL asked, with the query that a `get` sends."""
    answer: dict[str, Any] = Field(default_factory=dict)
    fails: bool = False

    @field_validator("url")
    @classmethod
    def _is_regex(cls, pattern: str) -> str:
        return _regex(pattern)


Value = bool | int | float | str | list[int | float | str]


class Expectation(Part):
    """How the call should end."""

    outcome: str = Field(pattern=r"^[a-z_]+$")
    """One that the flow declares, or that every flow has."""
    slots: dict[str, Value] = Field(default_factory=dict)
    """The lead as it should be; a slot left out is not counted. Of an amount two numbers are a range; a time is ISO
    8601 local time, or a day (`today`, `tomorrow`, `monday` …) and `HH:MM`, counted from the day of the call."""

    @field_validator("slots", mode="before")
    @classmethod
    def _plain(cls, slots: Any) -> Any:
        if not isinstance(slots, dict):
            return slots
        # YAML reads an ISO time as such, and a telephone number without quotes as a number.
        plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in slots.items()}
        number = plain.get("phone")
        if number is not None and not re.fullmatch(r"\+[1-9][0-9]{6,14}", str(number)):
            raise ValueError(f'phone: {number!r} is not E.164 in quotes, such as "+15552347890"')
        return plain


class Persona(Part):
    """A caller."""

    name: str = Field(min_length=1)
    flow: str | None = None
    """The shipped flow that is called; without one whatever answers at the usual number."""
    language: str = Field(default="en", pattern=r"^[a-z]{2}(-[A-Za-z]{2})?$")
    voice: Voice = Voice()
    noise: Noise | None = None
    echo: Echo | None = None
    line: Network | None = None
    """A perfect one where it is left out."""
    patience: float = Field(default=20.0, gt=0, le=300)
    """Seconds of silence after which the caller hangs up."""
    lines: tuple[Line, ...] = ()
    otherwise: Speech | None = None
    """What is said when no line fits; without it the caller says nothing then."""
    nobody_there: bool = False
    """Nobody answers when the caller is to be connected to a person; on the telephone the dialplan sees to it."""
    services: tuple[Service, ...] = ()
    """The first whose URL fits answers; where none does, the look-up fails. A persona without any asks, on the
    telephone, whatever is there."""
    expect: Expectation

    @model_validator(mode="after")
    def _voice_speaks_it(self) -> Self:
        engine = self.voice.engine or catalogue.usual_engine(self.language)
        mistake = catalogue.no_such_language(engine, self.language)
        if mistake is None and self.voice.name:
            mistake = catalogue.no_such_voice(engine, self.voice.name)
        if mistake:
            raise ValueError(mistake)
        return self


def load(path: Path) -> Persona:
    """Read a persona; its recordings are looked for beside it. Raises FileError with the line of a mistake."""
    persona = yaml_file.load(path, Persona)
    lines = tuple(_with_recording(path, index, line) for index, line in enumerate(persona.lines))
    return persona.model_copy(update={"lines": lines})


def _with_recording(path: Path, index: int, line: Line) -> Line:
    if line.wav is None:
        return line
    recording = path.parent / line.wav
    if not recording.is_file():
        tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml_file.Loader)
        raise FileError(path, yaml_file.line_of(tree, ("lines", index, "wav")), f"wav: there is no file {recording}")
    return line.model_copy(update={"wav": recording})
