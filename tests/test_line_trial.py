"""What the doctor says of lines before it tries them."""

import pytest

from callcenter import line_trial
from callcenter.config import LineOfNumber, Media, Settings
from callcenter.errors import AsteriskError
from callcenter.media.line_choice import LineChoice
from tests.peers.ari_server import AriServer

BOTH = Media(by_did={"1": LineOfNumber(line="websocket", rate=16_000), "2": LineOfNumber(codec="ulaw")})


def test_each_choice_is_tried_once() -> None:
    choices = line_trial.choices(Settings(media=BOTH))
    assert choices == [
        LineChoice(kind="rtp", rate=8000, codec="ulaw"),
        LineChoice(kind="websocket", rate=16_000, codec="ulaw"),
    ]
    assert [line_trial.name(choice) for choice in choices] == ["RTP", "WebSocket at 16 kHz"]


async def test_what_asterisk_has_is_told() -> None:
    async with AriServer() as server:
        found = await line_trial.offered(Settings(asterisk=server.settings))
        assert found == "this Asterisk has rtp; not audiosocket, audiosocket-dialplan, websocket"
        with pytest.raises(AsteriskError, match=r"wants websocket, and Asterisk has not loaded chan_websocket\.so"):
            await line_trial.offered(Settings(asterisk=server.settings, media=BOTH))
