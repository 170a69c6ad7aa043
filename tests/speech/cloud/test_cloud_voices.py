"""The voices of both clouds against real servers, through their SDKs, with all that can go wrong."""

import asyncio
import gc
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from callcenter import debian
from callcenter.config import Deepgram, OpenAI, Talking
from callcenter.errors import SpeechError
from callcenter.media.pcm import Clip, rms_dbfs, sounding, to_samples
from callcenter.speech.voice import PreparedVoice, StreamedVoice, VoiceName
from callcenter.speech.voices import Sources, Voices, opened
from tests.peers import deepgram_cloud, openai_cloud
from tests.waiting import PATIENCE_S, until

# Deepgram's SDK imports what websockets has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")

KEY = "very-secret-key"
TEXT = "Good morning, this is Anna."
RATE = 8000
TIMEOUT_S = 0.8
FAULTS = ["401", "429", "500", "stall", "stall-middle", "cut", "trickle", "garbage", "empty", "endless"]
SLOW = {"stall", "stall-middle", "trickle"}
"""Who asks gives up on these first, here."""


@dataclass(kw_only=True)
class Cloud:
    """A peer, by the name of its voice."""

    name: VoiceName
    peer: Any
    path: str
    sources: Sources

    def be(self, fault: str) -> None:
        """Go wrong so from now on; "" is to be well."""
        kind = openai_cloud.Fault if self.name.engine == "openai" else deepgram_cloud.Fault
        self.peer.faults = {self.path: kind(fault)} if fault else {}


@pytest.fixture(params=["openai:en", "deepgram:aura-2-thalia-en"])
async def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cloud]:
    name = VoiceName.parse(request.param)
    for tree in platformdirs.user_cache_path("callcenter").glob(f"{debian.VOICES.name}-*"):
        (tmp_path / tree.name).symlink_to(tree)
    one, two = openai_cloud.Peer(pace_s=0.001), deepgram_cloud.Peer()
    two.pace_s = 0.001
    timeout_s = TIMEOUT_S if request.node.callspec.params.get("fault") in SLOW else PATIENCE_S
    async with openai_cloud.serving(one) as openai, deepgram_cloud.serving(two) as deepgram:
        sources = Sources(
            talking=Talking(),
            openai=OpenAI(url=f"{openai}/v1", key=SecretStr(KEY), timeout_s=timeout_s),
            deepgram=Deepgram(url=deepgram, key=SecretStr(KEY), timeout_s=timeout_s),
            cache=tmp_path,
        )
        peer, path = (one, "speech") if name.engine == "openai" else (two, "/v1/speak")
        yield Cloud(name=name, peer=peer, path=path, sources=sources)


@asynccontextmanager
async def spoken(cloud: Cloud) -> AsyncIterator[StreamedVoice]:
    async with opened(cloud.name, cloud.sources) as voice:
        assert isinstance(voice, StreamedVoice)
        yield voice


async def said(voice: StreamedVoice, text: str = TEXT) -> list[Clip]:
    return [clip async for clip in voice.stream(text, RATE)]


async def test_it_is_heard_while_it_speaks_and_the_same_at_once(cloud: Cloud) -> None:
    async with spoken(cloud) as voice:
        whole = await voice.render(TEXT, RATE)
        clips = await said(voice)
    assert len(clips) > 5
    assert "".join(clip.text for clip in clips) == TEXT == whole.text
    assert {clip.by for clip in clips} == {f"{cloud.name.engine}:speech"} == {whole.by}
    sound = to_samples(b"".join(clip.pcm for clip in clips))
    assert sound.size / RATE == pytest.approx(whole.seconds, abs=0.05)
    assert rms_dbfs(sound) == pytest.approx(rms_dbfs(to_samples(whole.pcm)), abs=1)
    assert sounding(sound, RATE)[0] <= RATE * 20 // 1000


@pytest.mark.parametrize("rate", [16_000, 11_025])
async def test_another_rate(cloud: Cloud, rate: int) -> None:
    async with spoken(cloud) as voice:
        whole = await voice.render(TEXT, RATE)
        clips = [clip async for clip in voice.stream(TEXT, rate)]
    assert {clip.rate for clip in clips} == {rate}
    assert sum(clip.seconds for clip in clips) == pytest.approx(whole.seconds, abs=0.1)


