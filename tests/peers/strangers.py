"""People who send to the ports where the daemon waits for Asterisk, and are none: a process of their own.

    python -m tests.peers.strangers audiosocket 127.0.0.1:9092
    python -m tests.peers.strangers websocket 127.0.0.1:9093
    python -m tests.peers.strangers rtp PID
    python -m tests.peers.strangers garbage 127.0.0.1:40000 127.0.0.1:10020
    python -m tests.peers.strangers flood 127.0.0.1:40000 127.0.0.1:10020

They connect in waves, for a few seconds, and say how many came and how many of them were not disconnected in the end.
Those of RTP send to all UDP ports of the process PID; the last two pose as the second address, Asterisk's, and send to
the first. They say how many datagrams they have sent.
"""

import asyncio
import random
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from uuid import uuid4

import psutil

from callcenter.media.audiosocket import Audio, Identity, encode
from callcenter.media.rtp_packet import Address, Packet

WAVES = 6
AT_ONCE = 150
"""More than may wait without a name from one address."""
PATIENCE_S = 8.0
"""The daemon gives them 2 s."""
PAUSE_S = 0.01
UPGRADE = (
    "Host: callcenter\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: media\r\n"
)
DATAGRAM_S = 0.002
"""Between two to one port: they come ten times as often as sound."""
DATAGRAMS_S = 6.0
"""For so long, ..."""
AT_A_TIME = 10
"""... and as if the network had held them up."""
ELSEWHERE = "127.0.0.9"
IP_PKTINFO = 8
"""Of Linux; Python does not name it."""


def sent(protocol: str) -> Sequence[bytes]:
    """What one of them sends, piece by piece."""
    if protocol == "audiosocket":
        named = encode(Identity(call=uuid4())) + encode(Audio(8000, bytes(320)))
        endless = b"\x01\xff\xff" + bytes(1_000_000)
    else:
        named = f"GET /callcenter?call={uuid4().hex} HTTP/1.1\r\n{UPGRADE}\r\n".encode()
        endless = b"GET /" + b"x" * 1_000_000
    kinds: tuple[Sequence[bytes], ...] = (
        [],
        [named],
        [named[place : place + 1] for place in range(len(named))],
        [named] * 50,
        [named[:10]],
        [endless],
        [random.randbytes(1000)],
    )
    return random.choice(kinds)


async def disconnected(address: tuple[str, int], pieces: Sequence[bytes], *, reads: bool) -> bool:
    """Whether who connects to `address` and sends `pieces` is disconnected in the end."""
    try:
        reader, writer = await asyncio.open_connection(*address, limit=1)
        try:
            async with asyncio.timeout(PATIENCE_S):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(PAUSE_S)
                while reads and await reader.read(1000):
                    pass
                while not reads:  # who does not read is told when they write
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(10 * PAUSE_S)
        except TimeoutError:
            return False
        finally:
            writer.close()
    except ConnectionError:
        pass
    return True


async def attack(protocol: str, address: tuple[str, int]) -> tuple[int, int]:
    """How many came, and how many are still connected."""
    async with asyncio.TaskGroup() as group:
        came = []
        for _ in range(WAVES):
            for number in range(AT_ONCE):
                came.append(group.create_task(disconnected(address, sent(protocol), reads=number % 4 > 0)))
            await asyncio.sleep(1.0)
    return len(came), sum(not task.result() for task in came)


def datagrams(kind: str) -> Iterator[bytes]:
    """Garbage is nothing, noise, too much, and now and then sound that follows no other; a flood is steady sound."""
    sound = Packet(payload_type=0, sequence=0, timestamp=0, ssrc=99, payload=bytes(160))
    for number in count():
        if kind == "flood":
            yield sound._replace(sequence=number & 0xFFFF, timestamp=160 * number).build()
        else:
            stray = sound._replace(sequence=random.getrandbits(16), ssrc=random.getrandbits(32)).build()
            yield random.choice([b"", random.randbytes(172), random.randbytes(12), stray, stray[:40], stray * 9])


def send_all(kind: str, targets: Callable[[], Sequence[Address]], source: Address | None = None) -> int:
    """Send such to each of the `targets`, asked for now and then, as if from `source` if that is given; how many."""
    sent, until = 0, time.monotonic() + DATAGRAMS_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        posing = []
        if source:  # a port of that number elsewhere on this machine, and that one's address: ip(7)
            sender.bind((ELSEWHERE, source[1]))
            posing = [(socket.IPPROTO_IP, IP_PKTINFO, struct.pack("@i4s4s", 0, socket.inet_aton(source[0]), bytes(4)))]
        sounds = datagrams(kind)
        while time.monotonic() < until:
            for target in targets():
                for sound in islice(sounds, AT_A_TIME):
                    sender.sendmsg([sound], posing, 0, target)
                    sent += 1
            time.sleep(AT_A_TIME * DATAGRAM_S)
    return sent


def udp_ports(pid: int) -> Sequence[Address]:
    """Those of a process."""
    return [(each.laddr.ip, each.laddr.port) for each in psutil.Process(pid).net_connections("udp4")]


def main(kind: str, target: str, source: str = "") -> None:
    """As the command line says."""
    if kind == "rtp":
        print(send_all("garbage", lambda: udp_ports(int(target))))
    elif source:
        print(send_all(kind, lambda: [_address(target)], _address(source)))
    else:
        print(*asyncio.run(attack(kind, _address(target))))


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    main(*sys.argv[1:])
