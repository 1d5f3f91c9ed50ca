"""A controller that listens to every call and keeps what it hears."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from telephony.agi_proof import AgiProof
from telephony.agi_server import AgiServer
from telephony.agi_session import AgiSession
from telephony.ami_client import AmiClient
from telephony.audio_leg import AudioLeg
from telephony.audio_server import AudioServer
from telephony.audio_watch import HearingChange
from telephony.call_audio import CallAudio, LeaseTerms
from tests.phones import TestLine
from tests.wire.legs.tones import share_of
from tests.wire.legs.tones import tone as pcm_tone

LEASE_S = 4


class Heard:
    """Answers every call, speaks 700 Hz, keeps all it hears until the key `*`."""

    def __init__(self, call_audio: CallAudio) -> None:
        self.call_audio = call_audio
        self.changes: list[HearingChange] = []
        self.audio = bytearray()
        self.keys = ""
        self.leg: AudioLeg | None = None
        self.channel = ""
        self.ended: list[str] = []

    async def hangup(self, session: AgiSession) -> None:
        self.ended.append(session.environment.uniqueid)

    async def call(self, session: AgiSession) -> None:
        self.channel = session.environment.uniqueid
        await session.answer()
        async with self.call_audio.open_audio(session, self.changes.append) as leg, asyncio.TaskGroup() as group:
            self.leg = leg
            leg.play(pcm_tone(700), loop=True)
            listening = group.create_task(self._listen(leg))
            while (key := await leg.key()) != "*":
                self.keys += key
            listening.cancel()

    async def _listen(self, leg: AudioLeg) -> None:
        async for frame in leg.audio():
            self.audio += frame

    def hears(self, hz: int) -> Callable[[], Awaitable[bool]]:
        """Whether the last half second is that tone."""

        async def check() -> bool:
            return len(self.audio) >= 8_000 and share_of(hz, bytes(self.audio[-8_000:])) > 0.8

        return check


@asynccontextmanager
async def listening(line: TestLine) -> AsyncIterator[Heard]:
    settings = line.settings
    secret = settings.ami_secret.get_secret_value()
    audio = AudioServer("127.0.0.1", settings.controller.audiosocket_port)
    async with AmiClient("127.0.0.1", settings.asterisk.ami_port, settings.ami_user, secret) as ami, audio:
        assert await ami.ready(30)
        ours = Heard(CallAudio(audio, ami, LeaseTerms(watched_s=LEASE_S)))
        proof = AgiProof(settings.agi_secret.get_secret_value())
        handlers = {"call": ours.call, "hangup": ours.hangup}
        async with AgiServer(handlers, "127.0.0.1", settings.controller.agi_port, proof=proof):
            yield ours
