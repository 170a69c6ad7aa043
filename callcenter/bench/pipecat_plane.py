"""The same work through pipecat: a script for the Python of an environment that has it, and nothing of ours.

What is the same as in the daemon's plane: the far end and what it sends, one process kept to one core, uvloop, 8 kHz
throughout, a Silero VAD on every call's sound, sound played without an end in packets of 20 ms, and the rule that a
packet more than 15 ms late is left out and the timestamp moved on, never made up for in a burst.

What is pipecat's own: an input and an output transport on its base classes, its VAD processor and analyser with their
defaults (a model and a thread for each call), its pipeline, worker and runner, its chunking and pacing by `await`.

Where there was a choice it was made in pipecat's favour: G.711 by table; no reordering, no gap filling and no check of
the sender; received frames go into its queue without a task for each; sound is at the line's rate, so nothing is
resampled; the processor in the place of recognition, language model and voice drops received sound; no aggregators, no
observers, no turn tracking, no RTVI, no heartbeats, no metrics and no log. Its output chunk is 20 ms, the RTP packet of
a telephone line. Its default is 40, with which it takes about a seventh less CPU.
"""

import asyncio
import gc
import json
import math
import os
import random
import resource
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import uvloop
from loguru import logger  # type: ignore[import-not-found]
from pipecat.audio.vad.silero import SileroVADAnalyzer  # type: ignore[import-not-found]
from pipecat.frames.frames import (  # type: ignore[import-not-found]
    Frame,
    InputAudioRawFrame,
    StartFrame,
    TTSAudioRawFrame,
    VADUserStartedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline  # type: ignore[import-not-found]
from pipecat.pipeline.worker import PipelineParams, PipelineWorker  # type: ignore[import-not-found]
from pipecat.processors.audio.vad_processor import VADProcessor  # type: ignore[import-not-found]
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor  # type: ignore[import-not-found]
from pipecat.transports.base_input import BaseInputTransport  # type: ignore[import-not-found]
from pipecat.transports.base_output import BaseOutputTransport  # type: ignore[import-not-found]
from pipecat.transports.base_transport import TransportParams  # type: ignore[import-not-found]
from pipecat.workers.runner import WorkerRunner  # type: ignore[import-not-found]

RATE = 8000
FRAME = 160
PERIOD = 0.02
GIVEN = 0.015
"""A frame that is no later than this is sent, as in our own clock."""
BURST = 8
AHEAD_S = 1.0
"""How much sound is given to the output at a time, and how much it has in hand."""

_HEADER = struct.Struct("!BBHII")


def _expanded() -> "np.ndarray[Any, np.dtype[np.int16]]":
    codes = np.arange(256) ^ 0xFF
    magnitude = ((2 * (codes & 15) + 33) << (codes >> 4 & 7)) - 33
    return (np.where(codes & 0x80, -magnitude, magnitude) * 4).astype("<i2")


def _compressed() -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """The code of every 16-bit value: of the one in the table that is nearest."""
    table = _expanded().astype(np.int64)
    order = np.argsort(table, kind="stable")
    values = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int64)
    middles = (table[order][:-1] + table[order][1:]) / 2
    return order[np.searchsorted(middles, values)].astype(np.uint8)


DECODE, ENCODE = _expanded(), _compressed()


class Socket:
    """A call's socket, and the peer that sends to it."""

    def __init__(self, host: str) -> None:
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setblocking(False)
        self.udp.bind((host, 0))
        self.peer: Any = None


class RtpInput(BaseInputTransport):  # type: ignore[misc]
    """RTP in."""

    def __init__(self, sock: Socket, params: Any) -> None:
        super().__init__(params)
        self._socket = sock

    async def start(self, frame: Any) -> None:
        """Listen."""
        await super().start(frame)
        await self.set_transport_ready(frame)
        asyncio.get_running_loop().add_reader(self._socket.udp, self._read)

    def _read(self) -> None:
        for _ in range(BURST):
            try:
                datagram, self._socket.peer = self._socket.udp.recvfrom(2048)
            except OSError:
                return
            pcm = DECODE.take(np.frombuffer(datagram, np.uint8, offset=12)).tobytes()
            # `push_audio_frame` does this and no more, but would need a task for each packet.
            self._audio_in_queue.put_nowait(InputAudioRawFrame(audio=pcm, sample_rate=RATE, num_channels=1))


