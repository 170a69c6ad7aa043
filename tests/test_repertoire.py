"""Which flows are loaded, and who speaks in each."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from callcenter import repertoire
from callcenter.asterisk.run_directory import shipped as shipped_dialplan
from callcenter.config import Dialogue, Hearing, Settings, Talking
from callcenter.dialogue.flow import SHIPPED, Flow
from callcenter.errors import ConfigurationError, FileError

TEXT = (SHIPPED / "investment.yaml").read_text()


def written(folder: Path, file: str, name: str, mistake: str = "") -> str:
    """The path of a copy of the shipped flow, called `name`."""
    path = folder / file
    path.write_text(TEXT.replace("name: investment", f"name: {name}", 1) + mistake)
    return str(path)


def settings(flow: str, *flows: str, model: str = "base") -> Settings:
    return Settings(dialogue=Dialogue(flow=flow, flows=flows), hearing=Hearing(model=model))


def test_one_flow_is_loaded_where_one_is_named() -> None:
    assert list(repertoire.flows(settings("investment"))) == ["investment"]


def test_the_usual_one_is_the_first_and_each_is_there_once(tmp_path: Path) -> None:
    harbour, market = written(tmp_path, "a.yaml", "harbour"), written(tmp_path, "b.yaml", "market")
    found = repertoire.flows(settings(market, harbour, "investment", market))
    assert list(found) == ["market", "harbour", "investment"]
    assert found["harbour"].name == "harbour"


def test_a_mistake_in_any_names_file_and_line(tmp_path: Path) -> None:
    wrong = written(tmp_path, "wrong.yaml", "wrong", mistake="\nnonsense: 1\n")
    with pytest.raises(FileError) as caught:
        repertoire.flows(settings("investment", wrong))
    assert str(caught.value).startswith(f"{wrong}:{len(TEXT.splitlines()) + 2}: ")


def test_a_flow_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(FileError, match=r"shipped are .*investment"):
        repertoire.flows(settings("investment", "nowhere"))


def test_every_shipped_flow_has_a_number_and_all_can_be_loaded_at_once() -> None:
    shipped = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
    dialplan = (shipped_dialplan() / "extensions.conf").read_text()
    assert sorted(re.findall(r"^FLOW_900[1-9] = (\w+)$", dialplan, re.MULTILINE)) == shipped
    assert sorted(repertoire.flows(settings("investment", *shipped))) == shipped


def test_two_of_a_name_cannot_be_told_apart(tmp_path: Path) -> None:
    twin = written(tmp_path, "twin.yaml", "investment")
    with pytest.raises(ConfigurationError, match="second flow named investment"):
        repertoire.flows(settings("investment", twin))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a flow file may say of its voice."""

    engine: str
    name: str = ""


@pytest.mark.parametrize(
    ("language", "own", "talking", "expected"),
    [
        ("en", None, Talking(), "piper:joe-us"),
        ("en", None, Talking(voice="/voices/amy.onnx"), "piper:/voices/amy.onnx"),
        ("fr", None, Talking(), "espeak:fr"),
        ("fr", None, Talking(voices={"fr": ("espeak:fr+f3",)}), "espeak:fr+f3"),
        ("fr", None, Talking(voices={"fr": ("piper:/voices/siwis.onnx",)}), "piper:/voices/siwis.onnx"),
        ("en", None, Talking(voices={"en": ("espeak:en-gb",), "fr": ("espeak:fr+f3",)}), "espeak:en-gb"),
        ("pt", None, Talking(voices={"fr": ("espeak:fr+f3",)}), "espeak:pt"),
        ("fr", Choice(engine="espeak", name="fr-ch"), Talking(voices={"fr": ("espeak:fr+f3",)}), "espeak:fr-ch"),
        ("fr", Choice(engine="espeak"), Talking(voices={"fr": ("piper:x",)}), "espeak:fr"),
        ("en", Choice(engine="piper"), Talking(voice="amy"), "piper:amy"),
        ("en", None, Talking(voices={"en": ("openai:coral", "piper:amy")}), "openai:coral piper:amy"),
        ("en", None, Talking(voices={"en": ("espeak:en", "espeak:en")}), "espeak:en"),
        ("es", Choice(engine="openai"), Talking(), "openai:coral"),
        ("es", Choice(engine="deepgram"), Talking(), "deepgram:aura-2-celeste-es"),
        (
            "en",
            Choice(engine="openai", name="ash"),
            Talking(voices={"en": ("deepgram:aura-2-thalia-en", "openai:ash", "espeak:en")}),
            "openai:ash deepgram:aura-2-thalia-en espeak:en",
        ),
    ],
)
def test_who_speaks(language: str, own: Choice | None, talking: Talking, expected: str) -> None:
    voices = repertoire.voices(spoken(language, own), talking)
    assert " ".join(map(str, voices)) == expected


def test_a_cloud_without_a_voice_for_the_language_is_said() -> None:
    with pytest.raises(ConfigurationError, match=r"voice\.name of the flow investment: deepgram has no usual .* pt"):
        repertoire.voices(spoken("pt", Choice(engine="deepgram")), Talking())


def spoken(language: str, own: Choice | None) -> Flow:
    """A flow in that language, with a voice of its own or none."""
    return repertoire.flow("investment", Hearing()).model_copy(update={"language": language, "voice": own})


def test_a_recogniser_of_english_only_is_not_used_for_another_language() -> None:
    assert repertoire.flow("energy", Hearing()).language == "fr"
    with pytest.raises(ConfigurationError, match=r"tiny\.en knows English only, and the flow energy is in fr"):
        repertoire.flow("energy", Hearing(model="tiny.en"))
