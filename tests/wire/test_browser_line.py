"""A browser's way to a real Asterisk, without a browser: what is signed for it registers, and nothing else does."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from itertools import count

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from doctor.checks_browsers import browser_phones
from routing.phones import PhoneLineDown
from runtime.addresses import reachable
from telephony.ami_client import AmiClient
from telephony.browser_line import BrowserLine, BrowserLink
from tests.phones import TestLine, configured_line
from tests.wire.legs.real_line import until

pytestmark = pytest.mark.wire
NAME = "agent1-browser"
branches = count()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestLine]:
    with configured_line(tmp_path_factory.mktemp("browser-line"), 22_600) as line:
        yield line


@pytest.fixture
async def ami(line: TestLine) -> AsyncIterator[AmiClient]:
    secret = line.settings.ami_secret.get_secret_value()
    async with AmiClient("127.0.0.1", line.settings.asterisk.ami_port, line.settings.ami_user, secret) as client:
        assert await client.ready(20)
        yield client


def register(cseq: int, authorization: str = "") -> str:
    return (
        f"REGISTER sip:onenumber.invalid SIP/2.0\r\nVia: SIP/2.0/WS abc.invalid;branch=z9hG4bK{next(branches)}\r\n"
        f"Max-Forwards: 70\r\nTo: <sip:{NAME}@onenumber.invalid>\r\nFrom: <sip:{NAME}@onenumber.invalid>;tag=a1\r\n"
        f"Call-ID: of-the-test\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{NAME}@abc.invalid>\r\nExpires: 90\r\n"
        f"{authorization}Content-Length: 0\r\n\r\n"
    )


def answered(challenge: str) -> str:
    """As a page answers it, which knows no password."""
    asked = dict(re.findall(r'(realm|nonce|opaque)="([^"]*)"', challenge))
    return (
        f'Authorization: Digest algorithm=MD5, username="{NAME}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", '
        f'uri="sip:onenumber.invalid", response="{"0" * 32}", opaque="{asked["opaque"]}", qop=auth, cnonce="c", '
        "nc=00000001\r\n"
    )


async def responses(link: BrowserLink) -> AsyncIterator[str]:
    """As a phone does, which answers on the way when Asterisk asks whether it is there: maybe before its 200."""
    async for message in link.messages():
        if message.startswith("OPTIONS "):
            copied = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):.*\r\n", message, re.MULTILINE)
            await link.send(f"SIP/2.0 200 OK\r\n{''.join(copied)}Content-Length: 0\r\n\r\n")
        else:
            yield message


async def registered(answers: AsyncIterator[str], link: BrowserLink) -> str:
    """The status line of the second answer."""
    await link.send(register(1))
    challenge = await anext(answers)
    assert challenge.startswith("SIP/2.0 401")
    await link.send(register(2, answered(challenge)))
    return (await anext(answers)).partition("\r\n")[0]


async def rest(answers: AsyncIterator[str]) -> list[str]:
    return [answer async for answer in answers]


async def test_a_phone_is_registered_as_long_as_its_connection_is_open(line: TestLine, ami: AmiClient) -> None:
    async def there() -> bool:
        return (await ami.registered_phones())[NAME]

    assert not await there()
    async with BrowserLine(line.settings).open(NAME) as link, asyncio.TaskGroup() as group:
        answers = responses(link)
        assert await registered(answers, link) == "SIP/2.0 200 OK"
        answering = group.create_task(rest(answers))
        await until(there, 10)
        answering.cancel()

    async def gone() -> bool:
        return not await there()

    await until(gone, 10)


async def test_who_gets_to_asterisk_past_the_desk_has_no_password(line: TestLine) -> None:
    where = f"ws://127.0.0.1:{line.settings.asterisk.ws_port}/ws"
    async with connect(where, subprotocols=[Subprotocol("sip")], proxy=None) as socket:
        await socket.send(register(1))
        challenge = await socket.recv(decode=True)
        await socket.send(register(2, answered(challenge)))
        assert (await socket.recv(decode=True)).startswith("SIP/2.0 401")


async def test_nothing_else_is_served_there(line: TestLine) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{line.settings.asterisk.ws_port}") as client:
        for path in ("/", "/httpstatus", "/static/", "/ari/asterisk/info", "/rawman", "/metrics"):
            assert (await client.get(path)).status_code == 404, path


async def test_doctor_sees_that_phones_in_browsers_are_taken(line: TestLine) -> None:
    finding = await asyncio.to_thread(browser_phones, line.settings)
    assert finding.state == ("absent" if reachable("0.0.0.0") == "127.0.0.1" else "ok"), finding.says


async def test_an_asterisk_that_is_not_there_is_told(line: TestLine) -> None:
    nowhere = line.settings.model_copy(deep=True)
    nowhere.asterisk.ws_port = 9  # discard: nobody listens
    for settings in (nowhere, line.settings.model_copy(update={"browser_secret": type(nowhere.browser_secret)("")})):
        with pytest.raises(PhoneLineDown):
            async with BrowserLine(settings).open(NAME):
                pass
