"""The controller dies or hangs, Asterisk restarts: what becomes of callers and connections."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from telephony.ami import LiveChannel
from telephony.ami_client import AmiClient
from tests.conftest import free_port
from tests.wire.legs.real_line import LEASE_S, RealLine, line_channel, someone_calls, until

pytestmark = [pytest.mark.wire, pytest.mark.timeout(120)]
TAKEN_S = 30.0  # limit; far below the lease of a controller that nobody watches
RENEWALS = 4  # one in each third of a lease


class ControllerProcess:
    """The same parts in a process of their own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def event(self, limit_s: float = 30.0) -> dict[str, object]:
        assert self.process.stdout is not None
        async with asyncio.timeout(limit_s):
            while True:
                line = await self.process.stdout.readline()
                with suppress(ValueError):
                    found: dict[str, object] = json.loads(line)
                    return found

    def send(self, what: signal.Signals) -> None:
        self.process.send_signal(what)


@asynccontextmanager
async def controller_process(line: RealLine) -> AsyncIterator[ControllerProcess]:
    arguments = [str(number) for number in (line.agi_port, free_port(), line.ami_port, LEASE_S)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.wire.legs.leg_controller", *arguments, stdout=asyncio.subprocess.PIPE
    )
    controller = ControllerProcess(process)
    try:
        assert (await controller.event(30))["ami"] is True
        yield controller
    finally:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
            process.kill()
        await process.wait()


@pytest.mark.parametrize("caller", ["tone", "quiet"])
async def test_a_killed_controller_loses_its_callers_to_the_dialplan(
    line: RealLine, ami: AmiClient, caller: str
) -> None:
    async with controller_process(line) as controller:
        await someone_calls(ami, caller)
        await controller.event()
        controller.send(signal.SIGKILL)

        async def taken() -> bool:
            channel = await line_channel(ami)
            return channel is not None and channel.exten in ("next-", "T")

        print(f"killed, {caller} caller: {await until(taken, TAKEN_S):.2f} s")


@pytest.mark.parametrize("caller", ["tone", "quiet"])
async def test_a_hung_controller_loses_its_callers_within_the_lease_and_knows_it_later(
    line: RealLine, ami: AmiClient, caller: str
) -> None:
    async with controller_process(line) as controller:
        await someone_calls(ami, caller)
        await controller.event()
        for _ in range(RENEWALS):  # longer than one lease
            assert (await controller.event())["event"] == "renewed"
        controller.send(signal.SIGSTOP)

        async def taken() -> bool:
            channel = await line_channel(ami)
            return channel is not None and channel.exten in ("next-", "T")

        print(f"stopped, {caller} caller: {await until(taken, TAKEN_S):.2f} s")
        controller.send(signal.SIGCONT)
        while (told := await controller.event())["event"] == "renewed":
            pass
        assert told["how"] == "LegLost"


async def test_after_a_restart_of_asterisk_the_manager_is_back_and_the_state_is_read_anew(line: RealLine) -> None:
    async with AmiClient("127.0.0.1", line.ami_port, "tester", "a-secret") as client:
        assert await client.ready(30)
        states: list[list[LiveChannel]] = []

        async def read_state() -> None:
            states.append(await client.core_show_channels())

        client.on_up.append(read_state)
        line.asterisk.kill()
        line.asterisk.start()

        async def read() -> bool:
            return bool(states)

        print(f"manager back after a restart: {await until(read, 20):.2f} s")
        assert states == [[]]
