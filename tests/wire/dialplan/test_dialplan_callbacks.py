"""Calls that we make, and calls that a trunk delivers."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from telephony.asterisk_config import trunk_password
from telephony.softphone import SoftPhone
from telephony.spool import pending
from tests.phones import TestLine
from tests.wire.dialplan.conftest import ControllerProcess

pytestmark = pytest.mark.wire
ATTEMPT = "0190a1b2-0000-7000-8000-00000000abcd"


@pytest.fixture
async def trunk(line: TestLine, phones: AsyncExitStack) -> SoftPhone:
    """The demo's trunk: whoever is outside."""
    password = trunk_password(line.settings, "test-trunk")
    phone = SoftPhone(line.domain, "test-trunk", password, register=True)
    return await phones.enter_async_context(phone)


async def originate(line: TestLine, channel: str) -> None:
    """What the controller sends for an attempt."""
    reader, writer = await asyncio.open_connection("127.0.0.1", line.settings.asterisk.ami_port)
    login = {"Username": line.settings.ami_user, "Secret": line.settings.ami_secret.get_secret_value()}
    attempt = {
        "Channel": channel, "ChannelId": ATTEMPT, "Context": "onenumber-outbound", "Exten": "s", "Priority": "1",
        "Timeout": "10000", "Async": "true", "Variable": f"ON_ATTEMPT={ATTEMPT}",
    }  # fmt: skip
    for action, fields in (("Login", login), ("Originate", attempt), ("Logoff", {})):
        lines = [f"Action: {action}", *(f"{name}: {value}" for name, value in fields.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode())
    answers = (await reader.read(-1)).decode()
    writer.close()
    assert "Error" not in answers, answers


async def test_a_number_outside_is_dialled_by_the_trunk(
    line: TestLine, trunk: SoftPhone, controller: ControllerProcess
) -> None:
    await controller.start("audio", lease_s=30)
    trunk.answer_after(100)
    await originate(line, "PJSIP/0612345678@test-trunk")
    invite = await trunk.wait("invite", 30)
    assert invite.fields["headers"]["To"].startswith("<sip:0612345678@")
    session = await controller.saw(1)
    assert (session["ON_ATTEMPT"], session["environment"]["agi_uniqueid"]) == (ATTEMPT, ATTEMPT)
    trunk.hang_up()
    ending = await controller.saw(2)
    assert (ending["environment"]["agi_network_script"], ending["ON_ATTEMPT"]) == ("hangup", ATTEMPT)


async def test_a_registered_contact_is_called_at_its_phone(
    line: TestLine, phones: AsyncExitStack, controller: ControllerProcess
) -> None:
    await controller.start("audio", lease_s=30)
    ward = await phones.enter_async_context(line.phone("204"))
    ward.answer_after(100)
    await originate(line, "PJSIP/204")
    await ward.wait("answered", 30)
    assert (await controller.saw(1))["ON_ATTEMPT"] == ATTEMPT
    ward.hang_up()
    await controller.saw(2)


async def test_without_a_controller_a_callback_is_excused_and_takes_no_message(
    line: TestLine, trunk: SoftPhone
) -> None:
    trunk.answer_after(100)
    await originate(line, "PJSIP/0612345678@test-trunk")
    await trunk.wait("answered", 30)
    await trunk.wait("ended", 30)
    line.await_no_channels()
    (spooled,) = pending(line.spool)
    assert (spooled.outcome, spooled.recording, spooled.attempt_id) == ("left", None, ATTEMPT)


async def test_what_the_trunk_asserts_about_a_caller_is_believed(
    line: TestLine, trunk: SoftPhone, controller: ControllerProcess
) -> None:
    await controller.start("audio", lease_s=30)
    trunk.call("100", headers={"P-Asserted-Identity": '"Ms. Jansen" <sip:+31701234567@provider.example>'})
    environment = (await controller.saw(1))["environment"]
    assert (environment["agi_callerid"], environment["agi_calleridname"]) == ("+31701234567", "Ms. Jansen")
    trunk.hang_up()
    await controller.saw(2)
