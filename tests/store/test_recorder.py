import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from callcenter import config
from callcenter.store import codec, queries
from callcenter.store.costs import costs
from callcenter.store.database import Database
from callcenter.store.recorder import Recorder
from callcenter.store.records import Record, SlotValue
from callcenter.store.spool import Spool
from callcenter.usage import Charge
from tests.store import samples
from tests.waiting import until

UNREACHABLE = "postgresql://nobody@127.0.0.1:1/none"


@asynccontextmanager
async def _recording(database: Database, directory: Path, instance: str = "") -> AsyncIterator[Recorder]:
    recorder = Recorder(database, Spool(directory / "spool"), instance=instance)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(recorder.run())
        yield recorder
        await recorder.close(10)


@asynccontextmanager
async def _unreachable() -> AsyncIterator[Database]:
    async with Database(config.Database(url=SecretStr(UNREACHABLE)), config.Paths()) as database:
        yield database


async def _transcript(database: Database, number: int) -> queries.Transcript:
    async with database.session() as session:
        return await queries.transcript(session, str(samples.call(number)))


async def test_a_call_is_stored(database: Database, tmp_path: Path) -> None:
    async with _recording(database, tmp_path) as recorder:
        for record in samples.whole(1):
            recorder.put(record)
    kept = await _transcript(database, 1)
    assert kept.call.outcome == "qualified"
    assert [turn.index for turn in kept.turns] == [0, 1, 2]
    assert kept.turns[0].timings == {"endpoint": 200.5, "recognise": 310.0}
    assert kept.lead is not None
    assert kept.lead.slots == {"amount": SlotValue(value=2, heard="2")}
    assert (recorder.counts.written, recorder.counts.spooled, recorder.counts.waiting) == (8, 0, 0)


async def test_slots_that_a_lead_no_longer_has_are_removed(database: Database, tmp_path: Path) -> None:
    async with _recording(database, tmp_path) as recorder:
        recorder.put(samples.started(1))
        recorder.put(samples.lead(1, amount=[50_000, 60_000], risk="moderate", interest=["funds"]))
        recorder.put(samples.lead(1, "qualified", amount=60_000, name="Karen"))
    lead = (await _transcript(database, 1)).lead
    assert lead is not None
    assert lead.status == "qualified"
    assert {name: slot.value for name, slot in lead.slots.items()} == {"amount": 60_000, "name": "Karen"}


async def test_records_may_be_stored_again(database: Database, tmp_path: Path) -> None:
    async with _recording(database, tmp_path) as recorder:
        for record in samples.whole(1) * 2:
            recorder.put(record)
    kept = await _transcript(database, 1)
    assert kept.call.turns == 3
    assert recorder.counts.rejected == 0


async def test_text_that_postgres_refuses_is_made_storable(database: Database, tmp_path: Path) -> None:
    async with _recording(database, tmp_path) as recorder:
        recorder.put(samples.started(1, caller="\x00"))
        recorder.put(samples.turn(1, 0, heard="a\x00b \ud83d é 😀"))
        recorder.put(samples.lead(1, name="\x00", rate=float("nan")))
    kept = await _transcript(database, 1)
    assert kept.call.caller == "\ufffd"
    assert kept.turns[0].heard == "a\ufffdb \ufffd é 😀"
    assert kept.lead is not None
    assert {name: slot.value for name, slot in kept.lead.slots.items()} == {"name": "\ufffd", "rate": None}


async def test_a_refused_record_does_not_hold_up_the_others(database: Database, tmp_path: Path) -> None:
    refused: list[Record] = [
        replace(samples.turn(1, 0), index=2**40),
        samples.turn(1, -1),
        samples.turn(7, 0),
        samples.ended(7),
        replace(samples.turn(1, 5), said=7),  # type: ignore[arg-type]
    ]
    unencodable = replace(samples.turn(1, 6), timings={"x": 1j})  # type: ignore[dict-item]
    async with _recording(database, tmp_path) as recorder:
        for record in [samples.started(1), *refused, unencodable, samples.turn(1, 0), samples.ended(1)]:
            recorder.put(record)
    kept = await _transcript(database, 1)
    assert [turn.index for turn in kept.turns] == [0]
    assert kept.call.outcome == "qualified"
    assert (recorder.counts.written, recorder.counts.rejected) == (3, 6)
    assert len((tmp_path / "spool" / "rejected").read_text().splitlines()) == len(refused)


