"""Whoever calls reaches the line and nothing else, and is text, whatever they call themselves."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from telephony.softphone import PhoneFailed, SoftPhone
from telephony.spool import pending
from tests.phones import RawCaller, TestLine
from tests.wire.dialplan.conftest import ControllerProcess

pytestmark = pytest.mark.wire


@pytest.fixture
def raw(line: TestLine) -> Iterator[RawCaller]:
    made = RawCaller(line.domain)
    yield made
    made.close()


NOT_THE_LINE = (
    "0031201234567", "900", "204", "agent1", "urgent1", "s", "h", "T", "i", "t", "9", "*8", "next-dial", "accident",
    "100&PJSIP", "100@onenumber", "1000", "a100", "+31612345678@test-trunk",
)  # fmt: skip


async def test_a_caller_reaches_nothing_but_the_line(line: TestLine, raw: RawCaller) -> None:
    for number in NOT_THE_LINE:
        codes = await asyncio.to_thread(raw.call, number, b"<sip:0612345678@example.org>")
        assert not codes or codes[-1] in (404, 484, 416, 400), (number, codes)


async def test_a_dispatchers_phone_reaches_nothing_but_the_line_either(line: TestLine, phones: AsyncExitStack) -> None:
    agent = await phones.enter_async_context(line.phone("agent2"))
    for number in ("0031201234567", "agent1", "urgent1"):
        mark = agent.mark
        agent.call(number)
        ended = await agent.wait("ended", 30, after=mark)
        assert ended.fields["code"] == 404


@pytest.mark.parametrize("name", [b"agent1", b"204", b"test-trunk"])
async def test_a_known_name_must_be_proved(line: TestLine, raw: RawCaller, name: bytes) -> None:
    assert (await asyncio.to_thread(raw.call, "100", b"<sip:" + name + b"@example.org>"))[-1] == 401


async def test_a_wrong_password_does_not_register(line: TestLine) -> None:
    with pytest.raises(PhoneFailed):
        async with SoftPhone(line.domain, "agent1", "guessed-password", register=True):
            pass


async def test_a_caller_is_known_by_number_and_name(
    line: TestLine, raw: RawCaller, controller: ControllerProcess
) -> None:
    await controller.start("audio")
    said = {
        b'"Nurse, 4 (east)" <sip:+31612@example.org;user=phone>': ("+31612", "Nurse, 4 (east)"),
        b"Porter <sip:554@x.org>;lang=en": ("554", None),
        b"sip:555@example.org": ("555", "unknown"),
        b"<sip:556@x.org>": ("556", "unknown"),  # AGI's word for no name
        b"<sip:example.org>": ("unknown", "unknown"),
    }
    for sender in said:
        await asyncio.to_thread(raw.call, "100", sender, b"P-Asserted-Identity: <sip:112@x.org>\r\n")
        line.await_no_channels()
    async with asyncio.timeout(30):
        while len(seen := calls(controller)) < len(said):  # noqa: ASYNC110 - another process tells them
            await asyncio.sleep(0.05)
    for (number, name), one in zip(said.values(), seen, strict=True):
        assert (one["agi_callerid"], name is None or one["agi_calleridname"] == name) == (number, True), one


def calls(controller: ControllerProcess) -> list[dict[str, str]]:
    seen = [one["environment"] for one in controller.sessions]
    return [environment for environment in seen if environment["agi_network_script"] == "call"]


HOSTILE = [
    b'"x\\"y & <script>alert(1)</script>" <sip:0612345678@example.org>',
    b'"${SHELL(touch /tmp/owned)} $[1+1] `id` ; rm" <sip:0612345678@example.org>',
    b'"name" <sip:06%0d%0aagi_network_script%3a%20hangup@example.org>',
    b'"name" <sip:06%0aVariable%3a%20x%3dy%00z@example.org>',
    b'"' + b"A" * 4000 + b'" <sip:0612345678@example.org>',
    '"Zoë 张伟 🚑" <sip:0612345678@example.org>'.encode(),
    b'"caf\xe9 \xff\xfe" <sip:0612345678@example.org>',
    b'"a,b,c)}{(" <sip:1,2&Local/100@onenumber@example.org>',
    b'"Anonymous" <sip:anonymous@anonymous.invalid>',
]


@pytest.mark.parametrize("sender", HOSTILE)
async def test_a_hostile_name_stays_text(
    line: TestLine, raw: RawCaller, controller: ControllerProcess, sender: bytes
) -> None:
    """The AGI session starts with exactly the variables it should: nothing in a name became a line of it."""
    await controller.start("audio")
    codes = await asyncio.to_thread(raw.call, "100", sender, b"X-OneNumber-Trace: a,b)}${ON}&1\r\n")
    if 200 not in codes:
        assert codes == [] or codes[-1] in (400, 413, 416), codes
        return
    session = await controller.saw(1)
    environment = session["environment"]
    assert environment["agi_network_script"] == "call"
    assert all(name.startswith("agi_") for name in environment)
    assert environment["agi_extension"] == "s"
    assert all(character.isprintable() or character == "\ufffd" for character in environment["agi_calleridname"])
    assert environment["agi_callerid"].isascii()
    assert environment["agi_callerid"].startswith(("06", "anonymous"))
    assert session["ON_TRACE"] == "abON1"
    assert session["ON_DNIS"] == "100"


async def test_hostile_names_leave_clean_facts_in_the_spool(line: TestLine, raw: RawCaller) -> None:
    answered = [200 in await asyncio.to_thread(raw.call, "100", sender) for sender in HOSTILE]
    line.await_no_channels()
    messages = pending(line.spool)
    assert [message.outcome for message in messages] == ["left"] * sum(answered)
    assert all(message.number is None or set(message.number) <= set("+0123456789") for message in messages)
    for facts in line.spool.glob("*.txt"):
        names = [text.partition("=")[0] for text in facts.read_text(errors="replace").split("\n") if text]
        assert names == [
            "at", "call", "dnis", "number", "withheld", "phone", "trusted", "from", "asserted", "asserted_too", "party",
            "privacy", "attempt", "trace", "answered", "outcome",
        ]  # fmt: skip


async def test_a_withheld_number_is_known_to_be_withheld(line: TestLine, raw: RawCaller) -> None:
    callers = [
        (b"0612345671", b"", False),
        (b"0612345672", b"Privacy: none\r\n", False),
        (b"0612345673", b"Privacy: id\r\n", True),
        (b"0612345674", b"Privacy: user;critical\r\n", True),
        (b"Anonymous", b"", True),
    ]
    for user, headers, _ in callers:
        await asyncio.to_thread(raw.call, "100", b'"X" <sip:' + user + b"@example.org>", headers)
    line.await_no_channels()
    known = {message.number: message.withheld for message in pending(line.spool)}
    assert known == {user.decode() if user.isdigit() else None: withheld for user, _, withheld in callers}


async def test_hostile_names_add_no_line_to_ami_events(line: TestLine, raw: RawCaller) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.settings.asterisk.ami_port)
    secret = line.settings.ami_secret.get_secret_value()
    writer.write(f"Action: Login\r\nUsername: {line.settings.ami_user}\r\nSecret: {secret}\r\n\r\n".encode())
    for sender in HOSTILE:
        await asyncio.to_thread(raw.call, "100", sender)
    line.await_no_channels()
    writer.write(b"Action: Logoff\r\n\r\n")
    events = (await reader.read(-1)).decode(errors="replace")
    writer.close()
    assert "Event: Hangup" in events
    names = {text.partition(":")[0] for text in events.replace("\r\n", "\n").replace("\r", "\n").split("\n")}
    assert not names & {"agi_network_script", "Variable"}
