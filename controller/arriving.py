"""Who a new channel says that it is, and what proves it."""

from routing.numbers import Proof
from telephony.agi_session import AgiSession
from telephony.sip_identity import InviteIdentity, ToldCaller, proved_phone, told_caller

SHOWN = 80  # characters of a name on a phone


async def arrival(agi: AgiSession) -> tuple[ToldCaller, Proof]:
    """The caller as told, and what proves it; the channel then tells dispatchers' phones the same.

    The endpoint decides: its password (ON_PHONE) or its address (ON_TRUSTED), never a name that the caller wrote.
    """
    sender = await agi.variable("ON_FROM")
    if sender is None:  # a call of our own
        return ToldCaller(agi.environment.caller_number, agi.environment.caller_name), Proof.NONE
    told = told_caller(await _said(agi, sender))
    proof = Proof.TRUNK if await agi.variable("ON_TRUSTED") == "yes" else Proof.NONE
    if phone := await agi.variable("ON_PHONE"):
        told, proof = proved_phone(phone, told), Proof.PHONE
    await _show(agi, told)
    return told, proof


async def _said(agi: AgiSession, sender: str) -> InviteIdentity:
    """What the dialplan (onenumber-arrival) has read of the INVITE: printable, and cut."""

    async def read(name: str) -> str:
        return await agi.variable(name) or ""

    return InviteIdentity(
        sender=sender,
        asserted=(await read("ON_ASSERTED"), await read("ON_ASSERTED_TOO")),
        party=await read("ON_PARTY"),
        privacy=await read("ON_PRIVACY"),
        diversion=await read("ON_DIVERTED"),
        history=await read("ON_HISTORY"),
    )


async def _show(agi: AgiSession, told: ToldCaller) -> None:
    """What the phones of dispatchers and Asterisk's events show."""
    await agi.set_variable("CALLERID(num)", told.number[:SHOWN])
    await agi.set_variable("CALLERID(name)", told.name[:SHOWN])
    if told.withheld:
        await agi.set_variable("CALLERID(pres)", "prohib")
