"""What Deepgram's peer makes of the sound on one connection, and how it says so, with faults."""

import asyncio
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, Protocol

import numpy as np
from aiohttp import web

from tests.peers.clouds import REFUSED
from tests.peers.deepgram_words import BLOCK_S, LOUD, Recognise, Word, blocks

TRICKLE_S = 1.0
EAGER_S = 0.15
EOT_S = 0.4
"""So much quiet makes Flux think that the turn may be over, and that it is."""


class Fault(Enum):
    """What can be wrong."""

    REFUSED = REFUSED
    UNAUTHORISED = "401"
    RATE_LIMITED = "429"
    ERROR = "500"
    STALL = "stall"
    """The handshake succeeds, the request is taken; nothing comes."""
    STALL_FIRST = "stall-first"
    """Not even the handshake is answered."""
    STALL_MIDDLE = "stall-middle"
    """Nothing more comes from the third result on."""
    CUT = "cut"
    """The connection is gone at the third result, without a word."""
    CLOSED = "closed"
    """The same with a close frame that tells of an error."""
    TRICKLE = "trickle"
    """Each result comes a second late."""
    GARBAGE = "garbage"
    """Results are no JSON, sound is no sound."""
    STRANGE = "strange"
    """Results are JSON, of another form."""
    REPORTED = "reported"
    """The third result is a message that tells of an error."""
    EMPTY = "empty"
    """Nobody ever said anything."""
    ENDLESS = "endless"
    """Interim results without a final one; turns without an end; speech without an end."""


MIDDLE = 2
"""So many results or pieces come before what goes wrong in the middle."""
IN_THE_MIDDLE = {Fault.STALL_MIDDLE, Fault.CUT, Fault.CLOSED, Fault.REPORTED}


class Cloud(Protocol):
    """What a session is part of."""

    recognise: Recognise
    interim_s: float
    answers_finalize: bool


