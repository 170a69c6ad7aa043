import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.websocket_messages import (
    LONGEST_COMMAND,
    Buffered,
    Command,
    Dialect,
    Drained,
    Full,
    Key,
    Message,
    Played,
    Refused,
    Roomy,
    Started,
    Status,
    decode,
    encode,
)

CAPTURES = Path(__file__).parents[1] / "captures/websocket"
"""Of Asterisk 22.10.1."""
PLAIN_START = (
    "MEDIA_START connection_id:5e9a channel:WebSocket/INCOMING/0x7f channel_id:cc-1-media format:slin16 "
    "optimal_frame_size:640 ptime:20"
)
STARTED = {"connection": "5e9a", "format": "slin16", "frame_bytes": 640, "frame_ms": 20}
STATUS = "STATUS channel_id:1 queue_length:901 xon_level:800 xoff_level:900 queue_full:true bulk_media:false"
JSON_STATUS = {"queue_length": 3, "xon_level": 800, "queue_full": False, "bulk_media": False, "media_paused": True}


def as_json(event: str, **fields: object) -> str:
    return json.dumps({"event": event, "channel_id": "cc-1-media"} | fields)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PLAIN_START, Started(dialect=Dialect.PLAIN, channel="cc-1-media", **STARTED)),  # type: ignore[arg-type]
        (
            "MEDIA_START connection_id:5e9a channel:WebSocket/x/0x7f format:slin16 optimal_frame_size:640 ptime:20",
            Started(dialect=Dialect.PLAIN, channel="", **STARTED),  # type: ignore[arg-type]
        ),
        (
            as_json("MEDIA_START", connection_id="5e9a", format="slin16", optimal_frame_size=640, ptime=20),
            Started(dialect=Dialect.JSON, channel="cc-1-media", **STARTED),  # type: ignore[arg-type]
        ),
        ("MEDIA_MARK_PROCESSED 17", Played(mark="17")),
        ("MEDIA_MARK_PROCESSED", Played(mark="")),
        ("MEDIA_MARK_PROCESSED error_text:a b", Played(mark="error_text:a b")),
        (as_json("MEDIA_MARK_PROCESSED", correlation_id="17"), Played(mark="17")),
        ("MEDIA_BUFFERING_COMPLETED b", Buffered(mark="b")),
        (as_json("MEDIA_BUFFERING_COMPLETED", correlation_id=""), Buffered(mark="")),
        ("MEDIA_XOFF", Full()),
        (as_json("MEDIA_XOFF"), Full()),
        ("MEDIA_XON", Roomy()),
        (as_json("MEDIA_XON"), Roomy()),
        ("QUEUE_DRAINED", Drained()),
        (as_json("QUEUE_DRAINED"), Drained()),
        ("DTMF_END digit:# channel_id:1", Key(digit="#")),
        (as_json("DTMF_END", digit="5"), Key(digit="5")),
        (f"{STATUS} media_paused:false", Status(queued=901, full=True, paused=False)),
        (as_json("STATUS", **JSON_STATUS), Status(queued=3, full=False, paused=True)),
        (
            "ERROR channel_id:1 error_text:MARK_MEDIA not supported in passthrough mode",
            Refused(reason="MARK_MEDIA not supported in passthrough mode"),
        ),
        (as_json("ERROR", error_text="Unable to parse JSON command"), Refused(reason="Unable to parse JSON command")),
    ],
)
def test_what_asterisk_says(text: str, message: Message) -> None:
    assert decode(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[]",
        "{}",
        '{"event": null}',
        '{"event": "NEWS"}',
        "NEWS channel_id:1",
        "media_xoff",
        "MEDIA_START",
        PLAIN_START.replace("640", "-640"),
        PLAIN_START.replace("640", "many"),
        PLAIN_START.replace("640", "1" * 5000),
        "DTMF_END channel_id:1",
        STATUS,
        '{"event": ' + "[" * 100_000,
    ],
    ids=lambda text: text[:30],
)
def test_what_is_no_message_that_we_know(text: str) -> None:
    assert decode(text) is None


@pytest.mark.parametrize("dialect", Dialect, ids=lambda dialect: dialect.name.lower())
def test_what_a_real_asterisk_says(dialect: Dialect) -> None:
    captured = json.loads((CAPTURES / f"{dialect.name.lower()}.json").read_text(encoding="utf-8"))
    messages = [decode(line) for line in captured]
    start = messages[0]
    assert isinstance(start, Started)
    assert (start.dialect, start.frame_ms) == (dialect, 20)
    assert start.frame_bytes == {"slin": 320, "slin16": 640}[start.format]
    assert None not in messages
    kinds = {type(message) for message in messages}
    assert kinds == {Started, Played, Status, Drained, Buffered, Key, Refused, Full, Roomy}
    assert [message.digit for message in messages if isinstance(message, Key)] == ["5", "#"]
    assert [message.mark for message in messages if isinstance(message, Played | Buffered)] == ["1", "b1"]


@given(st.text() | st.builds(lambda start, end: start + end, st.sampled_from([PLAIN_START, STATUS, "{"]), st.text()))
def test_no_text_is_too_strange(text: str) -> None:
    decode(text)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner)), st.text())
def test_no_json_is_too_strange(value: object, event: str) -> None:
    fields = ["connection_id", "format", "optimal_frame_size", "ptime", "correlation_id", "digit", "queue_length"]
    for name in ("MEDIA_START", "STATUS", "DTMF_END", "ERROR", event):
        decode(json.dumps(dict.fromkeys(fields, value) | {"event": name}))


@pytest.mark.parametrize(
    ("dialect", "command", "mark", "text"),
    [
        (Dialect.PLAIN, Command.FLUSH, "", "FLUSH_MEDIA"),
        (Dialect.PLAIN, Command.MARK, "12", "MARK_MEDIA 12"),
        (Dialect.JSON, Command.HANG_UP, "", '{"command": "HANGUP"}'),
        (Dialect.JSON, Command.MARK, "12", '{"command": "MARK_MEDIA", "correlation_id": "12"}'),
    ],
)
def test_what_we_tell(dialect: Dialect, command: Command, mark: str, text: str) -> None:
    assert encode(dialect, command, mark) == text


@given(st.sampled_from(Dialect), st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
def test_a_mark_comes_back_by_its_name(dialect: Dialect, mark: str) -> None:
    text = encode(dialect, Command.MARK, mark)
    assert len(text.encode()) <= LONGEST_COMMAND
    if dialect is Dialect.JSON:
        name = json.loads(text).get("correlation_id", "")
        assert decode(as_json("MEDIA_MARK_PROCESSED", correlation_id=name)) == Played(mark=mark)
    else:
        assert decode(text.replace("MARK_MEDIA", "MEDIA_MARK_PROCESSED")) == Played(mark=mark)


@pytest.mark.parametrize("mark", [" a", "a\n", "é", "a" * 120], ids=["space", "line", "not ASCII", "long"])
def test_a_name_that_would_not_come_back(mark: str) -> None:
    with pytest.raises(ValueError, match=r"does not survive|longer than"):
        encode(Dialect.PLAIN, Command.MARK, mark)
