"""What is looked at, in which order, and what at the same time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial

from callcenter import line_trial
from callcenter.config import Settings
from callcenter.doctor import clouds, language_model, parts
from callcenter.doctor.finding import Check, Finding
from callcenter.doctor.sample import PATIENCE_S, Equipment
from callcenter.speech.voice import VoiceName

TRUNK_ADVICE = "`callcenter campaign` waits until it is well"
LINE_ADVICE = {
    "rtp": "let UDP pass between Asterisk and [media] host, and load chan_rtp",
    "audiosocket": "let TCP pass from Asterisk to [media] audiosocket_listen, and load chan_audiosocket",
    "websocket": "let TCP pass to http.conf's port or to [media] websocket_listen, and load chan_websocket",
}
NOBODY: dict[str, list[VoiceName]] = {"en": []}
"""Whose voices there are where no flow can be read."""


async def examine(settings: Settings, patience_s: float = PATIENCE_S) -> AsyncIterator[Finding]:
    """Check everything, each finding in its place as soon as it is known. What is elsewhere may take `patience_s`."""
    for group in groups(settings, patience_s):
        async for finding in _findings(group, settings):
            yield finding


def groups(settings: Settings, patience_s: float = PATIENCE_S) -> list[list[Check]]:
    """What is checked one after the other; those of one group at once, as they do not get in each other's way."""
    equipment = equipped(settings, patience_s)
    alone = [[check] for check in here(settings, equipment)]
    return [*alone, elsewhere(settings, equipment), connected(settings), *([check] for check in running(settings))]


def equipped(settings: Settings, patience_s: float = PATIENCE_S) -> Equipment:
    """For those elsewhere that the settings name, which may take `patience_s`."""
    spoken = parts.spoken(settings)
    engines = [name.engine for names in spoken.values() for name in names]
    return Equipment(spoken or NOBODY, sdks(settings, engines), patience_s)


def here(settings: Settings, equipment: Equipment) -> list[Check]:
    """What is on this machine."""
    return [
        Check(name="configuration", find=parts.configuration, advice="correct the file"),
        Check(name="clock", find=parts.clock, advice="remove [dialogue] pretend_it_is, unless this is a rehearsal"),
        *parts.flows(settings),
        Check(name="models", find=partial(parts.models, equipment.voices), advice="run `callcenter models fetch`"),
        *clouds.recognisers_here(settings, equipment),
        *parts.voices_here(equipment.voices),
    ]


def elsewhere(settings: Settings, equipment: Equipment) -> list[Check]:
    """Those who hear, talk and think for us."""
    return [
        *clouds.recognisers_elsewhere(settings, equipment),
        *clouds.voices_elsewhere(equipment),
        *language_model.check(settings, equipment),
    ]


def sdks(settings: Settings, engines: Sequence[str]) -> frozenset[str]:
    """Those that are needed, of `openai` and `deepgram`, by the recognisers, the voices' engines and the model."""
    used = {*settings.hearing.recognisers, *engines}
    openai = "openai" in used or settings.dialogue.brain == "model"
    deepgram = bool(used & {"deepgram", "flux"})
    return frozenset(name for name, needed in (("openai", openai), ("deepgram", deepgram)) if needed)


def connected(settings: Settings) -> list[Check]:
    """What the daemon is connected to."""
    trunk = [Check(name="trunk", find=parts.trunk, advice=TRUNK_ADVICE)] if settings.outbound.trunk else []
    return [
        Check(
            name="database",
            find=parts.database,
            advice="correct [database] url, or leave it empty for the embedded PostgreSQL",
        ),
        Check(
            name="ARI",
            find=parts.ari,
            advice="correct [asterisk] url, username, password and, for https, ca_certificate; see ari.conf, http.conf",
        ),
        *trunk,
    ]


def running(settings: Settings) -> list[Check]:
    """What is only seen at work, each by itself: a tone must not stutter because something else is looked at."""
    return [
        *lines(settings),
        Check(
            name="daemon",
            find=parts.daemon,
            advice="start it: `systemctl start callcenter`, or `callcenter run`",
        ),
    ]


def lines(settings: Settings) -> list[Check]:
    """The ways that the sound of calls may take: which there are, and each that is chosen."""
    return [
        Check(
            name="lines",
            find=line_trial.offered,
            advice="load the module in modules.conf, or choose another [media] line",
        ),
        *(
            Check(
                name=f"{line_trial.name(choice)} both ways",
                find=partial(line_trial.tried, choice),
                advice=LINE_ADVICE[choice.kind],
            )
            for choice in line_trial.choices(settings)
        ),
    ]


async def _findings(group: Sequence[Check], settings: Settings) -> AsyncIterator[Finding]:
    """Of checks at once, in their order. Whoever has heard enough leaves none of them running."""
    tasks = [asyncio.create_task(check.finding(settings)) for check in group]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
