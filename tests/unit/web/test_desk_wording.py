"""No code, no `None` and no other zone's time reaches a person: every enumeration is keyed by language."""

import re
from collections.abc import Iterable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import cast

import httpx
import pytest
import yaml

from config.documents import Edition
from routing import overdue
from routing.archive import Action
from routing.event_types import EventType
from routing.legs import LegKind
from routing.lifecycle import AgentEvent, OfferEvent
from routing.missed import Remedy
from routing.model import URGENCY_ORDER, AgentState, CallState, IntakeSource, NewEvent, OutboundCallState, Stage
from routing.retrying import LOST, AttemptResult
from routing.services.agents import RAN_OUT
from routing.services.dispatcher import PAGE_GONE
from routing.wrap_ups import NO_DISPOSITION
from tests.rooms import sources
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import Clock, Desk
from web.dispositions import DISPOSITIONS
from web.panels import REASONS

ROOT = Path(__file__).resolve().parents[3]
KEYS = set(yaml.safe_load((ROOT / "web/texts/en.yaml").read_text()))
SOURCES = "\n".join(path.read_text() for path in sources(without=("config", "telephony", "stt", "tts", "store", "web")))
LAPSES = {lapse.why for lapse in vars(overdue).values() if isinstance(lapse, overdue.Lapse)}
LAPSES |= set(re.findall(r'(?:Lapse|_release)\((?:offer\.id, )?"([^"]+)"', SOURCES))
# https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/Dialplan_Applications/Dial/: DIALSTATUS
DIALSTATUS = {"chanunavail", "congestion", "busy", "noanswer", "cancel", "donotcall", "torture", "invalidargs"}
ENDINGS = set(re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "docs/glossary.md").read_text(), re.M))
ENDINGS |= set(re.findall(r"ending: ([a-z_]+)", "".join(p.read_text() for p in (ROOT / "config/flows").glob("*.yaml"))))
SHOWN: dict[str, Iterable[str]] = {
    "state": AgentState, "callstate": CallState, "callbackstate": OutboundCallState, "stage": Stage, "leg": LegKind,
    "urgency": URGENCY_ORDER, "disposition": {*DISPOSITIONS, NO_DISPOSITION}, "ending": ENDINGS, "event": EventType,
    "reason": {*REASONS, PAGE_GONE, RAN_OUT, *LAPSES, *DIALSTATUS, "lapsed"},
    "act": {"person", "status", "callback", "yes", "no", "repeat"}, "kind": {"staff", "patient"},
    "outcome": {"left", "talked", "message", "emergency", "resumed"}, "call": {"inbound", "outbound"},
    "left": set(re.findall(r'LeaveQueue\("([^"]+)"\)', SOURCES)), "document": set(Edition.model_fields),
    "intake": IntakeSource, "action": Action,
    "change": {"opened", "joined", "stage", "urgency", "corrected", "note", "message", "promise"},
    "attemptresult": {*AttemptResult, LOST}, "when": {"turn"}, "remedy": Remedy,
    "promise": {"attend", "answer", "promise_attend", "promise_answer"}, "role": {"agent", "supervisor", "admin"},
}  # fmt: skip


@pytest.mark.parametrize("kind", SHOWN)
def test_every_code_that_a_page_can_show_has_words(kind: str) -> None:
    codes = {str(code) for code in SHOWN[kind]}
    assert codes
    assert {code for code in codes if f"{kind}.{code}" not in KEYS} == set()


@pytest.mark.parametrize(
    "kind",
    [
        "ending",
        "event",
        "reason",
        "outcome",
        "act",
        "left",
        "leg",
        "document",
        "promise",
        "attemptresult",
        "when",
        "remedy",
    ],
)
def test_a_code_of_tomorrow_has_words_too(kind: str) -> None:
    assert f"{kind}.other" in KEYS


CODES = re.compile(
    r"caller_hung_up|noanswer|chanunavail|no_such_code|None|True|False|UTC|\+00:00|[0-9a-f]{8}-[0-9a-f]{4}|oos|\bKeyError\b"
)


