"""A caller without a person: dials the line, speaks when it listens, and tells what became of the call."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from telephony.recordings import heard, tone_share
from telephony.softphone import PhoneFailed, SoftPhone
from testcall.call_report import Report
from testcall.desk_client import AgentAtDesk, Desk, DeskRefused

CALLER_HZ, AGENT_HZ = 1300, 600  # what each side of a talk sends
TONE = 0.8


@dataclass(frozen=True)
class Pace:
    """How patiently the caller listens."""

    turn_s: float = 0.9  # that long a silence of the line is our turn
    turn_limit_s: float = 25.0  # music never ends: then we speak anyway
    seen_enough_s: float = 4.0  # in the queue, or ringing the urgent group
    talk_s: float = 3.0
    look_s: float = 0.3


@dataclass(frozen=True)
class CallPlan:
    """What the caller does."""

    number: str
    trace: str
    folder: Path
    says: tuple[Path, ...] = ()
    keys: str = ""
    patience_s: float = 120.0  # then the caller hangs up, whatever happens
    stay: bool = False  # until the line or a dispatcher hangs up
    answered: bool = False  # an agent of ours will answer: wait for the talk


@dataclass
class Answering:
    """The agent that answers, if one was asked for."""

    desk: AgentAtDesk
    phone: SoftPhone


class TestCaller:
    """One call, from dialling to what the records say afterwards."""

    __test__ = False

    def __init__(
        self, plan: CallPlan, phone: SoftPhone, desk: Desk, answering: Answering | None = None, pace: Pace | None = None
    ) -> None:
        self.plan, self.phone, self.desk, self.answering = plan, phone, desk, answering
        self.pace = pace or Pace()
        self.report = Report()

    async def run(self) -> Report:
        """Never raises for what the line does or fails to do: that is the report's `error`."""
        watcher = asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(self.plan.patience_s + 60):
                await self._call()
        except (PhoneFailed, TimeoutError) as failure:
            self.report.error = str(failure) or "the call took too long"
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
        self._fill_in_talk()
        return self.report

    async def _call(self) -> None:
        self.phone.record(self.plan.folder / "heard.wav")
        self.phone.call(self.plan.number, trace=self.plan.trace)
        if not await self._until(lambda: self.phone.has("answered"), 30):
            raise PhoneFailed("the line did not answer")
        conversing = asyncio.create_task(self._converse())
        try:
            await self._until(lambda: conversing.done() and self._finished(), self.plan.patience_s)
        finally:
            conversing.cancel()
            await asyncio.gather(conversing, return_exceptions=True)
        await self._talk()
        self.phone.hang_up()
        ended = await self.phone.wait("ended", 10)
        self.report.sip_code = ended.fields["code"]
        await self._until(lambda: self.report.over, 8, also_after_end=True)

    async def _converse(self) -> None:
        """Say and press what there is to say and press, one thing at each turn."""
        for wav in self.plan.says:
            await self._our_turn()
            mark = self.phone.mark
            self.phone.play(wav)
            await self.phone.wait("played", 60, after=mark)
        if self.plan.keys:
            await self._our_turn()
            await self.phone.keys(self.plan.keys)

    async def _our_turn(self) -> None:
        """The line has spoken and is silent now."""
        mark = self.phone.mark
        with contextlib.suppress(PhoneFailed):
            await self.phone.wait("sound", 10, after=mark if self.phone.has("quiet") else 0)
            await self.phone.quiet(self.pace.turn_s, self.pace.turn_limit_s)

    async def _talk(self) -> None:
        """With a person on the line, send a tone for a while."""
        if not self.phone.has("ended") and self._talking():
            self.phone.tone(CALLER_HZ)
            await self._until(lambda: False, self.pace.talk_s)

    def _talking(self) -> bool:
        return self.report.first("agent.answered") is not None

    def _finished(self) -> bool:
        """Nothing more is to be waited for, but what the line ends by itself."""
        if self._talking():
            return True
        if self.plan.stay or self.plan.answered or self.report.first("callback.stored") or self._held_out():
            return False  # patience bounds it
        reached = self.report.first("queue.entered", "emergency", "emergency.summoned")
        started = next((event.at_ms for event in self.phone.events if event.name == "answered"), 0)
        elapsed_ms = time.time() * 1000 - started
        return reached is not None and elapsed_ms - reached["at_ms"] > self.pace.seen_enough_s * 1000

    def _held_out(self) -> bool:
        """Whether an agent's phone is about to ring, or rings."""
        offers = [event["event"] for event in self.report.events if event["event"] in ("offer.made", "offer.lapsed")]
        return bool(offers) and offers[-1] == "offer.made"

    async def _until(self, true: Callable[[], bool], limit_s: float, also_after_end: bool = False) -> bool:
        """Wait for it; false when the limit passed or the call ended before."""
        deadline = asyncio.get_running_loop().time() + limit_s
        while not true():
            ended = self.phone.has("ended") and not also_after_end
            if ended or asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True

    async def _watch(self) -> None:
        """Keep the report's call fresh."""
        while True:
            with contextlib.suppress(DeskRefused):  # down for a moment; the last answer counts
                self.report.call = await self.desk.call_by_trace(self.plan.trace) or self.report.call
            await asyncio.sleep(self.pace.look_s)

    def _fill_in_talk(self) -> None:
        if self.answering is None:
            return
        phone, desk = self.answering.phone, self.answering.desk
        invite = next((event.at_ms for event in phone.events if event.name == "invite"), None)
        self.report.talk = {
            "offer_seen_at_ms": desk.seen_at_ms,
            "phone_invited_at_ms": invite,
            "pop_before_ring": bool(desk.seen_at_ms and invite and desk.seen_at_ms <= invite),
            "caller_heard_agent": _tone(self.plan.folder / "heard.wav", AGENT_HZ),
            "agent_heard_caller": _tone(self.plan.folder / "agent.wav", CALLER_HZ),
            "recording": str(self.plan.folder / "agent.wav"),
        }


def _tone(wav: Path, hz: int) -> bool:
    return wav.exists() and tone_share(heard(wav), hz) > TONE
