"""What the line says to Asterisk's manager interface."""

from contextlib import suppress

from telephony.ami import (
    ActionRefused,
    AmiDown,
    AnswerLost,
    LiveChannel,
    Originate,
    action,
    live_channel,
    originate_action,
    registered,
)
from telephony.ami_connection import AmiConnection
from telephony.dialling import phone_of_device


class AmiClient(AmiConnection):
    """Actions of the line. Each raises AmiDown, AnswerLost, ActionRefused or ValueRefused unless it says otherwise."""

    async def ping(self) -> None:
        await self.ask(action("Ping", {}))

    async def originate(self, call: Originate) -> None:
        """Queue one call; how it went comes as the event `OriginateResponse` with ActionID `call.channel_id`.

        Never sent twice: after AnswerLost, look for the channel.
        """
        await self.ask(originate_action(call))

    async def core_show_channels(self) -> list[LiveChannel]:
        """Every channel, by the action `Status`: the right `call` is enough for it."""
        events = await self.ask(action("Status", {}), lists=True)
        return [live_channel(event) for event in events if event.name == "Status"]

    async def system_name(self) -> str:
        """The node that this Asterisk is by its own configuration; empty where that was made before nodes had names."""
        answer = await self.answer_to(action("Getvar", {"Variable": "SYSTEMNAME"}))
        return answer.get("Value", "").strip()

    async def registered_phones(self) -> dict[str, bool]:
        """Every SIP endpoint, and whether a phone is registered there and answers."""
        events = await self.ask(action("DeviceStateList", {}), lists=True)
        return {phone: registered(event) for event in events if (phone := phone_of_device(event["Device"]))}

    async def absolute_timeout(self, channel: str, seconds: float) -> bool:
        """Move the channel's deadline, also while an application runs there; False when it could not be done now."""
        try:
            await self.ask(action("AbsoluteTimeout", {"Channel": channel, "Timeout": f"{seconds:.1f}"}))
        except (AmiDown, AnswerLost, ActionRefused):
            return False
        return True

    async def redirect(self, channel: str, context: str, exten: str) -> None:
        """Take the channel out of whatever it does, to the first priority of an extension."""
        await self.ask(action("Redirect", {"Channel": channel, "Context": context, "Exten": exten, "Priority": "1"}))

    async def hangup(self, channel: str, cause: int = 16) -> bool:
        """False when there is no such channel (any more)."""
        with suppress(ActionRefused):
            await self.ask(action("Hangup", {"Channel": channel, "Cause": str(cause)}))
            return True
        return False
