import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from unittest.mock import Mock

import pytest

from ivr.ports import HungUp, LegLost
from telephony.agi import UnsafeValue
from telephony.agi_server import AgiConnection, AgiServer
from telephony.agi_session import AgiBusy, AgiSession, CommandRefused
from telephony.loopback import NotLoopback
from tests.unit.telephony.fake_asterisk import FakeAsterisk

Talk = Callable[[AgiSession], Awaitable[None]]
Deed = Callable[[FakeAsterisk], Awaitable[None]]


@asynccontextmanager
async def answered_by(talk: Talk, script: str = "call") -> AsyncIterator[tuple[AgiServer, FakeAsterisk]]:
    async with AgiServer({"call": talk}, "127.0.0.1", 0, afterwards_s=0.2) as server:
        asterisk = FakeAsterisk()
        await asterisk.call(server.port, script)
        yield server, asterisk
    await asterisk.over()


async def nothing(asterisk: FakeAsterisk) -> None: ...


async def what_happens(
    talk: Talk, *, replies: dict[str, str] | None = None, meanwhile: Deed = nothing
) -> BaseException | None:
    """What the handler of one call runs into; `meanwhile` is what Asterisk does."""
    outcome: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

    async def handler(session: AgiSession) -> None:
        try:
            await talk(session)
        except Exception as error:
            outcome.set_result(error)
        else:
            outcome.set_result(None)

    async with AgiServer({"call": handler}, "127.0.0.1", 0) as server:
        asterisk = FakeAsterisk()
        asterisk.replies = replies or {}
        await asterisk.call(server.port)
        async with asyncio.timeout(30):
            await meanwhile(asterisk)
            happened = await outcome
            await asterisk.over()
        await asyncio.sleep(0)
        assert not server.connections
    return happened


async def test_a_call_is_answered_and_given_back() -> None:
    seen: list[str | None] = []

    async def talk(session: AgiSession) -> None:
        await session.answer()
        await session.set_variable("ON_NEXT", 'say "hi" \\ there')
        seen.extend([await session.variable("ON_NEXT"), await session.variable("ON_CALL"), session.channel])

    async with answered_by(talk) as (server, asterisk):
        await asterisk.over()
        assert seen[1:] == [None, "PJSIP/trunk-00000001"]
        assert asterisk.commands[0] == "ANSWER"
        await asyncio.sleep(0)
        assert not server.connections


@pytest.mark.parametrize(("sender", "exchanges"), [('"A, (b)" <sip:1@h>', 1), ("ends its own\x1fvalue", 3)])
async def test_variables_come_in_one_exchange_and_none_shifts_another(sender: str, exchanges: int) -> None:
    seen: list[Mapping[str, str]] = []

    async def talk(session: AgiSession) -> None:
        seen.append(await session.variables("ON_FROM", "ON_PHONE"))

    async with answered_by(talk) as (_, asterisk):
        asterisk.variables["ON_FROM"] = sender
        await asterisk.over()
        assert seen == [{"ON_FROM": sender, "ON_PHONE": ""}]
        assert len(asterisk.commands) == exchanges


async def test_hang_up_reaches_the_handler_whatever_it_waits_for() -> None:
    reached = asyncio.Event()

    async def talk(session: AgiSession) -> None:
        with pytest.raises(HungUp):
            await session.exec("Wait", "600")
        with pytest.raises(HungUp):
            await session.variable("ON_NEXT")
        assert isinstance(await session.ended(), HungUp)
        reached.set()

    async with answered_by(talk) as (_, asterisk):
        asterisk.replies["EXEC"] = ""
        await asterisk.told("EXEC")
        asterisk.hang_up()
        async with asyncio.timeout(30):
            await reached.wait()


async def test_a_lease_that_ran_out_is_no_hang_up() -> None:
    leased = asyncio.Event()

    async def talk(session: AgiSession) -> None:
        await session.lease(0.3)
        leased.set()
        raise await session.ended()

    async def hangs_up(asterisk: FakeAsterisk) -> None:
        await leased.wait()
        asterisk.hang_up()

    assert isinstance(await what_happens(talk, meanwhile=hangs_up), LegLost)


async def test_a_connection_that_breaks_is_no_hang_up() -> None:
    async def talk(session: AgiSession) -> None:
        await session.exec("Wait", "600")

    async def vanishes(asterisk: FakeAsterisk) -> None:
        await asterisk.told("EXEC")
        asterisk.vanish()

    assert isinstance(await what_happens(talk, replies={"EXEC": ""}, meanwhile=vanishes), LegLost)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ("510 Invalid or unknown command\n", CommandRefused),
        ("520-Usage\nUsage: ANSWER\n520 End of proper usage.\n", CommandRefused),
        ("511 Command Not Permitted on a dead channel or intercept routine\n", HungUp),
        ("200 result=-1\n", HungUp),
        ("what?\n", LegLost),
    ],
)
async def test_replies_that_are_no_yes(reply: str, error: type[Exception]) -> None:
    assert isinstance(await what_happens(AgiSession.answer, replies={"ANSWER": reply}), error)


