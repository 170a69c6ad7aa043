"""Many datagrams by one system call: sendmmsg(2) and recvmmsg(2), which Python's sockets do not have.

The far end of hundreds of calls would otherwise take as much of a core as what it measures, and two cores of a machine
are often the two threads of one: what it takes, the plane beside it lacks. IPv4 on 64-bit Linux.
"""

import ctypes
import errno
import os
import socket
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER = np.dtype([("start", "u1"), ("type", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")])
"""Of an RTP packet (RFC 3550, section 5.1)."""
ARRIVAL = np.dtype([("header", HEADER), ("port", ">u2"), ("seconds", "i8"), ("nanoseconds", "i8")])
"""A datagram that came: how it begins, from which port, and the kernel's stamp of it (SO_TIMESTAMPNS)."""
MOST = 256
"""Datagrams are taken so many at a time."""

_MESSAGE = np.dtype(
    {
        "names": ["name", "name_size", "vectors", "vector_count", "control", "control_size", "size"],
        "formats": ["u8", "u4", "u8", "u8", "u8", "u8", "u4"],
        "offsets": [0, 8, 16, 24, 32, 40, 56],
        "itemsize": 64,
    }
)
"""struct mmsghdr; its flags are left out."""
_VECTOR = np.dtype([("base", "u8"), ("size", "u8")])
"""struct iovec."""
_NAME = np.dtype([("family", "=u2"), ("port", ">u2"), ("host", "u1", 4), ("rest", "u1", 8)])
"""struct sockaddr_in."""
_CONTROL = np.dtype([("head", "u1", 16), ("seconds", "i8"), ("nanoseconds", "i8")])
"""struct cmsghdr, then a struct timespec."""

_REFUSED = (errno.EAGAIN, errno.ECONNREFUSED, errno.ENOBUFS, errno.EPERM)
_libc = ctypes.CDLL(None, use_errno=True)


class Outbox:
    """Some streams of RTP, the packets of which are sent at once."""

    def __init__(self, host: str, ports: Sequence[int], headers: NDArray[Any]) -> None:
        """Each stream goes to a port of `host` and has one of `headers`."""
        count = len(ports)
        self.headers = headers
        """Those of the next packets."""
        self._names = np.zeros(count, _NAME)
        self._names["family"] = socket.AF_INET
        self._names["port"] = ports
        self._names["host"] = np.frombuffer(socket.inet_aton(host), np.uint8)
        self._vectors = np.zeros((count, 2), _VECTOR)
        self._vectors[:, 0]["base"] = _places(headers)
        self._vectors[:, 0]["size"] = HEADER.itemsize
        self._messages = np.zeros(count, _MESSAGE)
        self._messages["name"] = _places(self._names)
        self._messages["name_size"] = _NAME.itemsize
        self._messages["vectors"] = _places(self._vectors)
        self._messages["vector_count"] = 2

    def send(self, sock: socket.socket, frames: NDArray[np.uint8], which: NDArray[np.int64]) -> int:
        """Send each stream the row `which` of `frames`; returns how many packets the kernel took."""
        self._vectors[:, 1]["base"] = frames.ctypes.data + which * frames.shape[1]
        self._vectors[:, 1]["size"] = frames.shape[1]
        return _called("sendmmsg", sock, self._messages)


class Inbox:
    """Takes what has come to sockets that have SO_TIMESTAMPNS set."""

    def __init__(self) -> None:
        self._headers = np.zeros(MOST, HEADER)
        self._names = np.zeros(MOST, _NAME)
        self._controls = np.zeros(MOST, _CONTROL)
        self._vectors = np.zeros(MOST, _VECTOR)
        self._vectors["base"] = _places(self._headers)
        self._vectors["size"] = HEADER.itemsize
        self._empty = np.zeros(MOST, _MESSAGE)
        self._empty["name"] = _places(self._names)
        self._empty["name_size"] = _NAME.itemsize
        self._empty["vectors"] = _places(self._vectors)
        self._empty["vector_count"] = 1
        self._empty["control"] = _places(self._controls)
        self._empty["control_size"] = _CONTROL.itemsize
        self._messages = self._empty.copy()

    def taken(self, sock: socket.socket) -> NDArray[Any]:
        """The ARRIVALs at `sock` that wait, at most MOST; what of them is longer than a header is dropped."""
        self._messages[:] = self._empty  # the kernel writes the sizes over
        count = _called("recvmmsg", sock, self._messages)
        arrivals = np.zeros(count, ARRIVAL)
        arrivals["header"] = self._headers[:count]
        arrivals["port"] = self._names["port"][:count]
        for field in ("seconds", "nanoseconds"):
            arrivals[field] = self._controls[field][:count]
        return arrivals


def _places(array: NDArray[Any]) -> NDArray[np.uint64]:
    """The address of each row."""
    return np.asarray(array.ctypes.data + np.arange(len(array)) * array.strides[0], np.uint64)


def _called(name: str, sock: socket.socket, messages: NDArray[Any]) -> int:
    """Call it; 0 where it would block or is refused. Raises OSError for what is no matter of the network."""
    arguments = (sock.fileno(), messages.ctypes.data_as(ctypes.c_void_p), len(messages), socket.MSG_DONTWAIT)
    done: int = _libc[name](*arguments, None) if name == "recvmmsg" else _libc[name](*arguments)
    if done < 0 and (error := ctypes.get_errno()) not in _REFUSED:
        raise OSError(error, os.strerror(error))
    return max(0, done)