def visible_text(html: str) -> str:
    """What a person reads or hears: no tags, but titles and names of controls."""
    body = html[html.index("<body") :]
    spoken = re.findall(r'(?:title|aria-label|alt|placeholder)="([^"]*)"', body)
    return unescape(re.sub(r"<[^>]*>", " ", body)) + " ".join(map(unescape, spoken))


async def test_pages_show_no_codes(anna: httpx.AsyncClient, desk: Desk, clock: Clock) -> None:
    call = await desk.call(words="the drain is blocked")
    ticket = await desk.ticket(call, words="the drain is blocked")
    ids: dict[str, object] = {
        "offer": "01a22a9d-5027-7683-8ac0-6da24176b472",
        "ticket_id": ticket.id,
        "callback_id": None,
    }
    payloads: list[dict[str, object]] = [
        {"ending": "caller_hung_up"}, {"ending": "no_such_code"}, {"why": "noanswer"}, {"why": "chanunavail"},
        {"reason": "no_such_code"}, {"by": "2026-11-22T12:00:00+00:00"}, {"topic": "oos", "act": None, "place": None},
        {"connected": True, "outcome": "no_such_code"}, {"disposition": "no_such_code", "what": "no_such_code"}, ids,
        {"why": "KeyError"}, {"kind": "no_such_code", "cause": "16 Normal Clearing"},
    ]  # fmt: skip
    events = [NewEvent(call.id, type, desk.at(), payload=payload) for payload in payloads for type in EventType]
    # One of a later version, which this one does not know.
    await desk.records.calls.append([*events, NewEvent(call.id, cast("EventType", "no_such_code"), desk.at())])
    await desk.records.calls.end(call.id, "no_such_code", desk.at())
    await desk.available("anna")
    await desk.records.agents.change("agent-anna", AgentEvent.WENT_NOT_READY, desk.at(), "noanswer")
    for path in ("/", "/calls", f"/calls/{call.id}", f"/tickets/{ticket.number}", "/tickets?stage=any", "/callbacks"):
        html = (await anna.get(path)).text
        assert CODES.findall(visible_text(html)) == [], path


async def test_times_of_another_day_have_their_date(anna: httpx.AsyncClient, desk: Desk, clock: Clock) -> None:
    call = await desk.call(words="the drain is blocked")
    clock.pass_s(timedelta(days=2).total_seconds())
    await log_in(anna, "anna")
    assert "Sun 22 Nov 03:09:2" in (await anna.get(f"/calls/{call.id}")).text


async def test_a_closed_ticket_promises_nothing(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    assert "Somebody comes" in (await anna.get(f"/tickets/{ticket.number}")).text
    await desk.records.tickets.move(ticket.id, Stage.CLOSED, "agent:anna", desk.at(), "told")
    page = (await anna.get(f"/tickets/{ticket.number}")).text
    assert ("Somebody comes" in page, 'class="promise"' in page) == (False, True)


async def test_the_topics_confidence_is_the_topics(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None, words="the drain is blocked")
    text = visible_text((await anna.get(f"/tickets/{ticket.number}")).text)
    assert "sure of the topic: 93 %" in text
    assert "onfidence" not in text


async def test_waiting_is_told_from_the_place_in_line_to_the_answer(
    anna: httpx.AsyncClient, desk: Desk, clock: Clock
) -> None:
    call = await desk.call(ago_s=300)
    await desk.records.calls.append([NewEvent(call.id, EventType.QUEUE_ENTERED, desk.at() - timedelta(seconds=62))])
    await desk.available()
    offer = await desk.offer(await desk.waits(call, None))
    for event, agent in ((OfferEvent.SHOWN, None), (OfferEvent.RANG, None), (OfferEvent.ANSWERED, AgentEvent.ANSWERED)):
        assert await desk.records.offers.advance(offer.id, event, desk.at(), agent=agent)
    clock.pass_s(600)
    html = (await anna.get("/")).text
    assert re.search(r"waited\s+1 min", visible_text(html))
