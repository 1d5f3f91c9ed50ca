"""Many callers at once, without a controller."""

import pytest

from telephony.spool import pending
from tests.bench.sipp import Load, send
from tests.phones import TestLine

pytestmark = pytest.mark.wire


def test_forty_callers_at_once_are_all_remembered_and_leave_nothing_behind(line: TestLine) -> None:
    sent = send(Load(calls=40, rate=20, keys=(), goodbye_ms=2_500), line.domain, "100")
    line.await_no_channels()
    assert (sent.calls, sent.completed, sent.failed) == (40, 40, 0)
    messages = pending(line.spool)
    assert [message.outcome for message in messages] == ["left"] * 40
    assert {message.number for message in messages} == {f"0{612_000_000 + n}" for n in range(40)}


def test_keys_by_sip_info_reach_the_emergency(line: TestLine) -> None:
    sent = send(Load(calls=5, rate=5, keys=((800, "9"),), goodbye_ms=6_000), line.domain, "100")
    line.await_no_channels()
    assert sent.failed == 0
    assert [message.outcome for message in pending(line.spool)] == ["emergency"] * 5
