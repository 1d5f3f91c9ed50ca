"""Who somebody is comes from a password or a trunk's address; and a caller's phone gets an answer whatever it asks."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import cast

import pytest

from config.documents import Site
from ivr.ports import HungUp, LegLost
from routing.model import CallerId
from routing.numbers import identify
from telephony.agi import Reply
from telephony.agi_server import AgiServer
from telephony.agi_session import AgiSession
from telephony.arrival import ARRIVAL_VARIABLES, read_arrival, show_caller
from telephony.sip_watch import SipWatch
from tests.phones import RawCaller, TestLine
from tests.wire.dialplan.conftest import PBX_ADDRESS, ControllerProcess
from tests.wire.legs.real_line import until

pytestmark = pytest.mark.wire
ANSWER_S = 30.0


class Counted(AgiSession):
    """Counts the exchanges with Asterisk."""

    exchanges = 0

    async def command(self, words: str, *arguments: str, limit_s: float | None = ANSWER_S) -> Reply:
        self.exchanges += 1
        return await super().command(words, *arguments, limit_s=limit_s)


class Arrivals:
    """A controller that only asks who calls."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.seen: asyncio.Queue[tuple[CallerId, str]] = asyncio.Queue()
        self.read_together: list[Mapping[str, str]] = []
        self.read_alone: list[Mapping[str, str]] = []
        self.exchanges: list[int] = []
        self.values: list[str] = []  # to be set before the read

    async def call(self, agi: AgiSession) -> None:
        agi.__class__ = Counted
        for name, value in zip(ARRIVAL_VARIABLES, self.values, strict=False):
            await agi.set_variable(name, value)
        counted = cast("Counted", agi)
        counted.exchanges = 0
        arrival = await read_arrival(agi)
        self.exchanges.append(counted.exchanges)
        self.read_together.append(await agi.variables(*ARRIVAL_VARIABLES))
        self.read_alone.append({name: await agi.variable(name) or "" for name in ARRIVAL_VARIABLES})
        claimed = arrival.caller
        await show_caller(agi, claimed)
        caller = identify(claimed.number, claimed.name, claimed.withheld, self.site, arrival.proof)
        shown = await agi.variable("CALLERID(num)") or ""
        self.seen.put_nowait((caller, shown))
        with suppress(HungUp, LegLost):
            await agi.answer()
            await agi.set_variable("ON_NEXT", "hangup")

    async def hangup(self, agi: AgiSession) -> None:
        pass


@pytest.fixture
async def arrivals(line: TestLine) -> AsyncIterator[Arrivals]:
    made = Arrivals(line.edition.site)
    controller = line.settings.controller
    async with AgiServer({"call": made.call, "hangup": made.hangup}, controller.host, controller.agi_port):
        yield made
    assert made.read_together == made.read_alone


@pytest.fixture
def raw(line: TestLine) -> Iterator[RawCaller]:
    made = RawCaller(line.domain)
    yield made
    made.close()


STRANGERS = [
    (b"<sip:2-04@h>", b""),
    (b"<sip:%20204@h>", b""),
    (b"<sip:+204@h>", b""),
    (b"<sip:2.04@h>", b""),
    (b'"204" <sip:(204)@h>', b""),
    (b"<sip:204%20@h>", b""),
    (b"<sip:2%304@h>", b""),
    (b"<tel:2-04>", b""),
    (b"<sip:pbx@h>", b"P-Asserted-Identity: <sip:5550@h>\r\n"),
    (b"<sip:PBX@h>", b"P-Asserted-Identity: <tel:204>\r\nRemote-Party-ID: <sip:204@h>\r\n"),
    (b"<sip:anonymous@h>", b"P-Asserted-Identity: <sip:204@h>\r\n"),
    (b"<sip:AGENT1@h>", b""),
]


async def test_a_stranger_is_nobody_whatever_they_call_themselves(arrivals: Arrivals, raw: RawCaller) -> None:
    """Either the name must be proved by a password, or it is only what the caller says."""
    for sender, headers in STRANGERS:
        codes = await asyncio.to_thread(raw.call, "100", sender, headers)
        if codes[-1] == 401:
            continue
        caller, _ = await asyncio.wait_for(arrivals.seen.get(), ANSWER_S)
        assert (caller.contact, caller.identifies) == (None, False), sender
        assert caller.withheld or caller.kind == "unproven"


@pytest.mark.parametrize("user", [b"204", b"204;x=y", b"%32%30%34", b"agent1", b"test-trunk", b"test-trunk;a"])
async def test_what_has_a_password_is_asked_for_it(line: TestLine, raw: RawCaller, user: bytes) -> None:
    assert (await asyncio.to_thread(raw.call, "100", b"<sip:" + user + b"@h>"))[-1] == 401


async def test_a_phone_is_known_by_its_password(line: TestLine, arrivals: Arrivals, phones: AsyncExitStack) -> None:
    phone = await phones.enter_async_context(line.phone("204"))
    phone.call("100")
    caller, shown = await asyncio.wait_for(arrivals.seen.get(), ANSWER_S)
    assert (caller.contact, caller.number, shown) == ("Ward 4 desk", "204", "204")


