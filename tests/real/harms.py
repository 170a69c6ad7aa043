"""What somebody in the way of a call's sound can do to it."""

import random
from collections.abc import Callable

from websockets.frames import Frame, Opcode

from callcenter.media.audiosocket import Audio, encode
from callcenter.media.pcm import NARROWBAND, frame_bytes
from tests.peers.between import Link
from tests.real.witnesses import NUMBERS, WEBSOCKETS

SLOW_S = 0.01
"""From byte to byte."""

Harm = Callable[[Link, str], None]
"""Done over a link to the daemon's end of a call to an extension."""


def garbage(link: Link, extension: str) -> None:
    """It gets what means nothing."""
    link.send(random.Random(extension).randbytes(4000))


def too_long(link: Link, extension: str) -> None:
    """It gets the beginning of a message that is longer than any."""
    if extension in WEBSOCKETS:
        head = (b"\x82\xff" if link.to_server else b"\x82\x7f") + (1 << 40).to_bytes(8, "big")
    else:
        head = b"\x10\xff\xfe"
    link.send(head + bytes(100_000))


def flood(link: Link, extension: str) -> None:
    """It gets sound twenty times as fast as anybody speaks."""
    rate = (extension in NUMBERS and NUMBERS[extension].rate) or NARROWBAND
    sound = bytes(frame_bytes(rate))
    if extension in WEBSOCKETS:
        link.flood(10 * Frame(Opcode.BINARY, sound).serialize(mask=link.to_server))
    else:
        link.flood(10 * encode(Audio(rate, sound)))


def cut(link: Link, extension: str) -> None:
    """It has no connection any more."""
    link.cut()


def stops_reading(link: Link, extension: str) -> None:
    """Nothing is taken of what it sends."""
    link.hold()


def is_too_slow(link: Link, extension: str) -> None:
    """It gets what it should, byte by byte, too slowly for sound."""
    link.trickle(1_000_000, SLOW_S)
