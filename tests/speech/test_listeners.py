import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from callcenter.config import Deepgram as Section
from callcenter.config import Hearing, RecogniserName
from callcenter.errors import SpeechError
from callcenter.speech import listeners
from callcenter.speech.cloud.deepgram import Deepgram
from callcenter.speech.cloud.deepgram_client import DeepgramClient
from callcenter.speech.cloud.flux import Flux
from tests.peers.deepgram_cloud import Fault, Peer, serving
from tests.waiting import PATIENCE_S

# The SDK imports what websockets has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")

RATE = 8000
SECOND = bytes(RATE * 2)
LOUD = b"\x40" * RATE
"""Half a second."""


@pytest.mark.parametrize(
    ("names", "along", "afterwards"),
    [
        pytest.param(("whisper",), [], ["whisper"], id="whisper"),
        pytest.param(("deepgram", "whisper"), ["deepgram"], ["whisper", "deepgram"], id="deepgram, whisper"),
        pytest.param(("flux",), ["flux"], ["flux"], id="flux"),
        pytest.param(
            ("flux", "deepgram", "openai"),
            ["flux", "deepgram"],
            ["openai", "flux", "deepgram"],
            id="flux, deepgram, openai",
        ),
        pytest.param(("remote", "deepgram"), [], ["remote", "deepgram"], id="remote, deepgram"),
    ],
)
def test_who_listens_along_and_who_is_asked_afterwards(
    names: tuple[RecogniserName, ...], along: list[str], afterwards: list[str]
) -> None:
    hearing, client = Hearing(recognisers=names), DeepgramClient(Section(timeout_s=1.5))
    found = listeners.along(hearing, client)
    assert [(rung.name, rung.timeout_s) for rung in found] == [(name, 1.5) for name in along]
    kinds = {"deepgram": Deepgram, "flux": Flux}
    assert all(isinstance(rung.provider, kinds[rung.name]) for rung in found)
    assert listeners.afterwards(hearing) == afterwards


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
async def client(peer: Peer) -> AsyncIterator[DeepgramClient]:
    async with serving(peer) as address:
        client = DeepgramClient(Section(url=address, key=SecretStr("secret")))
        await client.ready()
        yield client
        await client.close()


@pytest.mark.parametrize("name", listeners.NAMES)
async def test_a_whole_utterance_may_come_at_once(name: str, peer: Peer, client: DeepgramClient) -> None:
    rung = listeners.whole(name, Hearing(), client)
    pcm = SECOND[:3200] + LOUD + SECOND * 20 + LOUD + SECOND[:4800]
    async with asyncio.timeout(PATIENCE_S):
        heard = await rung.provider.recognise(pcm, rate=RATE, language="en", prompt="")
    assert [int(word) for word in heard.text.split()] == [pytest.approx(500, abs=20)] * 2
    assert heard.by == name
    assert heard.seconds == pytest.approx(21.5 + listeners.AFTER_S)
    assert peer.open == 0


@pytest.mark.parametrize("name", listeners.NAMES)
async def test_a_failure_is_told(name: str, peer: Peer, client: DeepgramClient) -> None:
    peer.faults = {"/v1/listen": Fault.CUT, "/v2/listen": Fault.CUT}
    rung = listeners.whole(name, Hearing(), client)
    with pytest.raises(SpeechError, match="connection to deepgram failed"):
        await rung.provider.recognise(LOUD * 4, rate=RATE, language="en", prompt="")
