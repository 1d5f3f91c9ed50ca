"""HEP version 3 without I/O: what Asterisk's SIP stack received and sent, as it copies it to a capture server.

Source: https://github.com/sipcapture/HEP (HEPv3 network protocol specification, rev 26).
"""

import ipaddress
import struct
from dataclasses import dataclass

HEADER = struct.Struct("!4sH")
CHUNK = struct.Struct("!HHH")  # vendor, kind, length with this header
SOURCE_4, SOURCE_6, SOURCE_PORT, PROTOCOL, PAYLOAD = 0x03, 0x05, 0x07, 0x0B, 0x0F
SIP = b"\x01"


@dataclass(frozen=True)
class Packet:
    source: str  # host:port that it came from; our own for what was sent
    payload: bytes


def parse(data: bytes) -> Packet | None:
    """A datagram's SIP message; None for whatever is none."""
    if len(data) < HEADER.size or data[:4] != b"HEP3":
        return None
    chunks = dict[int, bytes]()
    at, end = HEADER.size, min(len(data), HEADER.unpack_from(data)[1])
    while at + CHUNK.size <= end:
        _, kind, length = CHUNK.unpack_from(data, at)
        if length < CHUNK.size:
            return None
        chunks[kind] = data[at + CHUNK.size : min(at + length, end)]
        at += length
    if chunks.get(PROTOCOL) != SIP or PAYLOAD not in chunks:
        return None
    return Packet(_source(chunks), chunks[PAYLOAD])


def _source(chunks: dict[int, bytes]) -> str:
    packed = chunks.get(SOURCE_4) or chunks.get(SOURCE_6, b"")
    host = str(ipaddress.ip_address(packed)) if len(packed) in (4, 16) else "unknown"
    return f"{host}:{int.from_bytes(chunks.get(SOURCE_PORT, b''))}"