async def test_records_wait_in_the_spool_for_the_next_start(database: Database, tmp_path: Path) -> None:
    async with _unreachable() as nowhere, _recording(nowhere, tmp_path) as recorder:
        for record in samples.whole(1):
            recorder.put(record)
    assert (recorder.counts.away, recorder.counts.waiting, recorder.counts.written) == (True, 8, 0)
    async with _recording(database, tmp_path) as recorder:
        recorder.put(samples.lead(1, "qualified", amount=99))
    kept = await _transcript(database, 1)
    assert kept.call.turns == 3
    assert kept.lead is not None
    assert kept.lead.slots["amount"].value == 99
    assert recorder.counts.waiting == 0


async def test_an_unreadable_line_in_the_spool_is_put_aside(database: Database, tmp_path: Path) -> None:
    lines = [codec.encode(samples.started(1)), "\x00\x00", '{"kind": "Older"}', codec.encode(samples.ended(1))]
    spool = Spool(tmp_path / "spool")
    spool.open()
    spool.append(lines)
    spool.close()
    async with _recording(database, tmp_path) as recorder:
        pass
    assert (recorder.counts.written, recorder.counts.rejected, recorder.counts.waiting) == (2, 2, 0)


async def test_without_a_disk_records_are_still_stored(database: Database, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file is in the way")
    async with _recording(database, tmp_path) as recorder:
        for record in samples.whole(1):
            recorder.put(record)
    assert recorder.counts.written == 8


async def test_without_disk_and_database_what_is_too_much_is_counted(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file is in the way")
    async with _unreachable() as nowhere, asyncio.TaskGroup() as tasks:
        recorder = Recorder(nowhere, Spool(tmp_path / "spool"), limit=5)
        tasks.create_task(recorder.run())
        for record in samples.whole(1):
            recorder.put(record)
        await until(lambda: recorder.counts.away)
        assert (recorder.counts.waiting, recorder.counts.dropped) == (5, 3)
        await recorder.close(1)


async def test_a_cancelled_recorder_leaves_everything_in_the_spool(tmp_path: Path) -> None:
    async with _unreachable() as nowhere:
        recorder = Recorder(nowhere, Spool(tmp_path / "spool"))
        task = asyncio.ensure_future(recorder.run())
        for record in samples.whole(1):
            recorder.put(record)
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    spool = Spool(tmp_path / "spool")
    spool.open()
    kept = [codec.decode(line) for line in spool.read(99).lines]
    assert list(dict.fromkeys(map(repr, kept))) == list(map(repr, samples.whole(1)))
    spool.close()


async def test_lost_calls_are_closed_by_their_own_instance(database: Database, tmp_path: Path) -> None:
    async with _recording(database, tmp_path / "first", "a") as recorder:
        for number in range(1, 6):
            recorder.put(samples.started(number, instance="b" if number == 5 else "a"))
        recorder.put(samples.turn(1, 0))
        recorder.put(samples.lead(2, amount=1))
        recorder.put(samples.lead(3, "refused"))
        recorder.put(samples.lead(1, "new"))
    async with _recording(database, tmp_path / "second", "a") as recorder:
        await _lost(recorder, 3)
    async with database.session() as session:
        calls = {call.id.int >> 96: call for call in await queries.calls(session)}
    outcomes = {number: (call.outcome, call.reason) for number, call in calls.items()}
    assert outcomes == {
        1: ("hung_up", "lost"),
        2: ("partial", "lost"),
        3: ("refused", "lost"),
        4: (None, None),
        5: (None, None),
    }
    assert calls[1].ended == samples.turn(1, 0).at


async def _lost(recorder: Recorder, calls: int) -> None:
    """Have lost calls closed, which are so many."""
    with capture_logs() as logs:
        recorder.close_lost(samples.NOON + timedelta(minutes=4))
        await until(lambda: sum(line.get("ended") == "lost" for line in logs) == calls)


def _used(number: int) -> list[Record]:
    """A call of three turns that used something in two of them, and something more after the last."""
    bills = [{}, samples.EARS | samples.MIND, samples.EARS]
    turns = [replace(samples.turn(number, index), usage=bill) for index, bill in enumerate(bills)]
    whole = samples.MIND | {"deepgram": Charge(seconds_heard=4.5, cost=0.75)}
    return [samples.started(number), *turns, replace(samples.ended(number), usage=whole)]


async def test_what_was_used_goes_through_the_spool(database: Database, tmp_path: Path) -> None:
    async with _unreachable() as nowhere, _recording(nowhere, tmp_path) as recorder:
        for record in _used(1) * 2:
            recorder.put(record)
    async with _recording(database, tmp_path):
        pass
    kept = await _transcript(database, 1)
    assert [turn.usage for turn in kept.turns] == [{}, samples.EARS | samples.MIND, samples.EARS]
    assert (kept.call.usage["deepgram"].seconds_heard, kept.call.cost) == (4.5, 1.25)


async def test_prepared_phrases_go_through_the_spool_and_count_once(database: Database, tmp_path: Path) -> None:
    odd = replace(samples.phrase(3, flow="a\x00b"), charge=Charge(characters_spoken=7, cost=float("nan")))
    async with _unreachable() as nowhere, _recording(nowhere, tmp_path) as recorder:
        for record in [samples.phrase(1), samples.phrase(2), samples.phrase(1), odd]:
            recorder.put(record)
    async with _recording(database, tmp_path) as recorder:
        pass
    assert recorder.counts.rejected == 0
    async with database.session() as session:
        found = {row.flow: (row.phrases, row.usage.cost) for row in (await costs(session)).phrases}
    assert found == {"a\ufffdb": (1, None), "investment": (2, 0.25)}


async def test_a_phrase_too_many_is_dropped_by_its_kind(database: Database, tmp_path: Path) -> None:
    recorder = Recorder(database, Spool(tmp_path), limit=1)
    with capture_logs() as logs:
        for number in (1, 2):
            recorder.put(samples.phrase(number))
    assert recorder.counts.dropped == 1
    assert [(line["event"], line["kind"], "call" in line) for line in logs] == [("x record", "PhrasePrepared", False)]


@pytest.mark.parametrize(("stored", "cost"), [(1, None), (2, None), (3, 0.75), (4, 1.0)])
async def test_a_lost_call_costs_what_its_turns_did(
    database: Database, tmp_path: Path, stored: int, cost: float | None
) -> None:
    async with _recording(database, tmp_path) as recorder:
        for record in _used(1)[:stored]:
            recorder.put(record)
    async with _recording(database, tmp_path) as recorder:
        await _lost(recorder, 1)
    call = (await _transcript(database, 1)).call
    assert (call.reason, call.cost) == ("lost", cost)
    seconds = sum(charge.seconds_heard for charge in call.usage.values())
    assert seconds == max(0, stored - 2) * 1.5


async def test_what_is_no_number_has_no_cost(database: Database, tmp_path: Path) -> None:
    odd = {"deepgram\x00": Charge(seconds_heard=float("nan"), cost=float("inf"))}
    async with _recording(database, tmp_path) as recorder:
        recorder.put(samples.started(1))
        recorder.put(replace(samples.turn(1, 0), usage=odd))
        recorder.put(replace(samples.ended(1), usage=odd))
    assert recorder.counts.rejected == 0
    assert (await _transcript(database, 1)).call.cost is None


async def test_recorders_share_a_database(database: Database, tmp_path: Path) -> None:
    async with _recording(database, tmp_path / "a") as first, _recording(database, tmp_path / "b") as second:
        for number in range(1, 41):
            for record in samples.whole(number):
                (first if number % 2 else second).put(record)
            await asyncio.sleep(0)
    async with database.session() as session:
        assert (await queries.totals(session)).outcomes == {"qualified": 40}
    assert first.counts.written + second.counts.written == 40 * 8