TRUNK = [
    (b"<sip:anonymous@anonymous.invalid>", b"P-Asserted-Identity: <tel:+31-6-12345678>\r\n", "+31612345678", False),
    (b"<sip:0@h>", b'P-Asserted-Identity: "W" <sip:+31612345678@h;user=phone>, <tel:+31612345678>\r\n',
     "+31612345678", False),
    (b"<sip:0@h>", b"P-Asserted-Identity: <sip:name@h>\r\nP-Asserted-Identity: <tel:+31612345678>\r\n",
     "+31612345678", False),
    (b"<sip:+31612345678;cpc=ordinary@h;user=phone>", b"", "+31612345678", False),
    (b"<tel:+31612345678;phone-context=x>", b"", "+31612345678", False),
    (b"<sip:0@h>", b"P-Asserted-Identity: <tel:+31612345678>\r\nPrivacy: id\r\n", None, True),
    (b"<sip:0612345678@h>", b"Diversion: <sip:204@h>;reason=no-answer\r\n", "+31612345678", False),
    (b"<sip:0@h>", b"Remote-Party-ID: <sip:0612345678@h>;party=calling;privacy=off\r\n", "+31612345678", False),
    (b'"' + b"\\\"" * 1500 + b'" <sip:0612345678@h>', b"", "+31612345678", False),
]  # fmt: skip


async def test_a_trunk_is_known_by_its_address_and_believed(line: TestLine, arrivals: Arrivals) -> None:
    trunk = RawCaller(line.domain, PBX_ADDRESS)
    try:
        for sender, headers, number, withheld in TRUNK:
            assert (await asyncio.to_thread(trunk.call, "100", sender, headers))[-1] == 200
            caller, _ = await asyncio.wait_for(arrivals.seen.get(), ANSWER_S)
            assert (caller.number, caller.withheld, caller.identifies) == (number, withheld, not withheld), headers
        await asyncio.to_thread(trunk.call, "100", b"<sip:2-04@h>", b"P-Asserted-Identity: <tel:204>\r\n")
        caller, _ = await asyncio.wait_for(arrivals.seen.get(), ANSWER_S)
        assert caller.contact is None  # a phone of ours proves itself
    finally:
        trunk.close()


LONGEST = 1_000
HOSTILE = [
    [f"{n}){{}}$[1+1]${{ON_PHONE}}${{SHELL(id)}}\\\\\"',:;\t &|%41\xe9" for n in range(len(ARRIVAL_VARIABLES))],
    ["("] * len(ARRIVAL_VARIABLES),
    ["):1:2}"] * len(ARRIVAL_VARIABLES),
    [str(n % 10) * LONGEST if name.startswith("ON_") and n > 9 else "" for n, name in enumerate(ARRIVAL_VARIABLES)],
]  # fmt: skip


@pytest.mark.parametrize("values", HOSTILE, ids=["text", "opened", "closed", "longest"])
async def test_no_value_of_a_channel_shifts_another(arrivals: Arrivals, raw: RawCaller, values: list[str]) -> None:
    arrivals.values = values
    await asyncio.to_thread(raw.call, "100", b"<sip:0612345678@h>", b"")
    await asyncio.wait_for(arrivals.seen.get(), ANSWER_S)
    assert list(arrivals.read_alone[0].values()) == values
    assert arrivals.read_together == arrivals.read_alone
    assert arrivals.exchanges == [1]


async def test_a_value_with_a_separator_costs_time_and_shifts_nothing(arrivals: Arrivals, raw: RawCaller) -> None:
    arrivals.values = ["a\x1fb", "\x1f"]
    await asyncio.to_thread(raw.call, "100", b"<sip:0612345678@h>", b"")
    await asyncio.wait_for(arrivals.seen.get(), ANSWER_S)
    assert arrivals.read_together == arrivals.read_alone
    assert arrivals.exchanges == [1 + len(ARRIVAL_VARIABLES)]


async def kinds(line: TestLine) -> set[str]:
    """How the live calls are known to the admission."""
    listed = await asyncio.to_thread(line.asterisk.cli, "group show channels")
    return {row.split()[1] for row in listed.splitlines() if row.split()[2:] == ["kind"]}


async def test_the_admission_knows_whom_a_password_or_a_trunk_stands_for(
    line: TestLine, phones: AsyncExitStack, controller: ControllerProcess
) -> None:
    """Each endpoint's own word is the last, after those of the templates it is made of."""
    await controller.start("audio", lease_s=60)
    for host, headers, kind in (
        ("127.0.0.1", b"P-Asserted-Identity: <tel:5550>\r\n", "stranger"),
        (PBX_ADDRESS, b"P-Asserted-Identity: <tel:+31612345678>\r\n", "trunk"),
        (PBX_ADDRESS, b"P-Asserted-Identity: <tel:204>\r\n", "trunk"),
    ):
        raw = RawCaller(line.domain, host)
        calling = asyncio.create_task(asyncio.to_thread(raw.call, "100", b"<sip:0@h>", headers, 3.0))
        await until(partial(holds, line, {kind}), 30)
        await calling
        raw.close()
        await asyncio.to_thread(line.await_no_channels)
    ward = await phones.enter_async_context(line.phone("204"))
    ward.call("100")
    await until(partial(holds, line, {"known"}), 30)


