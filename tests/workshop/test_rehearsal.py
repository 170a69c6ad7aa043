"""Personas against a flow as text, and a person at the keyboard."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from rich.console import Console

from callcenter import local_time
from callcenter.dialogue.brain import Fetch, Fetched
from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.enquiry import Enquiries, asked
from callcenter.errors import FileError
from callcenter.simulation.persona import Persona, Service
from callcenter.workshop import chat, drawing, rehearsal
from callcenter.workshop.chat import Turn
from callcenter.workshop.conversation import answer

NOW = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday

FLOW = """\
name: help
language: en
country: US
greeting: Hello.
slots:
  name: {type: name}
  ticket: {type: text, ask: "-", required: false}
states:
  who: {ask: [name], go: find}
  find:
    do: {fetch: {url: "http://127.0.0.1:9/tickets", send: [name], keep: {ticket: id}}}
    on: [{if: {result: failed}, say: Our computer is slow., go: person}]
    go: tell
  tell: {say: "Your ticket is {ticket}.", go: more}
  more: {question: "Anything else?", on: [{if: {intent: "yes"}, go: person}], go: bye}
  person: {do: {transfer: desk}, go: bye}
  bye: {end: resolved}
people: {desk: {dial: Local/9100@people}}
"""


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    path = tmp_path / "help.yaml"
    path.write_text(FLOW)
    return load_flow(path)


def caller(outcome: str = "resolved", slots: dict[str, Any] | None = None, **keys: Any) -> Persona:
    lines = [{"on": "name", "say": "Karen Mitchell."}, {"on": "else", "say": keys.pop("says", "No, thanks.")}]
    expect = {"outcome": outcome, "slots": {"name": "Karen Mitchell"} if slots is None else slots}
    return Persona.model_validate({"name": "caller", "lines": lines, "expect": expect, **keys})


FOUND = [{"url": "/tickets$", "answer": {"id": "T42"}}]


@pytest.mark.parametrize(
    ("persona", "states", "ended_by"),
    [
        (
            caller(slots={"name": "Karen Mitchell", "ticket": "T42"}, services=FOUND),
            ["who", "find", "more", "more"],
            "agent",
        ),
        (caller("transferred", services=FOUND, says="Yes."), ["who", "find", "more", "person"], "person"),
        (caller(services=FOUND, says="Yes.", nobody_there=True), ["who", "find", "more", "person", "bye"], "agent"),
        (caller("transferred"), ["who", "find", "person"], "person"),
        (caller("transferred", services=[{"url": "tickets", "fails": True}]), ["who", "find", "person"], "person"),
    ],
    ids=["found", "wants a person", "nobody there", "no service", "service fails"],
)
def test_a_call_from_beginning_to_end(flow: Flow, persona: Persona, states: list[str], ended_by: str) -> None:
    report = rehearsal.rehearse(flow, [persona], NOW)
    (call,) = report.calls
    assert call.conversation.ended_by == ended_by, call.conversation
    assert call.ok, call.conversation
    visited = [each.state for each in call.conversation.exchanges]
    assert visited[: len(states) - 1] == states[:-1], call.conversation
    assert report.ok


def test_what_is_wrong_is_named(flow: Flow) -> None:
    persona = caller("refused", slots={"name": "Somebody Else", "ticket": "T42"}, services=FOUND)
    report = rehearsal.rehearse(flow, [persona], NOW)
    (call,) = report.calls
    assert (call.outcome_right, call.wrong, report.ok) == (False, ("name",), False)
    assert (report.slots_right, report.slots_total) == (1, 2)
    written = json.loads(json.dumps(report.as_json()))
    assert written["calls"][0]["expected"] == {
        "outcome": "refused",
        "slots": {"name": "Somebody Else", "ticket": "T42"},
    }
    assert written["calls"][0]["outcome"] == "resolved"


def test_a_persona_that_expects_what_the_flow_does_not_know(flow: Flow, tmp_path: Path) -> None:
    persona = caller(slots={"name": "Karen", "amount": 5})
    with pytest.raises(FileError, match=r"who\.yaml: expects amount, but the slots of help are name, ticket"):
        rehearsal.check(flow, persona, tmp_path / "who.yaml")


def test_a_caller_who_hangs_up_or_says_nothing(flow: Flow) -> None:
    leaves = Persona.model_validate(
        {"name": "l", "lines": [{"on": "name", "hang_up": True}], "expect": {"outcome": "hung_up"}}
    )
    silent = Persona.model_validate({"name": "s", "expect": {"outcome": "hung_up"}})
    left, quiet = rehearsal.rehearse(flow, [leaves, silent], NOW).calls
    assert (left.conversation.ended_by, left.ok) == ("caller", True)
    assert (quiet.conversation.ended_by, quiet.ok) == ("agent", True)


LONG = {"at": "2026-11-20T10:00", "ok": True, "parts": ["a", "b c"], "who": "José & co+", "phone": "+15550001111"}


@pytest.mark.parametrize("path", ["/free", "/free?room=a%20b", "/été"])
async def test_what_a_persona_is_asked_is_what_comes_over_the_wire(path: str) -> None:
    """Of a `get` the query too."""
    asked_at: list[str] = []
    async with desk({}, asked_at) as address, Enquiries.open() as enquiries:
        for method in ("get", "post"):
            fetch = Fetch(url=address + path, method=method, send=LONG, timeout_s=2.0)
            await enquiries.ask(fetch)
            assert address + asked_at.pop() == asked(fetch)
    assert "at=2026-11-20T10:00" in asked(Fetch(url=address, method="get", send=LONG, timeout_s=2.0))


def test_the_query_of_a_get_is_matched(tmp_path: Path) -> None:
    path = tmp_path / "help.yaml"
    path.write_text(FLOW.replace("send: [name]", "method: get, send: [name]"))
    services = [{"url": "name=Karen", "answer": {"id": "T42"}}]
    report = rehearsal.rehearse(load_flow(path), [caller(slots={"ticket": "T42"}, services=services)], NOW)
    assert report.ok, report.calls[0].conversation


@pytest.mark.parametrize(
    ("now", "friday"),
    [("2026-11-20T23:59:58", "2026-11-20"), ("2026-11-21T00:00", "2026-11-27"), ("2026-12-28T12:00", "2027-01-01")],
)
def test_calls_are_played_on_the_next_friday_morning(now: str, friday: str) -> None:
    assert local_time.usual_time(datetime.fromisoformat(now)) == datetime.fromisoformat(f"{friday}T09:30")


def test_the_first_service_whose_url_fits_answers() -> None:
    services = (Service(url="/a", fails=True), Service(url="/b", answer={"id": 1}), Service(url=".", answer={"id": 2}))
    assert answer(services, "http://x/a") == Fetched(result="failed")
    assert answer(services, "http://x/b") == Fetched(result="ok", values={"id": 1})
    assert answer((), "http://x/b") == Fetched(result="failed")


@asynccontextmanager
async def desk(answer: dict[str, Any], asked_at: list[str] | None = None) -> AsyncIterator[str]:
    """A service that always says `answer`; what it is asked at is added to `asked_at`."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        (asked_at if asked_at is not None else []).append(request.raw_path)
        return web.json_response(answer)

    async with RawTestServer(handle) as server:
        yield f"http://127.0.0.1:{server.port}"


