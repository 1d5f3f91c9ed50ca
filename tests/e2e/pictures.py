"""Pictures of the floor and the wall for the docs, of a busy afternoon.

`python -m tests.e2e.pictures [FOLDER]` writes them there, by default into docs/screenshots.
"""

import random
import sys
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from config.settings import PROJECT
from routing.emergencies import Emergency, EmergencyEvent
from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import AgentEvent
from routing.model import AgentState, Call, CallerId, NewEvent, OutboundCall, Stage
from tests.e2e.desk_server import Served, chromium, served
from tests.services import services_over
from tests.unit.web.demo import WARD_4, Desk

WIDTHS = {"1280": (1280, 900), "390": (390, 844)}
SURGEON = CallerId(raw="311", number="311", name="OR 3", contact="Operating room 3", kind="staff")
ENDS = (*[EventType.AGENT_ANSWERED] * 8, *[EventType.QUEUE_LEFT] * 2, EventType.CALLBACK_STORED)


async def contact(desk: Desk, chance: random.Random, ago: timedelta) -> None:
    """Somebody who waited for a person, and what became of it."""
    end, at = chance.choice(ENDS), desk.at() - ago
    waited_s = min(chance.expovariate(1 / 15), 240) if end is EventType.AGENT_ANSWERED else chance.expovariate(1 / 25)
    call, until = Call(new_id(), "demo", "100", WARD_4, at, {}), at + timedelta(seconds=waited_s)
    await desk.records.calls.open(call)
    entered = NewEvent(call.id, EventType.QUEUE_ENTERED, at, payload={"crew": "technical"})
    ended = NewEvent(call.id, EventType.CALL_ENDED, until, payload={"ending": "caller_hung_up"})
    await desk.records.calls.end(call.id, "caller_hung_up", until, [entered, NewEvent(call.id, end, until), ended])


async def a_busy_afternoon(desk: Desk) -> None:
    told = (
        (WARD_4, "plumbing", "high", 130, "the drain is blocked and water is coming up", 400),
        (SURGEON, "electrical", "critical", 25, "the lamp over table two flickers", 900),
        (
            CallerId(raw="0612345678", number="+31612345678"),
            "lift",
            "normal",
            70,
            "the lift stops between floors",
            6_000,
        ),
    )
    for caller, topic, urgency, ago_s, words, due_s in told:
        call = await desk.call(caller, ago_s=ago_s, words=words)
        ticket = await desk.ticket(call, topic, words, urgency, caller=caller, ago_s=ago_s, due_s=due_s)
        await desk.waits(call, ticket, urgency)
    for ago_s, due_s, topic in ((9_000, 6_000, "plumbing"), (7_000, 5_000, "lift"), (4_000, 5_500, "electrical")):
        ticket = await desk.ticket(None, topic, "it is still broken", ago_s=ago_s, due_s=due_s)
        await desk.records.tickets.move(ticket.id, Stage.DISPATCHED, "agent:anna", desk.at())
    owed = await desk.ticket(None, "lift", "the lift on ward five is stuck", place="ward-5")
    at = desk.at() - timedelta(minutes=11)
    await desk.records.outbound_calls.store(OutboundCall(new_id(), owed.id, "305", "technical", "normal", at, at))
    await agents_at_work(desk)


async def a_day(desk: Desk, days: int) -> None:
    """So many days ago, up to the same time of it."""
    chance = random.Random(days)
    since_midnight_s = (desk.at() - desk.at().replace(hour=0, minute=0)).total_seconds()
    for _ in range(40 + days):
        await contact(desk, chance, timedelta(days=days, seconds=chance.uniform(300, since_midnight_s)))


async def agents_at_work(desk: Desk) -> None:
    services = services_over(desk.records, desk.news, desk.at)
    for login in ("anna", "bo"):
        await desk.available(login)
        await desk.records.agents.heartbeat(desk.agent_ids[login], desk.at())
    await desk.records.agents.change(desk.agent_ids["bo"], AgentEvent.ANSWERED, desk.at() - timedelta(seconds=247))
    anna = await desk.records.agents.load(desk.agent_ids["anna"])
    await services.agents.force(anna, AgentState.NOT_READY, "helps on ward 4", "agent:chen")
    await services.help.ask(await desk.records.agents.load(desk.agent_ids["bo"]))
    await services.notices.post(
        "The lifts in the east wing are out until 16:00. Porters use the west wing.", 60, "agent:chen"
    )


async def an_emergency_was_taken(desk: Desk) -> None:
    call = await desk.call(ago_s=200)
    emergency = Emergency(new_id(), call.id, "1.1", desk.at() - timedelta(seconds=190))
    await desk.records.emergencies.open(emergency)
    await desk.records.emergencies.advance(emergency.id, EmergencyEvent.ANSWERED, desk.at(), "agent:bo")


def look(page: Page, path: str, shown: str, folder: Path, name: str) -> None:
    page.goto(path)
    expect(page.locator(shown)).to_be_visible()
    page.evaluate("document.fonts.ready")
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    print(folder / f"{name}.png")


def pictures(line: Served, browser: Browser, folder: Path) -> None:
    for width, (wide, high) in WIDTHS.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport={"width": wide, "height": high}, color_scheme=scheme)
            page = line.log_in(context, "chen")
            suffix = f"{width}-dark" if scheme == "dark" else width
            look(page, f"{line.url}/floor", ".tiles", folder, f"floor-{suffix}")
            if scheme == "dark":  # a wall is dark at any hour
                if width == "1280":
                    page.set_viewport_size({"width": 1280, "height": 720})
                look(page, f"{line.url}/wall", ".figures", folder, f"wall-{width}")
            context.close()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "docs/screenshots"
    with served() as line, chromium() as browser:
        for work in (a_day(line.desk, 0), a_day(line.desk, 7), a_busy_afternoon(line.desk)):
            line.do(work)
        line.do(an_emergency_was_taken(line.desk))
        pictures(line, browser, folder)


if __name__ == "__main__":
    main()
