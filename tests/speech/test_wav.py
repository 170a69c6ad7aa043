"""WAV files: what is written is read, and what others write is understood."""

import io
import struct
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.speech.wav import NotWavError, Wav, written

RATE = 8000
TONE = (12_000 * np.sin(np.arange(800) / 5)).astype("<i2")
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE


def wav(data: bytes, bits: int, *, kind: int = PCM, channels: int = 1, rate: int = RATE, extra: bytes = b"") -> bytes:
    """A file as other programs write them; `extra` follows the format."""
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits) + extra
    chunks = b"LIST" + struct.pack("<I", 3) + b"odd\0"
    chunks += b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def test_python_reads_what_is_written() -> None:
    with wave.open(io.BytesIO(written(TONE.tobytes(), 16_000))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        assert file.readframes(file.getnframes()) == TONE.tobytes()


@given(st.binary(max_size=400), st.sampled_from([8000, 16_000, 48_000]))
def test_what_is_written_is_read(sound: bytes, rate: int) -> None:
    found = Wav.parse(written(sound, rate))
    assert found.mono() == sound[: len(sound) // 2 * 2]
    assert found.rate == rate
    assert found.seconds == len(sound) // 2 / rate


UNIT = TONE.astype(np.float64) / 32768
GUID = struct.pack("<HHIH14x", 22, 16, 4, PCM)


@pytest.mark.parametrize(
    ("file", "error"),
    [
        pytest.param(wav(TONE.tobytes(), 16), 0, id="16 bits"),
        pytest.param(wav(((TONE >> 8) + 128).astype("u1").tobytes(), 8), 256, id="8 bits"),
        pytest.param(wav((TONE.astype("<i4") << 16).tobytes(), 32), 0, id="32 bits"),
        pytest.param(wav((TONE.astype("<i4") << 8).view("u1").reshape(-1, 4)[:, :3].tobytes(), 24), 0, id="24 bits"),
        pytest.param(wav(UNIT.astype("<f4").tobytes(), 32, kind=FLOAT), 1, id="float"),
        pytest.param(wav(UNIT.tobytes(), 64, kind=FLOAT), 1, id="double"),
        pytest.param(wav(TONE.tobytes(), 16, kind=EXTENSIBLE, extra=GUID), 0, id="extensible"),
        pytest.param(wav(np.repeat(TONE, 2).tobytes(), 16, channels=2), 0, id="stereo"),
        pytest.param(wav(np.stack([TONE * 2, 0 * TONE], axis=1).tobytes(), 16, channels=2), 0, id="one side only"),
        pytest.param(wav(TONE.tobytes(), 16)[:-1] + TONE.tobytes()[-1:] + b"LIST\1\0", 0, id="rubbish at the end"),
    ],
)
def test_others_files_are_understood(file: bytes, error: int) -> None:
    heard = np.frombuffer(Wav.parse(file).mono(), "<i2").astype(int)
    assert len(heard) == len(TONE)
    assert np.abs(heard - TONE).max() <= error


def test_a_program_that_writes_to_a_pipe_does_not_know_how_long_the_sound_is() -> None:
    file = bytearray(written(TONE.tobytes(), RATE))
    file[40:44] = b"\xff\xff\xff\xff"
    assert Wav.parse(bytes(file)).mono() == TONE.tobytes()


def test_what_is_no_number_is_silence() -> None:
    sound = np.array([np.nan, np.inf, -np.inf, 0.5], "<f4")
    assert np.frombuffer(Wav.parse(wav(sound.tobytes(), 32, kind=FLOAT)).mono(), "<i2").tolist() == [
        0,
        32767,
        -32768,
        16384,
    ]


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (b"", "does not begin"),
        (b"ID3\4 an MP3 file", "does not begin"),
        (b"RIFF\0\0\0\0WAVE", "does not say what"),
        (b"RIFF\0\0\0\0WAVEfmt \2\0\0\0\1\0", "does not say what"),
        (wav(b"", 16)[:-8], "no sound"),
        (wav(bytes(100), 4, kind=17), "format is 17 with 4 bits"),
        (wav(bytes(100), 12), "format is 1 with 12 bits"),
        (wav(bytes(100), 16, channels=0), "0 channels"),
        (wav(bytes(100), 16, rate=0), "0 samples"),
        (wav(bytes(100), 16, rate=2_000_000_000), "2000000000 samples"),
    ],
)
def test_what_is_no_sound_is_said(file: bytes, why: str) -> None:
    with pytest.raises(NotWavError, match=why):
        Wav.parse(file)


@given(st.data())
def test_a_broken_file_is_read_or_refused(data: st.DataObject) -> None:
    file = bytearray(wav(TONE[:50].tobytes(), 16))
    for place in data.draw(st.lists(st.integers(0, len(file) - 1), max_size=6)):
        file[place] = data.draw(st.integers(0, 255))
    try:
        found = Wav.parse(bytes(file[: data.draw(st.integers(0, len(file)))]))
    except NotWavError:
        return
    assert len(found.mono()) // 2 == round(found.seconds * found.rate)
