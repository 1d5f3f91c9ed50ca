"""A controller small enough to stop, kill and start at will.

`python -m tests.wire.fake_controller MODE AGI_PORT AUDIO_PORT LEASE_S`; MODE is `audio` (a 1 kHz tone to
the caller, for ever), `dial` (rings agent1, then hangs up), `join` (takes the caller to the phone that waits on
channel AGENT, then hangs up), `emergency`, `emergency-nl` (of a call that has changed to Dutch), `wait` (has no room
before somebody asks the third time) or `aside` (cannot record the call).
Prints one JSON line for each AGI session it has read.
"""

import asyncio
import json
import math
import struct
import sys
import uuid

TONE = b"".join(struct.pack("<h", int(8000 * math.sin(2 * math.pi * 1000 * n / 8000))) for n in range(160))
AGENT = "0190a1b2-0000-7000-8000-00000000feed"
PUT_THROUGH = {"dial": {"ON_DIAL": "PJSIP/agent1", "ON_RING_S": "10"}, "join": {"ON_JOIN": AGENT}}
SERVED_AT = 3  # asking
READ = ("ON_CALL", "DIALSTATUS", "ON_DIALSTATUS", "ON_TRIES", "ON_DNIS", "ON_TRACE", "ON_ATTEMPT", "ON_EMERGENCY")


class Session:
    """One AGI conversation, a line at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def environment(self) -> dict[str, str]:
        lines = []
        while line := (await self.reader.readline()).decode(errors="replace").rstrip("\n"):
            lines.append(line)
        return dict(line.split(": ", 1) for line in lines if ": " in line)

    async def do(self, command: str) -> str:
        self.writer.write(command.encode() + b"\n")
        answer = (await self.reader.readline()).decode(errors="replace")
        if not answer or answer.startswith("HANGUP"):
            raise ConnectionError("the caller is gone")
        return answer

    async def get(self, name: str) -> str:
        return (await self.do(f"GET VARIABLE {name}")).partition("(")[2].rstrip(")\n")

    async def set(self, name: str, value: str) -> None:
        await self.do(f'SET VARIABLE {name} "{value}"')


class FakeController:
    def __init__(self, mode: str, agi_port: int, audio_port: int, lease_s: int) -> None:
        self.mode, self.agi_port, self.audio_port, self.lease_s = mode, agi_port, audio_port, lease_s
        self.asked = 0

    async def serve(self) -> None:
        agi = await asyncio.start_server(self.agi, "127.0.0.1", self.agi_port)
        audio = await asyncio.start_server(self.audio, "127.0.0.1", self.audio_port)
        print(json.dumps({"ready": True}), flush=True)
        async with agi, audio:
            await asyncio.gather(agi.serve_forever(), audio.serve_forever())

    async def agi(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(reader, writer)
        try:
            environment = await session.environment()
            known = {name: await session.get(name) for name in READ}
            print(json.dumps({"environment": environment, **known}), flush=True)
            if environment["agi_network_script"] == "call":
                await self.take(session, known)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def take(self, session: Session, known: dict[str, str]) -> None:
        if not known["ON_CALL"]:
            await session.set("ON_CALL", str(uuid.uuid4()))
        if self.mode == "aside":
            await session.set("ON_NEXT", "standalone")
            return
        self.asked += 1
        if self.mode == "wait" and self.asked < SERVED_AT:
            await session.set("ON_NEXT", "wait")
            return
        await session.do("ANSWER")
        await self.answered(session, known)

    async def answered(self, session: Session, known: dict[str, str]) -> None:
        if self.mode == "emergency-nl":
            await session.set("CHANNEL(language)", "nl")
        if self.mode.startswith("emergency") and not known["ON_DIALSTATUS"]:
            await session.set("ON_NEXT", "emergency")
        elif self.mode in PUT_THROUGH and not known["ON_DIALSTATUS"]:
            for name, value in PUT_THROUGH[self.mode].items():
                await session.set(name, value)
            await session.set("ON_NEXT", self.mode)
        elif self.mode == "audio":
            await session.set("TIMEOUT(absolute)", str(self.lease_s))
            await session.do(f"EXEC AudioSocket {uuid.uuid4()},127.0.0.1:{self.audio_port}")
        else:
            await session.set("ON_NEXT", "hangup")

    async def audio(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        drain = asyncio.create_task(reader.read(-1))
        try:
            while not drain.done():
                writer.write(b"\x10" + len(TONE).to_bytes(2, "big") + TONE)
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            pass
        finally:
            drain.cancel()
            writer.close()


if __name__ == "__main__":
    asyncio.run(FakeController(sys.argv[1], *map(int, sys.argv[2:5])).serve())
