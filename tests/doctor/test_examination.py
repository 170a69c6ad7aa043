"""What the doctor looks at, and what it says of flows, models and voices, before it looks at anything that runs."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from callcenter import doctor
from callcenter.config import Deepgram, Dialogue, Hearing, Paths, Settings, Talking, Understanding
from callcenter.dialogue.flow import SHIPPED
from callcenter.doctor import Finding, examination, parts
from callcenter.doctor.finding import Ailment, Check
from callcenter.errors import AsteriskError, SpeechError
from callcenter.speech.models import table

TEXT = (SHIPPED / "investment.yaml").read_text()


def written(folder: Path, name: str, mistake: str = "") -> str:
    """The path of a copy of the shipped flow, called `name`, spoken by espeak-ng."""
    path = folder / f"{name}.yaml"
    own = f"name: {name}\nvoice: {{engine: espeak, name: en-gb}}"
    path.write_text(TEXT.replace("name: investment", own, 1) + mistake)
    return str(path)


async def findings(folder: Path, flows: Sequence[str]) -> dict[str, list[Finding]]:
    """By what was looked at, up to the voices, in a house without models or programs."""
    settings = Settings(
        dialogue=Dialogue(flow="investment", flows=tuple(flows)),
        talking=Talking(),
        paths=Paths(state=folder / "state", cache=folder / "cache"),
    )
    found: dict[str, list[Finding]] = {}
    async for finding in doctor.examine(settings):
        if finding.name == "database":
            break
        found.setdefault(finding.name, []).append(finding)
    return found


@pytest.fixture(autouse=True)
def _nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


async def test_every_flow_is_looked_at_and_the_first_is_the_usual_one(tmp_path: Path) -> None:
    found = await findings(tmp_path, [written(tmp_path, "harbour")])
    assert [finding.ok for finding in found["flow"]] == [True, True]
    assert "spoken by piper:joe-us" in found["flow"][0].found
    assert found["flow"][1].found.startswith("harbour, in en, ")
    assert "spoken by espeak:en-gb" in found["flow"][1].found
    (together,) = found["flows"]
    assert together.found == "investment, harbour; investment answers where the dialplan names none"


async def test_one_flow_is_not_looked_at_twice(tmp_path: Path) -> None:
    found = await findings(tmp_path, [])
    assert len(found["flow"]) == len(found["voice"]) == 1
    assert "flows" not in found


async def test_a_mistake_in_one_is_told_of_that_one(tmp_path: Path) -> None:
    wrong = written(tmp_path, "wrong", mistake="\nnonsense: 1\n")
    found = await findings(tmp_path, [wrong, written(tmp_path, "harbour")])
    assert [finding.ok for finding in found["flow"]] == [True, False, True]
    assert found["flow"][1].found.startswith(f"{wrong}:")
    assert "[dialogue] flow or flows" in found["flow"][1].advice
    assert len(found["voice"]) == 2


async def test_two_of_a_name_are_told(tmp_path: Path) -> None:
    found = await findings(tmp_path, [written(tmp_path, "investment")])
    assert [finding.ok for finding in found["flow"] + found["flows"]] == [True, True, False]
    assert "name of its own" in found["flows"][0].advice


async def test_each_voice_that_is_needed_says_how_to_bring_it(tmp_path: Path) -> None:
    found = await findings(tmp_path, [written(tmp_path, "harbour"), written(tmp_path, "market")])
    piper, espeak = found["voice"]
    assert (piper.ok, espeak.ok) == (False, False)
    assert "models fetch" in piper.advice
    assert "apt install espeak-ng" in espeak.advice


async def test_models_that_are_missing_are_named_with_how_to_bring_them(tmp_path: Path) -> None:
    (models,) = (await findings(tmp_path, []))["models"]
    assert models.found.startswith(
        "silero-vad is missing, base is missing, joe-us is missing, universal is missing in "
    )
    assert models.advice == "run `callcenter models fetch silero-vad base joe-us universal`"


async def test_this_machine_s_whisper_is_tried_with_speech(tmp_path: Path) -> None:
    (recogniser,) = (await findings(tmp_path, []))["recogniser"]
    assert recogniser.found.startswith("there is no speech to try it with: ")
    assert recogniser.advice == "run `apt install espeak-ng`"


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, "silero-vad base joe-us universal"),
        ({"hearing": Hearing(recognisers=("deepgram",))}, "silero-vad joe-us universal"),
        (
            {"hearing": Hearing(recognisers=("openai", "whisper"), model="tiny.en")},
            "silero-vad tiny.en joe-us universal",
        ),
        ({"hearing": Hearing(model="/a/folder")}, "silero-vad joe-us universal"),
        ({"talking": Talking(voices={"en": ("openai:coral",)})}, "silero-vad base universal"),
        ({"talking": Talking(voices={"en": ("openai:coral", "piper:joe-us")})}, "silero-vad base joe-us universal"),
        ({"dialogue": Dialogue(flow="reception")}, "silero-vad base universal"),
        ({"understanding": Understanding(classifier="patterns")}, "silero-vad base joe-us"),
        ({"understanding": Understanding(model="minilm")}, "silero-vad base joe-us minilm"),
    ],
    ids=range(9),
)
def test_only_the_models_that_are_used_are_looked_at(changes: dict[str, Any], names: str) -> None:
    settings = Settings(**changes)
    voices = examination.equipped(settings).voices
    assert parts.needed(settings, voices, table().models.__contains__) == names.split()


def order(settings: Settings) -> list[list[str]]:
    return [[check.name for check in group] for group in examination.groups(settings)]


def test_a_house_of_its_own_is_looked_at_part_by_part() -> None:
    alone = ["configuration", "clock", "flow", "models", "recogniser", "voice"]
    assert order(Settings()) == [
        *([name] for name in alone),
        [],
        ["database", "ARI"],
        ["lines"],
        ["RTP both ways"],
        ["daemon"],
    ]


def test_those_elsewhere_are_looked_at_all_at_once() -> None:
    settings = Settings(
        hearing=Hearing(recognisers=("deepgram", "openai", "deepgram")),
        talking=Talking(voices={"en": ("openai:coral", "piper:joe-us"), "fr": ("openai:nova",)}),
        dialogue=Dialogue(brain="model"),
    )
    groups = order(settings)
    assert ["recogniser", "recogniser", "voice", "language model"] in groups
    assert groups.count(["recogniser"]) == 0
    assert groups.count(["voice"]) == 1


@pytest.mark.parametrize(
    ("changes", "sdks"),
    [
        ({}, set()),
        ({"hearing": Hearing(recognisers=("remote", "whisper"))}, set()),
        ({"hearing": Hearing(recognisers=("flux",))}, {"deepgram"}),
        ({"hearing": Hearing(recognisers=("openai",)), "deepgram": Deepgram()}, {"openai"}),
        ({"dialogue": Dialogue(brain="model")}, {"openai"}),
    ],
    ids=["here", "remote", "flux", "openai", "model"],
)
def test_only_the_sdks_that_are_used_are_loaded(changes: dict[str, Any], sdks: set[str]) -> None:
    assert examination.sdks(Settings(**changes), []) == sdks
    assert examination.sdks(Settings(), ["espeak", *sorted(sdks)]) == sdks


async def raising(error: Exception, settings: Settings) -> str:
    raise error


async def for_ever(settings: Settings) -> str:
    await asyncio.Event().wait()
    return "never"


@pytest.mark.parametrize(
    ("error", "found", "advice"),
    [
        (SpeechError("it is hoarse"), "it is hoarse", "in general"),
        (Ailment("it is hoarse", "drink tea"), "it is hoarse", "drink tea"),
        (ExceptionGroup("", [ExceptionGroup("", [AsteriskError("no line")])]), "no line", "in general"),
    ],
    ids=["an error", "an ailment", "a group"],
)
async def test_a_failure_is_a_finding(error: Exception, found: str, advice: str) -> None:
    check = Check(name="throat", find=partial(raising, error), advice="in general")
    assert await check.finding(Settings()) == Finding(name="throat", ok=False, found=found, advice=advice)


@pytest.mark.parametrize(
    "error", [ValueError("a fault of ours"), ExceptionGroup("", [ValueError("the same")])], ids=repr
)
async def test_a_fault_of_ours_is_none(error: Exception) -> None:
    with pytest.raises(type(error)):
        await Check(name="throat", find=partial(raising, error), advice="").finding(Settings())


async def test_nothing_is_waited_for_without_end() -> None:
    found = await Check(name="stalled", find=for_ever, advice="wake it up", longest_s=0.01).finding(Settings())
    assert found == Finding(name="stalled", ok=False, found="no answer within 0.01 s", advice="wake it up")