async def test_nothing_is_asked_where_nothing_is_said(cloud: Cloud) -> None:
    async with spoken(cloud) as voice:
        assert [clip.pcm for clip in await said(voice, "… ")] == [b""]
        assert (await voice.render("… ", RATE)).pcm == b""
    assert not cloud.peer.counts


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_goes_wrong_is_an_error_and_then_all_is_well_again(cloud: Cloud, fault: str) -> None:
    errors: list[BaseException] = []
    clips: list[Clip] = []
    with capture_logs() as logs:
        async with spoken(cloud) as voice:
            cloud.be(fault)
            for ask in (voice.render, said_by(voice, clips)):
                with pytest.raises(TimeoutError if fault in SLOW else SpeechError) as caught:
                    async with asyncio.timeout(TIMEOUT_S if fault in SLOW else None):
                        await ask(TEXT, RATE)
                errors.append(caught.value)
            cloud.be("")
            assert "".join(clip.text for clip in await said(voice)) == TEXT
    assert ("".join(clip.text for clip in clips) == TEXT) is (fault == "endless")
    told = [error for error in errors if isinstance(error, SpeechError)]
    assert {error.may_pass for error in told} <= {fault not in {"401", "endless"}}
    assert {error.retry_after_s for error in told} <= {2.0 if fault == "429" else None}
    assert KEY not in repr([errors, logs, [vars(error) for error in errors], voice])


def said_by(voice: StreamedVoice, clips: list[Clip]) -> Callable[[str, int], Any]:
    """Streams into `clips`."""

    async def ask(text: str, rate: int) -> None:
        async for clip in voice.stream(text, rate):
            clips.append(clip)

    return ask


async def test_nothing_is_left_open_by_who_has_heard_enough(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    cloud.be("endless")
    before = asyncio.all_tasks()
    async with spoken(cloud) as voice:
        async with aclosing(voice.stream(TEXT, RATE)) as clips:
            async for _ in clips:
                break

        async def listen() -> None:
            await said(voice)

        listening = asyncio.create_task(listen())
        await until(lambda: sum(cloud.peer.counts.values()) == 2)
        listening.cancel()
        await asyncio.wait([listening])
        assert listening.cancelled()
    await until(lambda: asyncio.all_tasks() <= before)
    gc.collect()
    ours = [record for record in caplog.records if record.name == "asyncio"]  # the peer complains as it may
    assert not [record.message for record in ours if "took" not in record.message]  # of a slow machine


@pytest.mark.parametrize("cloud", ["openai:en"], indirect=True)
@pytest.mark.parametrize("fault", ["", *FAULTS])
async def test_a_ladder_says_it_all_and_comes_back_to_the_first(cloud: Cloud, fault: str) -> None:
    other = VoiceName(engine="espeak", name="en")
    async with AsyncExitStack() as stack:
        voices = await stack.enter_async_context(Voices.opened([cloud.name, other], cloud.sources))
        voice = voices[cloud.name, other]
        cloud.be(fault)
        heard = await heard_of(voice, "The first, which goes wrong.")
        assert heard[-1].by == (f"{cloud.name.engine}:speech" if fault in {"", "endless"} else "")
        assert [line["failures"] > 0 for line in voices.report()] == [fault != ""]
        cloud.be("")
        await asyncio.sleep(2.05 if fault == "429" else 0)
        again = await heard_of(voice, "The second, which is well.")
        assert {clip.by for clip in again} == {f"{cloud.name.engine}:speech"}
        assert [(line["name"], line["state"], line["failures"]) for line in voices.report()] == [
            (str(cloud.name), "closed", 0)
        ]


async def heard_of(voice: PreparedVoice, text: str) -> list[Clip]:
    """All of `text`."""
    async with asyncio.timeout(PATIENCE_S):
        clips = [clip async for clip in voice.stream(text, RATE)]
    assert "".join(clip.text for clip in clips) == text
    assert sum(clip.seconds for clip in clips[-2:]) > 0.1
    return clips


def test_no_sdk_is_loaded_where_none_is_used() -> None:
    program = (
        "import sys, callcenter.daemon, callcenter.speech.voices;"
        "print([name for name in ('openai', 'deepgram', 'httpx', 'httpx2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