def drawn(turn: Turn) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(drawing.turn(turn))
    return capture.get()


async def typed(flow: Flow, *lines: str, somebody_there: bool = True) -> list[Turn]:
    turns: list[Turn] = []
    rest = iter(lines)
    async with Enquiries.open() as enquiries:
        await chat.chat(
            ScriptedBrain(flow, now=lambda: NOW),
            lambda: next(rest, None),
            turns.append,
            somebody_there=somebody_there,
            enquiries=enquiries,
        )
    return turns


async def test_chat_shows_state_slots_and_intent(flow: Flow) -> None:
    turns = await typed(flow, "Karen Mitchell", "", "/quit", somebody_there=False)
    shown = [json.loads(turn.as_json()) for turn in turns]
    assert shown[0]["agent"] == "Hello. May I have your name?"
    assert (shown[1]["state"], shown[1]["fetch"]) == ("find", "POST http://127.0.0.1:9/tickets")
    assert (shown[1]["result"], shown[1]["answer"]) == (None, None)
    assert (shown[2]["state"], shown[2]["transfer"]) == ("person", "Local/9100@people")
    assert (shown[2]["result"], shown[2]["answer"]) == ("failed", {})
    assert shown[-1]["slots"] == {"name": "Karen Mitchell"}
    assert (shown[-1]["ended_by"], shown[-1]["outcome"]) == ("agent", "resolved")
    assert turns[1].changed == {"name": "Karen Mitchell"}


async def test_chat_shows_what_a_look_up_came_to(flow: Flow, tmp_path: Path) -> None:
    async with desk({"result": "found", "id": "T42", "open": True}) as address:
        path = tmp_path / "found.yaml"
        path.write_text(FLOW.replace("http://127.0.0.1:9", address))
        turns = await typed(load_flow(path), "Karen Mitchell", "/quit")
    shown = json.loads(turns[2].as_json())
    assert (shown["result"], shown["answer"]) == ("found", {"result": "found", "id": "T42", "open": True})
    assert "-> found {id: T42, open: yes}" in drawn(turns[2])
    failed = await typed(flow, "Karen Mitchell", "/quit", somebody_there=False)
    assert "-> failed\n" in drawn(failed[2])


async def test_chat_takes_keys_silence_and_the_end_of_input(flow: Flow) -> None:
    investment = load_flow("investment")
    turns = await typed(investment, "I'd like to talk to an adviser", somebody_there=True)
    assert turns[-1].ended_by == "person"
    turns = await typed(investment, "", "")
    assert turns[1].exchange.agent.startswith("Are you still there?")
    assert turns[-1].ended_by is None, "the input ended, the call did not"
    turns = await typed(investment, "call me back", "/keys 2125550136#")
    assert turns[-1].exchange.slots == {"phone": "+12125550136"}
