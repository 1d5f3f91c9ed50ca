"""Ids: UUIDv7, so that rows sort by the time they were made."""

import re
import uuid
from datetime import datetime

import uuid_utils

OURS = uuid.UUID("5d0c6a1e-8f0b-4a57-9a35-6f6e656e756d")  # any namespace that only we use
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
VERSION_7 = 0x7 << 76
VARIANT = 0x2 << 62
FREE_BITS = (0xFFF << 64) | ((1 << 62) - 1)  # of a UUIDv7 (RFC 9562, 5.7), below the milliseconds


def new_id() -> str:
    """A fresh UUIDv7 in text form."""
    return str(uuid_utils.uuid7())


def first_id(at: datetime) -> str:
    """No id made from then on is before it."""
    return str(uuid.UUID(int=int(at.timestamp() * 1000) << 80))


def is_id(text: str) -> bool:
    """Whether it has the form of an id of ours; Asterisk's own are numbers with a point."""
    return bool(_ID.fullmatch(text))


def id_of(name: str, at: datetime) -> str:
    """The one UUIDv7 of this name at this time: whoever tries again makes nothing twice."""
    milliseconds = int(at.timestamp() * 1000) << 80
    return str(uuid.UUID(int=milliseconds | VERSION_7 | VARIANT | (uuid.uuid5(OURS, name).int & FREE_BITS)))
