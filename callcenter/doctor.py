"""Checks of everything that a call needs, each with what was found and what to do about it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import numpy as np

from callcenter import config, control, repertoire
from callcenter.asterisk.ari import Ari
from callcenter.asterisk.stream import Connected, Disconnected, EventStream
from callcenter.asterisk.switchboard import Switchboard
from callcenter.config import Settings
from callcenter.errors import (
    AsteriskError,
    CallCenterError,
    ConfigurationError,
    MissingPartError,
    SpeechError,
    innermost,
)
from callcenter.media.clock import Clock
from callcenter.media.g711 import CODECS
from callcenter.media.pcm import NARROWBAND, Clip
from callcenter.media.rtp_line import RtpLine
from callcenter.outbound.endpoint import TrunkAri, named
from callcenter.speech import voices
from callcenter.speech.models import Condition, Models
from callcenter.speech.voice import VoiceName
from callcenter.store.database import Database

TONE_S = 1.0
HEARD_SHARE = 0.5
"""Of the tone that must arrive; the beginning may be lost while Asterisk learns our address."""
ENTER_S = 5.0
SAMPLE = "1, 2, 3, 4, 5."
"""Every voice can say it."""

FLOW_ADVICE = "correct the flow file, or name another in [dialogue] flow or flows"
VOICE_ADVICE = {
    "piper": "run `pip install 'callcenter[piper]'` and `callcenter models fetch`",
    "espeak": "run `apt install espeak-ng`, or name another voice in the flow or in [talking] voices",
    "openai": "correct [openai] url and key, or speech for the model, or name another voice in [talking] voices",
    "deepgram": "correct [deepgram] url and key, or name another voice in [talking] voices",
}

Check = tuple[str, Callable[[Settings], Awaitable[str]], str]
"""What it looks at, what finds out, and the advice when it is not well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check."""

    name: str
    ok: bool
    found: str
    advice: str = ""
    """What to do, when it is not ok."""


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Check one thing after another; each finding comes as soon as it is known."""
    checks: list[Check] = [
        ("configuration", _configuration, "correct the file"),
        ("clock", _clock, "remove [dialogue] pretend_it_is, unless this is a rehearsal"),
        *_flow_checks(settings),
        ("models", _models, "run `callcenter models fetch`"),
        *(("voice", partial(_voice, name), VOICE_ADVICE[name.engine]) for name in _voices(settings)),
        ("database", _database, "correct [database] url, or leave it empty for the embedded PostgreSQL"),
        ("ARI", _ari, "correct [asterisk] url, username and password; see ari.conf and http.conf"),
        *([("trunk", _trunk, "`callcenter campaign` waits until it is well")] if settings.outbound.trunk else []),
        ("RTP both ways", _rtp, "let UDP pass between Asterisk and [media] host, and load chan_rtp"),
        ("daemon", _daemon, "start it: `systemctl start callcenter`, or `callcenter run`"),
    ]
    for name, check, advice in checks:
        try:
            finding = Finding(name=name, ok=True, found=await check(settings))
        except (CallCenterError, ExceptionGroup) as error:
            reason = innermost(error)
            if not isinstance(reason, CallCenterError):
                raise
            finding = Finding(name=name, ok=False, found=str(reason), advice=advice)
        yield finding


async def _configuration(settings: Settings) -> str:
    found = config.find()
    return str(found) if found else "no file; the defaults and the environment hold"


async def _clock(settings: Settings) -> str:
    if pretended := settings.dialogue.pretend_it_is:
        raise ConfigurationError(f"flows go by {pretended:%Y-%m-%d %H:%M} and on from there when the daemon starts")
    return "flows go by this machine's"


def _flow_checks(settings: Settings) -> list[Check]:
    """One for each flow that the settings name; and where they are several, one for all of them together."""
    sources = repertoire.sources(settings.dialogue)
    checks: list[Check] = [("flow", partial(_flow, source), FLOW_ADVICE) for source in sources]
    together: list[Check] = [("flows", _flows, "give each flow in [dialogue] flow and flows a name of its own")]
    return checks + (together if len(sources) > 1 else [])


async def _flow(source: str, settings: Settings) -> str:
    flow = repertoire.flow(source, settings.hearing)
    spoken_by = ", else ".join(map(str, repertoire.voices(flow, settings.talking)))
    return f"{flow.name}, in {flow.language}, with {len(flow.slots)} slots, spoken by {spoken_by}"


async def _flows(settings: Settings) -> str:
    names = list(repertoire.flows(settings))
    return f"{', '.join(names)}; {names[0]} answers where the dialplan names none"


def _voices(settings: Settings) -> list[VoiceName]:
    """Those of the flows that can be read; what is wrong with the others is said of them."""
    names: list[VoiceName] = []
    for source in repertoire.sources(settings.dialogue):
        with suppress(ConfigurationError):
            names += repertoire.voices(repertoire.flow(source, settings.hearing), settings.talking)
    return list(dict.fromkeys(names))


