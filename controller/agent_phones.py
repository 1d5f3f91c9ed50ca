"""Dispatchers' phones, rung beside the call: its caller stays with the dialogue until one of them is taken."""

import asyncio
from dataclasses import dataclass, field

import structlog

from ivr.ports import NotRung
from routing.model import CallerId
from telephony.ami import AmiError, AmiEvent, Originate
from telephony.ami_client import AmiClient
from telephony.dialling import DialRefused, RegisteredPhone

log = structlog.get_logger()
SLACK_S = 5.0  # Asterisk ends the ringing itself; later than that, its news was lost


@dataclass
class AgentPhones:
    """Rings one phone for each offer; the offer's id is the id of the channel."""

    ami: AmiClient
    _ringing: dict[str, asyncio.Future[str | None]] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        return self.ami.up

    async def ring(self, offer_id: str, phone: str, caller: CallerId, ring_s: int) -> str | None:
        """Until the phone is taken: its channel; None when it was not. Raises: NotRung."""
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._ringing[offer_id] = answer
        try:
            await self._originate(offer_id, phone, caller, ring_s)
            async with asyncio.timeout(ring_s + SLACK_S):
                return await answer
        except TimeoutError:
            await self.hang_up(offer_id)
            return None
        finally:
            del self._ringing[offer_id]

    async def _originate(self, offer_id: str, phone: str, caller: CallerId, ring_s: int) -> None:
        number, name = ("anonymous", "") if caller.withheld else (caller.number or "anonymous", caller.known_as)
        try:
            asked = Originate(
                channel_id=offer_id, destination=RegisteredPhone(phone), context="onenumber-agent",
                caller_number=number, caller_name=name, timeout_ms=ring_s * 1000,
            )  # fmt: skip
            await self.ami.originate(asked)
        except (AmiError, DialRefused) as error:
            await self.hang_up(offer_id)  # where only its answer was lost
            raise NotRung(repr(error)) from error

    async def hang_up(self, offer_id: str) -> None:
        """Ringing or taken, the phone is put down; nothing where it is neither."""
        try:
            await self.ami.hangup(offer_id)
        except AmiError as error:
            log.warning("an agent's phone may go on ringing", offer=offer_id, why=type(error).__name__)

    def happened(self, event: AmiEvent) -> None:
        """`OriginateResponse`: the phone was taken, or not."""
        answer = self._ringing.get(event["ActionID"])
        if event.name == "OriginateResponse" and answer and not answer.done():
            answer.set_result(event["Channel"] if event["Response"] == "Success" else None)