async def test_an_asterisk_that_does_not_answer_loses_the_call() -> None:
    async def talk(session: AgiSession) -> None:
        await session.command("ANSWER", limit_s=0.05)

    assert isinstance(await what_happens(talk, replies={"ANSWER": ""}), LegLost)


@pytest.mark.parametrize("name", ["A B", "A\n", "", "1", "TIMEOUT(absolute", 'X"', "A(b)c", "${X}"])
async def test_names_of_variables_are_names(name: str) -> None:
    async def talk(session: AgiSession) -> None:
        await session.set_variable(name, "x")

    assert isinstance(await what_happens(talk), UnsafeValue)


@pytest.mark.parametrize("arguments", [("a,b",), ("a\n",), ("x" * 3_000,)])
async def test_arguments_of_applications_stay_one(arguments: tuple[str, ...]) -> None:
    async def talk(session: AgiSession) -> None:
        await session.exec("AudioSocket", *arguments)

    assert isinstance(await what_happens(talk), UnsafeValue)


async def test_nothing_is_said_while_an_application_runs() -> None:
    async def talk(session: AgiSession) -> None:
        running = asyncio.create_task(session.exec("Wait", "600"))
        await asyncio.sleep(0)
        try:
            await session.set_variable("ON_NEXT", "dial")
        finally:
            running.cancel()

    assert isinstance(await what_happens(talk, replies={"EXEC": ""}), AgiBusy)


async def test_an_unknown_script_and_a_failing_handler_give_the_call_back() -> None:
    async def talk(session: AgiSession) -> None:
        raise ValueError("a fault of ours")

    for script in ("call", "nothing", "../etc"):
        async with answered_by(talk, script) as (_, asterisk):
            async with asyncio.timeout(30):
                await asterisk.over()


async def test_strangers_are_dropped() -> None:
    async def talk(session: AgiSession) -> None: ...

    async with AgiServer({"call": talk}, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n")
        async with asyncio.timeout(30):
            assert await reader.read() == b""
        writer.close()
        await asyncio.sleep(0)
        assert not server.connections


async def test_a_handler_that_never_ends_is_ended() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def talk(session: AgiSession) -> None:
        begun.set()
        try:
            await asyncio.sleep(3_600)
        finally:
            cancelled.set()

    async with answered_by(talk) as (server, asterisk):
        await begun.wait()
        asterisk.hang_up()
        async with asyncio.timeout(30):
            await cancelled.wait()
        await asyncio.sleep(0)
        assert not server.connections


async def test_closing_the_server_gives_every_call_back() -> None:
    begun = asyncio.Event()

    async def talk(session: AgiSession) -> None:
        begun.set()
        await asyncio.sleep(3_600)

    async with answered_by(talk) as (_, asterisk):
        await begun.wait()
    async with asyncio.timeout(30):
        await asterisk.over()


async def test_a_call_that_comes_while_the_server_closes_is_given_back() -> None:
    begun: list[AgiSession] = []

    async def talk(session: AgiSession) -> None:
        begun.append(session)

    async with AgiServer({"call": talk}, "127.0.0.1", 0) as server:
        asterisk = FakeAsterisk()
        await asterisk.call(server.port)
        for _ in range(10_000):
            if any(connection.task for connection in server.connections):
                break
            await asyncio.sleep(0)
    assert not begun
    async with asyncio.timeout(30):
        await asterisk.over()


async def test_a_connection_accepted_after_closing_is_dropped() -> None:
    async with AgiServer({}, "127.0.0.1", 0) as server:
        pass
    transport = Mock(spec=asyncio.Transport)
    AgiConnection(server).connection_made(transport)
    transport.abort.assert_called_once_with()
    assert not server.connections


async def test_a_connection_accepted_in_the_turn_before_closing_is_closed_too() -> None:
    gc.disable()  # or a collection may close what was forgotten
    try:
        async with AgiServer({}, "127.0.0.1", 0) as server:
            asterisk = socket.create_connection(("127.0.0.1", server.port))
            await asyncio.sleep(0)  # the next turn accepts it, the one after makes its transport
            await asyncio.sleep(0)
        asterisk.setblocking(False)
        async with asyncio.timeout(30):
            assert await asyncio.get_running_loop().sock_recv(asterisk, 1) == b""
    finally:
        gc.enable()
        asterisk.close()


def test_the_network_never_reaches_agi() -> None:
    for host in ("0.0.0.0", "192.0.2.1", "::", "example.org"):
        with pytest.raises(NotLoopback):
            AgiServer({}, host, 0)
