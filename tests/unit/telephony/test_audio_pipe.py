"""A connection that is read and written when its leg's time has come."""

import asyncio
import fcntl
import termios
from array import array
from collections.abc import AsyncIterator
from typing import cast

import pytest

from ivr.ports import FRAME_BYTES, FRAME_MS
from telephony import audiosocket
from telephony.audio_pipe import READ_BYTES, AudioPipe

LIMIT_S = 5.0
HELLO = b"whose it is"


class Far(asyncio.Protocol):
    """Our end: what was taken by way of the pipe, and what the loop handed on by itself."""

    def __init__(self) -> None:
        self.by_itself, self.taken = b"", b""
        self.transport: asyncio.Transport | None = None
        self.ended = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def take(self, data: bytes) -> None:
        self.taken += data

    def data_received(self, data: bytes) -> None:
        self.by_itself += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()


Ends = tuple[Far, AudioPipe, asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    far = Far()
    server = await asyncio.get_running_loop().create_server(lambda: far, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(HELLO)
    async with asyncio.timeout(LIMIT_S):
        while far.by_itself != HELLO:  # noqa: ASYNC110 - the loop hands it on
            await asyncio.sleep(0)
    far.by_itself = b""
    assert far.transport is not None
    yield far, AudioPipe(far.transport, far.take), reader, writer
    far.transport.abort()
    writer.close()
    server.close()
    await asyncio.wait_for(far.ended.wait(), LIMIT_S)
    await server.wait_closed()


async def received(far: Far, pipe: AudioPipe, size: int) -> None:
    """Until so much has been taken, or has come by itself."""
    async with asyncio.timeout(LIMIT_S):
        while len(far.taken) + len(far.by_itself) < size:
            pipe.receive()
            await asyncio.sleep(0)


async def arrived(far: Far, size: int) -> None:
    """Until the kernel holds so much for us."""
    assert far.transport is not None
    waiting = array("i", [0])
    async with asyncio.timeout(LIMIT_S):
        while waiting[0] < size:
            fcntl.ioctl(far.transport.get_extra_info("socket").fileno(), termios.FIONREAD, waiting)
            await asyncio.sleep(0)


async def test_what_comes_waits_until_it_is_received(ends: Ends) -> None:
    far, pipe, _, writer = ends
    sent = bytes(range(256)) * (3 * READ_BYTES // 256)
    writer.write(sent)
    await writer.drain()
    await received(far, pipe, len(sent))
    assert (far.taken, far.by_itself) == (sent, b"")


async def test_a_flood_is_taken_by_and_by(ends: Ends) -> None:
    """A step that read as long as somebody sends would stop the clock of all other calls."""
    far, pipe, _, writer = ends
    sent = bytes(range(256)) * (8 * READ_BYTES // 256)
    writer.write(sent)
    await writer.drain()
    await arrived(far, 2 * READ_BYTES)
    pipe.receive()
    assert far.taken == sent[:READ_BYTES]
    await received(far, pipe, len(sent))
    assert far.taken == sent


async def test_what_is_sent_arrives_whole_and_in_order_however_slow_the_reader(ends: Ends) -> None:
    _, pipe, reader, _ = ends
    pieces = [bytes((number % 256,)) * 2_000 for number in range(200)]
    for piece in pieces:
        pipe.send(piece)
    assert pipe.stuck
    assert await asyncio.wait_for(reader.readexactly(sum(map(len, pieces))), LIMIT_S) == b"".join(pieces)


async def test_what_asterisk_does_not_take_is_noticed_within_seconds(ends: Ends) -> None:
    """A prompt goes on where it was held; what the kernel had taken would be over, and unheard."""
    _, pipe, _, writer = ends
    cast("asyncio.ReadTransport", writer.transport).pause_reading()
    frame, sent = audiosocket.audio(bytes(FRAME_BYTES)), 0
    while not pipe.stuck:
        pipe.send(frame)
        sent += 1
        await asyncio.sleep(0)
    assert sent * FRAME_MS < 10_000


async def test_the_end_of_a_connection_is_noticed(ends: Ends) -> None:
    far, pipe, _, writer = ends
    writer.write(b"last words")
    writer.close()
    async with asyncio.timeout(LIMIT_S):
        while not far.ended.is_set():
            pipe.receive()
            await asyncio.sleep(0)
    assert far.taken == b"last words"
    assert not pipe.open


async def test_a_pipe_that_was_let_go_is_read_by_the_loop(ends: Ends) -> None:
    far, pipe, _, writer = ends
    pipe.let_go()
    writer.write(b"goodbye")
    writer.close()
    await asyncio.wait_for(far.ended.wait(), LIMIT_S)
    assert (far.taken, far.by_itself) == (b"", b"goodbye")
