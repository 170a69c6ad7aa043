"""The sections of those elsewhere who hear, think and talk for us, and what they cost."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from callcenter.config.section import Section
from callcenter.usage import PROVIDERS


def _provider(name: str) -> str:
    if name not in PROVIDERS:
        raise ValueError(f"nobody of this name is paid; those who may be are {', '.join(PROVIDERS)}")
    return name


ProviderName = Annotated[str, AfterValidator(_provider)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


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
