"""What nova's and Flux's messages come to."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from callcenter.errors import SpeechError
from callcenter.speech.cloud.deepgram import Results
from callcenter.speech.cloud.flux import Turns


def message(**content: Any) -> Any:
    """As the SDK hands it out."""
    return json.loads(json.dumps(content), object_hook=lambda each: SimpleNamespace(**each))


def result(start: float, end: float, text: str, **marks: bool) -> Any:
    words = text.split()
    length = (end - start) / max(1, len(words))
    found = [
        {"word": word.lower(), "punctuated_word": word, "start": start + place * length,
         "end": start + (place + 1) * length, "confidence": 0.5}
        for place, word in enumerate(words)
    ]  # fmt: skip
    marks = {"is_final": False, "speech_final": False, "from_finalize": False, **marks}
    alternative = {"transcript": text, "confidence": 0.9, "words": found}
    return message(type="Results", start=start, duration=end - start, channel={"alternatives": [alternative]}, **marks)


def heard(results: Results | Turns, since: float = 0.0) -> str:
    return " ".join(word.text for word in results.words(since))


def test_interim_words_give_way_to_final_ones() -> None:
    results = Results()
    for each, expected in (
        (result(0, 1, "I want"), "I want"),
        (result(0, 2, "I went to"), "I went to"),
        (result(0, 2, "I want to", is_final=True), "I want to"),
        (result(2, 3, "invest."), "I want to invest."),
        (result(2, 3.5, "Invest fifty.", is_final=True), "I want to Invest fifty."),
    ):
        assert results.take(each) is None
        assert heard(results) == expected
    assert heard(results, since=2.0) == "Invest fifty."


@pytest.mark.parametrize(
    ("results", "until", "final", "known"),
    [
        pytest.param([], 1.0, False, False, id="nothing came"),
        pytest.param([result(0, 1, "yes")], 1.0, False, False, id="interim"),
        pytest.param([result(0, 1, "")], 1.0, False, True, id="interim without words"),
        pytest.param([result(0, 1, "yes", is_final=True)], 1.05, True, True, id="final"),
        pytest.param([result(0, 1, "yes", is_final=True)], 1.4, False, False, id="final, but more was fed"),
        pytest.param(
            [result(0, 1, "yes", is_final=True), result(1, 1.4, "")], 1.4, False, True, id="final, then quiet"
        ),
        pytest.param([result(0, 1, "yes", is_final=True, from_finalize=True)], 1.4, True, False, id="finalized"),
        pytest.param(
            [result(0, 1, "yes", is_final=True, from_finalize=True)], 1.8, False, False, id="finalized earlier"
        ),
    ],
)
def test_when_all_is_known(results: list[Any], until: float, final: bool, known: bool) -> None:
    found = Results()
    for each in results:
        found.take(each)
    assert (found.is_final(until), found.is_heard(until)) == (final, known)


@pytest.mark.parametrize(
    ("each", "ended"),
    [
        pytest.param(result(0, 2, "yes", is_final=True, speech_final=True), 2.0, id="by a pause"),
        pytest.param(result(0, 2, "yes", is_final=True), None, id="by length"),
        pytest.param(
            result(0, 2, "yes", is_final=True, speech_final=True, from_finalize=True), None, id="by our own question"
        ),
        pytest.param(message(type="Metadata", duration=2.0), None, id="another message"),
        pytest.param(None, None, id="an unknown message"),
    ],
)
def test_where_speech_ended(each: Any, ended: float | None) -> None:
    assert Results().take(each) == ended


def test_a_text_without_words_is_one() -> None:
    results = Results()
    alternative = {"transcript": "Yes please.", "confidence": 0.7, "words": []}
    results.take(
        message(type="Results", start=1, duration=1, is_final=True, speech_final=False, from_finalize=False,
                channel={"alternatives": [alternative]})
    )  # fmt: skip
    assert [(word.text, word.start, word.end, word.confidence) for word in results.words(0)] == [
        ("Yes please.", 1.0, 2.0, 0.7)
    ]


def test_old_words_are_not_kept() -> None:
    results = Results()
    for start in range(200):
        results.take(result(start, start + 1, "word", is_final=True))
    assert 60 <= len(results.words(0)) <= 62


@pytest.mark.parametrize("protocol", [Results, Turns], ids=["nova", "flux"])
def test_an_error_is_one(protocol: type[Results] | type[Turns]) -> None:
    with pytest.raises(SpeechError, match=r"deepgram reports OOPS$") as found:
        protocol().take(message(type="Error", variant="OOPS", code="OOPS", description="something long"))
    assert found.value.may_pass


def turn(event: str, index: int, until: float, text: str, times: list[float] | None = None) -> Any:
    words = [
        {"word": word, "confidence": 0.9, "start": times[place] if times else None,
         "end": times[place] + 0.2 if times else None}
        for place, word in enumerate(text.split())
    ]  # fmt: skip
    return message(type="TurnInfo", event=event, turn_index=index, audio_window_end=until, words=words)


def test_a_turn_is_what_it_was_last() -> None:
    turns = Turns()
    for each, expected, ended in (
        (turn("StartOfTurn", 0, 0.5, "I"), "I", None),
        (turn("Update", 0, 0.75, "I went"), "I went", None),
        (turn("EagerEndOfTurn", 0, 1.0, "I want"), "I want", None),
        (turn("TurnResumed", 0, 1.25, "I want"), "I want", None),
        (turn("Update", 0, 1.5, "I want to"), "I want to", None),
        (turn("EndOfTurn", 0, 2.0, "I want to"), "I want to", 2.0),
        (turn("Update", 1, 2.25, ""), "I want to", None),
        (turn("StartOfTurn", 1, 3.0, "Yes."), "I want to Yes.", None),
    ):
        assert turns.take(each) == ended
        assert heard(turns) == expected
    assert heard(turns, since=2.1) == "Yes."


def test_a_word_without_times_was_said_when_it_was_first_told_of() -> None:
    turns = Turns()
    turns.take(turn("StartOfTurn", 0, 1.0, "One"))
    turns.take(turn("Update", 0, 5.0, "One two"))
    turns.take(turn("Update", 0, 6.0, "One too"))
    assert [(word.text, word.end) for word in turns.words(0)] == [("One", 1.0), ("too", 5.0)]
    assert heard(turns, since=3.0) == "too"


def test_a_word_with_times_was_said_then() -> None:
    turns = Turns()
    turns.take(turn("Update", 0, 6.0, "One two", times=[1.0, 2.0]))
    assert heard(turns, since=1.9) == "two"


def test_what_was_heard_is_final() -> None:
    turns = Turns()
    turns.take(turn("Update", 0, 1.0, "One"))
    assert (turns.is_final(1.05), turns.is_heard(1.05)) == (True, True)
    assert (turns.is_final(1.2), turns.is_heard(1.2)) == (False, False)
