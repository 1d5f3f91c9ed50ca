"""Agents: their states, their after-call work, and what they type."""

from collections.abc import Callable, Mapping

from config.documents import WaitingRules
from routing.archive import NO_AUDIT, Action, AuditNotes
from routing.clocks import Clocks
from routing.lifecycle import AGENT_TRANSITIONS, AgentEvent, leads_to
from routing.model import Agent, AgentState, Missing, NotNow
from routing.phones import PhoneKind
from routing.policy import page_alive
from routing.ports import News, Records
from routing.services.offers import own_offer
from routing.wrap_ups import NO_DISPOSITION, wrap_up_form

RAN_OUT = "after-call work ran out"
BY = "by:"  # begins the reason of a state that somebody else has put an agent into
FORCED: Mapping[tuple[AgentState, AgentState], AgentEvent] = {
    (AgentState.AVAILABLE, AgentState.NOT_READY): AgentEvent.WENT_NOT_READY,
    (AgentState.NOT_READY, AgentState.AVAILABLE): AgentEvent.WENT_AVAILABLE,
    (AgentState.AFTER_CALL_WORK, AgentState.AVAILABLE): AgentEvent.WRAPPED_UP,
    (AgentState.AFTER_CALL_WORK, AgentState.NOT_READY): AgentEvent.WRAPPED_UP_AWAY,
}
"""Into which states another may put an agent; nobody is taken out of a call, or of one that is on its way."""


