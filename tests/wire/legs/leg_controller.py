"""A controller of real parts, small enough to stop and kill: speaks a tone to every caller, for ever.

`python -m tests.wire.legs.leg_controller AGI_PORT AUDIO_PORT AMI_PORT LEASE_S`; prints one JSON line per event.
"""

import asyncio
import json
import sys

from ivr.ports import HungUp, LegLost
from telephony.agi_server import AgiServer
from telephony.agi_session import AgiSession
from telephony.ami_client import AmiClient
from telephony.audio_server import AudioServer
from telephony.call_audio import CallAudio, LeaseTerms
from tests.wire.legs.tones import tone


def say(event: str, **about: object) -> None:
    print(json.dumps({"event": event, **about}), flush=True)


class ToldKeeper:
    """The manager interface, with a word about every lease that it has renewed."""

    def __init__(self, ami: AmiClient) -> None:
        self._ami = ami

    @property
    def up(self) -> bool:
        return self._ami.up

    async def absolute_timeout(self, channel: str, seconds: float) -> bool:
        if renewed := await self._ami.absolute_timeout(channel, seconds):
            say("renewed")
        return renewed


async def serve(agi_port: int, audio_port: int, ami_port: int, lease_s: float) -> None:
    audio = AudioServer("127.0.0.1", audio_port)
    async with AmiClient("127.0.0.1", ami_port, "tester", "a-secret") as ami, audio:
        call_audio = CallAudio(audio, ToldKeeper(ami), LeaseTerms(watched_s=lease_s))

        async def call(session: AgiSession) -> None:
            await session.answer()
            try:
                async with call_audio.open_audio(session) as leg:
                    leg.play(tone(440), loop=True)
                    say("open", channel=session.channel)
                    await leg.key()
            except (HungUp, LegLost) as end:
                say("end", how=type(end).__name__)

        async with AgiServer({"call": call}, "127.0.0.1", agi_port):
            say("ready", ami=await ami.ready(30))
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:])))
