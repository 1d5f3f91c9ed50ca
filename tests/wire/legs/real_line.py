"""Calls through a real, small Asterisk, and the controller's side of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from telephony.agi_server import AgiServer
from telephony.agi_session import AgiSession
from telephony.ami import LiveChannel, Originate
from telephony.ami_client import AmiClient
from telephony.audio_server import AudioServer
from telephony.call_audio import CallAudio, LeaseTerms
from telephony.dialling import DialplanExtension
from telephony.instance import AsteriskInstance

LEASE_S = 3
Talk = Callable[[AgiSession, CallAudio], Awaitable[object]]


@dataclass(frozen=True)
class RealLine:
    asterisk: AsteriskInstance
    agi_port: int
    ami_port: int

    @property
    def recording(self) -> Path:
        return self.asterisk.folder / "spool/heard.wav"


async def no_channels(client: AmiClient) -> bool:
    return not await client.core_show_channels()


async def until(done: Callable[[], Awaitable[bool]], limit_s: float) -> float:
    """Waits; returns how long it took, in seconds. Raises: TimeoutError."""
    began = time.monotonic()
    async with asyncio.timeout(limit_s):
        while not await done():  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.05)
    return time.monotonic() - began


class Controller:
    """The controller's side of these tests, in this process."""

    def __init__(self) -> None:
        self.result: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.after: dict[str, str | None] = {}
        self.after_hangup = asyncio.Event()
        self.channel = ""

    async def done(self, limit_s: float = 30.0) -> object:
        async with asyncio.timeout(limit_s):
            return await self.result


@asynccontextmanager
async def answered_by(line: RealLine, ami: AmiClient, talk: Talk) -> AsyncIterator[Controller]:
    controller = Controller()
    audio = AudioServer("127.0.0.1", 0)
    call_audio = CallAudio(audio, ami, LeaseTerms(watched_s=LEASE_S))

    async def call(session: AgiSession) -> None:
        controller.channel = session.channel
        try:
            await session.answer()
            controller.result.set_result(await talk(session, call_audio))
        except Exception as error:
            controller.result.set_result(error)

    async def hangup(session: AgiSession) -> None:
        controller.after = {name: await session.variable(name) for name in ("ON_NEXT", "ON_CALL")}
        await session.set_variable("ON_CONCLUDED", "1")
        controller.after_hangup.set()

    async with audio, AgiServer({"call": call, "hangup": hangup}, "127.0.0.1", line.agi_port):
        yield controller


async def someone_calls(ami: AmiClient, doing: str) -> None:
    await ami.originate(Originate(f"caller-{uuid4()}", DialplanExtension("s", "line"), "caller", doing))


async def line_channel(ami: AmiClient) -> LiveChannel | None:
    """The line's half of the call."""
    return next((channel for channel in await ami.core_show_channels() if channel.context == "line"), None)
