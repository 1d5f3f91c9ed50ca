"""Accounts, documents, lists and forgetting, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from config.documents import Edition, Site, load_edition
from config.settings import PROJECT
from routing.archive import CallQuery, TicketQuery
from routing.event_types import EventType
from routing.model import AgentState, Intake, IntakeSource, NotFound, Stage
from routing.purposes import Purpose
from routing.searching import SiteWords
from store import editions
from store.records import SqlRecords, open_records
from store.retention import purge
from store.seed import seed
from tests.contract.samples import (
    NOW,
    a_call,
    a_callback,
    a_caller,
    a_draft,
    an_attempt,
    an_event,
    later,
    opened_call,
    opened_ticket,
)

PASSWORDS = {"anna": "correct horse", "admin": "battery staple"}


@pytest.fixture
async def records(database_url: str) -> AsyncIterator[SqlRecords]:
    async with open_records(database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def edition() -> Edition:
    return load_edition(PROJECT / "config")


async def test_a_seeded_site_has_agents_and_accounts(database_url: str, records: SqlRecords, edition: Edition) -> None:
    await seed(database_url, edition, PASSWORDS)
    anna = await records.accounts.by_login("anna")
    assert anna is not None
    assert PasswordHasher().verify(anna.password_hash, "correct horse")
    assert anna.agent_id is not None
    agent = await records.agents.load(anna.agent_id)
    assert (agent.login, agent.phone, agent.state) == ("anna", "agent1", AgentState.NOT_READY)
    admin = await records.accounts.by_login("admin")
    assert admin is not None
    assert (admin.role, admin.agent_id) == ("admin", None)


async def test_seeding_again_changes_nothing(database_url: str, records: SqlRecords, edition: Edition) -> None:
    await seed(database_url, edition, PASSWORDS)
    before = (await records.accounts.by_login("anna"), await records.agents.all())
    await seed(database_url, edition, PASSWORDS)
    assert (await records.accounts.by_login("anna"), await records.agents.all()) == before


async def test_a_start_never_changes_a_password(database_url: str, records: SqlRecords, edition: Edition) -> None:
    assert await seed(database_url, edition, PASSWORDS) == set(PASSWORDS)
    await records.accounts.set_password("anna", PasswordHasher().hash("a chosen password"), NOW)
    assert await seed(database_url, edition, PASSWORDS) == {"admin"}
    anna = await records.accounts.by_login("anna")
    assert anna is not None
    assert PasswordHasher().verify(anna.password_hash, "a chosen password")


async def test_another_password_ends_every_other_session(
    database_url: str, records: SqlRecords, edition: Edition
) -> None:
    await seed(database_url, edition, PASSWORDS)
    for token in ("a", "b", "kept"):
        await records.accounts.open_session(token, "anna", NOW, NOW + timedelta(hours=1))
    before = await records.accounts.by_login("anna")
    assert before is not None
    await records.accounts.set_password("anna", "another hash", NOW, keep="kept")
    found = [await records.accounts.of_session(token, NOW) is not None for token in ("a", "b", "kept")]
    assert found == [False, False, True]
    with pytest.raises(NotFound):  # it was checked before the change
        await records.accounts.open_session("c", "anna", NOW, NOW + timedelta(hours=1), before.password_hash)
    with pytest.raises(NotFound):
        await records.accounts.set_password("nobody", "hash", NOW)


async def test_a_language_once_chosen_outlives_a_start(
    database_url: str, records: SqlRecords, edition: Edition
) -> None:
    async def language() -> str | None:
        account = await records.accounts.by_login("anna")
        return account.language if account else None

    await seed(database_url, edition, PASSWORDS)
    of_the_documents = await language()
    await records.accounts.choose_language("anna", "fi")
    await seed(database_url, edition, PASSWORDS)
    assert await language() == "fi"
    await records.accounts.choose_language("anna", None)
    assert await language() == of_the_documents
    with pytest.raises(NotFound):
        await records.accounts.choose_language("nobody", "fi")


async def test_who_has_no_password_cannot_log_in(database_url: str, records: SqlRecords, edition: Edition) -> None:
    await seed(database_url, edition, PASSWORDS)
    assert await records.accounts.by_login("bo") is None
    assert await records.accounts.by_login("' OR 1=1 --") is None


async def test_who_leaves_the_documents_is_retired(database_url: str, records: SqlRecords, edition: Edition) -> None:
    await seed(database_url, edition, PASSWORDS)
    fewer: Site = edition.site.model_copy(update={"agents": edition.site.agents[1:]})
    await seed(database_url, edition.model_copy(update={"site": fewer}), PASSWORDS)
    assert await records.accounts.by_login("anna") is None
    retired = next(agent for agent in await records.agents.all() if agent.login == "anna")
    assert (retired.crews, retired.phone) == (frozenset(), None)


async def test_a_session_lasts_until_it_expires_or_is_revoked(
    database_url: str, records: SqlRecords, edition: Edition
) -> None:
    await seed(database_url, edition, PASSWORDS)
    await records.accounts.open_session("hash-1", "anna", NOW, later(60))
    await records.accounts.open_session("hash-2", "anna", NOW, later(60))
    assert (await records.accounts.of_session("hash-1", later(59))) == await records.accounts.by_login("anna")
    assert await records.accounts.of_session("hash-1", later(61)) is None
    await records.accounts.revoke_session("hash-2", later(1))
    assert await records.accounts.of_session("hash-2", later(2)) is None
    assert await records.accounts.of_session("hash-3", NOW) is None
    with pytest.raises(NotFound):
        await records.accounts.open_session("hash-4", "nobody", NOW, later(60))


async def test_one_page_is_the_live_one(database_url: str, records: SqlRecords, edition: Edition) -> None:
    await seed(database_url, edition, PASSWORDS)
    agent = (await records.agents.all())[0]
    assert await records.pages.live(agent.id) is None
    await records.pages.take(agent.id, "page-1", NOW)
    await records.pages.take(agent.id, "page-2", NOW)
    assert await records.pages.live(agent.id) == "page-2"


async def test_a_call_finds_the_edition_it_began_with(records: SqlRecords, edition: Edition, tmp_path: Path) -> None:
    pins = await editions.keep(records, edition)
    renamed = edition.site.model_copy(update={"name": {"en": "Another hospital"}})
    await editions.keep(records, edition.model_copy(update={"site": renamed}))
    assert await editions.load(records, pins) == edition
    with pytest.raises(NotFound):
        await editions.load(records, {**pins, "site": "0" * 64})


async def test_calls_are_listed_newest_first_page_by_page(records: SqlRecords) -> None:
    ids = [(await opened_call(records)).id for _ in range(5)]
    page = await records.archive.calls(CallQuery(), 2)
    assert [call.id for call in page] == ids[:-3:-1]
    rest = await records.archive.calls(CallQuery(), 9, before=page[-1].id)
    assert [call.id for call in rest] == ids[2::-1]


async def test_calls_are_found_by_caller_ending_and_trace(records: SqlRecords) -> None:
    call = a_call(caller=a_caller(name="100% Ann_a"))
    await records.calls.open(call, [an_event(call.id, EventType.CALL_STARTED, payload={"trace": "t-1"})])
    await records.calls.open(a_call(caller=a_caller(name="1000 Anna")))
    await records.calls.end(call.id, "hangup", later(1))

    async def found(**query: str) -> list[str]:
        return [found.id for found in await records.archive.calls(CallQuery(**query), 9)]  # type: ignore[arg-type]

    assert await found(text="100% ann_A") == [call.id]
    assert await found(ending="hangup") == [call.id]
    assert await found(trace="t-1") == [call.id]
    assert await found(state="ended") == [call.id]
    assert len(await found(text="5550204")) == 2


async def test_tickets_are_found_by_what_people_remember(records: SqlRecords) -> None:
    drain = await opened_ticket(records)
    printer = await opened_ticket(
        records, topic="printer", crew="it", place="ward-5", words="the printer", urgency="low",
        caller=a_caller(name="Zoe"),
    )  # fmt: skip
    await records.tickets.set_urgency(printer.id, "critical", "anna", later(1))

    async def found(**query: str | bool) -> list[str]:
        return [ticket.id for ticket in await records.archive.tickets(TicketQuery(**query), 9)]  # type: ignore[arg-type]

    assert await found() == [printer.id, drain.id]
    assert await found(text="PRINTER") == [printer.id]
    assert await found(text=drain.number) == [drain.id]
    assert await found(text="zoe") == [printer.id]
    assert await found(urgency="critical") == [printer.id]
    assert await found(crew="technical", topic="plumbing", place="ward-4") == [drain.id]
    await records.tickets.move(drain.id, Stage.CLOSED, "anna", later(2), "told")
    assert await found(open_only=True) == [printer.id]
    assert await found(stage="closed") == [drain.id]


async def test_a_search_takes_words_in_any_order_letters_as_they_come_and_numbers_in_any_form(
    records: SqlRecords,
) -> None:
    caller = a_caller(name="ÅSA Ødegård", number="+31205550204", contact=None)
    drain = await opened_ticket(records, words="The DRAIN is blocked", caller=caller, place_text="Källare öst")
    other = await opened_ticket(
        records, topic="printer", place="ward-5", words="jammed", caller=a_caller(raw="9", number="9"),
        callback_number=None,
    )  # fmt: skip
    site = SiteWords("NL", {"plumbing": "verstopping", "printer": "printer"}, {"ward-5": "osasto 5"})

    async def found(text: str) -> list[str]:
        return [ticket.id for ticket in await records.archive.tickets(TicketQuery(text, site), 9)]

    for text in ("blocked drain", "asa", "åsa", "ODEGARD", "kallare", "020 555 0204", "0031205550204", "verstopping"):
        assert await found(text) == [drain.id], text
    assert await found("jammed osasto") == [other.id]
    assert await found("drain jammed") == []
    await records.tickets.correct(drain.id, a_draft(words="a tap drips"), "caller", later(1))
    assert (await found("drips asa"), await found("blocked drain")) == ([drain.id], [])


async def test_a_caller_is_found_as_people_write_the_name_and_the_number(records: SqlRecords) -> None:
    call = await opened_call(records, caller=a_caller(name="Åsa Lind", contact="Ward 4 desk"))
    await opened_call(records, caller=a_caller(raw="9", number="9", name="Bo", contact=None))
    site = SiteWords("NL")
    for text in ("asa", "lind åsa", "desk ward", "020-5550204"):
        assert [found.id for found in await records.archive.calls(CallQuery(text, site), 9)] == [call.id], text


async def test_a_tickets_history_says_who_took_it_in(records: SqlRecords) -> None:
    ticket = await opened_ticket(records, intake=Intake(IntakeSource.DESK, None, "agent:anna"))
    (opened,) = await records.archive.ticket_history(ticket.id)
    assert (opened.what, opened.actor) == ("opened", "agent:anna")


async def test_a_ticket_tells_its_history(records: SqlRecords) -> None:
    first, second = await opened_call(records), await opened_call(records)
    ticket = await records.tickets.open(a_draft(), first.id, NOW)
    await records.tickets.join(ticket.id, second.id, later(1))
    await records.tickets.set_urgency(ticket.id, "critical", "anna", later(2), why="the ward is under water")
    await records.tickets.move(ticket.id, Stage.CLOSED, "anna", later(3), "told")
    await records.tickets.add_message(ticket.id, "1.wav", later(4))
    history = await records.archive.ticket_history(ticket.id)
    assert [(change.what, change.actor) for change in history] == [
        ("opened", "line"), ("joined", "caller"), ("urgency", "anna"), ("stage", "anna"), ("message", "caller"),
    ]  # fmt: skip
    assert history[2].note == "the ward is under water"
    assert [call.id for call in await records.archive.calls_of_ticket(ticket.id)] == [first.id, second.id]


async def test_events_and_callbacks_are_listed(records: SqlRecords) -> None:
    call = await opened_call(records)
    await records.calls.append([an_event(call.id, EventType.KEY), an_event(call.id, EventType.HEARD)])
    assert [event.type for event in await records.archive.events(None, 9)] == ["heard", "key"]
    assert [event.type for event in await records.archive.events("key", 9)] == ["key"]
    ticket = await opened_ticket(records)
    callback = await records.outbound_calls.store(a_callback(ticket))
    await records.outbound_calls.store(a_callback(ticket, purpose=Purpose.SURVEY))
    assert await records.archive.callbacks("pending", 9) == [callback]
    assert await records.archive.callbacks("done", 9) == []


async def test_attempts_are_found_by_the_calls_that_they_are_of(records: SqlRecords) -> None:
    callbacks = [await records.outbound_calls.store(a_callback(await opened_ticket(records))) for _ in range(3)]
    first, second, _ = callbacks
    made = [an_attempt(callback) for callback in (first, second)]
    for attempt in made:
        assert await records.outbound_calls.claim_attempt(attempt)
    assert await records.archive.attempts({each.id for each in callbacks}) == {
        attempt.outbound_call_id: [attempt] for attempt in made
    }
    assert await records.archive.attempts({second.id}) == {second.id: [made[1]]}
    assert await records.archive.attempts(()) == {}


async def test_tallies_count_kept_and_broken_promises(records: SqlRecords) -> None:
    kept, broken = await opened_ticket(records), await opened_ticket(records)
    await opened_ticket(records)
    for ticket, at in ((kept, later(60)), (broken, later(7200))):
        await records.tickets.move(ticket.id, Stage.ACCEPTED, "anna", later(5))
        await records.tickets.move(ticket.id, Stage.ARRIVED, "anna", at)
    tallies = await records.archive.tallies()
    assert tallies["promises"] == {"kept": 1, "broken": 1, "open": 1}
    assert tallies["tickets"] == {"arrived": 2, "recorded": 1}


async def test_what_is_private_is_forgotten_when_its_time_has_come(records: SqlRecords) -> None:
    call = a_call(dialogue={"words": "the drain"})
    await records.calls.open(call, [an_event(call.id, private={"text": "the drain"}, payload={"confidence": 0.9})])
    closed = await records.tickets.open(a_draft(), call.id, NOW)
    still_open = await records.tickets.open(a_draft(), call.id, NOW)
    await records.calls.end(call.id, "hangup", later(60))
    await records.tickets.move(closed.id, Stage.CLOSED, "anna", later(60), "told")
    assert not any((await purge(records, later(60))).values())
    kept = (await records.tickets.load(closed.id)).answer, (await records.archive.ticket_history(closed.id))[-1].note
    assert kept == ("told", "told")
    await purge(records, NOW + timedelta(days=91))
    bare = await records.calls.load(call.id)
    assert (bare.caller.number, bare.caller.name, bare.caller.raw, bare.dialogue) == (None, "", "", {})
    event = (await records.calls.timeline(call.id))[0]
    assert (event.payload, event.private) == ({"confidence": 0.9}, {})
    forgotten = await records.tickets.load(closed.id)
    assert (forgotten.draft.words, forgotten.answer, forgotten.stage) == ("", None, Stage.CLOSED)
    history = await records.archive.ticket_history(closed.id)
    assert [(change.what, change.to, change.note) for change in history][1:] == [("stage", "closed", "")]
    assert (await records.tickets.load(still_open.id)).draft == replace(a_draft())


async def test_what_was_written_early_is_kept_until_the_matter_is_over(records: SqlRecords) -> None:
    ticket = await opened_ticket(records)
    await records.tickets.correct(ticket.id, a_draft(place="ward-5"), "caller", later(1))
    await records.tickets.move(ticket.id, Stage.ACCEPTED, "anna", later(2), "somebody comes")
    await purge(records, NOW + timedelta(days=400))
    await records.tickets.move(ticket.id, Stage.CLOSED, "anna", NOW + timedelta(days=400))
    await purge(records, NOW + timedelta(days=489))
    assert (await records.tickets.load(ticket.id)).answer == "somebody comes"
    notes = [change.note for change in await records.archive.ticket_history(ticket.id)]
    assert notes == ["", "ward-5", "somebody comes", ""]
    await purge(records, NOW + timedelta(days=491))
    assert not any(change.note for change in await records.archive.ticket_history(ticket.id))


async def test_what_is_still_to_be_done_is_not_forgotten(records: SqlRecords) -> None:
    callback = await records.outbound_calls.store(a_callback(await opened_ticket(records)))
    live = await opened_call(records, dialogue={"step": "ask"})
    await purge(records, NOW + timedelta(days=400))
    assert (await records.outbound_calls.load(callback.id)).number == callback.number
    assert (await records.calls.load(live.id)).dialogue == {"step": "ask"}
