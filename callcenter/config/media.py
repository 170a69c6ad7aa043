"""The section of the sound between Asterisk and the daemon."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from callcenter.config.section import Section

LineName = Literal["rtp", "audiosocket", "websocket"]
Rate = Annotated[
    Literal[8000, 16_000], BeforeValidator(lambda given: {"8000": 8000, "16000": 16_000}.get(given, given))
]
CodecName = Literal["ulaw", "alaw", "slin"]
ListenAddress = Annotated[str, StringConstraints(pattern=r"^(\[[0-9a-fA-F:]+\]|[^:\[\]]+):\d{1,5}$")]


class LineOfNumber(Section):
    """What is different for one dialled number."""

    line: LineName | None = None
    rate: Rate | None = None
    codec: CodecName | None = None


class Media(Section):
    """The sound between Asterisk and the daemon.

    The dialplan may choose for a call: `Stasis(ai-call-center,line=websocket,rate=16000)`.
    """

    host: str = "127.0.0.1"
    """The address of this daemon that Asterisk sends RTP to, and that the daemon binds."""
    line: LineName = "rtp"
    """How the sound comes: RTP over UDP, Asterisk's AudioSocket over TCP, or a WebSocket."""
    rate: Rate = 8000
    """Samples per second: 8000 as on the telephone; 16000 where callers' phones have it, and not over RTP."""
    codec: CodecName = "ulaw"
    """Of RTP."""
    by_did: dict[str, LineOfNumber] = Field(default_factory=dict)
    """By the number that was dialled: `[media.by_did."+33123456789"]`."""
    dialplan_rates: tuple[Rate, ...] = ()
    """What the dialplan may ask for besides: phrases are rendered beforehand at these rates too."""
    audiosocket_listen: ListenAddress = "127.0.0.1:9092"
    """Where Asterisk finds us with AudioSocket."""
    audiosocket_host: str | None = None
    """What Asterisk is told to connect to, where that is not `audiosocket_listen`'s: a container's host, say."""
    websocket: Literal["dial", "listen"] = "dial"
    """Who connects: we dial Asterisk, or Asterisk dials us."""
    websocket_listen: ListenAddress = "127.0.0.1:9093"
    websocket_client: str = "callcenter"
    """The section of Asterisk's `websocket_client.conf` that leads to `websocket_listen`."""
    websocket_certificate: Path | None = None
    websocket_key: Path | None = None
    """PEM files; with a certificate Asterisk dials us over TLS. The key may be in the same file."""

    @model_validator(mode="after")
    def _wide_lines_can_be(self) -> Self:
        for number, own in (("", LineOfNumber()), *self.by_did.items()):
            line, rate = own.line or self.line, own.rate or self.rate
            if line == "rtp" and rate != 8000:
                where = f"by_did.{number}: " if number else ""
                raise ValueError(
                    f'{where}rate {rate} needs line = "audiosocket" or "websocket": over RTP Asterisk sends 16 kHz, '
                    "but drops without a word what is sent back to it"
                )
        return self

    @model_validator(mode="after")
    def _audiosocket_can_be_found(self) -> Self:
        host, _, _ = self.audiosocket_listen.rpartition(":")
        if host in {"0.0.0.0", "[::]"} and not self.audiosocket_host:
            raise ValueError(f"audiosocket_listen at {host} needs audiosocket_host: what Asterisk is to connect to")
        return self

    @model_validator(mode="after")
    def _key_has_its_certificate(self) -> Self:
        if self.websocket_key and not self.websocket_certificate:
            raise ValueError("websocket_key needs websocket_certificate")
        return self
