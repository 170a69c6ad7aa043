"""Twenty calls at once over a real Asterisk, while half of what clouds are asked goes wrong, each time in another way.

Two recognisers, a voice and a language model are small servers of ours, this machine's Whisper and espeak-ng stand
behind them. Every caller's lead must be in PostgreSQL as they gave it, and nothing of the calls may be left.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, product
from pathlib import Path
from typing import Any, Self

import psutil
import pytest

from callcenter.demo import House
from callcenter.dialogue.flow import load_flow
from callcenter.simulation.persona import Persona
from callcenter.simulation.report import CallResult
from callcenter.store import queries
from callcenter.store.database import Database
from callcenter.store.queries import StoredCall, StoredLead
from tests.peers import openai_cloud, remote_whisper
from tests.peers.conversation import Sensible
from tests.peers.openai_cloud import Fault, Piece
from tests.real.cloud import all_prepared, breakers, clouded, left_behind, placed, short_flow
from tests.real.stand_in_ears import ByLikeness

pytestmark = [
    pytest.mark.real,
    pytest.mark.alone,
    pytest.mark.timeout(200),
    pytest.mark.asyncio(loop_scope="module"),
]

FLOW = """\
name: fund
language: en
country: US
currency: dollars
greeting: Hello.
slots:
  amount: {type: money, ask: "How much is it?", again: ["Sorry, how much is it?"]}
  risk:
    type: choice
    ask: "Low or high risk?"
    again: ["Sorry, which risk: low or high?"]
    options: {low: {says: low, words: [low]}, high: {says: high, words: [high]}}
  client: {type: yes_no, ask: "Are you a client?", again: ["Sorry, are you a client, yes or no?"]}
states:
  start: {ask: [amount, risk, client], go: noted}
  noted: {say: "{amount}, {risk}.", end: noted}
sentences: {goodbye: {noted: Bye.}}
"""
AMOUNTS = {"Twenty thousand dollars.": 20_000, "Half a million.": 500_000}
RISKS = {"Low risk, please.": "low", "High risk, please.": "high"}
CLIENTS = {"Yes, I am.": True, "No, I am not.": False}
CALLS = 20
CALL_S = 90.0
"""What a call may last."""
SHARE = 0.5
"""Of the answers that go wrong."""
MOMENT_S = 0.05
"""So long a provider is as it is."""
CLOUDS = {"openai", "remote", "openai:en", "model"}
"""As the status names them."""
POOLED = len(CLOUDS) * CALLS
"""Connections that their clients may keep for the next calls."""
PATIENCE = 20
"""Seconds until nothing is left."""
PACE_S = 0.02
"""Of a word, and of a tenth of a second of speech."""
SOUND: list[Fault] = [fault for fault in Fault if fault not in {Fault.BAD_ARGUMENTS, Fault.NO_SUCH_TOOL}]
"""What may be wrong with what is no language model."""
KINDS: dict[str, list[Fault]] = {"completions": list(Fault), "speech": SOUND, "transcriptions": SOUND}


def caller(amount: str, risk: str, client: str) -> Persona:
    """Somebody who says the three, again whenever asked, and knows the keys for them."""
    keys = {"whole amount": f"{AMOUNTS[amount]}#", "low: press 1": f"{list(RISKS).index(risk) + 1}#"}
    spoken = {"how much": amount, "risk": risk, "client": client}
    return Persona.model_validate(
        {
            "name": f"{amount} {risk} {client}",
            "voice": {"engine": "flite", "name": "rms"},
            "noise": {"snr_db": 40},  # digital silence is what a jitter buffer that is deaf is known by
            "lines": [
                *({"on": on, "dtmf": digits, "repeat": True} for on, digits in keys.items()),
                {"on": "yes: press 1", "dtmf": "1#" if CLIENTS[client] else "2#", "repeat": True},
                *({"on": on, "say": text, "repeat": True} for on, text in spoken.items()),
            ],
            "expect": {
                "outcome": "noted",
                "slots": {"amount": AMOUNTS[amount], "risk": RISKS[risk], "client": CLIENTS[client]},
            },
        }
    )


CALLERS = [caller(*told) for told in product(AMOUNTS, RISKS, CLIENTS)]


@dataclass(kw_only=True)
class Weather:
    """What is wrong with whom, at any moment anew."""

    cloud: openai_cloud.Peer
    remote: remote_whisper.Peer
    chance: random.Random

    async def change(self) -> None:
        """Until cancelled."""
        while True:
            drawn = {what: self._drawn(kinds) for what, kinds in KINDS.items()}
            self.cloud.faults = {what: fault for what, fault in drawn.items() if fault}
            self.remote.fault = self._drawn(SOUND)
            await asyncio.sleep(MOMENT_S)

    @asynccontextmanager
    async def bad(self) -> AsyncIterator[None]:
        """It is within this; afterwards all are well."""
        changing = asyncio.create_task(self.change())
        try:
            yield
        finally:
            changing.cancel()
            self.cloud.faults, self.remote.fault = {}, None

    def _drawn(self, kinds: Sequence[Fault]) -> Fault | None:
        return self.chance.choice(kinds) if self.chance.random() < SHARE else None


@dataclass(kw_only=True)
class Numbered:
    """A sensible model that says nothing twice, so that a voice is needed for all of it."""

    sensible: Sensible
    numbers: Iterator[int] = field(default_factory=count)

    def __call__(self, request: dict[str, Any]) -> Sequence[Piece]:
        """Its answer, with a number."""
        return [
            f"Number {next(self.numbers)}. {piece}" if isinstance(piece, str) else piece
            for piece in self.sensible(request)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """What a daemon has open."""

    files: int
    """All that is not named here."""
    lines: int
    """UDP sockets."""
    database: int
    """Unix sockets: its pool's, and of who looks on."""
    clouds: int
    """Connections to the clouds."""

    @classmethod
    def of(cls, house: House, ports: set[int]) -> Self:
        """At this moment; the clouds are at these `ports`."""
        process = psutil.Process(house.daemon.pid)
        lines, database = (len(process.net_connections(kind)) for kind in ("udp", "unix"))
        clouds = sum(bool(link.raddr) and link.raddr.port in ports for link in process.net_connections("tcp"))
        return cls(files=process.num_fds() - lines - database - clouds, lines=lines, database=database, clouds=clouds)

    def kept(self, before: Self, pool: int) -> bool:
        """Whether there is nothing of calls that was not there `before`; pools may have grown."""
        return (
            self.files <= before.files
            and self.lines <= before.lines
            and self.database <= before.database + pool
            and self.clouds <= POOLED
        )


