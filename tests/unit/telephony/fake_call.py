"""A call from end to end without Asterisk: AGI server, audio server and door, and a fake Asterisk before them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from telephony.agi_server import AgiServer
from telephony.agi_session import AgiSession
from telephony.audio_leg import AudioLeg
from telephony.audio_server import AudioServer
from telephony.call_audio import CallAudio, LeaseTerms
from tests.unit.telephony.fake_asterisk import FakeAsterisk


async def until(reached: Callable[[], bool]) -> None:
    """Raises: TimeoutError, when it does not come to that."""
    async with asyncio.timeout(30):
        while not reached():  # noqa: ASYNC110 — anything may be waited for
            await asyncio.sleep(0.01)


class FakeKeeper:
    """A manager interface that moves deadlines, while it is up."""

    def __init__(self) -> None:
        self.up = True
        self.renewals: list[tuple[str, float]] = []
        self.asked = 0
        self.slow_s = 0.0  # until it answers
        self.asked_s = 0.0  # by the loop's clock

    async def absolute_timeout(self, channel: str, seconds: float) -> bool:
        self.asked += 1
        self.asked_s = asyncio.get_running_loop().time()
        await asyncio.sleep(self.slow_s)
        if self.up:
            self.renewals.append((channel, seconds))
        return self.up


Talk = Callable[[AgiSession, CallAudio], Awaitable[None]]


class FakeCall:
    def __init__(self, asterisk: FakeAsterisk, audio: AudioServer, keeper: FakeKeeper) -> None:
        self.asterisk, self.audio, self.keeper = asterisk, audio, keeper
        self.error: BaseException | None = None
        self.finished = asyncio.Event()

    async def over(self) -> None:
        """Until the controller's side is done. Raises: what its handler raised."""
        async with asyncio.timeout(30):
            await self.finished.wait()
        if self.error:
            raise self.error


@asynccontextmanager
async def fake_call(
    talk: Talk, terms: LeaseTerms | None = None, connects_audio: bool = True
) -> AsyncIterator[FakeCall]:
    asterisk, keeper = FakeAsterisk(), FakeKeeper()
    asterisk.connects_audio = connects_audio
    audio = AudioServer("127.0.0.1", 0)
    call = FakeCall(asterisk, audio, keeper)
    call_audio = CallAudio(audio, keeper, terms)

    async def handler(session: AgiSession) -> None:
        try:
            await talk(session, call_audio)
        except Exception as error:
            call.error = error
        finally:
            call.finished.set()

    async with audio, AgiServer({"call": handler}, "127.0.0.1", 0) as agi:
        await asterisk.call(agi.port)
        try:
            yield call
        finally:
            asterisk.vanish()
            await asterisk.over()


@asynccontextmanager
async def live_leg() -> AsyncIterator[tuple[AudioLeg, FakeCall]]:
    """The leg of a call whose handler does nothing else."""
    found: asyncio.Future[AudioLeg] = asyncio.get_running_loop().create_future()
    leave = asyncio.Event()

    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session) as leg:
            found.set_result(leg)
            await leave.wait()

    async with fake_call(talk) as call:
        leg = await found
        await call.asterisk.audio_open.wait()
        yield leg, call
        leave.set()
        await call.finished.wait()
