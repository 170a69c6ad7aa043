"""What is looked at on this machine, in the database and at Asterisk."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from callcenter import config, control, repertoire
from callcenter.asterisk.ari import Ari
from callcenter.config import Settings
from callcenter.doctor.finding import Ailment, Check
from callcenter.doctor.sample import TEXT
from callcenter.errors import AsteriskError, ConfigurationError, SpeechError
from callcenter.media.pcm import NARROWBAND
from callcenter.outbound.endpoint import TrunkAri, named
from callcenter.speech import recognisers
from callcenter.speech import voices as engines
from callcenter.speech.models import Condition, Models
from callcenter.speech.voice import VoiceName
from callcenter.store.database import Database

VAD = "silero-vad"

FLOW_ADVICE = "correct the flow file, or name another in [dialogue] flow or flows"
VOICE_ADVICE = {
    "piper": "run `pip install 'callcenter[piper]'` and `callcenter models fetch`",
    "espeak": "run `apt install espeak-ng`, or name another voice in the flow or in [talking] voices",
}


def flows(settings: Settings) -> list[Check]:
    """A check of each flow that the settings name; and where they are several, one of all of them together."""
    sources = repertoire.sources(settings.dialogue)
    checks = [Check(name="flow", find=partial(_flow, source), advice=FLOW_ADVICE) for source in sources]
    if len(sources) > 1:
        advice = "give each flow in [dialogue] flow and flows a name of its own"
        checks.append(Check(name="flows", find=_flows, advice=advice))
    return checks


async def _flow(source: str, settings: Settings) -> str:
    flow = repertoire.flow(source, settings.hearing)
    spoken_by = ", else ".join(map(str, repertoire.voices(flow, settings.talking)))
    return f"{flow.name}, in {flow.language}, with {len(flow.slots)} slots, spoken by {spoken_by}"


async def _flows(settings: Settings) -> str:
    names = list(repertoire.flows(settings))
    return f"{', '.join(names)}; {names[0]} answers where the dialplan names none"


def spoken(settings: Settings) -> dict[str, list[VoiceName]]:
    """By language, the voices of the flows that can be read; what is wrong with the others is said of them."""
    found: dict[str, list[VoiceName]] = {}
    for source in repertoire.sources(settings.dialogue):
        with suppress(ConfigurationError):
            flow = repertoire.flow(source, settings.hearing)
            found.setdefault(flow.language, []).extend(repertoire.voices(flow, settings.talking))
    return {language: list(dict.fromkeys(names)) for language, names in found.items()}


async def configuration(settings: Settings) -> str:
    """Where the settings come from."""
    found = config.find()
    return str(found) if found else "no file; the defaults and the environment hold"


async def clock(settings: Settings) -> str:
    """What time the flows go by."""
    if pretended := settings.dialogue.pretend_it_is:
        raise ConfigurationError(f"flows go by {pretended:%Y-%m-%d %H:%M} and on from there when the daemon starts")
    return "flows go by this machine's"


async def models(voices: Sequence[VoiceName], settings: Settings) -> str:
    """The files of the models that the settings need, with those voices."""
    known = Models(settings.paths.cache)
    conditions = {name: await known.verify(name) for name in needed(settings, voices, known.__contains__)}
    faulty = {name: condition for name, condition in conditions.items() if condition is not Condition.READY}
    if faulty:
        told = ", ".join(f"{name} is {condition}" for name, condition in faulty.items())
        raise Ailment(f"{told} in {known.folder}", f"run `callcenter models fetch {' '.join(faulty)}`")
    return f"{', '.join(conditions)} in {known.folder}"


def needed(settings: Settings, voices: Sequence[VoiceName], known: Callable[[str], bool]) -> list[str]:
    """The names of the models that calls use, as the settings are, with those voices; of those that are `known`."""
    names = [VAD]
    if recognisers.LOCAL in settings.hearing.recognisers:
        names.append(settings.hearing.model)
    names += [voice.name for voice in voices if voice.engine == "piper"]
    if settings.understanding.classifier == "embeddings":
        names.append(settings.understanding.model)
    return [name for name in dict.fromkeys(names) if known(name)]


def voices_here(names: Sequence[VoiceName]) -> list[Check]:
    """A check of each of those that this machine speaks with."""
    here = (name for name in names if not name.elsewhere)
    return [Check(name="voice", find=partial(_voice, name), advice=VOICE_ADVICE[name.engine]) for name in here]


async def _voice(name: VoiceName, settings: Settings) -> str:
    async with engines.opened(name, engines.Sources.of(settings)) as voice:
        began = time.perf_counter()
        clip = await voice.render(TEXT, NARROWBAND)
        took = time.perf_counter() - began
    if not clip.pcm:
        raise SpeechError(f"the voice {name} makes no sound")
    return f"{name}: {clip.seconds:.1f} s of speech rendered in {took:.2f} s"


async def database(settings: Settings) -> str:
    """Whether records can be kept."""
    kind = "configured" if settings.database.url.get_secret_value() else "embedded"
    async with Database(settings.database, settings.paths) as opened, opened.session() as session:
        version = await session.fetchval("SHOW server_version")
        calls = await session.fetchval("SELECT count(*) FROM calls")
    return f"PostgreSQL {version} ({kind}), {calls} calls stored"


async def ari(settings: Settings) -> str:
    """Whether Asterisk lets us in."""
    async with Ari(settings.asterisk) as asterisk:
        return f"Asterisk {await asterisk.version()} at {settings.asterisk.url}"


async def trunk(settings: Settings) -> str:
    """Whether calls can go out, if any may."""
    endpoint = settings.outbound.trunk
    async with TrunkAri(settings.asterisk) as asterisk:
        if trouble := await asterisk.trouble(endpoint):
            raise AsteriskError(trouble)
    return f"{endpoint}: " + (
        "it is there, and answers Asterisk" if named(endpoint) else "of a kind that is not looked at"
    )


async def daemon(settings: Settings) -> str:
    """Whether one answers calls."""
    report = await control.status(settings.paths.control_socket)
    if report["asterisk"] != "connected":
        raise AsteriskError(f"the daemon runs, but with Asterisk it is {report['asterisk']}")
    return f"version {report['process']['version']}, connected, {len(report['calls'])} calls"
