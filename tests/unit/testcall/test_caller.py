"""The test caller speaks at its turn, presses its keys afterwards, and knows when it has seen enough."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from telephony.softphone import PhoneEvent, PhoneFailed, SoftPhone
from testcall.call_report import Report
from testcall.caller import CallPlan, Pace, TestCaller
from testcall.desk_client import Desk


class ScriptedPhone(SoftPhone):
    """A phone whose line greets for a moment and answers each utterance with one of its own."""

    def __init__(self, answers: bool = True) -> None:
        super().__init__("nowhere:5060", "0612345678")
        self.answers = answers
        self.did: list[str] = []
        self._reader = asyncio.create_task(asyncio.sleep(3_600))

    async def close(self) -> None:
        assert self._reader is not None
        self._reader.cancel()

    def happen(self, name: str, **fields: Any) -> None:
        self.events.append(PhoneEvent(name, int(time.time() * 1000), fields))

        async def tell() -> None:
            async with self._happened:
                self._happened.notify_all()

        self._task = asyncio.ensure_future(tell())

    def line_speaks(self, seconds: float = 0.02) -> None:
        self.happen("sound")
        asyncio.get_running_loop().call_later(seconds, self.happen, "quiet")

    def call(self, number: str, trace: str = "", headers: Mapping[str, str] | None = None) -> None:
        self.did.append(f"call {number} {trace}")
        if self.answers:
            self.happen("answered")
            self.line_speaks()
        else:
            self.happen("ended", code=486)

    def record(self, wav: Path) -> None:
        self.did.append("record")

    def play(self, wav: Path) -> None:
        assert not self._sounding(), "spoke while the line spoke"
        self.did.append(f"say {wav.name}")
        self.happen("played")
        asyncio.get_running_loop().call_later(0.01, self.line_speaks)

    async def keys(self, keys: str) -> None:
        self.did.append(f"press {keys}")

    def hang_up(self) -> None:
        self.did.append("hang up")
        self.happen("ended", code=200)


class ScriptedDesk:
    """Answers with a call that stands in the queue, and has ended once asked for long enough."""

    def __init__(self, *events: str) -> None:
        self.timeline = [{"event": name, "at_ms": 0, "payload": {}, "private": {}, "actor": "line"} for name in events]

    async def call_by_trace(self, trace: str) -> dict[str, Any]:
        timeline = [*self.timeline, {"event": "leg.ended"}]
        return {"id": "0190", "timeline": timeline, "tickets": [], "ended_at": "now", "ending": "caller_hung_up"}


QUICK = Pace(turn_s=0.05, turn_limit_s=1.0, seen_enough_s=0.3, look_s=0.02)


async def run(phone: ScriptedPhone, desk: ScriptedDesk, plan: CallPlan) -> Report:
    try:
        return await TestCaller(plan, phone, cast("Desk", desk), pace=QUICK).run()
    finally:
        await phone.close()


async def test_it_takes_turns_then_presses_keys_and_hangs_up_when_it_stands_in_the_queue(tmp_path: Path) -> None:
    phone = ScriptedPhone()
    plan = CallPlan("100", "t1", tmp_path, says=(Path("one.wav"), Path("two.wav")), keys="1", patience_s=10)
    report = await run(phone, ScriptedDesk("queue.entered"), plan)
    assert phone.did == ["record", "call 100 t1", "say one.wav", "say two.wav", "press 1", "hang up"]
    assert (report.outcome, report.well, report.sip_code) == ("waiting", True, 200)


async def test_a_call_that_is_not_answered_is_reported(tmp_path: Path) -> None:
    report = await run(ScriptedPhone(answers=False), ScriptedDesk(), CallPlan("100", "t2", tmp_path))
    assert (report.well, report.error) == (False, "the line did not answer")


async def test_its_patience_has_an_end(tmp_path: Path) -> None:
    phone = ScriptedPhone()
    report = await run(phone, ScriptedDesk("call.started"), CallPlan("100", "t3", tmp_path, patience_s=0.2))
    assert phone.did[-1] == "hang up"
    assert not report.well


async def test_waiting_for_what_does_not_come_says_what_came() -> None:
    phone = ScriptedPhone()
    phone.happen("sound")
    with pytest.raises(PhoneFailed, match=r"no invite within 0\.05 s; saw sound"):
        await phone.wait("invite", 0.05)
    await phone.close()
