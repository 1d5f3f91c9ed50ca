"""Rings one phone beside the call, over a manager interface by script."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from controller.agent_phones import SLACK_S, AgentPhones
from ivr.ports import NotRung
from routing.identity import new_id
from routing.model import CallerId
from telephony.ami import ActionRefused, AmiDown, AmiEvent, Originate

pytestmark = pytest.mark.virtual_time
WARD = CallerId("204", "204", contact="Ward 4 desk")


@dataclass
class ScriptedAmi:
    up: bool = True
    refuses: Exception | None = None
    asked: list[Originate] = field(default_factory=list)
    hung_up: list[str] = field(default_factory=list)

    async def originate(self, call: Originate) -> None:
        self.asked.append(call)
        if self.refuses:
            raise self.refuses

    async def hangup(self, channel: str) -> bool:
        self.hung_up.append(channel)
        return True


def phones(ami: ScriptedAmi) -> AgentPhones:
    return AgentPhones(cast("Any", ami))


def response(offer_id: str, response: str) -> AmiEvent:
    return AmiEvent(
        "OriginateResponse", {"ActionID": offer_id, "Response": response, "Channel": "PJSIP/agent1-0000001"}
    )


@pytest.mark.parametrize(("said", "channel"), [("Success", "PJSIP/agent1-0000001"), ("Failure", None)])
async def test_a_phone_is_taken_or_not_as_asterisk_says_of_this_offer(said: str, channel: str | None) -> None:
    ami, offer_id = ScriptedAmi(), new_id()
    board = phones(ami)
    ringing = asyncio.create_task(board.ring(offer_id, "agent1", WARD, 15))
    await asyncio.sleep(1)
    board.happened(response(new_id(), "Failure"))  # another one
    board.happened(response(offer_id, said))
    board.happened(response(offer_id, "Failure"))  # told twice
    assert await ringing == channel
    (asked,) = ami.asked
    assert (asked.channel_id, asked.context, asked.timeout_ms) == (offer_id, "onenumber-agent", 15_000)
    assert (asked.caller_number, asked.caller_name) == ("204", "Ward 4 desk")


async def test_a_withheld_number_is_shown_to_nobody() -> None:
    ami = ScriptedAmi()
    ringing = asyncio.create_task(phones(ami).ring(new_id(), "agent1", CallerId("204", "204", "Eve", withheld=True), 1))
    await asyncio.sleep(0.5)
    assert (ami.asked[0].caller_number, ami.asked[0].caller_name) == ("anonymous", "")
    assert await ringing is None


async def test_news_that_does_not_come_ends_the_ringing() -> None:
    ami, offer_id = ScriptedAmi(), new_id()
    assert await phones(ami).ring(offer_id, "agent1", WARD, 15) is None
    assert asyncio.get_running_loop().time() >= 15 + SLACK_S
    assert ami.hung_up == [offer_id]


@pytest.mark.parametrize("why", [AmiDown(), ActionRefused("no")])
async def test_what_cannot_be_rung_is_said_and_leaves_nothing_ringing(why: Exception) -> None:
    ami, offer_id = ScriptedAmi(refuses=why), new_id()
    with pytest.raises(NotRung):
        await phones(ami).ring(offer_id, "agent1", WARD, 15)
    assert ami.hung_up == [offer_id]


async def test_a_name_that_is_no_phone_is_refused() -> None:
    with pytest.raises(NotRung):
        await phones(ScriptedAmi()).ring(new_id(), "agent1&PJSIP/200", WARD, 15)
