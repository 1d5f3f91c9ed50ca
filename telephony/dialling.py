"""Whom Asterisk rings: the only place where dial strings are made, and where they and channels' names are read.

Each destination refuses what would mean something to Asterisk beside itself (`&`, `,`, `/`, `$`, spaces, …) when it is
made, so that there is no dial string to be checked later.
"""

import re
from dataclasses import dataclass

PHONE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")  # the name of an endpoint
NUMBER = re.compile(r"\+?[0-9]{1,20}")
EXTENSION = re.compile(r"[A-Za-z0-9_+*#-]{1,80}")
SIP = "PJSIP/"  # how Asterisk names devices and channels of SIP endpoints
_CHANNEL = re.compile(r"PJSIP/(.{1,64})-[0-9a-f]{8}")
_OUTSIDE = re.compile(r"(?:PJSIP/)?(\+?[0-9]{1,20})@")


class DialRefused(Exception):
    """No phone, number or extension that may stand in a dial string."""


@dataclass(frozen=True)
class RegisteredPhone:
    """A phone that registers at this Asterisk, by the name of its endpoint. Raises: DialRefused."""

    name: str

    def __post_init__(self) -> None:
        _whole(PHONE, self.name)


@dataclass(frozen=True)
class OutsideNumber:
    """A telephone number that is reached by way of a trunk. Raises: DialRefused."""

    number: str
    trunk: str

    def __post_init__(self) -> None:
        _whole(NUMBER, self.number)
        _whole(PHONE, self.trunk)


@dataclass(frozen=True)
class DialplanExtension:
    """A channel that runs through the dialplan instead of ringing anybody. Raises: DialRefused."""

    exten: str
    context: str

    def __post_init__(self) -> None:
        _whole(EXTENSION, self.exten)
        _whole(PHONE, self.context)


Destination = RegisteredPhone | OutsideNumber | DialplanExtension


def dial_string(*destinations: Destination) -> str:
    """Rings all of them at once; empty for none."""
    return "&".join(map(_technology_and_resource, destinations))


def _technology_and_resource(destination: Destination) -> str:
    match destination:
        case RegisteredPhone(name):
            return f"{SIP}{name}"
        case OutsideNumber(number, trunk):
            return f"{SIP}{number}@{trunk}"
        case DialplanExtension(exten, context):
            return f"Local/{exten}@{context}"


def phone_of_channel(channel: str) -> str | None:
    """The endpoint that a channel belongs to, by the channel's name; None where it is no SIP phone's."""
    found = _CHANNEL.fullmatch(channel)
    return found[1] if found else None


def phone_of_device(device: str) -> str | None:
    """The endpoint that a device of Asterisk's is; None where it is no SIP phone."""
    return device.removeprefix(SIP) if device.startswith(SIP) else None


def who_is_rung(dialled: str, channel: str) -> str | None:
    """What one dialled channel rings: the number outside, else the name of the phone."""
    outside = _OUTSIDE.match(dialled)
    return outside[1] if outside else phone_of_channel(channel)


def _whole(pattern: re.Pattern[str], value: str) -> None:
    if not pattern.fullmatch(value):
        raise DialRefused(f"not to be dialled: {value[:60]!r}")