class AgentService:
    def __init__(
        self, records: Records, news: News, rules: Callable[[], WaitingRules], clocks: Clocks,
        audit: AuditNotes = NO_AUDIT,
    ) -> None:  # fmt: skip
        """`rules` returns those that are in force now."""
        self._records, self._news, self._rules, self._clocks, self._audit = records, news, rules, clocks, audit

    async def change(self, agent: Agent, event: AgentEvent, reason: str = "") -> bool:
        """False, and nothing changes, when the agent is in a state that has no such event."""
        if not await self._records.agents.change(agent.id, event, self._clocks.now(), reason):
            return False
        await self._news.publish("agent", agent=agent.id, state=leads_to(AGENT_TRANSITIONS, event))
        return True

    async def phones_registered(self, node: str, phones: Mapping[str, bool]) -> None:
        """Which phones the node can ring, by name; of those that are not named, what is known stays."""
        await self._records.agents.phones_registered(node, phones)

    # by a person

    async def go_available(self, agent: Agent) -> None:
        """Raises: NotNow."""
        if not agent.phone_registered:
            raise NotNow("Your phone is not registered: switch it on and try again.")
        if not self._has_page(agent):
            raise NotNow("No page of your desk is open: calls are shown there first.")
        await self._decide(agent, AgentEvent.WENT_AVAILABLE)

    async def go_not_ready(self, agent: Agent, reason: str, actor: str = "") -> None:
        """Not out of a call or its wrap-up; by themselves unless an actor is named. Raises: NotNow."""
        reason = reason if actor else in_own_name(reason)
        await self._decide(agent, AgentEvent.WENT_NOT_READY, reason, actor)

    async def choose_phone(self, agent: Agent, kind: PhoneKind) -> None:
        """On which phone calls come from now on. Raises: NotNow, unless the agent is not ready."""
        if agent.phone is None:
            raise NotNow("The documents name no phone for you.")
        if agent.phone_kind is kind:
            return
        if not await self._records.agents.choose_phone(agent.id, kind):
            raise NotNow("Be not ready first: calls come on your other phone now.")
        await self._news.publish("agent", agent=agent.id, state=agent.state)
        by = f"agent:{agent.login}"
        await self._audit.note(by, Action.PHONE_CHOSEN, agent.login, self._clocks.now(), {"phone": str(kind)})

    async def _decide(self, agent: Agent, event: AgentEvent, reason: str = "", actor: str = "") -> None:
        """The audit has no reason: it is kept for ever, and people write about themselves there."""
        if not await self.change(agent, event, reason):
            raise NotNow
        to, by = leads_to(AGENT_TRANSITIONS, event), actor or f"agent:{agent.login}"
        await self._audit.note(by, Action.STATE_CHANGED, agent.login, self._clocks.now(), {"to": to})

    # by another person

    async def force(self, agent: Agent, to: AgentState, reason: str, actor: str) -> None:
        """Put an agent into another state; their desk says who did, and why. Raises: Missing, NotNow."""
        reason = " ".join(reason.split())
        if not reason:
            raise Missing("Say why: the agent reads it.")
        event = FORCED.get((agent.state, to))
        if event is None:
            raise NotNow(f"{agent.name} cannot be put into that state now.")
        if to is AgentState.AVAILABLE and not (agent.phone_registered and self._has_page(agent)):
            raise NotNow(f"{agent.name} cannot take calls: the phone is not registered, or no page of theirs is open.")
        if agent.state is AgentState.AFTER_CALL_WORK:
            await self._keep_what_was_typed(agent)
        if not await self.change(agent, event, f"{forced_by(actor)}:{reason}"):
            raise NotNow
        detail = {"to": str(to), "from": str(agent.state)}  # no reason: it is about somebody, and kept for ever
        await self._audit.note(actor, Action.STATE_FORCED, agent.login, self._clocks.now(), detail)

    def _has_page(self, agent: Agent) -> bool:
        return page_alive(agent, self._clocks.now(), self._rules())

    # after-call work

    async def wrap_up(self, agent: Agent, offer_id: str, disposition: str, note: str, available: bool = True) -> None:
        """End after-call work, and be available again or not; after its time, complete what was recorded then.

        Raises: NotFound, NotNow.
        """
        offer = await own_offer(self._records, agent, offer_id)
        if agent.state is not AgentState.AFTER_CALL_WORK:
            if await self._records.wrap_ups.add_note(offer.id, note, agent.id, self._clocks.now(), disposition):
                return  # its time ran out meanwhile
            raise NotNow("There is nothing to wrap up now.")
        last = await self._records.offers.last_of_agent(agent.id)
        if last is None or last.id != offer.id:
            raise NotNow("Your after-call work is about another call.")
        await self._records.wrap_ups.wrap_up(offer.id, disposition, note, agent.id, self._clocks.now())
        await self._decide(agent, AgentEvent.WRAPPED_UP if available else AgentEvent.WRAPPED_UP_AWAY)

    async def expire_wrap_up(self, agent: Agent) -> None:
        """Its time is over: what was typed by then is the note, and the agent is available again."""
        await self._keep_what_was_typed(agent)
        await self.change(agent, AgentEvent.WRAP_UP_EXPIRED, RAN_OUT)

    async def _keep_what_was_typed(self, agent: Agent) -> None:
        if offer := await self._records.offers.last_of_agent(agent.id):
            await self._records.wrap_ups.wrap_up(offer.id, NO_DISPOSITION, "", agent.id, self._clocks.now())

    async def keep_draft(self, login: str, agent_id: str | None, form: str, fields: Mapping[str, str]) -> None:
        """What somebody is typing; of a wrap-up that was recorded meanwhile, it goes to its note at once."""
        offer_id, note = form.removeprefix(wrap_up_form("")), fields.get("note", "")
        now = self._clocks.now()
        if offer_id != form and agent_id and note:
            if await self._records.wrap_ups.add_note(offer_id, note, agent_id, now):
                fields = {}
        await self._records.drafts.keep(login, form, fields, now)


def forced_by(actor: str) -> str:
    """How an agent's reason says that somebody else did it; what they say follows after a colon."""
    return f"{BY}{actor.removeprefix('agent:')}"


def in_own_name(reason: str) -> str:
    """What an agent says of themselves, which nobody can take for somebody else's word."""
    return f"({reason})" if reason.startswith(BY) else reason
