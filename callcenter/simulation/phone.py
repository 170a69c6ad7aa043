"""A SIP phone that dials, on aiosipua; the sound is the handset's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self, cast

import structlog

from callcenter.errors import MissingPartError, SimulationError
from callcenter.media.rtp_packet import Address
from callcenter.simulation.handset import Handset
from callcenter.simulation.keypad import TELEPHONE_EVENT
from callcenter.simulation.sip_socket import SipSocket

if TYPE_CHECKING or find_spec("aiosipua"):
    import aiosipua

log = structlog.get_logger()

T1_S = 0.5
"""RFC 3261, section 17.1.1.1: the first retransmission; each later one waits twice as long."""
UNREACHABLE_S = 4.0
RINGING_S = 30.0
GOODBYE_S = 2.0

REFUSALS = {
    401: "the phone's name or password is wrong",
    403: "the phone may not call",
    404: "there is no such extension",
    407: "the phone's name or password is wrong",
    408: "nobody answered",
    480: "nobody is there",
    486: "the line is busy",
    488: "no codec in common",
    503: "the service is not available",
    603: "the call was declined",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SipTarget:
    """Where to call and as whom."""

    host: str = "127.0.0.1"
    port: int = 5060
    user: str = "phone"
    password: str
    extension: str = "9000"

    @property
    def address(self) -> Address:
        """Of the SIP server."""
        return self.host, self.port


class Connection:
    """A call that was answered."""

    def __init__(self, handset: Handset, answered: float) -> None:
        self.handset = handset
        self.answered = answered
        """Loop time of the 200 OK."""
        self.over = asyncio.Event()
        """Set when the other side has hung up."""


class Phone:
    """One SIP socket for any number of calls at once. `open` makes one."""

    def __init__(self, target: SipTarget) -> None:
        self._target = target
        self._socket = SipSocket(target.address, aiosipua.SipMessage.parse)
        transport = cast(aiosipua.SipTransport, self._socket)
        self._uac = aiosipua.SipUAC(transport)
        self._uas = aiosipua.SipUAS(transport, uac=self._uac)
        self._uas.on_bye = self._bye
        self._uas.on_reinvite = lambda call: call.reject(488)
        self._dispatch: Any = None
        self._replies: dict[tuple[str, str], asyncio.Event] = {}
        self._final: set[str] = set()
        self._calls: dict[str, Connection] = {}
        self._abandoned: dict[str, aiosipua.OutgoingCall] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, target: SipTarget) -> AsyncIterator[Self]:
        """A phone on a free port of the address that reaches `target`.

        Raises MissingPartError without aiosipua, SimulationError when there is no way to the target.
        """
        if not find_spec("aiosipua"):
            raise MissingPartError("aiosipua is not installed: pip install 'callcenter[simulate]'")
        phone = cls(target)
        await phone._start()
        try:
            yield phone
        finally:
            await phone._uas.stop()

    @property
    def host(self) -> str:
        """The address that reaches the target."""
        return self._socket.local_addr[0]

    @asynccontextmanager
    async def dial(self, caller: str, handset: Handset, extension: str = "") -> AsyncIterator[Connection]:
        """Call `extension`, by default the target's, as the number `caller`; hang up when the block ends.

        Raises SimulationError when nobody answers, with the reason.
        """
        target = replace(self._target, extension=extension or self._target.extension)
        offer = aiosipua.build_sdp(self.host, handset.port, 0, "PCMU", 8000, TELEPHONE_EVENT)
        call = self._uac.send_invite(
            f"sip:{caller}@{self.host}",
            f"sip:{target.extension}@{target.host}:{target.port}",
            target.address,
            offer,
            auth=aiosipua.SipDigestAuth(target.user, target.password),
        )
        log.debug("> INVITE", caller=caller, extension=target.extension)
        try:
            answered = await self._answered(call)
            handset.connect(_sound_of(call))
            connection = self._calls[call.call_id] = Connection(handset, answered)
            yield connection
        finally:
            await self._hang_up(call)
            self._forget(call.call_id)

    async def _start(self) -> None:
        await self._uas.start()
        # aiosipua neither acknowledges refusals nor ignores their repetitions, which Asterisk therefore sends: a
        # repeated 401 would end a call that has answered the first.
        self._dispatch, self._socket.on_message = self._socket.on_message, self._received

    def _received(self, message: Any, source: Address) -> None:
        if not (message.via and message.cseq and message.call_id and message.to_addr):
            log.warning("x SIP", reason="a header is missing")
        elif not isinstance(message, aiosipua.SipResponse) or self._is_news(message):
            self._dispatch(message, source)

    def _is_news(self, response: Any) -> bool:
        """Whether aiosipua should see `response`."""
        method, call_id = response.cseq.method, response.call_id
        log.debug("<", status=response.status_code, method=method)
        if reply := self._replies.get((call_id, method)):
            reply.set()
        if method != "INVITE" or response.status_code < 200:
            return True
        if response.status_code < 300:
            if call := self._abandoned.pop(call_id, None):
                self._end_at_once(call, response)
            return True
        self._socket.send(_acknowledgement(response), self._target.address)
        branch = response.via[0].branch or ""
        known = branch in self._final
        self._final.add(branch)
        return not known

    def _end_at_once(self, call: "aiosipua.OutgoingCall", answer: Any) -> None:
        """A call that was answered while its CANCEL was on the way (RFC 3261, section 9.1)."""
        self._socket.send(_acknowledgement(answer), call.remote_addr)
        call.dialog.remote_tag = answer.to_addr.tag or ""
        call.dialog.state = aiosipua.DialogState.CONFIRMED
        self._uac.send_bye(call.dialog, call.remote_addr)

    async def _answered(self, call: "aiosipua.OutgoingCall") -> float:
        """Wait for the 200 OK; its loop time."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[float] = loop.create_future()

        def accept(_: object) -> None:
            if not answer.done():
                answer.set_result(loop.time())

        def refuse(_: object, status: int, reason: str) -> None:
            if not answer.done():
                answer.set_exception(SimulationError(self._refusal(status, reason)))

        call.on_answer, call.on_rejected = accept, refuse
        if not await self._delivered(call.invite, UNREACHABLE_S):
            raise SimulationError(f"nothing answers at {self._target.host}:{self._target.port}: is Asterisk running?")
        try:
            async with asyncio.timeout(RINGING_S):
                return await answer
        except TimeoutError:
            raise SimulationError(f"{self._target.extension} did not answer within {RINGING_S:g} s") from None

    def _refusal(self, status: int, reason: str) -> str:
        meaning = REFUSALS.get(status)
        return f"calling {self._target.extension}: {status} {reason}" + (f", {meaning}" if meaning else "")

    async def _delivered(self, request: "aiosipua.SipRequest", limit: float) -> bool:
        """Send `request`, which was sent once already, again and again until there is any response to it."""
        reply = self._replied(request)
        loop = asyncio.get_running_loop()
        deadline, wait = loop.time() + limit, T1_S
        while (left := deadline - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(wait, left)):
                    await reply.wait()
                    return True
            except TimeoutError:
                self._socket.send(request, self._target.address)
                wait *= 2
        return False

    def _replied(self, request: "aiosipua.SipRequest") -> asyncio.Event:
        """Set when there was any response to `request`."""
        return self._replies.setdefault((request.call_id or "", request.method), asyncio.Event())

    async def _hang_up(self, call: "aiosipua.OutgoingCall") -> None:
        """BYE once answered, CANCEL before; nothing when the other side has ended the call."""
        connection = self._calls.get(call.call_id)
        if connection and connection.over.is_set():
            return
        self._abandoned[call.call_id] = call
        if not self._replied(call.invite).is_set():
            return  # A request that nobody has answered is not to be cancelled (RFC 3261, section 9.1).
        if request := call.hangup(self._uac) or call.cancel(self._uac):
            log.debug(f"> {request.method}", call_id=call.call_id)
            await self._delivered(request, GOODBYE_S)

    def _forget(self, call_id: str) -> None:
        self._uac.remove_call(call_id)
        self._calls.pop(call_id, None)
        self._replies = {key: reply for key, reply in self._replies.items() if key[0] != call_id}

    def _bye(self, call: Any, _: object) -> None:
        log.debug("< BYE", call_id=call.call_id)
        if connection := self._calls.get(call.call_id):
            connection.over.set()


def _sound_of(call: "aiosipua.OutgoingCall") -> Address:
    """Where the other side wants its sound."""
    address = call.sdp_answer.rtp_address if call.sdp_answer else None
    if not address or not address[1]:
        raise SimulationError("the answer has no sound in it")
    return address


def _acknowledgement(response: Any) -> "aiosipua.SipRequest":
    """The ACK of a refusal: the INVITE's branch and number, the response's To (RFC 3261, section 17.1.1.3)."""
    request = aiosipua.SipRequest(method="ACK", uri=aiosipua.stringify_uri(response.to_addr.uri))
    request.headers.append("Via", response.headers.get("via")[0])
    for name in ("From", "To", "Call-ID"):
        request.headers.set_single(name, response.headers.get_first(name) or "")
    request.headers.set_single("CSeq", f"{response.cseq.seq} ACK")
    request.headers.set_single("Max-Forwards", "70")
    return request
