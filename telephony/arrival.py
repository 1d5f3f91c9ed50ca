"""What a channel tells the controller when it enters AGI, as one value made of one read of its variables.

docs/ARCHITECTURE.md lists the variables and who sets them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from routing.numbers import Proof
from telephony.agi import Environment
from telephony.agi_session import AgiSession
from telephony.sip_identity import ClaimedCaller, InviteIdentity, identity_of

# Of a call that begins or comes back. `ON_FROM` and the headers after it are set by the dialplan, printable and cut.
ARRIVAL_VARIABLES = (
    "ON_CALL", "ON_ATTEMPT", "ON_AT", "ON_DNIS", "ON_TRACE", "ON_EMERGENCY", "ON_DIALSTATUS", "ON_OFFER",
    "ON_PHONE", "ON_TRUSTED",
    "ON_FROM", "ON_ASSERTED", "ON_ASSERTED_TOO", "ON_PARTY", "ON_PRIVACY", "ON_DIVERTED", "ON_HISTORY",
)  # fmt: skip
# Of a channel that has ended.
ENDING_VARIABLES = ("ON_CALL", "ON_DIALSTATUS", "DIALSTATUS", "ON_OFFER", "ON_EMERGENCY")
NAME_LIMIT = 80  # characters that a phone is sent to show


@dataclass(frozen=True)
class Arrival:
    """A channel that enters AGI: a new caller, somebody who was called back, or a call that comes back."""

    call_id: str  # empty for a call that no controller has had yet
    attempt_id: str  # of the callback whose Originate made this channel; empty for a caller
    taken_at: datetime | None  # when the dialplan took the call by itself, before any controller
    dnis: str
    trace: str
    emergency: str  # ON_EMERGENCY: empty, `summoned` or `talked`
    dial_status: str  # Asterisk's DIALSTATUS of the last dial; empty where there was none
    offer_id: str  # whose phone that dial rang
    caller: ClaimedCaller
    proof: Proof


@dataclass(frozen=True)
class ChannelEnding:
    """A channel that has hung up before its call was concluded."""

    call_id: str
    dial_status: str
    offer_id: str
    emergency: str


async def read_arrival(session: AgiSession) -> Arrival:
    """Raises: HungUp, LegLost."""
    return arrival_of(await session.variables(*ARRIVAL_VARIABLES), session.environment)


async def read_ending(session: AgiSession) -> ChannelEnding:
    """Raises: HungUp, LegLost."""
    return ending_of(await session.variables(*ENDING_VARIABLES))


async def show_caller(session: AgiSession, caller: ClaimedCaller) -> None:
    """Set what dispatchers' phones and Asterisk's events show of the caller."""
    await session.set_variable("CALLERID(num)", caller.number[:NAME_LIMIT])
    await session.set_variable("CALLERID(name)", caller.name[:NAME_LIMIT])
    if caller.withheld:
        await session.set_variable("CALLERID(pres)", "prohib")


def arrival_of(variables: Mapping[str, str], environment: Environment) -> Arrival:
    """The arrival from the values of ARRIVAL_VARIABLES, each of which may be empty."""
    caller, proof = _who(variables, environment)
    taken_at = variables["ON_AT"]
    return Arrival(
        call_id=variables["ON_CALL"],
        attempt_id=variables["ON_ATTEMPT"],
        taken_at=datetime.fromtimestamp(int(taken_at), UTC) if taken_at.isdecimal() else None,
        dnis=variables["ON_DNIS"],
        trace=variables["ON_TRACE"],
        emergency=variables["ON_EMERGENCY"],
        dial_status=variables["ON_DIALSTATUS"],
        offer_id=variables["ON_OFFER"],
        caller=caller,
        proof=proof,
    )


def ending_of(variables: Mapping[str, str]) -> ChannelEnding:
    """The ending from the values of ENDING_VARIABLES; a dial that the caller ended has left no ON_DIALSTATUS."""
    return ChannelEnding(
        call_id=variables["ON_CALL"],
        dial_status=variables["ON_DIALSTATUS"] or variables["DIALSTATUS"],
        offer_id=variables["ON_OFFER"],
        emergency=variables["ON_EMERGENCY"],
    )


def _who(variables: Mapping[str, str], environment: Environment) -> tuple[ClaimedCaller, Proof]:
    if variables["ON_ATTEMPT"]:  # a call of our own has no INVITE to us
        return ClaimedCaller(environment.caller_number, environment.caller_name), Proof.NONE
    invite = InviteIdentity(
        sender=variables["ON_FROM"],
        asserted=(variables["ON_ASSERTED"], variables["ON_ASSERTED_TOO"]),
        party=variables["ON_PARTY"],
        privacy=variables["ON_PRIVACY"],
        diversion=variables["ON_DIVERTED"],
        history=variables["ON_HISTORY"],
    )
    return identity_of(invite, variables["ON_PHONE"], variables["ON_TRUSTED"] == "yes")
