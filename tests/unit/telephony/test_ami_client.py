import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from telephony.ami import ActionRefused, AmiDown, AnswerLost, Originate
from telephony.ami_client import AmiClient
from telephony.dialling import RegisteredPhone
from telephony.loopback import NotLoopback, stop_listening
from tests.unit.telephony.fake_call import until

Answer = Callable[[dict[str, str]], str | None]
CALL = Originate("attempt-1", RegisteredPhone("2001"), "onenumber-outbound")


def yes(asked: dict[str, str]) -> str | None:
    return "Response: Success\n\n"


class FakeAmi:
    """Asterisk's manager interface, as far as the line uses it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answers: dict[str, Answer] = {}
        self.logins = 0
        self.port = 0
        self.booted = "Event: FullyBooted\nStatus: Fully Booted\n\n"
        self.greeting = "Asterisk Call Manager/11.0.0\r\n"
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            await stop_listening(self._server)
        self.cut()
        if self._server:
            await self._server.wait_closed()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def tell(self, text: str) -> None:
        for writer in self._writers:
            writer.write(text.replace("\n", "\r\n").encode())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(self.greeting.encode())
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while pack := await reader.readuntil(b"\r\n\r\n"):
                self._answer(dict(line.split(": ", 1) for line in pack.decode().strip().split("\r\n")), writer)
        writer.close()

    def _answer(self, asked: dict[str, str], writer: asyncio.StreamWriter) -> None:
        self.asked.append(asked)
        self.logins += asked["Action"] == "Login"
        answer = self.answers.get(asked["Action"], yes)(asked)
        if answer is not None:
            text = answer.replace("Response: Success", f"Response: Success\nActionID: {asked['ActionID']}")
            text = text.replace("Response: Error", f"Response: Error\nActionID: {asked['ActionID']}")
            text += self.booted if asked["Action"] == "Login" else ""
            writer.write(text.replace("\n", "\r\n").encode())

    def of(self, name: str) -> list[dict[str, str]]:
        return [asked for asked in self.asked if asked["Action"] == name]


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[AmiClient, FakeAmi]]:
    server = FakeAmi()
    await server.start()
    try:
        async with AmiClient("127.0.0.1", server.port, "onenumber", "secret") as client:
            assert await client.ready(15)
            yield client, server
    finally:
        await server.stop()


async def again(client: AmiClient, server: FakeAmi) -> bool:
    """Logged in a second time."""
    await until(lambda: server.logins > 1)
    return await client.ready(15)


async def test_logs_in_and_asks() -> None:
    async with connected() as (client, server):
        assert server.asked[0]["Username"] == "onenumber"
        await client.ping()
        assert await client.absolute_timeout("PJSIP/1-1", 8)
        assert server.asked[-1]["Timeout"] == "8.0"
        await client.redirect("PJSIP/1-1", "onenumber-emergency-take", "agent2")
        told = {name: server.asked[-1][name] for name in ("Channel", "Context", "Exten", "Priority")}
        assert list(told.values()) == ["PJSIP/1-1", "onenumber-emergency-take", "agent2", "1"]


async def test_lists_are_complete() -> None:
    def channels(asked: dict[str, str]) -> str:
        item = f"Event: Status\nActionID: {asked['ActionID']}\nChannel: PJSIP/%d\nUniqueid: %d\n\n"
        end = f"Event: StatusComplete\nActionID: {asked['ActionID']}\nEventList: Complete\nListItems: 2\n\n"
        return "Response: Success\nEventList: start\n\n" + item % (1, 1) + item % (2, 2) + end

    async with connected() as (client, server):
        server.answers["Status"] = channels
        assert [channel.uniqueid for channel in await client.core_show_channels()] == ["1", "2"]


async def test_phones_are_registered_or_not() -> None:
    def devices(asked: dict[str, str]) -> str:
        head = f"Event: DeviceStateChange\nActionID: {asked['ActionID']}\n"
        return (
            "Response: Success\nEventList: start\n\n"
            f"{head}Device: PJSIP/anna\nState: NOT_INUSE\n\n"
            f"{head}Device: PJSIP/bo\nState: UNAVAILABLE\n\n"
            f"{head}Device: Local/100@from-callers\nState: INUSE\n\n"
            f"Event: DeviceStateListComplete\nActionID: {asked['ActionID']}\nEventList: Complete\n\n"
        )

    async with connected() as (client, server):
        server.answers["DeviceStateList"] = devices
        assert await client.registered_phones() == {"anna": True, "bo": False}


async def test_events_reach_who_asked_for_them() -> None:
    async with connected() as (client, server):
        with client.events("DialEnd") as events:
            server.tell("Event: Newexten\nX: 1\n\nEvent: DialEnd\nDialStatus: ANSWER\n\n")
            async with asyncio.timeout(30):
                event = await anext(aiter(events))
            assert (event.name, event["DialStatus"], event["Nothing"]) == ("DialEnd", "ANSWER", "")


async def test_what_asterisk_refuses_is_refused() -> None:
    async with connected() as (client, server):
        server.answers["Originate"] = lambda _: "Response: Error\nMessage: Extension does not exist.\n\n"
        server.answers["Hangup"] = lambda _: "Response: Error\nMessage: No such channel\n\n"
        server.answers["AbsoluteTimeout"] = server.answers["Hangup"]
        with pytest.raises(ActionRefused, match="does not exist"):
            await client.originate(CALL)
        assert not await client.hangup("PJSIP/gone")
        assert not await client.absolute_timeout("PJSIP/gone", 8)


async def test_a_lost_connection_comes_back_and_the_state_is_read_anew() -> None:
    async with connected() as (client, server):
        read = asyncio.Event()

        async def read_state() -> None:
            await client.core_show_channels()
            read.set()

        server.answers["Status"] = lambda asked: (
            f"Response: Success\n\nEvent: Done\nActionID: {asked['ActionID']}\nEventList: Complete\n\n"
        )
        client.on_up.append(read_state)
        server.cut()
        async with asyncio.timeout(30):
            await read.wait()
        assert client.up
        assert server.logins == 2


async def test_an_originate_is_sent_once_whatever_happens() -> None:
    async with connected() as (client, server):

        def dies(_: dict[str, str]) -> None:
            server.cut()

        server.answers["Originate"] = dies
        with pytest.raises(AnswerLost):
            await client.originate(CALL)
        assert await again(client, server)
        assert server.logins == 2
        assert len(server.of("Originate")) == 1


async def test_without_a_connection_nothing_is_sent() -> None:
    async with AmiClient("127.0.0.1", 1, "onenumber", "secret") as client:
        assert not await client.ready(0.3)
        with pytest.raises(AmiDown):
            await client.originate(CALL)
        assert not await client.absolute_timeout("PJSIP/1", 8)


@pytest.mark.parametrize("greeting", ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"])
async def test_something_else_on_the_port_is_no_crash(greeting: str) -> None:
    server = FakeAmi()
    server.greeting = greeting
    server.answers["Login"] = lambda _: None
    await server.start()
    async with AmiClient("127.0.0.1", server.port, "onenumber", "secret") as client:
        assert not await client.ready(0.5)
    await server.stop()


async def test_an_asterisk_that_still_boots_is_waited_for() -> None:
    server = FakeAmi()
    server.booted = ""
    await server.start()
    async with AmiClient("127.0.0.1", server.port, "onenumber", "secret") as client:
        await until(lambda: server.logins > 0)
        assert not await client.ready(0.3)
        server.tell("Event: FullyBooted\nStatus: Fully Booted\n\n")
        assert await client.ready(15)
    await server.stop()


async def test_a_refused_login_is_no_connection() -> None:
    server = FakeAmi()
    server.answers["Login"] = lambda _: "Response: Error\nMessage: Authentication failed\n\n"
    await server.start()
    async with AmiClient("127.0.0.1", server.port, "onenumber", "wrong") as client:
        assert not await client.ready(0.5)
    await server.stop()


def test_ami_never_leaves_the_machine() -> None:
    with pytest.raises(NotLoopback):
        AmiClient("192.0.2.1", 5038, "onenumber", "secret")
