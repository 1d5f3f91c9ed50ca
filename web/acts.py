"""What people do at the desk, the same for its pages and for the API."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, get_args

from ivr.drafting import topic_named
from routing.dispatch import show
from routing.lifecycle import AGENT_TRANSITIONS, UNFINISHED_STAGES, AgentEvent, leads_to
from routing.model import Agent, AgentState, NotFound, Offer, Stage, Ticket, wrap_up_form
from routing.policy import page_alive
from routing.promise import moved_promise
from web.context import DeskContext
from web.errors import Missing, NotNow
from web.ports import Account, Action

Disposition = Literal["answered", "work_ordered", "handed_over", "caller_left", "wrong_number", "misunderstood"]


DISPOSITIONS: tuple[str, ...] = get_args(Disposition)


NOBODY = ""  # in the place of the live page: it was closed, and no other has taken over yet
SILENT_S = 10  # two beats of a page, and a little; well before its agent counts as gone


async def heartbeat(line: DeskContext, agent: Agent, page: str, take: bool) -> bool:
    """Keep the live page alive; True when this page is the live one.

    A page takes over when asked to, when there is none, and when the live one has gone silent.
    """
    at = line.now()
    live = await line.pages.live(agent.id)
    if live != page and (take or not live or _silent(line, agent)):
        await line.pages.take(agent.id, page, at)
        await line.news.publish("page", agent=agent.id)
        live = page
    if live != page:
        return False
    await line.records.agents.heartbeat(agent.id, at)
    return True


async def close_page(line: DeskContext, agent: Agent, page: str) -> None:
    """The page goes; until another takes over, the agent counts as present for as long as after its last beat."""
    if await line.pages.live(agent.id) == page:
        await line.pages.take(agent.id, NOBODY, agent.page_seen_at or line.now())


async def page_wanted(line: DeskContext, agent_id: str) -> bool:
    """Whether another page of this agent should take over: the live one was closed, or has gone silent."""
    return not await line.pages.live(agent_id) or _silent(line, await line.records.agents.load(agent_id))


def _silent(line: DeskContext, agent: Agent) -> bool:
    limit_s = min(SILENT_S, line.edition.site.waiting.stale_page_s)
    return agent.page_seen_at is None or line.now() - agent.page_seen_at > timedelta(seconds=limit_s)


async def go_available(line: DeskContext, agent: Agent) -> None:
    """Raises: NotNow."""
    if not agent.phone_registered:
        raise NotNow("Your phone is not registered: switch it on and try again.")
    if not page_alive(agent, line.now(), line.edition.site.waiting):
        raise NotNow("No page of your desk is open: calls are shown there first.")
    await _change(line, agent, AgentEvent.WENT_AVAILABLE)


async def go_not_ready(line: DeskContext, agent: Agent, reason: str, actor: str = "") -> None:
    """Not out of a call or its wrap-up; by themselves unless an actor is named. Raises: NotNow."""
    await _change(line, agent, AgentEvent.WENT_NOT_READY, reason, actor)


async def _change(line: DeskContext, agent: Agent, event: AgentEvent, reason: str = "", actor: str = "") -> None:
    """The audit has no reason: it is kept for ever, and people write about themselves there."""
    if not await line.records.agents.change(agent.id, event, line.now(), reason):
        raise NotNow
    to = leads_to(AGENT_TRANSITIONS, event)
    await line.news.publish("agent", agent=agent.id, state=to)
    await line.audit.note(actor or f"agent:{agent.login}", Action.STATE_CHANGED, agent.login, line.now(), {"to": to})


async def own_offer(line: DeskContext, agent: Agent, offer_id: str) -> Offer:
    """An offer of this very agent; anybody else's does not exist for them.

    Raises: NotFound.
    """
    offer = await line.records.offers.load(offer_id)
    if offer.agent_id != agent.id:
        raise NotFound
    return offer


async def seen(line: DeskContext, agent: Agent, offer_id: str, page: str, shown_at: datetime) -> None:
    """The live page shows the call.

    Raises: NotFound, NotNow.
    """
    offer = await own_offer(line, agent, offer_id)
    if await line.pages.live(agent.id) != page:
        raise NotNow("Another page of yours is the live one.")
    await show(line.records, line.news, offer, agent, shown_at, line.now())


async def wrap_up(
    line: DeskContext, agent: Agent, offer_id: str, disposition: str, note: str, available: bool = True
) -> None:
    """End after-call work, and be available again or not; after its time, complete what was recorded then.

    Raises: NotFound, NotNow.
    """
    offer = await own_offer(line, agent, offer_id)
    if agent.state is not AgentState.AFTER_CALL_WORK:
        if await line.records.wrap_ups.add_note(offer.id, note, agent.id, line.now(), disposition):
            return  # its time ran out meanwhile
        raise NotNow("There is nothing to wrap up now.")
    last = await line.records.offers.last_of_agent(agent.id)
    if last is None or last.id != offer.id:
        raise NotNow("Your after-call work is about another call.")
    await line.records.wrap_ups.wrap_up(offer.id, disposition, note, agent.id, line.now())
    await _change(line, agent, AgentEvent.WRAPPED_UP if available else AgentEvent.WRAPPED_UP_AWAY)


async def move_ticket(
    line: DeskContext, ticket: Ticket, to: Stage, answer: str | None, actor: str, seen: Stage | None = None
) -> None:
    """Move a ticket on; a matter is closed only with the answer that the caller was given.

    Raises: Missing, TransitionRefused, ChangedMeanwhile.
    """
    told = (answer or "").strip() or None
    if to is Stage.CLOSED and not (told or ticket.answer):
        raise Missing("To close this matter, write down the answer that the caller was given.")
    await line.records.tickets.move(ticket.id, to, actor, line.now(), told or ticket.answer, seen)
    await line.news.publish("ticket", ticket=ticket.id)
    await line.audit.note(actor, Action.STAGE_SET, ticket.id, line.now(), {"to": to})


async def set_urgency(line: DeskContext, ticket: Ticket, urgency: str, actor: str, seen: str | None = None) -> None:
    """The promise moves along, while the matter is unfinished. Raises: ChangedMeanwhile."""
    at, promise = line.now(), None
    if ticket.stage in UNFINISHED_STAGES and urgency != ticket.urgency:
        topic = topic_named(ticket.draft.topic, line.edition)
        promise = moved_promise(ticket, urgency, topic, line.wall(), line.edition.site)
    await line.records.tickets.set_urgency(ticket.id, urgency, actor, at, promise, seen)
    await line.news.publish("ticket", ticket=ticket.id)
    await line.audit.note(actor, Action.URGENCY_SET, ticket.id, line.now(), {"to": urgency})


async def keep_draft(line: DeskContext, account: Account, form: str, fields: Mapping[str, str]) -> None:
    """What somebody is typing; of a wrap-up that was recorded meanwhile, it goes to its note at once."""
    offer_id = form.removeprefix(wrap_up_form(""))
    late = offer_id != form and account.agent_id and fields.get("note")
    if late and await line.records.wrap_ups.add_note(offer_id, fields["note"], account.agent_id or "", line.now()):
        await line.records.drafts.keep(account.login, form, {}, line.now())
        return
    await line.records.drafts.keep(account.login, form, fields, line.now())
