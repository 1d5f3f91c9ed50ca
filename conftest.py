"""For all tests: the loop that production runs (marked `virtual_time`, time does not pass); no limit per example.

Where there is room, what they write lies in memory: no test can show that a disk keeps what it has flushed.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import hypothesis
import pytest
import uvloop
from xdist.remote import Producer

from ivr.fake import VirtualLoop
from tests.lanes import Lanes

FIRST = (  # beginnings of paths, the longest that fits decides
    "wire/", "contract/",  # they wait more than they work: meanwhile the lines' voice is made, where it is not there
    "e2e/test_calls", "e2e/test_running", "e2e/test_accidents", "e2e/test_hearing", "e2e/", "spoken/", "e2e/test_desk",
    "processes/",
)  # fmt: skip
TESTS = Path(__file__).parent / "tests"
MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 2**30  # each line that runs keeps 32 MB in reserve


def roomy(folder: Path) -> bool:
    """Whether it has room for all that the tests write, and programs may be run from it."""
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize > ROOM_BYTES and not found.f_flag & os.ST_NOEXEC


if "TMPDIR" not in os.environ and roomy(MEMORY):
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

pytest_plugins = ["tests.second_run"]

# a busy machine is no fault of the code
hypothesis.settings.register_profile("line", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("line")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest, and waits most, begins first: the many short tests fill up the end."""
    items.sort(key=lambda item: turn(str(item.path.relative_to(TESTS))))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Lanes | None:
    return Lanes(config, log) if config.getvalue("dist") == "loadfile" else None


def turn(file: str) -> int:
    fitting = [begin for begin in FIRST if file.startswith(begin)]
    return FIRST.index(max(fitting, key=len)) if fitting else len(FIRST)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualLoop} if item.get_closest_marker("virtual_time") else {"real": uvloop.new_event_loop}