async def _models(settings: Settings) -> str:
    models = Models(settings.paths.cache)
    conditions = {name: await models.verify(name) for name in models.known.default}
    faulty = [f"{name} is {condition}" for name, condition in conditions.items() if condition is not Condition.READY]
    if faulty:
        raise MissingPartError(f"{', '.join(faulty)} in {models.folder}")
    return f"{', '.join(conditions)} in {models.folder}"


async def _voice(name: VoiceName, settings: Settings) -> str:
    async with voices.opened(name, voices.Sources.of(settings)) as voice:
        began = time.perf_counter()
        clip = await voice.render(SAMPLE, NARROWBAND)
        took = time.perf_counter() - began
    if not clip.pcm:
        raise SpeechError(f"the voice {name} makes no sound")
    return f"{name}: {clip.seconds:.1f} s of speech rendered in {took:.2f} s"


async def _database(settings: Settings) -> str:
    kind = "configured" if settings.database.url.get_secret_value() else "embedded"
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        version = await session.fetchval("SHOW server_version")
        calls = await session.fetchval("SELECT count(*) FROM calls")
    return f"PostgreSQL {version} ({kind}), {calls} calls stored"


async def _ari(settings: Settings) -> str:
    async with Ari(settings.asterisk) as ari:
        return f"Asterisk {await ari.version()} at {settings.asterisk.url}"


async def _trunk(settings: Settings) -> str:
    """Whether calls can go out, if any may."""
    trunk = settings.outbound.trunk
    async with TrunkAri(settings.asterisk) as ari:
        if trouble := await ari.trouble(trunk):
            raise AsteriskError(trouble)
    return f"{trunk}: " + ("it is there, and answers Asterisk" if named(trunk) else "of a kind that is not looked at")


async def _rtp(settings: Settings) -> str:
    """A tone through two external media channels in one bridge, in both directions."""
    own = settings.asterisk.model_copy(update={"app": f"callcenter-doctor-{uuid4().hex[:8]}"})
    switchboard, clock = Switchboard(), Clock()
    codec = CODECS[settings.media.codec]
    async with Ari(own) as ari, asyncio.TaskGroup() as group:
        connected = asyncio.Event()
        services = [group.create_task(clock.run()), group.create_task(_route(EventStream(own), switchboard, connected))]
        lines = [RtpLine.open(settings.media.host, codec, clock) for _ in range(2)]
        names = [f"{own.app}-{side}" for side in ("a", "b")]
        mailbox = switchboard.open(*names)
        try:
            async with asyncio.timeout(ENTER_S):
                await connected.wait()
                for name, line in zip(names, lines, strict=True):
                    peer = await ari.external_media(name, *line.local_address, codec.name)
                    if peer:
                        line.connect(peer)
                await mailbox.until(lambda: all(map(mailbox.entered, names)))
                await ari.create_bridge(own.app)
                await ari.add_to_bridge(own.app, *names)
            heard = [await _heard(*lines), await _heard(*reversed(lines))]
        except TimeoutError:
            raise AsteriskError(f"Asterisk made no external media channel within {ENTER_S:g} s") from None
        finally:
            for line in lines:
                line.close()
            with suppress(AsteriskError):
                await asyncio.gather(*map(ari.hang_up, names), ari.destroy_bridge(own.app))
            for service in services:
                service.cancel()
    if min(heard) < HEARD_SHARE:
        raise AsteriskError(f"of a tone sent both ways {heard[0]:.0%} and {heard[1]:.0%} came back")
    return f"{codec.name}: a tone came through Asterisk both ways"


async def _route(stream: EventStream, switchboard: Switchboard, connected: asyncio.Event) -> None:
    async for event in stream:
        match event:
            case Connected():
                connected.set()
            case Disconnected(reason=reason):
                raise AsteriskError(reason)
            case _:
                switchboard.route(event)


async def _heard(speaker: RtpLine, listener: RtpLine) -> float:
    """The share of a tone played on one line that arrives on the other."""
    samples = (8000 * np.sin(2 * np.pi * 440 * np.arange(int(NARROWBAND * TONE_S)) / NARROWBAND)).astype("<i2")
    listener.received.drain()
    speaker.playout.say(Clip(text="tone", pcm=samples.tobytes(), rate=NARROWBAND))
    await asyncio.sleep(TONE_S + 0.2)
    frames = [np.frombuffer(pcm, "<i2") for _, pcm in listener.received.drain()]
    loud = sum(int(np.abs(frame).max()) > 2000 for frame in frames)
    return loud / (TONE_S * 50)


async def _daemon(settings: Settings) -> str:
    report = await control.status(settings.paths.control_socket)
    if report["asterisk"] != "connected":
        raise AsteriskError(f"the daemon runs, but with Asterisk it is {report['asterisk']}")
    return f"version {report['process']['version']}, connected, {len(report['calls'])} calls"
