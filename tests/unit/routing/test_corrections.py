"""What a person corrects: the topic's crew, urgency and promise follow; what was kept of it; who is moved."""

from dataclasses import replace
from datetime import timedelta

import pytest

from config.documents import Edition, Topic, TopicLimits
from ivr.notebook import Notebook
from routing.corrections import MatterFacts, NotOffered, amended, suggested_urgency
from routing.intakes import NewMatter, draft_by_hand
from routing.model import CallerId, Intake, IntakeSource, Missing, NotCallable, Promise, Stage, Ticket, TicketDraft
from routing.places import place_named
from routing.promise import make_promise
from routing.topics import PERSON
from tests.unit.routing.world import START, World
from tests.unit.web.stand_ins import small_edition

AT = START + timedelta(minutes=30)


def edition() -> Edition:
    """With a topic of another crew, more urgent and sooner than the others."""
    small = small_edition()
    gas = Topic(
        id="gas", name={"en": "gas"}, crew="gas-team", urgency="high", phrases={},
        limits=TopicLimits(accepted=5, completed=30),
    )  # fmt: skip
    return small.model_copy(update={"topics": {**small.topics, "gas": gas}})


def a_ticket(topic: str = "plumbing", urgency: str = "normal", stage: Stage = Stage.RECORDED) -> Ticket:
    known = edition().topics.get(topic, PERSON)
    draft = TicketDraft(
        topic, "technical", urgency, make_promise(known, START, edition().site), Intake.of_call(CallerId()), "ward-4",
        confidence=0.8, why=("drain",), callback_number="204",
    )  # fmt: skip
    return Ticket("t1", "10003", "demo", START, stage, draft)


def facts(ticket: Ticket, **wanted: str | None) -> MatterFacts:
    return replace(MatterFacts.of(ticket), **wanted)  # type: ignore[arg-type]


def test_crew_urgency_and_promise_follow_the_topic() -> None:
    ticket = a_ticket()
    urgency = suggested_urgency(ticket, "gas", edition())
    after = amended(ticket, facts(ticket, topic="gas", urgency=urgency), edition(), AT)
    assert (after.draft.crew, after.urgency, after.urgency_set) == ("gas-team", "high", None)
    assert after.draft.promise == make_promise(edition().topics["gas"], START, edition().site)
    assert (after.draft.confidence, after.draft.why) == (None, ())


def test_what_somebody_says_of_the_urgency_counts() -> None:
    ticket = a_ticket()
    after = amended(ticket, facts(ticket, topic="gas", urgency="critical"), edition(), AT)
    assert (after.urgency_set, after.draft.urgency) == ("critical", "high")
    set_before = replace(ticket, urgency_set="low")
    assert suggested_urgency(set_before, "gas", edition()) == "low"
    kept = amended(set_before, facts(set_before, topic="gas"), edition(), AT)
    assert (kept.urgency_set, kept.draft.crew) == ("low", "gas-team")


def test_an_emergency_stays_one_whatever_its_topic() -> None:
    ticket = a_ticket(urgency="critical")  # named after a topic that is not as urgent
    assert suggested_urgency(ticket, "lift", edition()) == "critical"
    after = amended(ticket, facts(ticket, topic="lift"), edition(), AT)
    assert (after.draft.topic, after.urgency) == ("lift", "critical")
    assert after.draft.promise == ticket.draft.promise


def test_a_finished_matter_keeps_its_promise() -> None:
    ticket = a_ticket(stage=Stage.COMPLETED)
    after = amended(ticket, facts(ticket, topic="gas", urgency="high"), edition(), AT)
    assert after.draft.promise == ticket.draft.promise


def test_a_place_alone_moves_nothing_else() -> None:
    ticket = a_ticket()
    after = amended(ticket, facts(ticket, place=None, place_text="the cellar"), edition(), AT)
    assert after == replace(ticket, draft=replace(ticket.draft, place=None, place_text="the cellar"))


@pytest.mark.parametrize("wanted", [{"topic": "nothing"}, {"place": "nowhere"}])
def test_what_the_site_does_not_have_is_refused(wanted: dict[str, str]) -> None:
    with pytest.raises(NotOffered):
        amended(a_ticket(), facts(a_ticket(), **wanted), edition(), AT)


def test_what_the_site_has_no_more_may_stay() -> None:
    ticket = a_ticket("gone")
    assert amended(ticket, facts(ticket, place="ward-5"), edition(), AT).draft.topic == "gone"


