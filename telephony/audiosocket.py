"""AudioSocket without I/O: bytes in, frames out.

Source: https://docs.asterisk.org/Configuration/Channel-Drivers/AudioSocket/ — one byte kind, two bytes length
(big-endian), payload. Audio is 16-bit little-endian mono at 8 kHz, 320 bytes for 20 ms.
"""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

TERMINATE, IDENTITY, KEY, AUDIO, ERROR = 0x00, 0x01, 0x03, 0x10, 0xFF
PAYLOAD_LIMIT = 8_192  # bytes; half a second of audio, more than any phone packs together
HEADER_BYTES = 3
_AUDIO_HEADER = bytes((AUDIO,)) + (320).to_bytes(2)

HANG_UP = bytes(HEADER_BYTES)  # ends the application; the dialplan or AGI goes on


class MalformedAudio(Exception):
    """The peer sends what is no AudioSocket."""


class Frame(NamedTuple):  # made fifty times a second for each caller: a dataclass takes twice as long
    kind: int
    payload: bytes

    @property
    def uuid(self) -> UUID:
        """Raises: MalformedAudio, when this frame holds none."""
        if self.kind != IDENTITY or len(self.payload) != 16:
            raise MalformedAudio("no identity")
        return UUID(bytes=self.payload)

    @property
    def key(self) -> str:
        return self.payload[:1].decode("ascii", errors="replace")


class FrameReader:
    """Feed it what the socket gave."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield each whole frame; keep the rest.

        Raises: MalformedAudio, at a length that no frame of ours has.
        """
        heard = self._rest + data if self._rest else data
        at = 0
        try:
            while (end := _frame_end(heard, at)) <= len(heard):
                start, at = at, end
                yield Frame(heard[start], heard[start + HEADER_BYTES : end])
        finally:
            self._rest = heard[at:]


def _frame_end(heard: bytes, at: int) -> int:
    """Where the frame that begins there ends, which may be beyond what was heard. Raises: MalformedAudio."""
    if len(heard) - at < HEADER_BYTES:
        return at + HEADER_BYTES
    size = heard[at + 1] << 8 | heard[at + 2]
    if size > PAYLOAD_LIMIT:
        raise MalformedAudio("frame too long")
    return at + HEADER_BYTES + size


def audio(pcm: bytes) -> bytes:
    """One frame of audio, header and payload in one piece, as Asterisk wants it written."""
    if len(pcm) == 320:
        return _AUDIO_HEADER + pcm
    if not 0 < len(pcm) <= PAYLOAD_LIMIT:
        raise ValueError("audio of no fitting length")
    return bytes((AUDIO,)) + len(pcm).to_bytes(2) + pcm


def identity(uuid: UUID) -> bytes:
    return bytes((IDENTITY,)) + (16).to_bytes(2) + uuid.bytes


def key(digit: str) -> bytes:
    return bytes((KEY, 0, 1)) + digit.encode("ascii")
