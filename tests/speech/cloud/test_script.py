"""Which words are spoken by when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.speech.cloud.script import Script, letters


def test_words_come_when_they_have_ended() -> None:
    script = Script("Good morning, Anna.")
    assert script.until(4) == ""
    assert script.until(5) == "Good "
    assert script.until(5) == ""
    assert script.until(16) == ""
    assert script.until(17) == "morning, "
    assert script.rest() == "Anna."
    assert script.rest() == ""


def test_the_last_word_waits_for_the_end() -> None:
    script = Script("Yes.")
    assert script.until(1000) == ""
    assert script.rest() == "Yes."


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [
        ("one", "three"),
        ("hundred", "100"),
        ("well", "well,"),
        ("pounds", "£12"),
        ("no", "no."),
        ("Stop", "SNCF"),
        ("way", "www"),
        ("example.", "exam.ple"),
    ],
)
def test_what_takes_longer_has_more_letters(shorter: str, longer: str) -> None:
    assert letters(shorter) < letters(longer)


@given(text=st.text(alphabet="ab 1,.\n", max_size=40), times=st.lists(st.floats(0, 200), max_size=6))
def test_the_parts_are_the_text(text: str, times: list[float]) -> None:
    script = Script(text)
    parts = [script.until(time) for time in sorted(times)]
    parts.append(script.rest())
    assert "".join(parts) == (text if text.strip() else "")
    assert all(part == "" or not part[-1].isalnum() for part in parts[:-1])