def test_a_version_is_another_one_with_each_of_the_facts() -> None:
    ticket = a_ticket()
    assert facts(replace(ticket, stage=Stage.ACCEPTED)).version == facts(ticket).version
    changes: list[dict[str, str | None]] = [
        {"topic": "lift"}, {"place": None}, {"place_text": "x"}, {"callback_number": None}, {"urgency": "low"},
    ]  # fmt: skip
    assert len({facts(ticket, **change).version for change in changes} | {facts(ticket).version}) == 6


def test_a_place_is_found_by_its_names_where_it_is_one() -> None:
    places = edition().places
    assert [place_named(text, places) for text in ("WARD 4", "ward-4", "04")] == [places[0]] * 3
    assert place_named("ward", places) is place_named("", places) is None
    twin = places[0].model_copy(update={"id": "twin", "code": "99"})
    assert place_named("ward 4", (*places, twin)) is None


def test_a_matter_by_hand_is_a_draft_like_a_calls() -> None:
    matter = NewMatter(IntakeSource.WALK_IN, "gas", " smells ", None, " the cellar ", "Kim", "204")
    draft = draft_by_hand(matter, "agent:anna", edition(), START)
    assert (draft.crew, draft.urgency, draft.words, draft.place_text) == ("gas-team", "high", "smells", "the cellar")
    assert draft.promise == make_promise(edition().topics["gas"], START, edition().site)
    assert (draft.reporter.known_as, draft.reporter.number, draft.callback_number) == ("Kim", "204", "204")
    assert draft.intake.taken_by == "agent:anna"


def test_a_matter_by_hand_needs_no_name_and_refuses_numbers_that_nobody_is_called_on() -> None:
    bare = NewMatter(IntakeSource.MAIL, "lift")
    assert draft_by_hand(bare, "agent:anna", edition(), START).intake.reporter is None
    ward = draft_by_hand(replace(bare, number="204"), "agent:anna", edition(), START)
    assert ward.reporter.known_as == "Ward 4 desk"
    for refused, error in ((replace(bare, number="112"), NotCallable), (replace(bare, place="no"), NotOffered)):
        with pytest.raises(error):
            draft_by_hand(refused, "agent:anna", edition(), START)


async def test_whoever_waits_is_moved_at_once_and_not_moved_back() -> None:
    world = World()
    ticket = await world.ticket()
    entry = await world.waiting(ticket_id=ticket.id)
    wanted = MatterFacts("gas", "ward-5", None, None, "high")
    before = await world.news.position()
    await world.services.tickets.set_right(ticket, wanted, "agent:anna", edition())
    kept = await world.records.queue.of_call(entry.call_id or "")
    assert kept is not None
    assert (kept.crew, kept.urgency, kept.since) == ("gas-team", "high", entry.since)
    assert await world.news.position() != before
    notes = Notebook(entry.call_id or "", "1.1", lambda: world.now)
    again = await world.services.queue.enter("technical", notes, ticket.id)
    assert (again.id, again.crew) == (entry.id, "gas-team")
    assert (await world.services.queue.enter("dispatch", notes, ticket.id)).crew == "dispatch"


async def test_a_number_is_not_taken_from_who_waits_to_be_called_back() -> None:
    world = World()
    owed = await world.callback()
    ticket = await world.records.tickets.load(owed.ticket_id)
    assert ticket.draft.callback_number == "204"
    with pytest.raises(Missing):
        await world.services.tickets.set_right(ticket, facts(ticket, callback_number=" "), "agent:anna", edition())
    with pytest.raises(NotCallable):
        await world.services.tickets.set_right(ticket, facts(ticket, callback_number="112"), "agent:anna", edition())
    await world.services.tickets.set_right(ticket, facts(ticket, callback_number="205"), "agent:anna", edition())
    assert (await world.records.outbound_calls.load(owed.id)).number == "205"


async def test_an_empty_note_is_none() -> None:
    world = World()
    with pytest.raises(Missing):
        await world.services.tickets.add_note(await world.ticket(), " \n", "agent:anna")


def test_a_promise_given_by_somebody_is_moved_with_the_urgency_alone() -> None:
    ticket = a_ticket()
    ticket = replace(ticket, draft=replace(ticket.draft, promise=Promise("promise_answer", AT)))
    after = amended(ticket, facts(ticket, urgency="high"), edition(), AT)
    assert after.draft.promise == Promise("promise_answer", AT)
