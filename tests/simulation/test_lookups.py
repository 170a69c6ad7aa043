"""What answers at the services' addresses while a persona is on the line."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import aiohttp
import pytest

from callcenter.errors import SimulationError
from callcenter.simulation.lookups import Counters, answer
from callcenter.simulation.persona import Persona, Service

FREE = {"url": "/free$", "answer": {"result": "free"}}


def persona(*services: dict[str, Any], flow: str | None = "clinic") -> Persona:
    content = {"name": "Ana", "flow": flow, "services": services, "expect": {"outcome": "booked"}}
    return Persona.model_validate(content)


@pytest.fixture
def address() -> str:
    """Of a port that is free."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{found.getsockname()[1]}"


async def asked(url: str, method: str = "POST") -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.request(method, url) as response:
        return response.status, await response.json() if response.status == 200 else None


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://127.0.0.1:8090/free", {"result": "free"}),
        ("http://127.0.0.1:8090/free?at=1", None),
        ("http://127.0.0.1:8090/tickets/7", None),
        ("http://127.0.0.1:8090/nothing", None),
        ("http://127.0.0.1:8090/tickets", {"id": 1}),
    ],
)
def test_the_first_that_fits_answers(url: str, found: dict[str, Any] | None) -> None:
    services = [
        Service.model_validate(each)
        for each in (FREE, {"url": "/tickets/", "fails": True}, {"url": "/tickets", "answer": {"id": 1}})
    ]
    assert answer(services, url) == found


async def test_it_is_served_while_the_call_lasts(address: str) -> None:
    ana = persona(FREE, {"url": "phone=%2B34", "answer": {"id": 7}})
    counters = Counters([ana], {"clinic": [address]})
    for _ in range(2):  # the port is free again at once
        async with counters.serving(ana):
            assert await asked(f"{address}/free") == (200, {"result": "free"})
            assert await asked(f"{address}/appointments?phone=%2B34600", "GET") == (200, {"id": 7})
            assert await asked(f"{address}/nothing") == (503, None)
    with pytest.raises(aiohttp.ClientConnectionError):
        await asked(f"{address}/free")


@pytest.mark.parametrize(
    ("asks", "said"),
    [
        (["https://127.0.0.1:8090"], "only at http:// on this machine's loopback"),
        (["http://crm.example.com"], "http://crm.example.com: a persona can answer only at http://"),
        (["http://10.0.0.5:8090"], "http://10.0.0.5:8090"),
        (["http://127.0.0.1:{port}"], "127.0.0.1:{port}"),
        ([], "looks nothing up"),
    ],
)
async def test_what_is_not_on_this_machine_is_refused(asks: Sequence[str], said: str) -> None:
    ana = persona(FREE)
    counters = Counters([ana], {"clinic": asks})
    with pytest.raises(SimulationError, match=said.replace("{", r"\{")):
        async with counters.serving(ana):
            pass


async def test_a_flow_that_is_not_loaded_is_told() -> None:
    with pytest.raises(SimulationError, match=r"has not loaded clinic: name it in \[dialogue\] flows"):
        async with Counters([], {"energy": []}).serving(persona()):
            pass


async def test_a_taken_port_is_told(address: str) -> None:
    ana = persona(FREE)
    first, second = (Counters([ana], {"clinic": [address]}) for _ in range(2))
    async with first.serving(ana):
        with pytest.raises(SimulationError, match=f"nobody can answer at {address} as Ana needs it"):
            async with second.serving(ana):
                pass
        assert await asked(f"{address}/free") == (200, {"result": "free"})


async def test_who_has_no_services_is_asked_nothing(address: str) -> None:
    plain = persona()
    async with Counters([plain], {"clinic": [address]}).serving(plain):
        with pytest.raises(aiohttp.ClientConnectionError):
            await asked(f"{address}/free")


def test_calls_that_wait_for_each_other_are_a_chain_and_the_longest_begins() -> None:
    callers = [
        persona(flow="reception"),
        persona(FREE, flow="support"),
        persona(FREE),
        persona(flow="reception"),
        persona(),
        persona(FREE),
    ]
    counters = Counters(callers, {"clinic": ["http://127.0.0.1:8090"], "support": ["http://127.0.0.1:8080"]})
    assert counters.chains(callers) == [[2, 4, 5], [0], [1], [3]]


@pytest.mark.parametrize(
    ("callers", "most"),
    [
        ([persona(FREE), persona(FREE), persona(FREE)], 1),
        ([persona(FREE), persona()], 1),  # whose look-ups would be answered by another's persona
        ([persona(FREE), persona(flow=None)], 1),  # the usual flow is the clinic
        ([persona(FREE), persona(flow="reception"), persona(FREE, flow="support")], 3),
        ([persona(), persona(), persona()], 3),
    ],
    ids=["all served", "one not served", "the usual flow", "other flows", "none served"],
)
async def test_two_at_one_address_wait_for_each_other(callers: list[Persona], most: int) -> None:
    counters = Counters(callers, {"clinic": ["http://127.0.0.1:8090"], "support": ["http://127.0.0.1:8080"]})
    present, highest = 0, 0

    async def call(caller: Persona) -> None:
        nonlocal present, highest
        async with counters.alone(caller):
            present += 1
            highest = max(highest, present)
            await asyncio.sleep(0.01)
            present -= 1

    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(call(caller))
    assert highest == most
