"""The production services, over whatever records and clock a test has."""

from collections.abc import Callable

from config.documents import WaitingRules
from routing.clocks import Clock, Clocks, utc_now
from routing.fake import MemoryNews
from routing.ports import News, Records
from routing.services.line import LineServices


def services_over(
    records: Records, news: News | None = None, clock: Clock = utc_now, wall: Clock | None = None,
    rules: Callable[[], WaitingRules] = WaitingRules,
) -> LineServices:  # fmt: skip
    return LineServices.over(records, news or MemoryNews(), rules, Clocks(clock, wall or clock))