class Mouth:
    """What is said on one connection, wrong if that is the fault."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, fault: Fault | None) -> None:
        self.fault = fault
        self._socket = socket
        self._request = request
        self._said = 0

    async def say(self, message: dict[str, Any]) -> None:
        """Send a result."""
        self._said += 1
        if self.fault is Fault.STALL or (self._said > MIDDLE and self.fault is Fault.STALL_MIDDLE):
            await asyncio.sleep(3600)
        if self._said > MIDDLE and self.fault in IN_THE_MIDDLE:
            await self._break()
            return
        if self.fault is Fault.TRICKLE:
            await asyncio.sleep(TRICKLE_S)
        match self.fault:
            case Fault.GARBAGE:
                text = "{<html>"
            case Fault.STRANGE:
                text = json.dumps({"type": message["type"], "channel": {"alternatives": 7}, "words": "none"})
            case _:
                text = json.dumps(message)
        await self._socket.send_str(text)

    async def _break(self) -> None:
        match self.fault:
            case Fault.CLOSED:
                await self._socket.close(code=1011, message=b"NET-0000")
            case Fault.REPORTED:
                await self._socket.send_str(
                    json.dumps(
                        {
                            "type": "Error",
                            "variant": "Oops",
                            "description": "no",
                            "sequence_id": 9,
                            "code": "INTERNAL_SERVER_ERROR",
                        }
                    )
                )
            case _:
                assert self._request.transport
                self._request.transport.abort()


class Session:
    """One connection, and the sound that came by it."""

    def __init__(self, peer: Cloud, mouth: Mouth, query: Mapping[str, str]) -> None:
        self._peer = peer
        self._mouth = mouth
        self._rate = int(query["sample_rate"])
        self._language = query.get("language", query.get("language_hint", "en"))
        self._query = query
        self._sound = bytearray()
        self._from = 0
        """Where the segment or turn begins, in bytes."""
        self._told = 0
        """Up to where results were sent."""

    @property
    def _now(self) -> float:
        return self._seconds(len(self._sound))

    def _seconds(self, size: int) -> float:
        return size / 2 / self._rate

    def _quiet_s(self) -> float:
        """Since the last loud block; all of the segment if there was none."""
        loud = np.flatnonzero(blocks(bytes(self._sound[self._from :]), self._rate) > LOUD)
        return self._seconds(len(self._sound) - self._from) - (float(loud[-1] + 1) * BLOCK_S if loud.size else 0.0)

    async def _words(self) -> list[Word]:
        """Of the segment, in seconds of the stream."""
        if self._mouth.fault is Fault.EMPTY:
            return []
        offset = self._seconds(self._from)
        words = await self._peer.recognise(bytes(self._sound[self._from :]), self._rate, self._language)
        return [Word(text=word.text, start=word.start + offset, end=word.end + offset) for word in words]

    async def begin(self) -> None:
        """Greet."""

    async def obey(self, command: str) -> None:
        """Do what a message says."""

    async def hear(self, pcm: bytes) -> None:
        """Take more sound."""
        self._sound += pcm
        if self._seconds(len(self._sound) - self._told) >= self._peer.interim_s:
            self._told = len(self._sound)
            await self.report()

    async def report(self) -> None:
        """Say what there is so far."""


class Nova(Session):
    """Listen v1."""

    async def report(self) -> None:
        words = await self._words()
        endpointing = self._query.get("endpointing", "10")
        over = bool(words) and endpointing != "false" and self._quiet_s() * 1000 >= int(endpointing)
        await self._say(words, final=over, speech_final=over)

    async def obey(self, command: str) -> None:
        if command == "Finalize" and self._peer.answers_finalize:
            await self._say(await self._words(), final=True, from_finalize=True)

    async def _say(self, words: list[Word], *, final: bool, **marks: bool) -> None:
        final = final and self._mouth.fault is not Fault.ENDLESS
        start = self._seconds(self._from)
        alternative = {
            "transcript": " ".join(word.text for word in words),
            "confidence": 0.9 if words else 0.0,
            "words": [
                {
                    "word": word.text,
                    "punctuated_word": word.text,
                    "start": word.start,
                    "end": word.end,
                    "confidence": 0.8 + place % 2 * 0.1,
                }
                for place, word in enumerate(words)
            ],
        }
        if final:
            self._from = self._told = len(self._sound)
        await self._mouth.say(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "start": start,
                "duration": self._now - start,
                "is_final": final,
                "speech_final": False,
                "from_finalize": False,
                **(marks if final else {}),
                "channel": {"alternatives": [alternative]},
                "metadata": {
                    "request_id": "r",
                    "model_uuid": "m",
                    "model_info": {"name": "peer", "version": "0", "arch": "nova-3"},
                },
            }
        )


class Flux(Session):
    """Listen v2."""

    turn = 0
    sequence = 0
    state = "quiet"

    async def begin(self) -> None:
        await self._mouth.say({"type": "Connected", "request_id": "r", "sequence_id": 0})

    async def report(self) -> None:
        words = await self._words()
        quiet = self._quiet_s()
        event = self._event(words, quiet)
        self.sequence += 1
        await self._mouth.say(
            {
                "type": "TurnInfo",
                "request_id": "r",
                "sequence_id": self.sequence,
                "event": event,
                "turn_index": self.turn,
                "audio_window_start": self._seconds(self._from),
                "audio_window_end": self._now,
                "transcript": " ".join(word.text for word in words),
                "words": [{"word": word.text, "confidence": 0.9} for word in words],
                "end_of_turn_confidence": 0.9 if event == "EndOfTurn" else 0.1,
            }
        )
        if event == "EndOfTurn":
            self.turn, self.state, self._from = self.turn + 1, "quiet", len(self._sound)

    def _event(self, words: list[Word], quiet: float) -> str:
        eager = EAGER_S if "eager_eot_threshold" in self._query else EOT_S
        match self.state:
            case "quiet" if words:
                self.state = "turn"
                return "StartOfTurn"
            case "turn" | "eager" if quiet >= EOT_S and self._mouth.fault is not Fault.ENDLESS:
                return "EndOfTurn"
            case "turn" if quiet >= eager:
                self.state = "eager"
                return "EagerEndOfTurn"
            case "eager" if quiet < eager:
                self.state = "turn"
                return "TurnResumed"
        return "Update"
