"""A SentencePiece unigram model read into a tokenizer, without the sentencepiece library.

The file is a protocol buffer, ModelProto: field 1 is a piece (of which 1 is its text, 2 its score), 3 the normaliser
(of which 2 is its table of characters). See sentencepiece_model.proto.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer
from tokenizers.models import Unigram
from tokenizers.normalizers import Precompiled, Replace, Sequence, Strip
from tokenizers.pre_tokenizers import Metaspace

PIECE, NORMALIZER = 1, 3
TEXT, SCORE, TABLE = 1, 2, 2
VARINT, EIGHT_BYTES, LENGTH_FIRST, FOUR_BYTES = 0, 1, 2, 5
"""How a value is written: its wire type."""


def read(path: Path) -> Tokenizer:
    """The tokenizer of a model file, without its marks of begin and end. Piece 0 stands for what is not known.

    Raises ValueError when the file is none, OSError when it cannot be read.
    """
    pieces: list[tuple[str, float]] = []
    table = b""
    for number, value in _fields(path.read_bytes()):
        match number:
            case _ if number == PIECE:
                piece = dict(_fields(value))
                if TEXT not in piece:
                    raise ValueError(f"{path} has a piece without a text")
                pieces.append((piece[TEXT].decode(), _float(piece[SCORE]) if SCORE in piece else 0.0))
            case _ if number == NORMALIZER:
                table = dict(_fields(value)).get(TABLE, b"")
    if not pieces or not table:
        raise ValueError(f"{path} is no SentencePiece model")
    tokenizer = Tokenizer(Unigram(pieces, unk_id=0, byte_fallback=False))
    tokenizer.normalizer = Sequence([Precompiled(table), Strip(), Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = Metaspace(prepend_scheme="always")
    return tokenizer


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The numbers and raw values of a message's fields; of a varint the value is left empty."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        size = {EIGHT_BYTES: 8, FOUR_BYTES: 4}.get(wire, 0)
        if wire == VARINT:
            _, at = _varint(message, at)
        elif wire == LENGTH_FIRST:
            size, at = _varint(message, at)
        elif not size:
            raise ValueError(f"wire type {wire} is not known")
        yield number, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        if at >= len(message):
            raise ValueError("it ends in the middle of a number")
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _float(raw: bytes) -> float:
    value: float = struct.unpack("<f", raw)[0]
    return value
