"""Persona files: what is read from them, and what is said of their mistakes."""

import wave
from pathlib import Path

import pytest

from callcenter.errors import FileError
from callcenter.simulation.persona import load

WHOLE = """\
name: corrects himself
language: en
voice: {engine: flite, name: rms, tempo: 1.0, pitch: 0}
noise: {snr_db: 15}
patience: 20
lines:
  - on: "interested|looking for"
    say: "Mostly index funds."
  - on: "how much|amount"
    say: "About fifty thousand. No, sorry, sixty thousand dollars."
    after: 0.4
  - on: "risk"
    barge_in: 1.0
    say: "Careful, please."
  - on: "number"
    dtmf: "5552347890#"
  - on: "anything else"
    hang_up: true
otherwise: "Sorry, could you say that again?"
expect:
  outcome: qualified
  slots: {interest: funds, amount: 60000, risk: conservative, timeline: long, name: Karen Mitchell,
          phone: "+15552347890"}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "persona.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_whole_file(tmp_path: Path) -> None:
    persona = load(written(tmp_path, WHOLE))
    assert (persona.name, persona.voice.name, persona.patience) == ("corrects himself", "rms", 20)
    assert persona.noise
    assert (persona.noise.kind, persona.noise.snr_db) == ("white", 15)
    assert [line.on for line in persona.lines][:2] == ["interested|looking for", "how much|amount"]
    assert persona.lines[1].after == 0.4
    assert persona.lines[2].barge_in == 1.0
    assert persona.lines[3].dtmf == "5552347890#"
    assert persona.lines[4].hang_up
    assert persona.expect.slots.expected == {
        "interest": ["funds"],
        "amount": 60000,
        "risk": "conservative",
        "timeline": "long",
        "name": "Karen Mitchell",
        "phone": "+15552347890",
    }


def test_little_is_needed(tmp_path: Path) -> None:
    persona = load(written(tmp_path, "name: nobody\nexpect: {outcome: hung_up}\n"))
    assert (persona.voice.engine, persona.lines, persona.otherwise, persona.noise) == ("flite", (), None, None)
    assert persona.expect.slots.expected == {}


def test_recording_is_found_beside_the_file(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "hello.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(320))
    persona = load(written(tmp_path, "name: n\nlines: [{on: x, wav: hello.wav}]\nexpect: {outcome: hung_up}\n"))
    assert persona.lines[0].wav == tmp_path / "hello.wav"


@pytest.mark.parametrize(
    "value", ["2026-11-23T10:30", "2026-11-23T10:30:00", "tomorrow 15:00", "Monday 9:00", "today 18:00"]
)
def test_callback_times(tmp_path: Path, value: str) -> None:
    text = f'name: n\nexpect: {{outcome: callback, slots: {{callback: "{value}"}}}}\n'
    assert load(written(tmp_path, text)).expect.slots.callback == value


def test_callback_time_that_yaml_reads_as_a_time(tmp_path: Path) -> None:
    text = "name: n\nexpect:\n  outcome: callback\n  slots:\n    callback: 2026-11-23 10:30:00\n"
    assert load(written(tmp_path, text)).expect.slots.callback == "2026-11-23T10:30:00"


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (
            "patience: 20",
            "patiance: 20",
            5,
            "allowed are name, language, voice, noise, patience, lines, otherwise, expect",
        ),
        ("engine: flite", "engine: festival", 3, "'flite', 'espeak' or 'piper'"),
        ("name: rms", "name: karen", 3, "allowed are awb, awb_time, kal, kal16, rms, slt"),
        ("tempo: 1.0", "tempo: 9", 3, "less than or equal to 2"),
        ("pitch: 0", "cents: 0", 3, "allowed are engine, name, tempo, pitch"),
        ("snr_db: 15", "snr_db: loud", 4, "number"),
        ("snr_db: 15", "snr_db: 15, kind: pink", 4, "'white' or 'babble'"),
        ("language: en", "language: fr", 1, "allowed are espeak and piper"),
        ('on: "risk"', 'on: "risk("', 12, "not a regular expression"),
        ('    say: "Mostly index funds."', "", 7, "one of say, wav, dtmf or hang_up is missing"),
        ('    dtmf: "5552347890#"', '    dtmf: "1"\n    say: one', 15, "only one of say, wav, dtmf and hang_up"),
        ('dtmf: "5552347890#"', "dtmf: 5552347890", 16, "string"),
        ('dtmf: "5552347890#"', 'dtmf: "call me"', 16, "pattern"),
        ("    barge_in: 1.0", "    barge_in: 1.0\n    after: 1.0", 12, "only one of after and barge_in"),
        ("hang_up: true", "wav: missing.wav", 18, "there is no file"),
        ("outcome: qualified", "outcome: happy", 21, "'qualified'"),
        ("risk: conservative", "risk: low", 22, "'conservative', 'moderate' or 'aggressive'"),
        ("timeline: long", "horizon: long", 22, "allowed are interest, amount, risk, timeline, name, phone, callback"),
        ('phone: "+15552347890"', "phone: +15552347890", 23, "string"),
        ('phone: "+15552347890"', 'phone: "5552347890"', 23, "pattern"),
        ("name: Karen Mitchell", "callback: soon", 22, "today, tomorrow or a weekday with HH:MM"),
    ],
)
def test_mistakes_name_the_line_and_what_is_allowed(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert WHOLE.count(old) == 1
    path = written(tmp_path, WHOLE.replace(old, new))
    with pytest.raises(FileError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent.parent / "personas").glob("*.yaml")), ids=lambda p: p.stem
)
def test_shipped_personas(path: Path) -> None:
    assert load(path).name