class RtpOutput(BaseOutputTransport):  # type: ignore[misc]
    """RTP out, each packet at its own absolute time."""

    def __init__(self, sock: Socket, params: Any) -> None:
        super().__init__(params)
        self._socket = sock
        self._ssrc = random.getrandbits(32)
        self._sequence = self._timestamp = 0
        self._due = 0.0

    async def start(self, frame: Any) -> None:
        """Be ready to send."""
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: Any) -> bool:
        """Wait until it is time for the packet, and send it."""
        await self._due_time()
        if self._socket.peer:
            codes = ENCODE.take(np.frombuffer(frame.audio, np.uint16)).tobytes()
            header = _HEADER.pack(0x80, 0, self._sequence & 0xFFFF, self._timestamp & 0xFFFFFFFF, self._ssrc)
            self._socket.udp.sendto(header + codes, self._socket.peer)
            self._sequence += 1
        self._timestamp += FRAME
        self._due += PERIOD
        return True

    async def _due_time(self) -> None:
        self._due = self._due or time.monotonic()
        await asyncio.sleep(max(0.0, self._due - time.monotonic()))
        lag = time.monotonic() - self._due
        if lag > GIVEN:
            missed = math.ceil(lag / PERIOD)
            self._due += missed * PERIOD
            self._timestamp += missed * FRAME
            await asyncio.sleep(max(0.0, self._due - time.monotonic()))


class Agent(FrameProcessor):  # type: ignore[misc]
    """In the place of recognition, language model and voice: hears when a caller begins, and talks without an end."""

    def __init__(self, speech: bytes) -> None:
        super().__init__()
        self.heard = 0
        self._speech = speech

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Take the caller's sound; everything else goes on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            return
        self.heard += isinstance(frame, VADUserStartedSpeakingFrame)
        await self.push_frame(frame, direction)
        if isinstance(frame, StartFrame):
            self.create_task(self._talk())

    async def _talk(self) -> None:
        size, place = round(AHEAD_S * RATE) * 2, random.randrange(len(self._speech) // 2) * 2
        await asyncio.sleep(random.uniform(0, AHEAD_S))
        due = time.monotonic()
        sound = self._speech * (size // len(self._speech) + 2)
        while True:
            pcm = sound[place : place + size]
            await self.push_frame(TTSAudioRawFrame(audio=pcm, sample_rate=RATE, num_channels=1))
            place = (place + size) % len(self._speech)
            # One piece in hand, one being played.
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += AHEAD_S


class Call:
    """One pipeline on one socket."""

    def __init__(self, host: str, speech: bytes) -> None:
        self.socket = Socket(host)
        self.agent = Agent(speech)
        params = TransportParams(audio_in_enabled=True, audio_out_enabled=True, audio_out_10ms_chunks=2)
        vad = VADProcessor(vad_analyzer=SileroVADAnalyzer())
        pipeline = Pipeline([RtpInput(self.socket, params), vad, self.agent, RtpOutput(self.socket, params)])
        self.worker = PipelineWorker(
            pipeline,
            params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE),
            enable_turn_tracking=False,
            enable_rtvi=False,
            idle_timeout_secs=None,
        )


def resident() -> int:
    """The bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def measured(order: dict[str, Any], calls: list[Call], before: int) -> dict[str, Any]:
    """What the process takes between `begin` and `end` of the order."""
    await asyncio.sleep(order["begin"] - time.monotonic())
    cpu, at = time.process_time(), time.monotonic()
    await asyncio.sleep(order["end"] - time.monotonic())
    busy = (time.process_time() - cpu) / (time.monotonic() - at)
    gc.collect()
    memory = (resident() - before) // len(calls)
    return {"cpu": round(busy, 4), "memory": memory, "heard": sum(call.agent.heard for call in calls)}


async def serve(specification: dict[str, Any]) -> None:
    """Open the calls, tell their ports, and measure as the far end's order says."""
    speech = Path(specification["answered"]).read_bytes()
    # A first analyser, so that what all calls share is not counted as theirs.
    first = SileroVADAnalyzer(sample_rate=RATE)
    first.set_sample_rate(RATE)
    first.voice_confidence(bytes(512))
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    before = resident()
    calls = [Call(specification["host"], speech) for _ in range(specification["calls"])]
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(*(call.worker for call in calls))
    running = asyncio.create_task(runner.run(auto_end=False))
    await asyncio.sleep(1 + len(calls) / 50)
    print(json.dumps({"ports": [call.socket.udp.getsockname()[1] for call in calls]}), flush=True)
    if line := await orders.readline():
        print(json.dumps(await measured(json.loads(line), calls, before)), flush=True)
    running.cancel()


def main() -> None:
    """Take the specification (`core`, `calls`, `host`, `answered`), then the far end's order from stdin."""
    logger.remove()
    specification = json.loads(sys.argv[1])
    if specification["core"] is not None:
        os.sched_setaffinity(0, {specification["core"]})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.install()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(serve(specification))
    sys.stdout.flush()
    os._exit(0)  # its pipelines would take seconds to end, and nothing of them is left to measure


if __name__ == "__main__":
    main()
