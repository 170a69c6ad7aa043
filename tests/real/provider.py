"""A telephone provider on loopback: a SIP server that a trunk leads to, and behind it people and machines."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self, cast

import aiosipua

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.asterisk.run_directory import LOOPBACK, shipped
from callcenter.media.clock import Clock
from callcenter.media.g711 import CODECS
from callcenter.media.pcm import NARROWBAND, Clip, Samples, to_pcm
from callcenter.media.rtp_line import RtpLine
from callcenter.simulation.sip_socket import SipSocket

RINGS_S = 0.3
STAYS_S = 4.0
"""After they have said what they say."""
LOOK_S = 0.1
CODEC = CODECS["ulaw"]


class Provider:
    """Who has a number is in `people`: what they say once they answer, None if they do not, or how they refuse in SIP.

    Numbers that nobody has are not found.
    """

    def __init__(self, asterisk: PrivateAsterisk, people: dict[str, Samples | int | None]) -> None:
        self.people = people
        self.rung: Counter[str] = Counter()
        self.callers: set[str] = set()
        """The numbers that the called were shown."""
        self.heard: dict[str, bytes] = {}
        """What those who answered have heard, as PCM, by number, since they had said their first piece."""
        self.most_at_once = 0
        self.refuses_all = 0
        """The status of a provider that has a bad day and answers OPTIONS all the same."""
        self._talking: dict[str, asyncio.Task[None]] = {}
        self._clock = Clock()
        self._socket = SipSocket((LOOPBACK, asterisk.sip_port), self._parsed)
        self._down = False
        self._uas = aiosipua.SipUAS(cast(aiosipua.SipTransport, self._socket))
        self._uas.on_invite = self._invited
        self._uas.on_bye = lambda call, _: self._over(call.call_id)
        self._uas.on_cancel = lambda request, _: self._over(request.call_id or "")

    @classmethod
    @asynccontextmanager
    async def serving(cls, asterisk: PrivateAsterisk, people: dict[str, Samples | int | None]) -> AsyncIterator[Self]:
        """While `asterisk` has the shipped example of a trunk, which leads here."""
        provider = cls(asterisk, people)
        await provider._uas.start()
        clock = asyncio.create_task(provider._clock.run())
        path = asterisk.run_dir / "etc/pjsip.conf"
        before = path.read_text()
        path.write_text(before + trunk_to("{}:{}".format(*provider._socket.local_addr)))
        await asterisk.command("module reload res_pjsip.so")
        try:
            yield provider
        finally:
            path.write_text(before)
            await asterisk.command("module reload res_pjsip.so")
            for task in (*provider._talking.values(), clock):
                task.cancel()
            await asyncio.wait([*provider._talking.values(), clock])
            await provider._uas.stop()

    def go_down(self, *, down: bool = True) -> None:
        """Answer nothing at all, OPTIONS neither."""
        self._down = down

    def _parsed(self, data: bytes) -> Any:
        if self._down:
            raise ValueError("down")
        return aiosipua.SipMessage.parse(data)

    def _invited(self, call: aiosipua.IncomingCall) -> None:
        number = "+" + re.sub(r"\D", "", call.callee.partition("@")[0])
        self.rung[number] += 1
        self.callers.add(call.caller)
        who = self.people.get(number, 404)
        if self.refuses_all or isinstance(who, int):
            call.reject(self.refuses_all or cast(int, who))
            return
        call.ringing()
        self._talking[call.call_id] = asyncio.create_task(self._talk(call, number, who))
        self.most_at_once = max(self.most_at_once, sum(not task.done() for task in self._talking.values()))

    async def _talk(self, call: aiosipua.IncomingCall, number: str, says: Samples | None) -> None:
        await asyncio.sleep(RINGS_S if says is not None else 3600)
        line = RtpLine.open(LOOPBACK, CODEC, self._clock)
        try:
            assert call.sdp_offer
            assert call.sdp_offer.rtp_address
            line.latch(call.sdp_offer.rtp_address)
            call.accept(aiosipua.build_sdp(LOOPBACK, line.local_address[1], CODEC.payload_type, "PCMU"))
            assert says is not None
            line.playout.say(Clip(text="", pcm=to_pcm(says), rate=NARROWBAND))
            await line.played()
            line.received.drain()
            for _ in range(round(STAYS_S / LOOK_S)):
                await asyncio.sleep(LOOK_S)
                self.heard[number] = self.heard.get(number, b"") + b"".join(pcm for _, pcm in line.received.drain())
            call.hangup()
        finally:
            line.close()

    def _over(self, call_id: str) -> None:
        if task := self._talking.pop(call_id, None):
            task.cancel()


def trunk_to(address: str) -> str:
    """The example of a trunk in the shipped pjsip.conf, taken at its word, to the provider at `address`."""
    _, _, example = (shipped() / "pjsip.conf").read_text().partition("; --- A trunk")
    text = re.sub(r"(?m)^;(?=[;\[a-z])", "", example.partition("\n")[2])
    for placeholder in ("<account>", "<password>", "<number>"):
        text = text.replace(placeholder, "acme")
    return text.replace("sip.example.com", address).replace(
        "qualify_frequency = 15", "qualify_frequency = 1\nqualify_timeout = 1"
    )
