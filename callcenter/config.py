"""Settings, read once from a TOML file and the environment into frozen sections.

The file is `$CALLCENTER_CONFIG`, else the first of `./callcenter.toml`, the user's configuration directory and
`/etc/callcenter/callcenter.toml` that exists; without one the defaults hold. An environment variable wins over it:
`CALLCENTER_ASTERISK__URL` is `url` in `[asterisk]`. A secret may also be a file of that name in lower case in
systemd's credentials directory. This module is the only reader of either.
"""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import platformdirs
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NaiveDatetime,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from callcenter.errors import ConfigurationError, FileError
from callcenter.usage import PROVIDERS

PREFIX = "CALLCENTER_"

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
VoiceName = Annotated[str, StringConstraints(pattern=r"^(espeak|piper|openai|deepgram):.+$")]
VoiceNames = Annotated[
    tuple[VoiceName, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)
]
RecogniserName = Literal["whisper", "deepgram", "flux", "openai", "remote"]


def _provider(name: str) -> str:
    if name not in PROVIDERS:
        raise ValueError(f"nobody of this name is paid; those who may be are {', '.join(PROVIDERS)}")
    return name


ProviderName = Annotated[str, AfterValidator(_provider)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A part of the settings that one part of the program receives."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Asterisk(Section):
    """Where ARI is and how to log in."""

    url: str = "http://127.0.0.1:8088/ari"
    username: str = "callcenter"
    password: SecretStr = SecretStr("")
    app: str = "ai-call-center"


class Media(Section):
    """The sound between Asterisk and the daemon."""

    host: str = "127.0.0.1"
    """The address of this daemon that Asterisk sends RTP to, and that the daemon binds."""
    codec: Literal["ulaw", "alaw"] = "ulaw"


class Hearing(Section):
    """Voice activity and the recogniser."""

    recognisers: tuple[RecogniserName, ...] = Field(default=("whisper",), min_length=1)
    """First choice first; the next is asked when one fails. `whisper` runs here, `deepgram` and `flux` hear while the
    caller talks (`[deepgram]`), `openai` transcribes (`[openai]`), `remote` is a Whisper elsewhere (`[remote]`)."""
    model: str = "base"
    """A name in `speech/models.toml`, a Whisper size that a hub has, or a folder."""
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    compute_type: str = "int8"
    threads: int = Field(default=1, ge=1, le=64)
    workers: int = Field(default=2, ge=1, le=64)
    """Utterances recognised at once; each uses `threads` threads."""
    waiting: int = Field(default=16, ge=1)
    """Utterances that may wait for a worker; one more is refused and the caller is asked to repeat."""
    vad_threshold: float = Field(default=0.5, gt=0, lt=1)
    early_ms: int = Field(default=200, ge=60, le=2000)
    """Recognition starts this long into a pause, on what was said so far."""
    pause_ms: int = Field(default=600, ge=100, le=3000)
    """A pause this long ends an utterance of which nothing better is known."""
    short_pause_ms: int = Field(default=350, ge=100, le=3000)
    """The same once the words so far answer the question."""
    long_pause_ms: int = Field(default=1100, ge=100, le=3000)
    """The same where the caller has not finished: in the middle of a number, after an `and` or an `um`."""

    @model_validator(mode="after")
    def _pauses_in_order(self) -> Self:
        names = ("early_ms", "short_pause_ms", "pause_ms", "long_pause_ms")
        values = [getattr(self, name) for name in names]
        if values != sorted(values):
            found = ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
            raise ValueError(f"each of these must be as long as the one before it: {found}")
        return self


class Talking(Section):
    """The voices. A flow may name its own; `voices` holds for those that do not, else `voice` for English ones.

    What is left speaks with espeak-ng's voice of its language.
    """

    voice: str = "joe-us"
    """Piper's: a name in `speech/models.toml`, or the path of an `.onnx` voice."""
    voices: dict[Language, VoiceNames] = {}
    """By language: `espeak:` and one of espeak-ng's voices (`fr`, `pt-br`, `es+f2`), `piper:` and as in `voice`,
    `openai:coral` or `deepgram:aura-2-thalia-en`. Of several the first speaks, and the next when it fails."""
    threads: int = Field(default=1, ge=1, le=64)
    waiting: int = Field(default=32, ge=1)


class Dialogue(Section):
    """What calls are about."""

    flow: str = "investment"
    """The name of a shipped flow, or the path of a flow file; it answers where the dialplan names none."""
    flows: tuple[str, ...] = ()
    """Others that are loaded, for the dialplan to choose: `Stasis(ai-call-center,flow=energy)`."""
    brain: Literal["scripted", "model"] = "scripted"
    """`model`: a language model leads the conversation along the same flow (`[model]`); if it fails in a call, the
    flow's own rules go on from there."""
    pretend_it_is: NaiveDatetime | None = None
    """For rehearsals: the local time that flows go by when the daemon starts, such as `"2026-11-20T09:30"`; it runs on
    from there. Opening hours and "tomorrow" are then what they are in every rehearsal."""
    filler_ms: int = Field(default=1500, ge=300, le=10_000)
    """A caller who has waited this long for an answer hears `One moment` or the like."""


class Understanding(Section):
    """How it is understood what callers mean besides answers; a flow's words and phrases always count."""

    classifier: Literal["patterns", "embeddings", "http"] = "embeddings"
    """`patterns`: only the words and phrases. `embeddings`: a model on this machine, by the flow's examples. `http`: a
    service that is asked for each sentence, as older installations have it."""
    least_confidence: float = Field(default=0.6, ge=0, le=1)
    """The caller is asked again when it is less sure than this what they mean."""
    model: str = "universal"
    """A name in `speech/models.toml` (`universal`, `minilm`), or a folder with `model.onnx` and `tokenizer.json`."""
    workers: int = Field(default=1, ge=1, le=64)
    """Sentences embedded at once, each on one core."""
    waiting: int = Field(default=32, ge=1)
    """Sentences that may wait for a worker; of one more only the patterns are asked."""
    url: str = ""
    """Of the service: `POST {"sentence": …}`, answered with `{"intent": …, "confidence": …}`."""
    faq_url: str = ""
    """Of another one, which is asked when the first knows no intent."""
    timeout_s: float = Field(default=5.0, gt=0, le=60)
    """So long each of them may take; then the patterns are asked."""

    @model_validator(mode="after")
    def _service_is_named(self) -> Self:
        if self.classifier == "http" and not self.url.startswith(("http://", "https://")):
            raise ValueError("classifier http needs the url of the service, http://… or https://…")
        return self


class Model(Section):
    """The language model: any server that speaks OpenAI's chat completions with tools."""

    url: str = "https://api.openai.com/v1"
    """Its base URL; Groq, vLLM, LM Studio, Ollama and llama.cpp have one that ends in `/v1` too."""
    name: str = "gpt-4.1-mini"
    key: SecretStr = SecretStr("")
    temperature: float = Field(default=0.3, ge=0, le=2)
    first_s: float = Field(default=2.5, gt=0, le=30)
    """So long it may take to its first word; then it is asked once more, then the flow's own rules answer."""
    stall_s: float = Field(default=2.0, gt=0, le=30)
    """So long it may fall silent in the middle of an answer."""
    tries: int = Field(default=2, ge=1, le=5)
    tokens_per_call: int = Field(default=30_000, ge=1000)
    """Sent and received, together; after that the flow's own rules go on."""
    history_tokens: int = Field(default=3000, ge=500)
    """About so many of the conversation are sent each time; older turns are left out, slots never."""


class OpenAI(Section):
    """OpenAI's recogniser and voices, or a server that speaks their protocol."""

    url: str = "https://api.openai.com/v1"
    key: SecretStr = SecretStr("")
    transcription: str = "gpt-4o-mini-transcribe"
    speech: str = "gpt-4o-mini-tts"
    timeout_s: float = Field(default=4.0, gt=0, le=60)


class Deepgram(Section):
    """Deepgram's recognisers and voices."""

    url: str = "https://api.deepgram.com"
    """`http` and `https` here stand for `ws` and `wss` where sound is streamed."""
    key: SecretStr = SecretStr("")
    model: str = "nova-3"
    flux: str = "flux-general-en"
    timeout_s: float = Field(default=2.0, gt=0, le=60)
    """So long it may take to connect, and to give the last words once the caller has paused."""


class Remote(Section):
    """A Whisper on another machine: `callcenter whisper-server`, or an older installation's."""

    url: str = "http://127.0.0.1:8000"
    style: Literal["multipart", "json"] = "multipart"
    """`POST /transcribe` with a file, or `POST /whisper` with base64 in JSON."""
    key: SecretStr = SecretStr("")
    """Sent as a bearer token, if the server wants one."""
    timeout_s: float = Field(default=4.0, gt=0, le=60)


class Price(Section):
    """What one provider costs, in the currency that you think in."""

    minute: Amount = 0.0
    """Heard."""
    million_characters: Amount = 0.0
    """Spoken."""
    million_tokens_in: Amount = 0.0
    million_tokens_out: Amount = 0.0


class Limits(Section):
    """What ends or refuses a call."""

    silence_s: float = Field(default=7.0, gt=0)
    """The caller is asked whether they are still there after this much silence."""
    silences: int = Field(default=3, ge=1)
    """The call ends at this many silences in a row."""
    call_s: float = Field(default=600.0, gt=0)
    drain_s: float = Field(default=30.0, ge=0)
    """On SIGTERM, calls in progress get this long to end politely."""
    errors: int = Field(default=3, ge=1)
    """The call ends at this many clauses in a row that no voice can speak. A caller whom no recogniser understands is
    offered keys, at the second utterance in a row."""


class Admission(Section):
    """Which caller is one too many: they hear a sentence and go back to the dialplan."""

    max_calls: int = Field(default=100, ge=1)
    """Calls at once."""
    lag_ms: float = Field(default=40.0, gt=0)
    """No more calls while the sound of those there comes this late (99th percentile of the last seconds)."""
    waiting: int = Field(default=6, ge=1)
    """No more calls while so many utterances wait for the recogniser."""
    latency_ms: float = Field(default=4000.0, gt=0)
    """No more calls while answers take this long (95th percentile of the last minute)."""
    apologies: int = Field(default=4, ge=0)
    """Callers who may hear the sentence at once; others go back without it."""


class Recording(Section):
    """Calls kept as stereo sound, the caller on the left, the agent on the right."""

    enabled: bool = False
    folder: Path | None = None
    """By default `recordings` in the state directory."""
    keep_days: int = Field(default=30, ge=1)
    """Older ones are removed."""


class Database(Section):
    """Where records are kept; an empty URL means an embedded PostgreSQL in the state directory."""

    url: SecretStr = SecretStr("")
    pool: int = Field(default=4, ge=1, le=100)


class Outbound(Section):
    """How people are called."""

    trunk: str = ""
    """What Asterisk dials: `PJSIP/{number}@trunk`. {number} is `+33123456789`, {digits} the same without the plus."""
    caller: str = ""
    """The number, or `"Name" <number>`, that is shown to them."""
    region: str = ""
    """The country of numbers without a `+`, such as FR; empty: every number needs its `+` and country code."""
    zone: str = "UTC"
    """The time zone of numbers that do not tell theirs."""
    hours: dict[str, str] = {}
    """When people may be called, by the clock where they are: `mon-fri = "10:00-13:00 14:00-20:00"`.

    Days that are not named are closed; none at all is Monday to Friday 9:00-20:00 and Saturday 10:00-18:00.
    """
    at_once: int = Field(default=2, ge=1)
    """Calls at the same time, those of other campaigns counted."""
    per_minute: float = Field(default=10, gt=0)
    """Calls begun in a minute, evenly spaced."""
    ring_s: float = Field(default=30, ge=5, le=120)
    """How long it rings before nobody is there."""
    machine: Literal["hang_up", "message", "person"] = "hang_up"
    """What to do when a machine answers: a person has every call put through at once, without listening first."""
    message: str = ""
    """What a machine is told after its beep, unless the command says it."""
    beep_s: float = Field(default=40, gt=0)
    """A machine that neither beeps nor falls silent for so long is hung up on."""
    tries: int = Field(default=6, ge=1)
    """Calls to one contact, whatever came of them."""
    retries: dict[str, tuple[float, ...]] = {}
    """By outcome, the minutes until the next call after the first time, the second, and so on: `busy = [5, 15, 60]`.

    A contact whose call ends so more often is not called again; `[]` is never. An outcome of the flow may stand here
    too. What holds for outcomes that are not named is in `callcenter/outbound/outcomes.py`.
    """
    do_not_call_after: tuple[str, ...] = ("do_not_call",)
    """Outcomes that put the number on the do-not-call list; `refused` may be another."""

    @model_validator(mode="after")
    def _trunk_takes_a_number(self) -> Self:
        if self.trunk and "{number}" not in self.trunk and "{digits}" not in self.trunk:
            raise ValueError("trunk must hold {number} or {digits}, such as PJSIP/{number}@trunk")
        return self


class Phone(Section):
    """The SIP phone that simulated callers use."""

    host: str = "127.0.0.1"
    port: int = Field(default=5060, ge=1, le=65535)
    username: str = "phone"
    password: SecretStr = SecretStr("")
    extension: str = "9000"


class Paths(Section):
    """Directories and the control socket. Those left out follow the platform's custom."""

    state: Path = Path(platformdirs.user_state_dir("callcenter"))
    cache: Path = Path(platformdirs.user_cache_dir("callcenter"))
    control: Path | None = None
    """The Unix socket of `callcenter status`; by default `control.sock` in the state directory."""

    @property
    def control_socket(self) -> Path:
        """The path of the control socket."""
        return self.control or self.state / "control.sock"


class Log(Section):
    """Where the log goes and what it looks like."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


class Settings(BaseSettings):
    """All sections."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    asterisk: Asterisk = Asterisk()
    media: Media = Media()
    hearing: Hearing = Hearing()
    talking: Talking = Talking()
    dialogue: Dialogue = Dialogue()
    understanding: Understanding = Understanding()
    model: Model = Model()
    openai: OpenAI = OpenAI()
    deepgram: Deepgram = Deepgram()
    remote: Remote = Remote()
    prices: dict[ProviderName, Price] = {}
    """By provider: `[prices.deepgram]`, `[prices.model]`, `[prices."openai:speech"]` …; see `usage.PROVIDERS`."""
    limits: Limits = Limits()
    admission: Admission = Admission()
    recording: Recording = Recording()
    database: Database = Database()
    outbound: Outbound = Outbound()
    phone: Phone = Phone()
    paths: Paths = Paths()
    log: Log = Log()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then systemd's credentials, then the file (handed over as keyword arguments)."""
        return env_settings, _Credentials(settings_cls), init_settings


class _Credentials(EnvSettingsSource):
    """The files in systemd's credentials directory, read as if each were an environment variable."""

    def _load_env_vars(self) -> dict[str, str | None]:
        directory = os.environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            return {}
        found = (path for path in Path(directory).iterdir() if path.name.startswith(PREFIX.lower()))
        return {path.name: path.read_text(encoding="utf-8").strip() for path in found}


def load(path: Path | None = None) -> Settings:
    """Read the settings, from `path` if given.

    Raises FileError (with the line) for a mistake in the file, ConfigurationError for one in the environment.
    """
    found = path or find()
    text = _read(found) if found else ""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise FileError(found or Path("-"), int(line[1]) if line else None, f"not TOML: {error}") from error
    try:
        return Settings(**content)
    except ValidationError as error:
        raise _explained(error, found, text, content) from error


def as_environment(settings: Settings) -> dict[str, str]:
    """The variables from which `load` reads these settings again, in another process; secrets are in clear."""
    values: dict[str, Any] = {}
    for name, section in settings:
        if isinstance(section, Section):
            values |= {f"{PREFIX}{name}__{key}".upper(): value for key, value in section}
        else:
            values[f"{PREFIX}{name}".upper()] = {key: dict(value) for key, value in section.items()}
    return {name: _in_environment(value) for name, value in values.items() if value is not None}


def find() -> Path | None:
    """The configuration file that `load` reads when none is given."""
    named = os.environ.get(PREFIX + "CONFIG")
    if named:
        return Path(named)
    places = (
        Path("callcenter.toml"),
        Path(platformdirs.user_config_dir("callcenter")) / "callcenter.toml",
        Path("/etc/callcenter/callcenter.toml"),
    )
    return next((place for place in places if place.is_file()), None)


def _in_environment(value: Any) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case tuple() | dict():
            return json.dumps(value)
        case _:
            return str(value)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(path, None, error.strerror or str(error)) from error


def _explained(error: ValidationError, path: Path | None, text: str, content: dict[str, Any]) -> ConfigurationError:
    first = error.errors()[0]
    keys = [str(part) for part in first["loc"] if part != "[key]"]
    message = f"{'.'.join(keys)}: {first['msg']}{_allowed(keys)}"
    section = content.get(keys[0])
    in_file = (len(keys) == 1 and keys[0] in content) or (isinstance(section, dict) and keys[1] in section)
    if path and in_file:
        return FileError(path, _line(text, keys), message)
    return ConfigurationError(f"environment: {PREFIX}{'__'.join(keys).upper()}: {first['msg']}{_allowed(keys)}")


def _allowed(keys: list[str]) -> str:
    """What stands in the place of an unknown key."""
    section = Settings.model_fields.get(keys[0])
    if section is None:
        return f"; the sections are {', '.join(Settings.model_fields)}"
    model = section.annotation
    if keys[0] == "prices" and len(keys) > 2 and keys[2] not in Price.model_fields:
        return f"; a price has {', '.join(Price.model_fields)}"
    if len(keys) > 1 and isinstance(model, type) and issubclass(model, Section) and keys[1] not in model.model_fields:
        return f"; [{keys[0]}] knows {', '.join(model.model_fields)}"
    return ""


def _line(text: str, keys: list[str]) -> int | None:
    """The 1-based line of what `keys` lead to in TOML `text`, else of its table; tomllib keeps no positions."""
    table: list[str] = []
    line_of_table = None
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = _path(header[1])
            line_of_table = number if table == keys[: len(table)] else line_of_table
        elif assigned := re.match(r"\s*([\w.\"-]+)\s*=", line):
            path = table + _path(assigned[1])
            if path == keys[: len(path)]:
                return number
    return line_of_table


def _path(name: str) -> list[str]:
    """The parts of a TOML table's or key's name."""
    return [part.strip(' "') for part in name.split(".")]