async def holds(line: TestLine, wanted: set[str]) -> bool:
    return await kinds(line) == wanted


class Dialog(RawCaller):
    """An answered call, in which anything may be asked."""

    sender = b"<sip:0612345678@example.org>"

    def begin(self, branches: tuple[bytes, ...] = (b"z9hG4bK",)) -> list[bytes]:
        """Call, by as many paths as there are branches; the final answers."""
        self._id = b"%x" % time.time_ns()
        invite = self.invite("100", self.sender)
        for branch in branches:
            self.socket.sendto(invite.replace(b"branch=z9hG4bK", b"branch=" + branch), self.far)
        finals = dict[bytes, bytes]()
        deadline = time.monotonic() + ANSWER_S
        while len(finals) < len(branches) and time.monotonic() < deadline:
            answer = self._answer()
            if answer and answer[8:9] != b"1":
                finals[answer.split(b"branch=")[1].split(b"\r\n")[0]] = answer
        answers = sorted(finals.values())
        self.to = answers[0].split(b"\r\nTo:", 1)[1].split(b"\r\n", 1)[0].partition(b"tag=")[2]
        self._finish(b"ACK", "100", self.sender, self.to, 1)
        return answers

    def ask(self, method: bytes, headers: bytes = b"", body: bytes = b"", seq: int = 2, tag: bool = True) -> int:
        """The code of the final answer; 0 without any."""
        request = self._request(method, "100", self.sender, b";tag=" + self.to if tag else b"", seq)
        request = re.sub(rb"branch=\S+", b"branch=z9hG4bK%x" % time.time_ns(), request)
        if not tag:
            request = re.sub(rb"Call-ID: \S+", b"Call-ID: %x" % time.time_ns(), request)
        self.socket.sendto(request + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body, self.far)
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline:
            with suppress(TimeoutError):
                answer = self.socket.recv(65536)
                if answer.startswith(b"SIP/2.0 ") and b"CSeq: %d %s" % (seq, method) in answer and answer[8:9] != b"1":
                    return int(answer[8:11])
        return 0

    def end(self) -> None:
        self._finish(b"BYE", "100", self.sender, self.to, 90)
        self.close()


ASKED = [
    (b"OPTIONS", b"", b"", {200}),
    (b"REFER", b"Refer-To: <sip:0900123456@example.org>\r\n", b"", {603}),
    (b"REFER", b"", b"", {603}),
    (b"MESSAGE", b"Content-Type: text/plain\r\n", b"hello", {202}),
    (b"MESSAGE", b"", b"", {415}),
    (b"INFO", b"", b"", {200}),
    (b"INFO", b"Content-Type: application/dtmf-relay\r\n", b"Signal=5\r\nDuration=100\r\n", {200}),
    (b"UPDATE", b"Contact: <sip:x@127.0.0.1>\r\n", b"", {200}),
    (b"PRACK", b"RAck: 1 1 INVITE\r\n", b"", {400}),
    (b"NOTIFY", b"Event: talk\r\nSubscription-State: active\r\n", b"", {489}),
    (b"SUBSCRIBE", b"Event: presence\r\nExpires: 60\r\n", b"", {489}),
    (b"PUBLISH", b"Event: presence\r\n", b"", {489}),
    (b"INFO", b"Info-Package: x\r\nContent-Type: text/plain\r\n", b"x", {415}),
    (b"FOO", b"", b"", {501}),
]


def asked_in_a_call(domain: str) -> tuple[list[int], list[int]]:
    dialog = Dialog(domain)
    assert [answer[8:11] for answer in dialog.begin()] == [b"200"]
    inside = [dialog.ask(method, headers, body, 2 + n) for n, (method, headers, body, _) in enumerate(ASKED)]
    outside = [dialog.ask(method, headers, body, 2, tag=False) for method, headers, body, _ in ASKED]
    dialog.end()
    return inside, outside


async def test_whatever_a_phone_asks_is_answered_and_no_caller_transfers(line: TestLine) -> None:
    controller = line.settings.controller
    async with SipWatch(controller.host, controller.agi_port):
        inside, outside = await asyncio.to_thread(asked_in_a_call, line.domain)
    assert [code in allowed for code, (*_, allowed) in zip(inside, ASKED, strict=True)] == [True] * len(ASKED), inside
    assert outside[0] == 200
    assert all(400 <= code < 700 for code in outside[1:]), outside


async def test_an_invite_by_two_paths_is_one_call(line: TestLine) -> None:
    for _ in range(3):
        dialog = Dialog(line.domain)
        answers = await asyncio.to_thread(dialog.begin, (b"z9hG4bKone", b"z9hG4bKtwo"))
        assert [answer[8:11] for answer in answers] == [b"200", b"482"]
        assert line.channels() == 1
        dialog.end()
        line.await_no_channels()
