"""What many legs cost: CPU of the process that speaks to and hears N callers at once.

`python -m tests.bench.legs [N] [SECONDS]` prints one JSON object; the callers live in another process.
"""

import asyncio
import json
import os
import sys
import time
from contextlib import ExitStack
from uuid import UUID

from telephony import audiosocket
from telephony.audio_leg import AudioLeg
from telephony.audio_server import AudioServer
from telephony.ticker import Ticker

FRAME = bytes(range(256)) + bytes(64)


async def caller(port: int, number: int) -> None:
    """Talks all the time, and hears."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(audiosocket.identity(UUID(int=number)))
    hearing = asyncio.create_task(_drain(reader))
    loop = asyncio.get_running_loop()
    due = loop.time()
    while not hearing.done():
        writer.write(audiosocket.audio(FRAME))
        due += 0.02
        await asyncio.sleep(due - loop.time())


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


async def callers(port: int, count: int) -> None:
    await asyncio.gather(*(caller(port, number) for number in range(count)), return_exceptions=True)


async def measure(count: int, seconds: float) -> dict[str, float]:
    ticker = Ticker()
    legs = [AudioLeg(UUID(int=number)) for number in range(count)]
    async with AudioServer("127.0.0.1", 0, ticker) as server:
        with ExitStack() as stack:
            for leg in legs:
                stack.enter_context(server.expecting(leg))
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.bench.legs", "callers", str(server.port), str(count)
            )
            await asyncio.gather(*(leg.connected(30) for leg in legs))
            cores, frames = await _load(legs, seconds)
            process.kill()
            await process.wait()
    return {
        "legs": count,
        "cores": round(cores, 3),
        "cpu_us_per_frame_each_way": round(cores / count / 50 * 1e6, 1),
        "frames_heard_per_leg_s": round(frames / count / seconds, 1),
        "late_s": round(ticker.late_s, 3),
        "load": round(os.getloadavg()[0], 1),
    }


async def _load(legs: list[AudioLeg], seconds: float) -> tuple[float, int]:
    """Every leg speaks and is heard; answers cores used and frames heard."""
    readers = [asyncio.create_task(_hear(leg)) for leg in legs]
    for leg in legs:
        leg.play(FRAME * 100, loop=True)
    cpu, began, before = time.process_time(), time.monotonic(), sum(leg.heard_frames for leg in legs)
    await asyncio.sleep(seconds)
    cores = (time.process_time() - cpu) / (time.monotonic() - began)
    frames = sum(leg.heard_frames for leg in legs) - before
    for reader in readers:
        reader.cancel()
    return cores, frames


async def _hear(leg: AudioLeg) -> None:
    async for _ in leg.audio():
        pass


if __name__ == "__main__":
    if sys.argv[1:2] == ["callers"]:
        asyncio.run(callers(int(sys.argv[2]), int(sys.argv[3])))
    else:
        count, seconds = (int(word) for word in [*sys.argv[1:], "200", "10"][:2])
        print(json.dumps(asyncio.run(measure(count, seconds))))
