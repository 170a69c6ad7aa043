"""Persona files: what is read from them, and what is said of their mistakes."""

import wave
from pathlib import Path

import pytest

from callcenter.errors import FileError
from callcenter.simulation.persona import Echo, Line, Network, load

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
echo: {db: -20, delay_ms: 120}
line: {jitter_ms: 60, loss: 0.05, reorder: 0.02}
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
    assert (persona.echo, persona.line) == (
        Echo(db=-20, delay_ms=120),
        Network(jitter_ms=60, loss=0.05, reorder=0.02),
    )
    assert [line.on for line in persona.lines][:2] == ["interested|looking for", "how much|amount"]
    assert persona.lines[1].after == 0.4
    assert persona.lines[2].barge_in == 1.0
    assert persona.lines[3].dtmf == "5552347890#"
    assert persona.lines[4].hang_up
    assert persona.expect.slots == {
        "interest": "funds",
        "amount": 60000,
        "risk": "conservative",
        "timeline": "long",
        "name": "Karen Mitchell",
        "phone": "+15552347890",
    }


def test_little_is_needed(tmp_path: Path) -> None:
    persona = load(written(tmp_path, "name: nobody\nexpect: {outcome: hung_up}\n"))
    assert (persona.voice.engine, persona.lines, persona.otherwise, persona.noise) == (None, (), None, None)
    assert persona.expect.slots == {}


@pytest.mark.parametrize(
    "voice", ["{tempo: 0.9}", "{engine: pico, name: fr-FR}", "{engine: pico, name: en-GB}", "{engine: espeak}"]
)
def test_voices_for_who_speaks_french(tmp_path: Path, voice: str) -> None:
    assert load(written(tmp_path, f"name: n\nlanguage: fr\nvoice: {voice}\nexpect: {{outcome: hung_up}}\n")).voice


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (Line(on="a", say="It is [700] five."), "It is five."),
        (Line(on="a", cough=True), "[cough]"),
        (Line(on="a", dtmf="12#"), "12#"),
        (Line(on="a", wav=Path("folder/hello.wav")), "[hello.wav]"),
        (Line(on="a", say=""), ""),
        (Line(on="a", hang_up=True), ""),
    ],
    ids=["words", "cough", "keys", "recording", "silence", "leaves"],
)
def test_what_a_transcript_says_of_a_line(line: Line, told: str) -> None:
    assert line.told == told


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
    assert load(written(tmp_path, text)).expect.slots == {"callback": value}


def test_callback_time_that_yaml_reads_as_a_time(tmp_path: Path) -> None:
    text = "name: n\nexpect:\n  outcome: callback\n  slots:\n    callback: 2026-11-23 10:30:00\n"
    assert load(written(tmp_path, text)).expect.slots == {"callback": "2026-11-23T10:30:00"}


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (
            "patience: 20",
            "patiance: 20",
            5,
            "allowed are name, flow, language, voice, noise, echo, line, patience, lines, otherwise, nobody_there",
        ),
        ("engine: flite", "engine: festival", 3, "'flite', 'espeak', 'piper', 'pico' or 'rhvoice'"),
        ("name: rms", "name: karen", 3, "flite has no voice 'karen'; allowed are awb, awb_time, kal, kal16, rms, slt"),
        ("engine: flite, name: rms", "name: karen", 1, "flite has no voice 'karen'"),
        ("engine: flite, name: rms", "engine: pico, name: fr", 3, "pico has no voice 'fr'; allowed are de-DE, en-GB"),
        ("tempo: 1.0", "tempo: 9", 3, "less than or equal to 2"),
        ("pitch: 0", "cents: 0", 3, "allowed are engine, name, tempo, pitch"),
        ("snr_db: 15", "snr_db: loud", 4, "number"),
        ("snr_db: 15", "snr_db: 15, kind: pink", 4, "'white' or 'babble'"),
        ("language: en", "language: fr", 1, "flite speaks only en, not 'fr'; allowed are espeak, piper, pico"),
        ('on: "risk"', 'on: "risk("', 12, "not a regular expression"),
        ('    say: "Mostly index funds."', "", 7, "one of say, cough, wav, dtmf or hang_up is missing"),
        ('    dtmf: "5552347890#"', '    dtmf: "1"\n    say: one', 15, "only one of say, cough, wav, dtmf and hang_up"),
        ('dtmf: "5552347890#"', "dtmf: 5552347890", 16, "string"),
        ('dtmf: "5552347890#"', 'dtmf: "call me"', 16, "pattern"),
        ("    barge_in: 1.0", "    barge_in: 1.0\n    after: 1.0", 12, "only one of after and barge_in"),
        ("hang_up: true", "wav: missing.wav", 18, "there is no file"),
        ('say: "Careful, please."', 'say: "[700] Careful."', 14, "between words"),
        ('say: "Careful, please."', "cough: maybe", 14, "boolean"),
        ("hang_up: true", "hang_up: true\n    cough: true", 17, "only one of say, cough, wav, dtmf and hang_up"),
        ("hang_up: true", "cough: false", 17, "one of say, cough, wav, dtmf or hang_up is missing"),
        ('otherwise: "Sorry, could you say that again?"', "otherwise: One [x] two", 19, "milliseconds in brackets"),
        ("db: -20", "db: 20", 24, "less than 0"),
        ("delay_ms: 120", "delay: 120", 24, "allowed are db, delay_ms"),
        ("loss: 0.05", "loss: 5", 25, "less than or equal to 1"),
        ("reorder: 0.02", "swapped: 0.02", 25, "allowed are jitter_ms, loss, reorder"),
        ("outcome: qualified", "outcome: Very happy", 21, "pattern"),
        ("risk: conservative", "risk: {low: high}", 22, "valid"),
        ('phone: "+15552347890"', "phone: +15552347890", 22, "E.164 in quotes"),
        ('phone: "+15552347890"', 'phone: "5552347890"', 22, "E.164 in quotes"),
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
