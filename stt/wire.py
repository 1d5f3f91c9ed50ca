"""How the controller and a recognition worker talk: a JSON head and PCM, each with its length before it."""

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

LENGTHS = struct.Struct("!II")
MOST_HEAD = 1 << 20
MOST_PCM = 1 << 24  # far above the longest utterance

Head = Mapping[str, Any]


class Garbled(Exception):
    """What came over the pipe is no message."""


def pack(head: Head, pcm: bytes = b"") -> bytes:
    text = json.dumps(head, separators=(",", ":")).encode()
    return LENGTHS.pack(len(text), len(pcm)) + text + pcm


def lengths(prefix: bytes) -> tuple[int, int]:
    """Raises: Garbled."""
    head, pcm = LENGTHS.unpack(prefix)
    if head > MOST_HEAD or pcm > MOST_PCM:
        raise Garbled
    return head, pcm


def receive(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """The next message of a blocking stream; None at its end.

    Raises: Garbled.
    """
    prefix = stream.read(LENGTHS.size)
    if len(prefix) < LENGTHS.size:
        return None
    head_bytes, pcm_bytes = lengths(prefix)
    body = stream.read(head_bytes + pcm_bytes)
    if len(body) < head_bytes + pcm_bytes:
        return None
    return json.loads(body[:head_bytes]), body[head_bytes:]


async def receive_from(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next message's head.

    Raises: asyncio.IncompleteReadError, Garbled.
    """
    head_bytes, pcm_bytes = lengths(await reader.readexactly(LENGTHS.size))
    body = await reader.readexactly(head_bytes + pcm_bytes)
    answer: dict[str, Any] = json.loads(body[:head_bytes])
    return answer
