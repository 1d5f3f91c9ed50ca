"""The Asterisk Manager Interface at our boundary: what may be said, and what was heard, as plain records.

`asterisk-ami` writes values as they are, so that a line break in one becomes a header of its own (a caller's name
could run an application). Nothing reaches it that has not passed here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from asterisk.ami import Action

from telephony.dialling import Destination, dial_string

# manager.conf of the user: read and write rights, and the events let through.
READ = (
    "call",  # BridgeEnter, DialBegin, DialEnd, Hangup, OriginateResponse, DeviceStateChange
    "system",  # FullyBooted, ContactStatus
    "user",  # UserEvent of the dialplan
)
# `system`, `command` and `config` could load modules, run programs and read passwords; `reporting` could
# unregister a trunk.
WRITE = (
    "call",  # AbsoluteTimeout, Hangup, Redirect, Status, DeviceStateList, Getvar
    "originate",
)
EVENTS = (
    "FullyBooted", "BridgeEnter", "ContactStatus", "DialBegin", "DialEnd", "Hangup", "OriginateResponse", "UserEvent",
)  # fmt: skip
NOT_THERE = ("UNAVAILABLE", "INVALID", "UNKNOWN")

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_KEY = re.compile(r"[A-Za-z]{1,40}\Z")
_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,60}\Z")
_VARIABLE_VALUE = re.compile(r'[^,"\\]*\Z')  # Asterisk cuts the header at commas
_PLACE = re.compile(r"[A-Za-z0-9_+*#-]{1,80}\Z")
_IDENTITY = re.compile(r"[A-Za-z0-9_.-]{1,100}\Z")
_NOT_IN_A_NAME = re.compile(r"[^\w .'-]")
NAME_LIMIT = 80
NORMAL_CLEARING = "16 Normal Clearing"
VALUE_LIMIT = 1_000  # Asterisk reads lines of 1,025 bytes


class AmiError(Exception):
    """Something on the way to or from the manager interface."""


class ValueRefused(AmiError):
    """A value that would become a header, an action or a variable of its own."""


class AmiDown(AmiError):
    """Nothing can be said to Asterisk now; this action was not sent."""


class AnswerLost(AmiError):
    """The action was sent and its answer did not come: it may have been done. Look, never repeat."""


class ActionRefused(AmiError):
    """Asterisk refuses the action."""


@dataclass(frozen=True)
class AmiEvent:
    name: str
    fields: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


@dataclass(frozen=True)
class LiveChannel:
    """A channel as Asterisk lists it."""

    name: str
    uniqueid: str
    linkedid: str
    state: str  # Up, Ring, Ringing, …
    context: str
    exten: str
    application: str
    bridge: str  # empty: talks to nobody


@dataclass(frozen=True)
class Originate:
    """One call to be made. Its channel's uniqueid is `channel_id`, so it can be found again after a crash."""

    channel_id: str
    destination: Destination
    context: str
    exten: str = "s"
    caller_number: str = ""
    caller_name: str = ""  # shown beside the number, without what would end it
    timeout_ms: int = 30_000
    variables: Mapping[str, str] = field(default_factory=dict)


def action(name: str, fields: Mapping[str, str], variables: Mapping[str, str] | None = None) -> Action:
    """Raises: ValueRefused."""
    _safe(_KEY, name)
    for key, value in fields.items():
        _safe(_KEY, key)
        _printable(value)
    for key, value in (variables or {}).items():
        _safe(_VARIABLE, key)
        _safe(_VARIABLE_VALUE, _printable(value))
    return Action(name, dict(fields), dict(variables or {}))


def originate_action(call: Originate) -> Action:
    """Raises: ValueRefused."""
    fields = {
        "ActionID": _safe(_IDENTITY, call.channel_id),
        "ChannelId": call.channel_id,
        "Channel": dial_string(call.destination),
        "Context": _safe(_PLACE, call.context),
        "Exten": _safe(_PLACE, call.exten),
        "Priority": "1",
        "Timeout": str(call.timeout_ms),
        "Async": "true",
    }
    if call.caller_number:
        shown = _NOT_IN_A_NAME.sub("", call.caller_name)[:NAME_LIMIT].strip()
        name = f'"{shown}" ' if shown else ""
        fields["CallerID"] = f"{name}<{_safe(_PLACE, call.caller_number)}>"
    return action("Originate", fields, call.variables)


def one_line_each(pack: str) -> str:
    """A pack whose lines end at CR LF alone.

    The library cuts at every character that Python takes for a line's end, so that a U+2028 in a caller's name would
    add a field to an event.
    """
    return "\r\n".join(_CONTROL.sub(" ", line) for line in pack.split("\r\n"))


def live_channel(event: AmiEvent) -> LiveChannel:
    return LiveChannel(
        name=event["Channel"],
        uniqueid=event["Uniqueid"],
        linkedid=event["Linkedid"],
        state=event["ChannelStateDesc"],
        context=event["Context"],
        exten=event["Exten"],
        application=event["Application"],
        bridge=event["BridgeID"],
    )


def hangup_cause(event: AmiEvent) -> str:
    """Why a channel ended, as code and words of Q.850.

    Asterisk knows no cause for a BYE that brings none (RFC 3326): that is a normal clearing (RFC 3398, 7.2.4).
    """
    if event["Cause"] in ("", "0"):
        return NORMAL_CLEARING
    return f"{event['Cause']} {event['Cause-txt']}".strip()


def registered(event: AmiEvent) -> bool:
    """Whether a SIP endpoint of `DeviceStateList` has a contact that can be reached."""
    return event["State"] not in NOT_THERE


def _printable(value: str) -> str:
    if _CONTROL.search(value) or len(value.encode(errors="replace")) > VALUE_LIMIT:
        raise ValueRefused("control character or too long")
    return value


def _safe(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.match(value):
        raise ValueRefused("not of its kind")
    return value
