"""Events as a real Asterisk 22 sent them, and everything that is none."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.asterisk.events import (
    ApplicationReplaced,
    Channel,
    ChannelDestroyed,
    ChannelDtmfReceived,
    Event,
    Other,
    StasisEnd,
    StasisStart,
    channel,
    decode,
)

CAPTURES = Path(__file__).parent.parent / "captures" / "ari"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


def captured(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((CAPTURES / f"{name}.json").read_text(encoding="utf-8"))
    return content


CALLER = Channel(
    id="1795232810.1",
    name="Local/9000@callcenter-00000000;2",
    state="Ring",
    caller_number="+15550001",
    caller_name="Bob",
    did="9000",
    application="ai-call-center",
    created="2026-11-21T03:46:50.965+0000",
)


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("StasisStart", StasisStart(channel=CALLER, args=())),
        ("StasisEnd", StasisEnd(channel_id="1795232810.1")),
        ("ChannelDestroyed", ChannelDestroyed(channel_id="cc-x-1-media", cause=16)),
        ("ChannelDtmfReceived", ChannelDtmfReceived(channel_id="far;2", digit="5")),
        ("ApplicationReplaced", ApplicationReplaced(application="ai-call-center")),
        ("Dial", Other(type="Dial")),
        ("ChannelVarset", Other(type="ChannelVarset")),
        ("BridgeDestroyed", Other(type="BridgeDestroyed")),
    ],
)
def test_captured(name: str, event: Event) -> None:
    assert decode((CAPTURES / f"{name}.json").read_bytes()) == event


def test_the_dialplans_arguments_are_the_channels_too() -> None:
    content = captured("StasisStart")["channel"]
    content["dialplan"]["app_data"] = "ai-call-center,flow=energy,contact=17"
    there = channel(content)
    assert (there.application, there.arguments) == ("ai-call-center", ("flow=energy", "contact=17"))
    content["dialplan"] = {"exten": "9999", "app_name": "Echo", "app_data": "a,b"}
    assert (channel(content).application, channel(content).arguments) == ("", ())


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.json")), ids=lambda path: path.stem)
def test_every_capture_is_an_event(path: Path) -> None:
    assert decode(path.read_bytes()) is not None


@pytest.mark.parametrize(
    "message",
    [b"", b"{", b"null", b"[]", b"7", b'"StasisStart"', b"{}", b'{"type": 5}', b"\xff\xfe", b"[" * 100_000],
)
def test_malformed(message: bytes) -> None:
    assert decode(message) is None


@given(st.binary() | st.text() | JSON.map(json.dumps))
def test_anything_is_decoded_or_dropped(message: str | bytes) -> None:
    decode(message)


@given(st.sampled_from(["StasisStart", "StasisEnd", "ChannelDestroyed", "ChannelDtmfReceived"]), st.data())
def test_a_damaged_event_is_decoded_or_dropped(name: str, data: st.DataObject) -> None:
    content = captured(name)
    inner = data.draw(st.sampled_from([content, content["channel"], content["channel"]["dialplan"]]))
    key = data.draw(st.sampled_from(sorted(inner)))
    inner[key] = data.draw(JSON)
    decode(json.dumps(content))
