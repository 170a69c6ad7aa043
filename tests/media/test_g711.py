import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.g711 import ALAW, CODECS, ULAW, Codec

EVERY_CODE = bytes(range(256))
EVERY_VALUE = np.arange(-32768, 32768)


def decoded(codec: Codec, code: int) -> int:
    return int(np.frombuffer(codec.decode(bytes([code])), "<i2")[0])


def encoded(
    codec: Codec, values: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(codec.encode(values.astype("<i2").tobytes()), np.uint8)


@pytest.mark.parametrize(
    ("code", "value"),
    [  # ITU-T G.711, table 2a: the last value of each segment, and the least ones; in 14 bits, so times 4
        (0x80, 8031), (0x8F, 4191), (0x90, 3999), (0x9F, 2079), (0xA0, 1983), (0xAF, 1023), (0xB0, 975), (0xBF, 495),
        (0xC0, 471), (0xCF, 231), (0xD0, 219), (0xDF, 99), (0xE0, 93), (0xEF, 33), (0xF0, 30), (0xFE, 2), (0xFF, 0),
        (0x00, -8031), (0x0F, -4191), (0x6F, -33), (0x7E, -2), (0x7F, 0),
    ],
)  # fmt: skip
def test_ulaw_table(code: int, value: int) -> None:
    assert decoded(ULAW, code) == value * 4


@pytest.mark.parametrize(
    ("code", "value"),
    [  # ITU-T G.711, table 1a, after inversion of the even bits; in 13 bits, so times 8
        (0xAA, 4032), (0xA5, 2112), (0xBA, 2016), (0xB5, 1056), (0x8A, 1008), (0x85, 528), (0x9A, 504), (0x95, 264),
        (0xEA, 252), (0xE5, 132), (0xFA, 126), (0xF5, 66), (0xCA, 63), (0xC5, 33), (0xDA, 31), (0xD5, 1),
        (0x2A, -4032), (0x25, -2112), (0x55, -1), (0x5A, -31),
    ],
)  # fmt: skip
def test_alaw_table(code: int, value: int) -> None:
    assert decoded(ALAW, code) == value * 8


@pytest.mark.parametrize("codec", [ULAW, ALAW], ids=lambda codec: codec.name)
class TestEveryCodec:
    def test_every_code_comes_back(self, codec: Codec) -> None:
        changed = {code for code in EVERY_CODE if codec.encode(codec.decode(bytes([code]))) != bytes([code])}
        assert changed == ({0x7F} if codec is ULAW else set()), "only µ-law has a second zero"

    def test_decoded_values_rise_with_the_values_encoded(self, codec: Codec) -> None:
        values = np.frombuffer(codec.decode(encoded(codec, EVERY_VALUE).tobytes()), "<i2").astype(int)
        assert (np.diff(values) >= 0).all()

    def test_error_is_within_half_a_step(self, codec: Codec) -> None:
        values = np.frombuffer(codec.decode(encoded(codec, EVERY_VALUE).tobytes()), "<i2").astype(int)
        step = np.maximum((np.abs(EVERY_VALUE) + 132) / 16, 16)
        inside = np.abs(EVERY_VALUE) < 32000
        assert (np.abs(values - EVERY_VALUE)[inside] <= (step / 2 + 4)[inside]).all()

    def test_signs_are_symmetrical(self, codec: Codec) -> None:
        positive = np.arange(32768)
        assert (encoded(codec, positive) ^ encoded(codec, ~positive) == 0x80).all()

    def test_silence_is_the_code_of_zero(self, codec: Codec) -> None:
        assert codec.silence == {"ulaw": b"\xff", "alaw": b"\xd5"}[codec.name]

    def test_loudest_values_are_clipped_not_wrapped(self, codec: Codec) -> None:
        loudest = codec.decode(codec.encode(np.array([-32768, 32767], "<i2").tobytes()))
        assert np.frombuffer(loudest, "<i2").tolist() == {"ulaw": [-32124, 32124], "alaw": [-32256, 32256]}[codec.name]

    @given(codes=st.binary(max_size=400))
    def test_a_second_trip_changes_nothing(self, codec: Codec, codes: bytes) -> None:
        once = codec.decode(codes)
        assert len(once) == 2 * len(codes)
        assert codec.decode(codec.encode(once)) == once


def test_codecs_have_the_payload_types_of_asterisk() -> None:
    assert {name: codec.payload_type for name, codec in CODECS.items()} == {"ulaw": 0, "alaw": 8, "slin": 10}
