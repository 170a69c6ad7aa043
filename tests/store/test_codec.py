import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.store import codec
from callcenter.store.records import (
    CallEnded,
    CallStarted,
    LeadChanged,
    PhrasePrepared,
    Record,
    SlotValue,
    TurnEnded,
)
from callcenter.usage import Charge
from tests.store import samples

characters = st.text(st.characters(exclude_categories=()))
zones = st.timedeltas(min_value=timedelta(hours=-23), max_value=timedelta(hours=23)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)
moments = st.datetimes(timezones=zones)
floats = st.floats(allow_nan=False)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | floats | characters,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(characters, inner, max_size=3),
    max_leaves=8,
)
slots = st.dictionaries(characters, st.builds(SlotValue, value=values, heard=characters), max_size=4)
texts = dict.fromkeys(("channel", "caller", "did", "flow", "instance"), characters)
counts = st.integers(min_value=0)
charge = st.builds(
    Charge,
    seconds_heard=floats,
    characters_spoken=counts,
    tokens_in=counts,
    tokens_out=counts,
    cost=st.none() | floats,
)
charges = st.dictionaries(characters, charge, max_size=3)
records = st.one_of(
    st.builds(CallStarted, call=st.uuids(), at=moments, **texts),
    st.builds(
        TurnEnded,
        call=st.uuids(),
        index=st.integers(min_value=0),
        heard=characters,
        said=characters,
        heard_by_caller=characters,
        timings=st.dictionaries(characters, floats, max_size=4),
        usage=charges,
        at=moments,
    ),
    st.builds(LeadChanged, call=st.uuids(), status=characters, slots=slots, at=moments),
    st.builds(
        CallEnded,
        call=st.uuids(),
        outcome=characters,
        reason=characters,
        recording=st.none() | characters,
        usage=charges,
        at=moments,
    ),
    st.builds(PhrasePrepared, phrase=st.uuids(), flow=characters, provider=characters, charge=charge, at=moments),
)


@given(records)
def test_a_record_comes_back_from_one_line_of_ascii(record: Record) -> None:
    line = codec.encode(record)
    assert line.isascii()
    assert "\n" not in line
    assert codec.decode(line) == record


def test_an_end_that_was_spooled_before_there_were_recordings() -> None:
    line = (
        '{"kind": "CallEnded", "call": "00000001-0000-0000-0000-000000000000", "outcome": "qualified", '
        '"reason": "caller", "at": "2026-11-21T13:01:00+00:00"}'
    )
    assert codec.decode(line) == samples.ended(1)


def test_a_turn_that_was_spooled_before_usage_was_kept() -> None:
    line = (
        '{"kind": "TurnEnded", "call": "00000001-0000-0000-0000-000000000000", "index": 2, "heard": "", '
        '"said": "Hello.", "heard_by_caller": "Hello.", "timings": {"endpoint": 200.5, "recognise": 310.0}, '
        '"state": "", "sentiment": "", "at": "2026-11-21T12:01:02+00:00"}'
    )
    assert codec.decode(line) == samples.turn(1, 2)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "7",
        "[]",
        "null",
        "{}",
        '{"kind": "Other"}',
        '{"kind": "CallEnded", "call": "x", "at": "2026-11-21T12:00:00+00:00"}',
        codec.encode(samples.ended(1)).replace('"reason"', '"raison"'),
        codec.encode(samples.lead(1, amount=1)).replace('"heard"', '"herd"'),
        codec.encode(replace(samples.turn(1, 0), usage=samples.EARS)).replace('"cost"', '"price"'),
        codec.encode(samples.turn(1, 0)).replace('"usage": {}', '"usage": []'),
        codec.encode(samples.ended(1)).replace("2026-11", "2026-31"),
        codec.encode(samples.phrase(1)).replace('"charge": {', '"charge": 7, "was": {'),
        codec.encode(samples.phrase(1)).replace('"phrase"', '"call"'),
        "\ufffd\x00",
    ],
)
def test_what_is_no_record_is_a_value_error(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.decode(line)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a\x00b", "a\ufffdb"),
        ("\ud83d", "\ufffd"),
        ("héllo 😀", "héllo 😀"),
        (float("nan"), None),
        (float("-inf"), None),
        (1.5, 1.5),
        (True, True),
        (None, None),
        ({"k\x00": ["\x00", {"x": float("inf")}]}, {"k\ufffd": ["\ufffd", {"x": None}]}),
        ((1, 2), [1, 2]),
    ],
)
def test_storable(value: object, stored: object) -> None:
    assert codec.storable(value) == stored


@given(values)
def test_storable_is_utf_8_json_without_nul(value: object) -> None:
    text = json.dumps(codec.storable(value), ensure_ascii=False, allow_nan=False)
    assert b"\x00" not in text.encode()
    assert "\\u0000" not in text.replace("\\\\", "")


def test_plain_refuses_other_types() -> None:
    assert json.loads(json.dumps([samples.call(1), samples.NOON], default=codec.plain)) == [
        "00000001-0000-0000-0000-000000000000",
        datetime.isoformat(samples.NOON),
    ]
    with pytest.raises(TypeError, match="complex"):
        codec.plain(1j)
