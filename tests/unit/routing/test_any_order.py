"""Whatever happens in whatever order, and whoever dies in between: nobody is doubled, nobody is lost."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ivr.notebook import Notebook
from routing.identity import new_id
from routing.lifecycle import AttemptEvent, OfferEvent
from routing.model import (
    LIVE_OFFERS,
    OPEN_OUTBOUND_CALLS,
    Agent,
    AgentState,
    Attempt,
    AttemptState,
    Call,
    CallerId,
    NotNow,
    Offer,
    OfferState,
    OutboundCall,
    Stage,
)
from routing.purposes import Purpose
from routing.retrying import AttemptResult
from routing.services.callbacks import BY_CALLER, TooManyCalls
from routing.talks import TalkState, is_empty
from tests.unit.ivr.site import edition
from tests.unit.routing.world import CALLBACK_RULES, NODE, World

T = TypeVar("T")
AGENTS = 3
SITE = edition().site.model_copy(update={"callback": CALLBACK_RULES})
NUMBERS = st.sampled_from(["204", "205"])
picks = st.integers(0, 50)


class ScriptedPhones:
    async def ring_alone(self, channel: str, phone: str) -> None:
        """It rings."""


class AnyOrder(RuleBasedStateMachine):
    """Every step of a talk, a callback or an emergency may come early, late, twice or never."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.services = self.world.services
        self.emergencies = self.services.emergencies
        self.loop = asyncio.new_event_loop()
        self.agents: list[Agent] = []

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    def offer(self, pick: int) -> str:
        offers = list(self.world.records.state.offers)
        return offers[pick % len(offers)]

    def callbacks(self) -> list[OutboundCall]:
        calls = self.world.records.state.outbound_calls.values()
        return [call for call in calls if call.purpose is Purpose.CALLBACK]

    def has_offers(self) -> bool:
        return bool(self.world.records.state.offers)

    @initialize()
    def begin(self) -> None:
        self.agents = [self.run(self.world.agent(f"agent{number}")) for number in range(AGENTS)]

    @rule(number=NUMBERS)
    def somebody_calls(self, number: str) -> None:
        self._waits(self.run(self.world.call(caller=CallerId(number, number))))

    def _waits(self, call: Call, ticket_id: str | None = None) -> None:
        self.run(self.services.queue.enter("technical", self.timeline(call.id), ticket_id))

    def timeline(self, call_id: str) -> Notebook:
        return Notebook(call_id, "", lambda: self.world.now)

    @rule(pick=picks, number=NUMBERS, told=st.booleans())
    def a_waiting_caller_chooses_a_callback(self, pick: int, number: str, told: bool) -> None:
        here = [entry for entry in self.world.records.state.in_queue() if entry.call_id and not entry.callback_id]
        if not here:
            return
        entry = here[pick % len(here)]
        chosen = {"number": number, "since": entry.since, "call_id": entry.call_id}
        self.run(self.world.callback(**chosen))
        self._ends(entry.call_id or "", told)

    def _ends(self, call_id: str, told: bool) -> None:
        """Whoever ends a call tells all whom it concerns, unless they die then."""
        if told:
            self.run(self.services.calls.end(call_id, "hung up", self.timeline(call_id)))
        else:
            self.run(self.world.records.calls.end(call_id, "hung up", self.world.now))

    @rule()
    def a_controller_ticks(self) -> None:
        self.run(self.world.tick())

    @rule(seconds=st.sampled_from([0.5, 3, 20, 40, 130, 400]))
    def time_passes(self, seconds: float) -> None:
        self.world.passes(seconds)

    @precondition(has_offers)
    @rule(pick=picks)
    def a_desk_shows(self, pick: int) -> None:
        self.run(self.world.show(self.offer(pick)))

    @rule()
    def desks_show_and_callbacks_are_dialled(self) -> None:
        self.run(self.world.tick())
        for offer in self._offers_of_the_living():
            self.run(self.world.show(offer.id))
        self.run(self.world.desk.tick(self.world.now))

    @precondition(has_offers)
    @rule(pick=picks)
    def a_phone_rings(self, pick: int) -> None:
        self.run(self.world.offers.ringing(self.offer(pick)))

    @precondition(has_offers)
    @rule(pick=picks)
    def a_phone_is_taken(self, pick: int) -> None:
        offer = self.world.records.state.offers[self.offer(pick)]
        call = self.world.records.state.calls.get(offer.call_id or "")
        if call and call.ended_at is None and offer.ringing_at:
            self.run(self.world.offers.answered(offer.id))

    @precondition(has_offers)
    @rule(pick=picks)
    def a_phone_is_not_taken(self, pick: int) -> None:
        self.run(self.world.offers.not_answered(self.offer(pick)))

    @precondition(has_offers)
    @rule(pick=picks)
    def a_talk_ends(self, pick: int) -> None:
        offer = self.world.records.state.offers[self.offer(pick)]
        if offer.state is OfferState.ANSWERED:
            self.run(self.world.offers.talk_ended(offer.id))

    @rule(pick=picks, told=st.booleans())
    def somebody_hangs_up(self, pick: int, told: bool) -> None:
        live = self.run(self.world.records.calls.live())
        if live:
            self._ends(live[pick % len(live)].id, told)

    @rule(pick=picks)
    def an_agent_comes_back(self, pick: int) -> None:
        agent = self.run(self.world.records.agents.load(self.agents[pick % AGENTS].id))
        with suppress(NotNow):
            self.run(self.services.agents.go_available(agent))

    @rule(pick=picks, available=st.booleans())
    def an_agent_wraps_up(self, pick: int, available: bool) -> None:
        agent = self.run(self.world.records.agents.load(self.agents[pick % AGENTS].id))
        offer = self.run(self.world.records.offers.last_of_agent(agent.id))
        with suppress(NotNow):
            if offer:
                self.run(self.services.agents.wrap_up(agent, offer.id, "answered", "", available))

    @precondition(lambda self: bool(self.world.dialler.dialled))
    @rule(pick=picks, confirms=st.booleans())
    def the_called_person_answers(self, pick: int, confirms: bool) -> None:
        attempt = self.world.dialler.dialled[pick % len(self.world.dialler.dialled)]
        if self.run(self.world.phone_taken(attempt)):
            call = self.run(self.world.call(outbound_call_id=attempt.outbound_call_id, attempt_id=attempt.id))
            if confirms:
                self.run(self.world.records.outbound_calls.connect(attempt.id, call.id, self.world.now))

    @precondition(lambda self: bool(self.world.dialler.dialled))
    @rule(pick=picks)
    def a_person_is_there_though_their_attempt_was_given_up(self, pick: int) -> None:
        attempt = self.world.dialler.dialled[pick % len(self.world.dialler.dialled)]
        if self.world.records.state.attempts[attempt.id].state in (AttemptState.FAILED, AttemptState.LOST):
            call = self.run(self.world.call(outbound_call_id=attempt.outbound_call_id, attempt_id=attempt.id))
            self.run(self.world.records.outbound_calls.connect(attempt.id, call.id, self.world.now))

    @precondition(lambda self: bool(self.callbacks()))
    @rule(pick=picks)
    def somebody_who_is_owed_a_callback_calls_again(self, pick: int) -> None:
        callbacks = self.callbacks()
        callback = callbacks[pick % len(callbacks)]
        call = self.run(self.world.call(caller=CallerId(callback.number, callback.number)))
        if not self.run(self.services.queue.take_over(call, callback.ticket_id, (), self.timeline(call.id))):
            self._waits(call, ticket_id=callback.ticket_id)

    @precondition(lambda self: bool(self.callbacks()))
    @rule(pick=picks, how=st.sampled_from(["later", "now", "cancel", "give up"]))
    def what_is_owed_is_changed(self, pick: int, how: str) -> None:
        callbacks = self.callbacks()
        of, service = callbacks[pick % len(callbacks)].id, self.services.callbacks
        with suppress(NotNow):
            match how:
                case "later" | "now":
                    at = self.world.now + timedelta(seconds=900)
                    self.run(service.move(of, at if how == "later" else None, BY_CALLER))
                case "cancel":
                    self.run(service.cancel(of, "", BY_CALLER))
                case _:
                    self.run(service.give_up(of, "voicemail", "agent:anna"))

    @precondition(lambda self: bool(self.callbacks()))
    @rule(pick=picks)
    def somebody_else_calls_about_a_matter_that_is_owed_a_callback(self, pick: int) -> None:
        callbacks = self.callbacks()
        callback = callbacks[pick % len(callbacks)]
        self._waits(self.run(self.world.call()), ticket_id=callback.ticket_id)

    @rule(pick=picks)
    def a_call_becomes_an_emergency(self, pick: int) -> None:
        live = self.run(self.world.records.calls.live())
        if live:
            call = live[pick % len(live)]
            self.run(self.emergencies.raised(call.id, call.id, self.world.now, call.outbound_call_id))

    @rule(pick=picks, agent=st.integers(0, AGENTS - 1))
    def an_agent_takes_an_emergency(self, pick: int, agent: int) -> None:
        live = self.run(self.world.records.emergencies.live())
        if live:
            asking = self.run(self.world.records.agents.load(self.agents[agent].id))
            self.run(self.emergencies.ask(live[pick % len(live)].id, asking))

    @rule(pick=picks, agent=st.integers(0, AGENTS - 1))
    def an_emergency_is_answered(self, pick: int, agent: int) -> None:
        live = self.run(self.world.records.emergencies.live())
        if live:
            self.run(self.emergencies.answered(live[pick % len(live)].channel, self.agents[agent].phone or ""))

    @rule()
    def emergencies_tick(self) -> None:
        self.run(self.emergencies.tick(ScriptedPhones()))

    @precondition(lambda self: bool(self.world.records.state.tickets))
    @rule(pick=picks)
    def a_matter_is_closed(self, pick: int) -> None:
        ticket = list(self.world.records.state.tickets.values())[pick % len(self.world.records.state.tickets)]
        if ticket.stage is not Stage.CLOSED:
            self.run(self.services.tickets.move(ticket, Stage.CLOSED, "told", "agent:anna"))

    @rule(pick=picks)
    def somebody_considers_a_callback(self, pick: int) -> None:
        here = [entry for entry in self.world.records.state.in_queue() if entry.call_id and not entry.callback_id]
        if here:
            self.run(self.services.queue.stand_aside(here[pick % len(here)].call_id or ""))

    @precondition(lambda self: bool(self.world.dialler.dialled))
    @rule(pick=picks)
    def an_attempt_fails(self, pick: int) -> None:
        attempt = self.world.dialler.dialled[pick % len(self.world.dialler.dialled)]
        self.run(self.world.desk.failed(attempt.id, AttemptResult.BUSY, self.world.now))

    @rule(number=NUMBERS, in_s=st.integers(0, 60))
    def a_survey_is_planned(self, number: str, in_s: int) -> None:
        ticket, due = self.run(self.world.ticket()), self.world.now + timedelta(seconds=in_s)
        with suppress(TooManyCalls):
            self.run(self.services.callbacks.plan(Purpose.SURVEY, "survey", number, due, ticket.id, SITE))

    @precondition(lambda self: bool(self.world.dialler.dialled))
    @rule(pick=picks)
    def a_controller_dies_having_noted_only_the_attempts_failure(self, pick: int) -> None:
        attempt = self.world.dialler.dialled[pick % len(self.world.dialler.dialled)]
        self.run(self.world.records.outbound_calls.advance_attempt(attempt.id, AttemptEvent.FAILED, self.world.now))

    @precondition(has_offers)
    @rule(pick=picks)
    def a_controller_dies_having_claimed_an_attempt(self, pick: int) -> None:
        offer = self.world.records.state.offers[self.offer(pick)]
        if offer.callback_id and offer.state is OfferState.SEEN:
            callback = self.run(self.world.records.outbound_calls.load(offer.callback_id))
            number = callback.attempts + 1
            claimed = Attempt(new_id(), callback.id, number, AttemptState.CLAIMED, self.world.now, offer.id, node=NODE)
            self.run(self.world.records.outbound_calls.claim_attempt(claimed))

    @precondition(has_offers)
    @rule(pick=picks)
    def a_controller_dies_having_ended_only_the_offer(self, pick: int) -> None:
        offer = self.world.records.state.offers[self.offer(pick)]
        if offer.state in (OfferState.MADE, OfferState.SEEN, OfferState.RINGING):
            self.run(self.world.records.offers.advance(offer.id, OfferEvent.LAPSED, self.world.now))

    @rule()
    def a_controller_recovers_and_finds_no_channel(self) -> None:
        self.run(self.world.desk.recover(self.world.now, set()))

    @invariant()
    def nobody_is_offered_twice(self) -> None:
        live = [offer for offer in self.world.records.state.offers.values() if offer.state in LIVE_OFFERS]
        for key in ("agent_id", "entry_id", "call_id"):
            held = Counter(getattr(offer, key) for offer in live if getattr(offer, key))
            assert not held or max(held.values()) == 1

    @invariant()
    def no_agent_is_free_and_held_at_once(self) -> None:
        held = {o.agent_id for o in self.world.records.state.offers.values() if o.state in LIVE_OFFERS}
        for agent in self.world.records.state.agents.values():
            assert agent.state is not AgentState.AVAILABLE or agent.id not in held

    @invariant()
    def no_number_is_dialled_twice_for_one_attempt(self) -> None:
        dialled = Counter((attempt.outbound_call_id, attempt.number) for attempt in self.world.dialler.dialled)
        assert not dialled or max(dialled.values()) == 1
        attempts = self.world.records.state.attempts.values()
        under_way = Counter(
            a.outbound_call_id for a in attempts if a.state in (AttemptState.SENT, AttemptState.ANSWERED)
        )
        assert not under_way or max(under_way.values()) == 1

    @invariant()
    def no_more_are_under_way_without_an_agent_than_may_be(self) -> None:
        slots = [
            each.slot for each in self.run(self.world.records.outbound_calls.open_attempts()) if each.offer_id is None
        ]
        assert len(set(slots)) == len(slots) <= self.world.rules.at_once

    @invariant()
    def nobody_is_in_two_talks(self) -> None:
        on = [talk for talk in self.world.records.state.talks.values() if talk.state is TalkState.ON]
        assert len({talk.call_id for talk in on}) == len(on)
        assert not any(is_empty([each.role for each in self.world.records.state.in_talk(talk.id)]) for talk in on)

    def teardown(self) -> None:
        """Given time and agents, everything heals: callers are offered, callbacks end."""
        for _ in range(40):
            self.world.passes(400)
            for pick in range(AGENTS):
                self.an_agent_comes_back(pick)
            self.run(self.world.desk.recover(self.world.now, set()))
            self._emergencies_without_a_channel_end()
            self.run(self.world.tick())
            self._everything_goes_well()
        assert self.run(self.world.records.queue.waiting()) == []
        states = {callback.state for callback in self.world.records.state.outbound_calls.values()}
        assert states.isdisjoint(OPEN_OUTBOUND_CALLS)
        assert all(call.ended_at for call in self.world.records.state.calls.values())
        assert self.run(self.world.records.offers.live()) == []
        assert {talk.state for talk in self.world.records.state.talks.values()} <= {TalkState.OVER}
        agents = self.world.records.state.agents.values()
        assert {agent.state for agent in agents} <= {AgentState.AVAILABLE, AgentState.AFTER_CALL_WORK}
        self.loop.close()

    def _everything_goes_well(self) -> None:
        for offer in self._offers_of_the_living():
            self.run(self.world.show(offer.id))
        self.run(self.world.desk.tick(self.world.now))
        for number, attempt in enumerate(list(self.world.dialler.dialled)):
            if self.world.records.state.attempts[attempt.id].state is AttemptState.SENT:
                self.the_called_person_answers(number, True)
        for offer in self._offers_of_the_living():
            if offer.call_id:
                self.run(self.world.offers.ringing(offer.id))
                self.run(self.world.offers.answered(offer.id))
                self.run(self.world.offers.talk_ended(offer.id))
        self._whoever_was_served_hangs_up()

    def _emergencies_without_a_channel_end(self) -> None:
        for emergency in self.run(self.world.records.emergencies.live()):
            if self.world.records.state.calls[emergency.call_id].ended_at:
                self.run(self.emergencies.caller_gone(emergency.channel))

    def _offers_of_the_living(self) -> list[Offer]:
        offers = self.run(self.world.records.offers.live())
        ended = self.run(self.world.records.calls.ended({offer.call_id for offer in offers if offer.call_id}))
        return [offer for offer in offers if offer.call_id not in ended]

    def _whoever_was_served_hangs_up(self) -> None:
        waiting = {entry.call_id for entry in self.run(self.world.records.queue.waiting())}
        offered = {offer.call_id for offer in self.run(self.world.records.offers.live())}
        for call in self.run(self.world.records.calls.live()):
            if call.id not in waiting | offered:
                self.run(self.services.calls.end(call.id, "served", self.timeline(call.id)))


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase
