"""Which line a call gets, by the dialplan and the settings."""

import pytest
from structlog.testing import capture_logs

from callcenter.config import LineOfNumber, Media
from callcenter.media.choice import chosen, kinds, rates
from callcenter.media.line_choice import LineChoice

DID = "+33123456789"
OWN = Media(by_did={DID: LineOfNumber(line="websocket", rate=16_000)}, codec="alaw")


def choice(kind: str, rate: int = 8000, codec: str = "ulaw") -> tuple[str, int, str]:
    return kind, rate, codec


def found(choice: LineChoice) -> tuple[str, int, str]:
    return choice.kind, choice.rate, choice.codec


@pytest.mark.parametrize(
    ("media", "did", "arguments", "expected"),
    [
        (Media(), DID, {}, choice("rtp")),
        (Media(codec="slin"), DID, {}, choice("rtp", codec="slin")),
        (Media(line="audiosocket", rate=16_000), DID, {}, choice("audiosocket", 16_000)),
        (OWN, DID, {}, choice("websocket", 16_000, "alaw")),
        (OWN, "9000", {}, choice("rtp", codec="alaw")),
        (OWN, DID, {"line": "audiosocket"}, choice("audiosocket", 16_000, "alaw")),
        (OWN, DID, {"line": "audiosocket", "rate": "8000"}, choice("audiosocket", 8000, "alaw")),
        (OWN, DID, {"line": "rtp"}, choice("rtp", codec="alaw")),
        (OWN, DID, {"line": "audiosocket-dialplan"}, choice("audiosocket-dialplan", codec="alaw")),
        (OWN, DID, {"line": "", "rate": ""}, choice("websocket", 16_000, "alaw")),
        (Media(), "777", {"line": "websocket", "rate": "16000", "flow": "x"}, choice("websocket", 16_000)),
    ],
)
def test_the_dialplan_wins_then_the_number(
    media: Media, did: str, arguments: dict[str, str], expected: tuple[str, int, str]
) -> None:
    with capture_logs() as logs:
        assert found(chosen(media, did, arguments)) == expected
    assert logs == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"line": "carrier-pigeon"},
        {"line": "websocket", "rate": "44100"},
        {"line": "rtp", "rate": "16000"},
        {"line": "audiosocket-dialplan", "rate": "16000"},
    ],
)
def test_what_there_is_not_is_logged_and_the_settings_hold(arguments: dict[str, str]) -> None:
    with capture_logs() as logs:
        assert found(chosen(OWN, DID, arguments)) == choice("websocket", 16_000, "alaw")
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("! line", "error")]


def test_what_is_prepared_for() -> None:
    assert rates(Media()) == [8000]
    assert rates(OWN) == [8000, 16_000]
    assert rates(Media(line="audiosocket", rate=16_000)) == [16_000]
    assert rates(Media(dialplan_rates=(16_000,))) == [8000, 16_000]
    assert kinds(OWN) == {"rtp", "websocket"}