async def remaining(house: House, before: Belongings, ports: set[int]) -> list[str]:
    """What the calls have left of channels, bridges, tasks, sockets, files and records; [] if that is nothing."""
    found = await left_behind(house)
    for _ in range(PATIENCE):
        now = Belongings.of(house, ports)
        if now.kept(before, house.settings.database.pool):
            break
        await asyncio.sleep(1.0)  # idle connections to ARI are kept for some seconds
    else:
        found.append(f"open: {now}, before: {before}")
    spool = house.settings.paths.state / "spool"
    return found + [f"not stored: {path.name}" for path in spool.glob("*") if path.stat().st_size]


async def stored(house: House) -> tuple[list[StoredCall], list[StoredLead]]:
    """All calls and leads of the house's database."""
    async with Database(house.settings.database, house.settings.paths) as database, database.session() as session:
        return await queries.calls(session), await queries.leads(session)


def misstored(results: Sequence[CallResult], calls: Sequence[StoredCall], leads: Sequence[StoredLead]) -> list[str]:
    """What is wrong in the database, if these were the calls."""
    kept = {call.caller: call for call in calls}
    slots = {lead.caller: {name: slot.value for name, slot in lead.slots.items()} for lead in leads}
    found = [f"{len(calls)} calls and {len(leads)} leads are stored"] if {len(calls), len(leads)} != {CALLS} else []
    for result in results:
        call, told = kept.get(result.caller), slots.get(result.caller)
        if told != result.expected_slots:
            found.append(f"{result.name}: stored as {told}, {call and call.reason}, {result.error or 'no error'}")
        if call and (call.outcome, call.reason) != (result.expected_outcome, "agent"):
            found.append(f"{result.name}: {call.outcome}, ended by {call.reason}")
        if call and (call.ended is None or (call.ended - call.started).total_seconds() > CALL_S):
            found.append(f"{result.name}: from {call.started} to {call.ended}")
    return found


async def test_no_lead_is_lost_and_nothing_left_when_half_of_all_answers_go_wrong(tmp_path: Path) -> None:
    asyncio.get_running_loop().set_debug(False)  # which takes more of the machine than the callers do
    seed = random.SystemRandom().randrange(1_000_000)
    flow = short_flow(tmp_path, FLOW)
    ears = await ByLikeness.of(CALLERS)
    cloud = openai_cloud.Peer(Numbered(sensible=Sensible(load_flow(flow))), ears.transcribe, pace_s=0.0)
    remote = remote_whisper.Peer(ears.transcribe)
    weather = Weather(cloud=cloud, remote=remote, chance=random.Random(seed))
    async with (
        openai_cloud.serving(cloud) as one,
        remote_whisper.serving(remote) as other,
        clouded(tmp_path / "house", settings(flow, one, other)) as house,
    ):
        await all_prepared(lambda: cloud.counts["speech"])
        cloud.pace_s = PACE_S
        ports = {int(address.rpartition(":")[2]) for address in (one, other)}
        before = Belongings.of(house, ports)
        async with weather.bad():
            results = await placed(house, CALLERS, CALLS)
            found = untried(await breakers(house))
        found += await remaining(house, before, ports)
        found += misstored(results, *await stored(house))
    assert not found, "\n".join([f"seed {seed}:", *found])


def settings(flow: str, cloud: str, remote: str) -> dict[str, dict[str, Any]]:
    """Of a house whose clouds are at these addresses, and are given up sooner than usual: nobody waits for them."""
    return {
        "dialogue": {"flow": flow, "brain": "model"},
        "hearing": {"recognisers": ("openai", "remote", "whisper"), "waiting": 4},
        "talking": {"voices": {"en": ("openai:en", "espeak:en-us")}},
        "model": {"url": f"{cloud}/v1", "first_s": 1.5, "stall_s": 1.0},
        "openai": {"url": f"{cloud}/v1", "timeout_s": 1.5},
        "remote": {"url": remote, "timeout_s": 1.5},
        "limits": {"call_s": CALL_S},
    }


def untried(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which of the clouds, by their lines of the status, has met no bad weather."""
    return [f"untried: {line}" for line in lines if line["name"] in CLOUDS and not line["failed"]]
