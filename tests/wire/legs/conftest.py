"""One small Asterisk for all tests of legs, and one for those that phones call."""

from collections.abc import AsyncIterator, Iterator

import pytest

from config.settings import Settings
from telephony.ami_client import AmiClient
from telephony.instance import AsteriskInstance
from tests.conftest import free_port
from tests.phones import TestLine, configured_line
from tests.wire.legs.listening_controller import LEASE_S as PHONES_LEASE_S
from tests.wire.legs.real_line import LEASE_S, RealLine, no_channels, until
from tests.wire.legs.small_asterisk import write_config


@pytest.fixture(scope="package")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLine]:
    root = Settings().asterisk.root
    if not (root / "usr/sbin/asterisk").exists():
        pytest.skip(f"no Asterisk in {root}")
    folder = tmp_path_factory.mktemp("legs")
    agi_port, ami_port = free_port(), free_port()
    write_config(folder, agi_port=agi_port, ami_port=ami_port, lease=LEASE_S)
    asterisk = AsteriskInstance(root, folder)
    asterisk.start()
    yield RealLine(asterisk, agi_port, ami_port)
    asterisk.stop()


@pytest.fixture(scope="package")
def phone_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestLine]:
    """One Asterisk with our whole configuration, for those that phones call."""
    with configured_line(tmp_path_factory.mktemp("phones"), 21_400, dead_controller_s=PHONES_LEASE_S) as line:
        yield line


@pytest.fixture
async def ami(line: RealLine) -> AsyncIterator[AmiClient]:
    async with AmiClient("127.0.0.1", line.ami_port, "tester", "a-secret") as client:
        assert await client.ready(30)
        yield client
        for channel in await client.core_show_channels():
            await client.hangup(channel.name)
        try:
            await until(lambda: no_channels(client), 30)
        except TimeoutError:
            pytest.fail(f"left behind: {await client.core_show_channels()}")
