"""The floor's page, the wall and the API show one computation; what a supervisor does there is done by the services."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from config.documents import WaitingRules
from routing.event_types import EventType
from routing.identity import new_id
from routing.model import AgentState, Call, CallerId, NewEvent, OutboundCall, Stage
from routing.services.agents import forced_by
from routing.timeline import Notes
from tests.services import services_over
from tests.unit.web.conftest import log_in
from tests.unit.web.demo import WARD_4, Clock, Desk
from web.board import BoardReader
from web.floor import FloorReader

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
async def chen(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same client, logged in as a supervisor."""
    return await log_in(client, "chen")


@pytest.fixture
async def nobody(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(desk.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield client


async def contact(desk: Desk, waited_s: float, end: EventType, ago: timedelta = timedelta()) -> None:
    """An inbound call whose caller waited so long, that long before now."""
    at = desk.at() - ago - timedelta(seconds=300)
    call = Call(new_id(), "demo", "100", WARD_4, at, {})
    await desk.records.calls.open(call)
    until = at + timedelta(seconds=waited_s)
    events = [
        NewEvent(call.id, EventType.QUEUE_ENTERED, at, payload={"crew": "technical"}),
        NewEvent(call.id, end, until),
    ]
    ended = NewEvent(call.id, EventType.CALL_ENDED, until, payload={"ending": "caller_hung_up"})
    await desk.records.calls.end(call.id, "caller_hung_up", until, [*events, ended])


async def a_busy_floor(desk: Desk) -> list[Call]:
    """Two wait, one is owed a call; the day has had answers, early and late hang-ups, and so had last week's."""
    answered, left = EventType.AGENT_ANSWERED, EventType.QUEUE_LEFT
    for waited_s, end in (
        (3, answered),
        (20, answered),
        (45, answered),
        (4, left),
        (60, left),
        (9, EventType.CALLBACK_STORED),
    ):
        await contact(desk, waited_s, end)
    for waited_s, end in ((2, answered), (90, answered)):
        await contact(desk, waited_s, end, timedelta(days=7))
    calls = [await desk.call(ago_s=75), await desk.call(CallerId(raw="205", number="205"), ago_s=20)]
    for call in calls:
        entered = NewEvent(call.id, EventType.QUEUE_ENTERED, call.started_at, payload={"crew": "technical"})
        await desk.records.calls.append([entered])
        await desk.waits(call, await desk.ticket(call, due_s=-60 if call is calls[0] else 600))
    owed = await desk.ticket(None, "lift")
    at = desk.at() - timedelta(minutes=9)
    await desk.records.outbound_calls.store(OutboundCall(new_id(), owed.id, "204", "technical", "normal", at, at))
    await desk.available("bo")
    return calls


def words_of(html: str) -> str:
    """What a person reads, tables cell by cell."""
    shown = re.sub(r"<(style|template|script)\b.*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())


async def test_board_report_page_wall_metrics_and_the_caller_are_told_the_same(
    chen: httpx.AsyncClient, desk: Desk
) -> None:
    calls = await a_busy_floor(desk)
    told: dict[str, Any] = (await chen.get("/api/v1/floor")).json()
    board = await desk.app.state.context.board.read()
    assert (told["waiting"]["live"], told["waiting"]["callbacks"]) == (2, 1)
    assert (board.waiting.live, board.waiting.callbacks) == (2, 1)
    assert told["waiting"]["live_since"] == board.waiting.live_since.isoformat().replace("+00:00", "Z")
    (queue,) = [each for each in told["queues"] if each["crew"] == "technical"]
    assert {name: queue[name] for name in told["waiting"]} == told["waiting"]
    report = (await chen.get(f"/api/v1/floor/days/{desk.at().date()}")).json()
    assert report == told["today"]
    assert (report["offered"], report["answered"], report["in_time"], report["abandoned"]) == (7, 3, 2, 2)
    level = {"all_offered": 2 / 7, "without_short": 2 / 6, "short_as_kept": 3 / 7}
    assert report["service_level"] == pytest.approx(level)
    last_week = (await chen.get(f"/api/v1/floor/days/{(desk.at() - timedelta(days=7)).date()}")).json()
    assert last_week == told["last_week"]
    assert last_week["service_level"]["all_offered"] == 0.5
    metrics = (await chen.get("/metrics")).text
    assert 'onenumber_waiting{kind="live",urgency="normal"} 2.0' in metrics
    longest = desk.at() - board.waiting.longest_since
    assert f"onenumber_oldest_wait_seconds {longest.total_seconds()}" in metrics
    page, wall = [words_of((await chen.get(path)).text) for path in ("/floor", "/wall")]
    for shown in (page, wall):
        for figure in ("29 %", "50 %", "Waiting on the line 2", "1:15", "Answered 3", "overdue 1"):
            assert figure in shown, figure
    assert "33 %" in page and "43 %" in page  # noqa: PT018 - the other two formulas
    assert "of these early: 1 2" in page
    assert "Gave up 2" in wall
    await the_caller_is_told_it(desk, calls, told["waiting"]["live_since"])


async def the_caller_is_told_it(desk: Desk, calls: list[Call], longest_since: str) -> None:
    """The place and the waiting that the line speaks of are those of the board."""
    rules, queue = desk.edition.site.waiting, services_over(desk.records, desk.news, desk.at).queue
    board = await desk.app.state.context.board.read()
    rows = [row for row in board.rows if row.entry.crew == "technical"]
    for call in calls:
        place = next(n for n, row in enumerate(rows, 1) if row.entry.call_id == call.id)
        standing = await queue.look(call, rules, Notes(call.id, desk.at))
        assert standing is not None
        assert standing.position == place
        assert rows[place - 1].turn.position == place
        since = next(each.since for each in board.waiters if each.entry.call_id == call.id)
        assert standing.waited_s == int((desk.at() - since).total_seconds())
    first = await queue.look(calls[0], rules, Notes(calls[0].id, desk.at))
    assert first is not None
    assert (desk.at() - timedelta(seconds=first.waited_s)).isoformat().replace("+00:00", "Z") == longest_since


async def test_last_week_is_told_up_to_the_same_time_of_the_day(
    chen: httpx.AsyncClient, desk: Desk, clock: Clock
) -> None:
    await contact(desk, 5, EventType.AGENT_ANSWERED, timedelta(days=7))
    clock.pass_s(-3_600)
    assert (await chen.get("/api/v1/floor")).json()["last_week"]["offered"] == 0
    clock.pass_s(3_600)
    await desk.app.state.context.floor.read(anew=True)
    assert (await chen.get("/api/v1/floor")).json()["last_week"]["offered"] == 1


async def test_an_empty_floor_says_so(chen: httpx.AsyncClient) -> None:
    page, wall = [words_of((await chen.get(path)).text) for path in ("/floor", "/wall")]
    for words in ("nobody waits", "Nobody is waiting", "No promise is due soon", "Anna de Vries"):
        assert words in page
    assert "Answered within 20 s –" in wall


async def test_a_promise_is_due_until_it_is_kept(chen: httpx.AsyncClient, desk: Desk) -> None:
    late, soon, far = [await desk.ticket(None, due_s=due_s) for due_s in (-60, 1_800, 9_000)]
    told = (await chen.get("/api/v1/floor")).json()["promises"]
    assert told == {"overdue": 1, "soon": 1}
    page = (await chen.get("/floor")).text
    assert (late.number in page, soon.number in page, far.number in page) == (True, True, False)
    for stage in (Stage.ACCEPTED, Stage.ARRIVED):
        await desk.records.tickets.move(late.id, stage, "agent:anna", desk.at())
    await desk.app.state.context.floor.read(anew=True)
    assert (await chen.get("/api/v1/floor")).json()["promises"] == {"overdue": 0, "soon": 1}


async def test_a_supervisor_puts_an_agent_into_a_state_who_reads_it(chen: httpx.AsyncClient, desk: Desk) -> None:
    await desk.available("anna")
    path = f"/floor/agents/{desk.agent_ids['anna']}/state"
    refused = await chen.post(path, data={"state": "not_ready", "reason": " "})
    assert refused.status_code == 422
    answer = await chen.post(path, data={"state": "not_ready", "reason": f"fire drill {HOSTILE}"})
    assert answer.status_code == 204
    anna = await desk.records.agents.load(desk.agent_ids["anna"])
    assert (anna.state, anna.reason) == (AgentState.NOT_READY, f"{forced_by('agent:chen')}:fire drill {HOSTILE}")
    floor = (await chen.get("/floor")).text
    desk_page = (await (await log_in(chen, "anna")).get("/")).text
    for page in (floor, desk_page):
        assert "put into this state by chen:" in page
        assert HOSTILE not in page
        assert "fire drill &lt;script&gt;" in page
    entry = (await desk.audit.entries(9))[-2]
    assert (entry.actor, entry.action, entry.subject) == ("agent:chen", "state_forced", "anna")


async def test_by_the_api_as_well(chen: httpx.AsyncClient, desk: Desk) -> None:
    await desk.available("anna")
    path = f"/api/v1/agents/{desk.agent_ids['anna']}/state"
    answer = await chen.post(path, json={"state": "not_ready", "reason": "fire drill"})
    assert (answer.status_code, answer.json()["state"]) == (200, "not_ready")
    assert (await chen.post(path, json={"state": "not_ready", "reason": "again"})).status_code == 409
    assert (await chen.post(path, json={"state": "on_call", "reason": "x"})).status_code == 422


async def test_help_is_loud_on_the_floor_until_it_is_taken(chen: httpx.AsyncClient, desk: Desk) -> None:
    await log_in(chen, "anna")
    asked = await chen.post("/desk/help")
    assert "You have asked for help" in asked.text
    assert (await chen.post("/desk/help")).status_code == 409
    (request,) = await desk.records.floor.help.open()
    await log_in(chen, "chen")
    floor = (await chen.get("/floor")).text
    assert f'data-help="{request.id}"' in floor
    assert "Anna de Vries asks for help" in words_of(floor)
    assert (await chen.post(f"/floor/help/{request.id}/take")).status_code == 204
    assert (await chen.post(f"/floor/help/{request.id}/take")).status_code == 409
    floor = (await chen.get("/floor")).text
    assert "data-help=" not in floor
    assert "Chen Wei is going" in words_of(floor)
    await log_in(chen, "anna")
    assert "Chen Wei is coming." in words_of((await chen.get("/")).text)
    assert "Ask for help" in words_of((await chen.post("/desk/help/end")).text)
    assert await desk.records.floor.help.open() == []


async def test_a_notice_is_on_every_page_until_it_is_put_away(
    chen: httpx.AsyncClient, desk: Desk, clock: Clock
) -> None:
    assert (await chen.post("/floor/notices", data={"text": " ", "minutes": 15})).status_code == 422
    assert (await chen.post("/floor/notices", data={"text": "x", "minutes": 0})).status_code == 422
    assert (await chen.post("/floor/notices", data={"text": f"Lifts out {HOSTILE}", "minutes": 15})).status_code == 204
    (notice,) = await desk.records.floor.notices.standing(clock.at)
    for path in ("/", "/tickets", "/floor"):
        page = (await chen.get(path)).text
        assert "Lifts out &lt;script&gt;" in page
        assert HOSTILE not in page
    await log_in(chen, "anna")
    assert "Lifts" not in (await chen.post(f"/desk/notices/{notice.id}/dismiss")).text
    assert "Lifts" not in (await chen.get("/")).text
    await log_in(chen, "bo")
    assert "Lifts" in (await chen.get("/")).text
    clock.pass_s(15 * 60)
    assert "Lifts" not in (await chen.get("/")).text


async def test_a_notice_is_withdrawn(chen: httpx.AsyncClient, desk: Desk) -> None:
    await chen.post("/floor/notices", data={"text": "Lifts out", "minutes": 15})
    (notice,) = await desk.records.floor.notices.standing(desk.at())
    assert (await chen.post(f"/floor/notices/{notice.id}/withdraw")).status_code == 204
    assert "Lifts" not in (await chen.get("/")).text
    assert (await chen.post(f"/floor/notices/{notice.id}/withdraw")).status_code == 409


async def test_a_wall_has_a_link_of_its_own_until_it_is_withdrawn(
    client: httpx.AsyncClient, nobody: httpx.AsyncClient, desk: Desk
) -> None:
    await log_in(client, "admin")
    made = (await client.post("/walls", data={"name": f"door {HOSTILE}"})).text
    assert HOSTILE not in made
    found = re.search(r'href="http://desk(/wall/at/[^"]+)"', made)
    assert found
    path = found.group(1)
    await a_busy_floor(desk)
    await desk.app.state.context.floor.read(anew=True)
    shown = await nobody.get(path)
    assert shown.status_code == 200
    assert "Waiting on the line 2" in words_of(shown.text)
    assert f'data-stream="{path}/stream"' in shown.text
    for private in ("Ward 4", "204", "205", "Anna", "Bo Lindqvist"):
        assert private not in words_of(shown.text)
    assert path not in (await client.get("/walls")).text  # only a hash of it is kept
    (link,) = await desk.records.floor.walls.standing()
    assert (await client.post(f"/walls/{link.id}/withdraw")).status_code == 303
    for gone in (path, f"{path}/stream", "/wall/at/never", "/wall", "/wall/stream"):
        assert (await nobody.get(gone, headers={"accept": "application/json"})).status_code in (401, 404)


async def test_the_walls_numbers_are_nobodys_data(chen: httpx.AsyncClient, desk: Desk) -> None:
    await a_busy_floor(desk)
    before = len(await desk.audit.entries(99))
    await chen.get("/wall")
    await chen.get("/api/v1/floor")
    assert len(await desk.audit.entries(99)) == before
    await chen.get("/floor")
    assert (await desk.audit.entries(1))[0].action == "read"


@pytest.mark.parametrize("path", ["/floor", "/wall", "/walls", "/api/v1/floor"])
async def test_an_agent_sees_no_floor(anna: httpx.AsyncClient, path: str) -> None:
    assert (await anna.get(path, headers={"accept": "application/json"})).status_code == 403
    page = (await anna.get("/")).text
    assert 'href="/floor"' not in page


async def test_a_day_that_is_none_is_refused(chen: httpx.AsyncClient) -> None:
    assert (await chen.get("/api/v1/floor/days/yesterday")).status_code == 422
    far = (await chen.get("/api/v1/floor/days/1999-01-01")).json()
    assert (far["offered"], far["service_level"]["all_offered"]) == (0, None)
    for day in ("0001-01-01", "9999-12-31"):
        assert (await chen.get(f"/api/v1/floor/days/{day}")).status_code == 404


async def test_today_is_read_again_after_a_rest_and_more_seldom_when_it_is_long(desk: Desk) -> None:
    at, reads, took_s = 0.0, 0, 0.5
    figures = desk.records.floor.figures
    read = figures.contact_events

    async def counted(start: datetime, end: datetime) -> Sequence[NewEvent]:
        nonlocal at, reads
        reads, at = reads + 1, at + took_s
        return await read(start, end)

    figures.contact_events = counted  # type: ignore[method-assign]
    reader = FloorReader(
        desk.records, BoardReader(desk.records, WaitingRules, desk.at), lambda: desk.edition.site, desk.at, lambda: at
    )
    await reader.read()
    assert reads == 2  # today, and the same weekday of last week, which is not read again
    for rest_s, expected in ((24.0, 2), (2.0, 3), (24.0, 3)):
        at += rest_s
        await reader.read()
        assert reads == expected
    took_s = 0.0
    at += 2.0
    await reader.read()
    at += 2.9
    await reader.read()
    assert reads == 4
    at += 0.3
    await reader.read()
    assert reads == 5
