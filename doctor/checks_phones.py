"""What `doctor` asks of the emergency team's phones: an emergency is the wrong moment to learn that none is there."""

import asyncio
from collections.abc import Mapping

from config.documents import DocumentsRefused
from config.settings import Settings
from doctor.finding import Finding
from runtime.addresses import connectable
from runtime.editions import in_force
from runtime.health import ANSWER_S
from telephony.ami import AmiError
from telephony.ami_client import AmiClient

PART = "emergency team's phones"


def emergency_phones(settings: Settings) -> Finding:
    try:
        urgent = in_force(settings).edition.site.emergency.urgent_phones
        return found(urgent, asyncio.run(_registered(settings)))
    except (DocumentsRefused, AmiError, OSError, TimeoutError) as error:  # the part that it is tells what is wrong
        return Finding(PART, "absent", says=f"cannot be asked about: {type(error).__name__}")


def found(urgent: tuple[str, ...], registered: Mapping[str, bool]) -> Finding:
    """Which of them ring; broken where none does."""
    there = [phone for phone in urgent if registered.get(phone)]
    missing = [phone for phone in urgent if phone not in there]
    facts = {"registered": there, "missing": missing}
    if not there:
        to_do = "switch one on: an emergency rings the fallback numbers only, until somebody takes it at the desk."
        return Finding(PART, "broken", says=f"none is registered of {', '.join(urgent)}", to_do=to_do, facts=facts)
    says = f"registered: {', '.join(there)}" + (f"; not: {', '.join(missing)}" if missing else "")
    return Finding(PART, "ok", says=says, facts=facts)


async def _registered(settings: Settings) -> Mapping[str, bool]:
    """Raises: AmiError, TimeoutError."""
    host, secret = connectable(settings.asterisk.host), settings.ami_secret.get_secret_value()
    async with AmiClient(host, settings.asterisk.ami_port, settings.ami_user, secret) as manager:
        if not await manager.ready(ANSWER_S):
            raise TimeoutError
        return await manager.registered_phones()
