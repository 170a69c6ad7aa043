"""The HTTP classifier against a small real server."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from callcenter.breaker import FAILURES
from callcenter.dialogue.classify.chain import Chain
from callcenter.dialogue.classify.classifier import Guess, Kind, Source
from callcenter.dialogue.classify.http import HttpClassifier
from callcenter.dialogue.classify.patterns import Patterns
from tests.dialogue.classify.known import MEANINGS
from tests.peers.classifier import ClassifierServer, Fault, by_words

PATIENCE_S = 0.15
"""Less than a slow answer takes."""

INTENT: dict[str, dict[str, Any]] = {
    "I have got no time": {"intent": "busy", "confidence": 0.9},
    "plain": {"intent": "human"},
    "whole": {"intent": "human", "confidence": 1},
    "pizza": {"intent": "order_pizza"},
    "none": {"intent": "None"},
    "empty": {"intent": ""},
    "nothing": {},
}
FAQ: dict[str, dict[str, Any]] = {
    "how much": {"intent": "cost", "confidence": 0.7},
    "none": {"intent": "safe"},
    "empty": {"intent": "safe"},
    "nothing": {"intent": "safe"},
    "pizza": {"intent": "safe"},
    "gibberish": {"intent": "unknown"},
}


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ClassifierServer]:
    unknown = {"intent": None}
    async with ClassifierServer(
        lambda sentence: INTENT.get(sentence, unknown), lambda sentence: FAQ.get(sentence, unknown)
    ) as server:
        yield server


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def classifier(session: aiohttp.ClientSession, url: str, *, faq: bool = True, **settings: float) -> HttpClassifier:
    return HttpClassifier(session, MEANINGS, url=f"{url}/intent", faq_url=f"{url}/faq" if faq else "", **settings)


@pytest.mark.parametrize(
    ("text", "name", "kind", "confidence"),
    [
        ("I have got no time", "busy", Kind.INTENT, 0.9),
        ("plain", "human", Kind.INTENT, 1.0),
        ("whole", "human", Kind.INTENT, 1.0),
        ("how much", "cost", Kind.ANSWER, 0.7),
        ("none", "safe", Kind.ANSWER, 1.0),
        ("empty", "safe", Kind.ANSWER, 1.0),
        ("nothing", "safe", Kind.ANSWER, 1.0),
    ],
)
async def test_what_is_meant(
    server: ClassifierServer, session: aiohttp.ClientSession, text: str, name: str, kind: Kind, confidence: float
) -> None:
    client = classifier(session, server.url)
    assert await client.classify(text) == Guess(name=name, kind=kind, confidence=confidence, source=Source.HTTP)
    assert not client.failures


@pytest.mark.parametrize(("faq", "paths"), [(True, ["/intent", "/faq"]), (False, ["/intent"])], ids=["both", "one"])
async def test_what_nobody_knows(
    server: ClassifierServer, session: aiohttp.ClientSession, faq: bool, paths: list[str]
) -> None:
    client = classifier(session, server.url, faq=faq)
    assert await client.classify("gibberish") is None
    assert server.asked == [(path, "gibberish") for path in paths]
    assert not client.failures


async def test_an_intent_that_the_flow_does_not_have_is_a_failure_and_the_other_is_asked(
    server: ClassifierServer, session: aiohttp.ClientSession
) -> None:
    client = classifier(session, server.url)
    found = await client.classify("pizza")
    assert found
    assert found.name == "safe"
    assert client.failures == {"unknown_intent": 1}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.ERROR, "http_error"),
        (Fault.ELSEWHERE, "http_error"),
        (Fault.CUT, "http_error"),
        (Fault.STALL, "timeout"),
        (Fault.SLOW, "timeout"),
        (Fault.GARBAGE, "bad_json"),
        (Fault.LIST, "bad_json"),
        (Fault.NUMBER, "bad_json"),
        (Fault.SURE, "bad_json"),
        (Fault.HUGE, "bad_json"),
        (Fault.UNKNOWN, "unknown_intent"),
    ],
    ids=lambda value: value.value if isinstance(value, Fault) else value,
)
async def test_after_a_failure_the_patterns_answer(
    server: ClassifierServer, session: aiohttp.ClientSession, fault: Fault, code: str
) -> None:
    server.fault = fault
    patience = {"timeout_s": PATIENCE_S} if code == "timeout" else {}
    client = classifier(session, server.url, faq=fault is not Fault.UNKNOWN, **patience)
    chain = Chain([client, Patterns(MEANINGS)], least_confidence=0.5)
    found = await chain.classify("I am busy")
    assert found
    assert (found.name, found.source) == ("busy", Source.PATTERNS)
    assert chain.report() == {"understood": {"patterns": 1}, "failures": {code: 1}}
    assert server.asked == [("/intent", "I am busy")]


async def test_a_slow_answer_is_an_answer(server: ClassifierServer, session: aiohttp.ClientSession) -> None:
    client = HttpClassifier(session, MEANINGS, url=f"{server.url}/intent?fault=slow")
    found = await client.classify("plain")
    assert found
    assert found.name == "human"


async def test_a_service_that_is_not_there_is_soon_left_alone(session: aiohttp.ClientSession) -> None:
    async with ClassifierServer(lambda sentence: {}, lambda sentence: {}) as server:
        url = server.url
    client = classifier(session, url)
    for _ in range(FAILURES + 2):
        assert await client.classify("I have got no time") is None
    assert client.failures == {"http_error": FAILURES, "resting": 2}


async def test_a_service_that_is_back_is_used_again(server: ClassifierServer, session: aiohttp.ClientSession) -> None:
    client = classifier(session, server.url)
    for _ in range(FAILURES):
        for fault in (Fault.ERROR, None):
            server.fault = fault
            found = await client.classify("I have got no time")
            assert (found is None) is (fault is Fault.ERROR)
    assert client.failures == {"http_error": FAILURES}


@pytest.mark.parametrize(
    "confidence", ["NaN", "Infinity", "-0.1", '"0.5"', "true", "null", "[]", "1e999"], ids=lambda text: text.strip('"')
)
async def test_a_confidence_must_be_one(
    server: ClassifierServer, session: aiohttp.ClientSession, confidence: str
) -> None:
    server.body = f'{{"intent": "busy", "confidence": {confidence}}}'
    client = classifier(session, server.url)
    assert await client.classify("anything") is None
    assert client.failures == {"bad_json": 1}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("[" * 60_000, "bad_json"),
        ('{"intent": "\\ud800"}', "unknown_intent"),
        ('{"intent": ["busy"]}', "bad_json"),
        ('{"intent": true}', "bad_json"),
        ("null", "bad_json"),
        ("", "bad_json"),
    ],
    ids=["deep", "surrogate", "list", "true", "null", "empty"],
)
async def test_odd_answers_are_told_by_their_code(
    server: ClassifierServer, session: aiohttp.ClientSession, body: str, code: str
) -> None:
    server.body = body
    client = classifier(session, server.url, faq=False)
    assert await client.classify("anything") is None
    assert client.failures == {code: 1}


async def test_the_server_for_people_knows_a_flow(session: aiohttp.ClientSession) -> None:
    async with ClassifierServer(*by_words("investment")) as server:
        for path, sentence, expected in (
            ("/intent", "I am busy", {"intent": "busy", "confidence": 1.0}),
            ("/intent", "what does it cost", {"intent": None}),
            ("/faq", "what does it cost", {"intent": "cost", "confidence": 1.0}),
        ):
            async with session.post(f"{server.url}{path}", json={"sentence": sentence}) as response:
                assert await response.json() == expected
