"""The sections of the daemon's own parts."""

from pathlib import Path
from typing import Annotated, Literal, Self

import platformdirs
from pydantic import BeforeValidator, Field, NaiveDatetime, SecretStr, StringConstraints, model_validator

from callcenter.config.section import Section

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
VoiceName = Annotated[str, StringConstraints(pattern=r"^(espeak|piper|openai|deepgram):.+$")]
VoiceNames = Annotated[
    tuple[VoiceName, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)
]
RecogniserName = Literal["whisper", "deepgram", "flux", "openai", "remote"]


class Asterisk(Section):
    """Where ARI is and how to log in."""

    url: str = "http://127.0.0.1:8088/ari"
    """With `https://`, ARI and the WebSockets that we dial go over TLS."""
    username: str = "callcenter"
    password: SecretStr = SecretStr("")
    app: str = "ai-call-center"
    ca_certificate: Path | None = None
    """Whom to trust where `url` is `https://…`: a PEM file with the certificate of the CA that signed Asterisk's, or
    with Asterisk's own. Without it, the CAs that this machine trusts."""


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
    voices: dict[Language, VoiceNames] = Field(default_factory=dict)
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
    hours: dict[str, str] = Field(default_factory=dict)
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
    retries: dict[str, tuple[float, ...]] = Field(default_factory=dict)
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
