"""What Asterisk tells of talks, and what it is asked for them."""

from dataclasses import dataclass

from routing.nodes import BEFORE
from routing.services.talks import NotDone, TalkService
from telephony.ami import AmiError, AmiEvent
from telephony.ami_client import AmiClient


@dataclass(frozen=True)
class TalkCalls:
    """Keeps the participants of talks in step with Asterisk; also the `TalkSwitch` of this node."""

    ami: AmiClient
    talks: TalkService
    node: str = BEFORE  # whose Asterisk this is

    async def tick(self) -> None:
        """Carry out what agents asked for."""
        await self.talks.tick(self, self.node)

    async def happened(self, event: AmiEvent) -> None:
        """One event of Asterisk, after those who record answers have heard it."""
        if event.name == "DialEnd" and event["DialStatus"] == "ANSWER" and event["DestUniqueid"]:
            await self.talks.connected(event["Uniqueid"], event["DestUniqueid"])
        elif event.name == "Hangup":
            await self.talks.gone(event["Uniqueid"])

    async def hang_up(self, channel: str) -> None:
        """Raises: NotDone."""
        try:
            listed = {each.uniqueid: each.name for each in await self.ami.core_show_channels()}
            if channel not in listed or not await self.ami.hangup(listed[channel]):
                raise NotDone("no such channel any more")
        except AmiError as error:
            raise NotDone(type(error).__name__) from error
