"""What the doctor says of those elsewhere who hear and talk, with everything that can be wrong with them."""

import asyncio
import time
from socket import socket

import pytest
from pydantic import SecretStr

from callcenter.config import (
    Hearing,
)
from callcenter.speech.recogniser import Recognised
from callcenter.whisper_server import WhisperServer
from tests.doctor.clouds import (
    CLOUDS,
    HEARING,
    KEY,
    PATIENCE_S,
    VOICES,
    Clouds,
    at,
    changed,
    finding,
    findings,
    impatient,
    section,
    served,
)

# Deepgram's SDK imports what websockets has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")


async def test_all_are_well(clouds: Clouds) -> None:
    found = await findings(clouds.settings)
    assert [each for each in found if not each.ok] == []
    assert [each.name for each in found] == ["recogniser"] * 4 + ["voice"] * 2 + ["language model"]
    assert [each.found.partition(" at 127.0.0.1:")[0] for each in found] == [*HEARING, *VOICES, "clever"]
    assert "heard “One, two, three.” after " in found[2].found
    assert " s of speech in " in found[4].found
    assert "used a tool after " in found[6].found


ADVICE = {
    "401": "correct CALLCENTER_{0}__KEY, or the credential callcenter_{1}__key",
    "429": "wait, or have the limits of your account at 127.0.0.1:",
    "500": "wait, or ask those who run 127.0.0.1:",
    "garbage": "see that [{1}] url is right, and that 127.0.0.1:",
}


@pytest.mark.parametrize("fault", ADVICE)
async def test_each_failure_has_its_advice(clouds: Clouds, fault: str) -> None:
    found = await findings(at(clouds.settings, fault))
    assert [each.ok for each in found] == [False] * len(CLOUDS)
    for cloud, each in zip(CLOUDS, found, strict=True):
        assert each.advice.startswith(ADVICE[fault].format(section(cloud).upper(), section(cloud)))
        assert fault in each.found or fault == "garbage"


async def test_those_who_stall_hold_up_nobody_and_are_waited_for_at_once(clouds: Clouds) -> None:
    await findings(clouds.settings)  # everything that is only imported once is there
    began = time.perf_counter()
    found = await findings(impatient(at(clouds.settings, "stall")), PATIENCE_S)
    assert (
        time.perf_counter() - began < PATIENCE_S * len(CLOUDS) * 0.8
    )  # one after the other they take longer than all of it
    assert [each.ok for each in found] == [False] * len(CLOUDS)
    for cloud, each in zip(CLOUDS, found, strict=True):
        assert f"within {PATIENCE_S:g} s" in each.found
        assert each.advice.startswith(f"see that [{section(cloud)}] url is right")


@pytest.mark.parametrize("fault", ["stall-middle", "cut", "endless"])
async def test_an_answer_that_breaks_off_or_never_ends_is_none(clouds: Clouds, fault: str) -> None:
    hears_on = {"flux"} if fault == "endless" else set()
    found = await findings(impatient(at(clouds.settings, fault)), PATIENCE_S)
    well = {cloud for cloud, each in zip(CLOUDS, found, strict=True) if each.ok}
    assert well <= hears_on
    assert all(each.advice for each in found if not each.ok)


EMPTY = {
    "flux": ("flux heard no word of “1, 2, 3, 4, 5.”", "name another one before it in [hearing] recognisers"),
    "remote": ("remote heard no word of “1, 2, 3, 4, 5.”", "name another one before it in [hearing] recognisers"),
    "openai:en": ("openai:en said nothing", "see that [openai] url is right"),
    "model": (
        "clever answered nothing where it was asked to use a tool",
        "name a model in [model] name that uses tool",
    ),
}


@pytest.mark.parametrize("cloud", EMPTY)
async def test_nothing_is_no_answer(clouds: Clouds, cloud: str) -> None:
    clouds.remote.key = ""
    found = await finding(at(clouds.settings, "empty"), cloud)
    what, advice = EMPTY[cloud]
    assert not found.ok
    assert found.found == what
    assert found.advice.startswith(advice)


@pytest.mark.parametrize("cloud", CLOUDS)
async def test_who_is_not_there_is_told_without_the_secrets_of_the_address(clouds: Clouds, cloud: str) -> None:
    with socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens
        server = f"127.0.0.1:{closed.getsockname()[1]}"
        found = await finding(changed(clouds.settings, section(cloud), url=f"http://me:{KEY}@{server}"), cloud)
    assert not found.ok
    assert found.advice == f"see that [{section(cloud)}] url is right, and that {server} can be reached from here"


@pytest.mark.parametrize("cloud", ["openai", "flux", "deepgram:aura-2-thalia-en", "model"])
async def test_nobody_public_is_asked_without_a_key(clouds: Clouds, cloud: str) -> None:
    name = section(cloud)
    usual = type(getattr(clouds.settings, name))()
    found = await finding(clouds.settings.model_copy(update={name: usual}), cloud)
    assert found.found.startswith("there is no key for api.")
    assert found.advice == f"set CALLCENTER_{name.upper()}__KEY, or the credential callcenter_{name}__key"


async def test_a_server_of_our_own_may_want_none_and_may_want_one(clouds: Clouds) -> None:
    settings = changed(clouds.settings, "remote", key=SecretStr(""))
    found = await finding(settings, "remote")
    assert found.advice == "set CALLCENTER_REMOTE__KEY, or the credential callcenter_remote__key"
    clouds.remote.key = ""
    assert (await finding(settings, "remote")).ok


async def test_who_is_slow_is_told_from_who_is_dead(clouds: Clouds) -> None:
    async def slowly(sound: bytes, language: str) -> str:
        await asyncio.sleep(0.3)
        return "One."

    clouds.openai.transcribe = slowly
    found = await finding(changed(clouds.settings, "openai", timeout_s=0.2), "openai")
    assert found.found.startswith("openai answered after ")
    assert found.found.endswith("and calls wait 0.2 s")
    assert found.advice == "raise [openai] timeout_s, or name a quicker one before it"


async def test_each_language_of_the_flows_is_tried(clouds: Clouds) -> None:
    async def language_of(sound: bytes, language: str) -> str:
        return f"<{language}>"

    clouds.remote.transcribe = language_of
    found = await finding(changed(clouds.settings, "dialogue", flows=("reception",)), "remote")
    assert "heard “<en>” in en after " in found.found
    assert "heard “<pt>” in pt after " in found.found


class Attentive:
    """A recogniser of a whisper-server."""

    languages = ("en",)
    working = waiting = 0

    async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
        return Recognised(text="Yes.", confidence=0.9, ms=1.0)


async def test_a_whisper_server_says_what_it_is(clouds: Clouds) -> None:
    server = WhisperServer(Attentive(), Hearing(workers=3), SecretStr(KEY))
    async with served(server.application()) as url:
        found = await finding(changed(clouds.settings, "remote", url=url), "remote")
    assert "heard “Yes.” after " in found.found
    assert found.found.endswith("; it is base on cpu, 3 at once")
