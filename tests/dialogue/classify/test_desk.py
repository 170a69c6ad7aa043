"""What the settings choose."""

from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio

from callcenter.config import Understanding
from callcenter.dialogue.classify.classifier import Guess, Kind, Source
from callcenter.dialogue.classify.desk import opened
from callcenter.errors import MissingPartError
from tests.dialogue.classify.known import MEANINGS
from tests.peers.classifier import ClassifierServer, Fault


def nowhere(name: str) -> str:
    raise MissingPartError(f"the model {name} is not there")


def threads(workers: int) -> Executor:
    return ThreadPoolExecutor(workers)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ClassifierServer]:
    """Knows only that money is about costs, and has its doubts about everything else."""
    async with ClassifierServer(
        lambda sentence: {"intent": "safe", "confidence": 0.2},
        lambda sentence: {"intent": "cost"},
    ) as server:
        yield server


async def meant(settings: Understanding, *texts: str) -> list[Guess | None]:
    async with opened(settings, nowhere, threads) as desk:
        chain = await desk.chain("test", "en", MEANINGS)
        return [await chain.classify(text) for text in texts]


async def test_patterns_need_nothing() -> None:
    guess, nothing = await meant(Understanding(classifier="patterns"), "I am busy", "gibberish")
    assert guess
    assert (guess.name, guess.source) == ("busy", Source.PATTERNS)
    assert nothing is None


async def test_control_intents_are_never_asked_of_a_service(server: ClassifierServer) -> None:
    settings = Understanding(classifier="http", url=f"{server.url}/intent")
    yes, operator, busy = await meant(settings, "Yes.", "operator", "I am busy")
    assert yes
    assert operator
    assert busy
    assert [guess.source for guess in (yes, operator)] == [Source.PATTERNS] * 2
    assert server.asked == [("/intent", "I am busy")]
    assert (busy.name, busy.source) == ("busy", Source.PATTERNS), "the service was not sure"


async def test_what_nobody_is_sure_of_says_so(server: ClassifierServer) -> None:
    settings = Understanding(classifier="http", url=f"{server.url}/intent", faq_url=f"{server.url}/faq")
    assert await meant(settings, "gibberish") == [
        Guess(name="safe", kind=Kind.ANSWER, confidence=0.2, source=Source.HTTP, sure=False)
    ]


async def test_the_report_says_what_failed_by_flow(server: ClassifierServer) -> None:
    server.fault = Fault.ERROR
    settings = Understanding(classifier="http", url=f"{server.url}/intent")
    async with opened(settings, nowhere, threads) as desk:
        chain = await desk.chain("test", "en", MEANINGS)
        await desk.chain("other", "en", MEANINGS)
        await chain.classify("gibberish")
        assert desk.report() == {
            "test": {"understood": {"nobody": 1}, "failures": {"http_error": 1}},
            "other": {"understood": {}, "failures": {}},
        }


async def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="the model universal is not there"):
        await meant(Understanding(), "anything")
    for file in ("weights.npz", "sp.model"):
        with pytest.raises(MissingPartError, match="cannot be loaded"):
            async with opened(Understanding(), lambda name: str(tmp_path), threads):
                pass
        (tmp_path / file).write_bytes(b"\x0a\xffnonsense")


async def test_a_folder_without_a_model_is_said(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(MissingPartError, match=f"the sentence model in {tmp_path} cannot be loaded"):
        async with opened(Understanding(model=str(tmp_path)), str, threads):
            pass


@pytest.mark.parametrize("url", ["", "localhost:5000/intent"])
def test_a_service_needs_an_address(url: str) -> None:
    with pytest.raises(ValueError, match="needs the url of the service"):
        Understanding(classifier="http", url=url)
