"""For all tests: the loop that production runs (marked `virtual_time`, time does not pass); no limit per example."""

import asyncio
from collections.abc import Callable, Mapping

import hypothesis
import pytest
import uvloop

from ivr.fake import VirtualLoop

pytest_plugins = ["tests.second_run"]

hypothesis.settings.register_profile("line", deadline=None)  # a busy machine is no fault of the code
hypothesis.settings.load_profile("line")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualLoop} if item.get_closest_marker("virtual_time") else {"real": uvloop.new_event_loop}
