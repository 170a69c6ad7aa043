"""What there is to do when somebody elsewhere does not serve, and who says what they are to hear."""

import pytest

from callcenter.config import (
    Settings,
)
from callcenter.doctor.place import Place, Reason
from callcenter.doctor.sample import in_order
from callcenter.speech.voice import VoiceName


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("openai refuses the key (status 401)", Reason.KEY),
        ("deepgram answered 403", Reason.KEY),
        ("deepgram answered 429", Reason.LIMIT),
        ("the language model answers with status 404", Reason.QUESTION),
        ("deepgram answered 502", Reason.SERVER),
        ("openai answers with more than 262144 bytes", Reason.WAY),
        ("deepgram hung up with code 1011", Reason.WAY),
        ("", Reason.WAY),
    ],
)
def test_why_somebody_does_not_serve(failure: str, reason: Reason) -> None:
    assert Reason.of(failure) is reason


def test_what_was_asked_for_is_named() -> None:
    place = Place.of(Settings(), "deepgram", "[deepgram] flux")
    assert place.advice("deepgram answered 404") == "correct [deepgram] flux, or [deepgram] url"
    assert place.advice("deepgram answered 401").startswith("set CALLCENTER_DEEPGRAM__KEY")


@pytest.mark.parametrize(
    ("language", "names", "order"),
    [
        ("en", [], ["espeak:en", "piper:joe-us"]),
        ("fr", ["openai:coral", "espeak:fr"], ["espeak:fr", "openai:coral"]),
        ("fr", ["deepgram:agathe", "piper:siwis"], ["piper:siwis", "espeak:fr", "deepgram:agathe"]),
    ],
)
def test_who_says_what_is_heard(language: str, names: list[str], order: list[str]) -> None:
    assert list(map(str, in_order(language, [*map(VoiceName.parse, names)], "joe-us"))) == order
