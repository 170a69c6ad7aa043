"""The doctor's tones through a real Asterisk."""

from pathlib import Path

import pytest

from callcenter import line_trial
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.config import LineOfNumber, load
from callcenter.demo import led_to

pytestmark = pytest.mark.real

LINES = {
    "1": LineOfNumber(codec="slin"),
    "2": LineOfNumber(line="audiosocket", rate=16_000),
    "3": LineOfNumber(line="websocket", rate=16_000),
}


async def test_every_line_that_is_chosen_is_tried(private_asterisk: PrivateAsterisk, tmp_path: Path) -> None:
    settings = led_to(load(), private_asterisk, tmp_path)
    media = settings.media.model_copy(update={"by_did": LINES, "websocket": "listen"})
    settings = settings.model_copy(update={"media": media})
    found = await line_trial.offered(settings)
    assert found == "this Asterisk has rtp, audiosocket, audiosocket-dialplan, websocket"
    tried = {line_trial.name(each): await line_trial.tried(each, settings) for each in line_trial.choices(settings)[1:]}
    assert tried == {
        "RTP": "slin: a tone came through Asterisk both ways",
        "AudioSocket at 16 kHz": "slin16: a tone came through Asterisk both ways",
        "WebSocket at 16 kHz": "slin16: a tone came through Asterisk both ways",
    }
