"""ARI's requests, as far as calls need them, over one pool of HTTP connections."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import aiohttp

from callcenter.asterisk import events, tls
from callcenter.asterisk.events import Channel
from callcenter.config import Asterisk
from callcenter.errors import AriError, AsteriskError

TIMEOUT_S = 5.0
CONNECT_S = 2.0
CONNECTIONS = 100

KEEPALIVE_S = 5.0
"""Asterisk drops an idle connection after 15 s; a POST sent just then would be lost, so ours go first."""

REFUSED = (400, 401, 403)
"""HTTP statuses that do not pass by themselves: the user, the password or the application's name is wrong."""

Decoded = TypeVar("Decoded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """Channels that hear each other."""

    id: str
    channels: tuple[str, ...]


class Ari:
    """Logs in to one Asterisk and makes requests. Raises ConfigurationError for a CA's certificate that is none.

    Each request raises AriError when Asterisk refuses, AsteriskError when it does not answer within 5 s. Nothing is
    sent twice.
    """

    def __init__(self, settings: Asterisk) -> None:
        self._url = settings.url.rstrip("/")
        self.app = settings.app
        """The application that calls come to."""
        self._session = aiohttp.ClientSession(
            headers=login(settings),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S, sock_connect=CONNECT_S),
            connector=aiohttp.TCPConnector(
                limit=CONNECTIONS, keepalive_timeout=KEEPALIVE_S, ssl=tls.context(settings) or True
            ),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def version(self) -> str:
        """Asterisk's own version."""
        return await self._get("asterisk/info", lambda content: str(content["system"]["version"]), only="system")

    async def modules(self) -> set[str]:
        """The modules that are loaded and running, such as `chan_rtp.so`."""
        return await self._get(
            "asterisk/modules",
            lambda content: {str(item["name"]) for item in content if item["status"] == "Running"},
        )

    async def channels(self) -> list[Channel]:
        """All channels of this Asterisk, whoever owns them."""
        return await self._get("channels", lambda content: [events.channel(item) for item in content])

    async def bridges(self) -> list[Bridge]:
        """All bridges of this Asterisk."""
        return await self._get("bridges", lambda content: [_bridge(item) for item in content])

    async def registered(self) -> bool:
        """Whether any daemon has our application."""
        return await self._is_there(f"applications/{self.app}")

    async def exists(self, channel: str) -> bool:
        """Whether `channel` is there."""
        return await self._is_there(f"channels/{channel}")

    async def answer(self, channel: str) -> None:
        """Answer; a channel that is up already stays so."""
        await self._request("POST", f"channels/{channel}/answer")

    async def start_silence(self, channel: str) -> None:
        """Write silence to the channel: what a snoop whispers is mixed into it and is lost without."""
        await self._request("POST", f"channels/{channel}/silence")

    async def stop_silence(self, channel: str) -> None:
        """End what `start_silence` began."""
        await self._request("DELETE", f"channels/{channel}/silence")

    async def jitter_s(self, channel: str) -> float:
        """The largest jitter so far of the packets that come from the phone of `channel`, in seconds."""
        return await self._get(f"channels/{channel}/rtp_statistics", lambda content: float(content["local_maxjitter"]))

    async def set_variable(self, channel: str, name: str, value: str) -> None:
        """Set a channel variable, or a function of the dialplan."""
        await self._request("POST", f"channels/{channel}/variable", variable=name, value=value)

    async def hang_up(self, channel: str, reason: str = "normal") -> None:
        """End a channel: `normal`, `busy`, `congestion`, `no_answer`, ... One that is gone is fine."""
        await self._remove(f"channels/{channel}", reason=reason)

    async def continue_in_dialplan(self, channel: str) -> None:
        """Hand the channel back to the dialplan, at the step after Stasis()."""
        await self._request("POST", f"channels/{channel}/continue")

    async def decline(self, channel: str, why: Literal["declined", "busy"] = "declined") -> None:
        """Hand the channel back to the dialplan, where CALLCENTER says `why` nobody has served the caller."""
        await self.set_variable(channel, "CALLCENTER", why)
        await self.continue_in_dialplan(channel)

    async def snoop(self, channel: str, snoop: str) -> None:
        """Make the channel `snoop`, which hears what `channel` says and whispers what it is given."""
        await self._request("POST", f"channels/{channel}/snoop/{snoop}", spy="in", whisper="out", app=self.app)

    async def external_media(self, channel: str, wanted: Mapping[str, str]) -> dict[str, str]:
        """Make `channel`, which carries sound between Asterisk and us; `wanted` are parameters of the request.

        Returns its channel variables: of Asterisk's own end, as far as it tells.
        """
        answer = await self._request(
            "POST", "channels/externalMedia", **{**wanted, "channelId": channel, "app": self.app}
        )
        return _decoded(_variables, answer)

    async def subscribe(self, channel: str) -> None:
        """Have the events of `channel` sent to our application also while the dialplan has it."""
        await self._request("POST", f"applications/{self.app}/subscription", eventSource=f"channel:{channel}")

    async def originate(self, endpoint: str, channel: str, *, caller: str, timeout: float) -> None:
        """Call `endpoint` as `channel`; it enters our application when it answers within `timeout` seconds.

        `caller` is the number, or `"Name" <number>`, that is shown there.
        """
        await self._request(
            "POST",
            "channels",
            endpoint=endpoint,
            channelId=channel,
            app=self.app,
            callerId=caller,
            timeout=str(max(1, round(timeout))),
        )

    async def create_bridge(self, bridge: str) -> None:
        """Make an empty mixing bridge."""
        await self._request("POST", f"bridges/{bridge}", type="mixing", name=bridge)

    async def add_to_bridge(self, bridge: str, *channels: str) -> None:
        """Let `channels` hear each other. Each must have had its StasisStart."""
        await self._request("POST", f"bridges/{bridge}/addChannel", channel=",".join(channels))

    async def destroy_bridge(self, bridge: str) -> None:
        """Take a bridge apart. One that is gone is fine."""
        await self._remove(f"bridges/{bridge}")

    async def _is_there(self, path: str) -> bool:
        try:
            await self._request("GET", path)
        except AriError as error:
            if error.status == 404:
                return False
            raise
        return True

    async def _remove(self, path: str, **query: str) -> None:
        try:
            await self._request("DELETE", path, **query)
        except AriError as error:
            if error.status != 404:
                raise

    async def _get(self, path: str, decode: Callable[[Any], Decoded], **query: str) -> Decoded:
        return _decoded(decode, await self._request("GET", path, **query))

    async def _request(self, method: str, path: str, **query: str) -> bytes:
        try:
            async with self._session.request(method, f"{self._url}/{path}", params=query) as response:
                answer = await response.read()
        except TimeoutError as error:
            raise AsteriskError(f"ARI at {self._url} did not answer {method} {path} within {TIMEOUT_S:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise unreachable(self._url, error) from error
        if response.status >= 400:
            raise AriError(response.status, f"{method} {path}", advice(response.status) or _message(answer))
        return answer


def login(settings: Asterisk) -> dict[str, str]:
    """The header that ARI knows us by."""
    return {"Authorization": aiohttp.encode_basic_auth(settings.username, settings.password.get_secret_value())}


def unreachable(url: str, error: Exception) -> AsteriskError:
    """What to tell a person when no connection to ARI can be made or it breaks."""
    if trouble := tls.explained(error):
        return AsteriskError(f"ARI at {url} cannot be reached; {trouble}")
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return AsteriskError(
        f"ARI at {url} cannot be reached ({reason}): is Asterisk running, enabled = yes in http.conf and ari.conf, "
        "and asterisk.url right, with https for the port of tlsbindaddr?"
    )


def advice(status: int) -> str:
    """What to do about an HTTP status that has one usual cause; else empty."""
    if status == 401:
        return "wrong user or password: check asterisk.username and asterisk.password against ari.conf"
    if status == 403:
        return "this user may only read: remove read_only in ari.conf"
    return ""


def _message(answer: bytes) -> str:
    try:
        content = json.loads(answer)
        return str(content.get("message") or content.get("error") or content)
    except (ValueError, AttributeError):
        return answer[:200].decode(errors="replace")


def _decoded(decode: Callable[[Any], Decoded], answer: bytes) -> Decoded:
    try:
        return decode(json.loads(answer))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise AsteriskError(f"ARI's answer is not understood: {answer[:200]!r}") from error


def _bridge(content: dict[str, Any]) -> Bridge:
    return Bridge(id=str(content["id"]), channels=tuple(str(channel) for channel in content["channels"]))


def _variables(content: dict[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in content.get("channelvars", {}).items()}
