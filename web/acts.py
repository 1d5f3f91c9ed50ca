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


async def heartbeat(context: DeskContext, agent: Agent, page: str, take: bool) -> bool:
    """Keep the live page alive; True when this page is the live one.

    A page takes over when asked to, when there is none, and when the live one has gone silent.
    """
    at = context.now()
    live = await context.pages.live(agent.id)
    if live != page and (take or not live or _silent(context, agent)):
        await context.pages.take(agent.id, page, at)
        await context.news.publish("page", agent=agent.id)
        live = page
    if live != page:
        return False
    await context.records.agents.heartbeat(agent.id, at)
    return True


async def close_page(context: DeskContext, agent: Agent, page: str) -> None:
    """The page goes; until another takes over, the agent counts as present for as long as after its last beat."""
    if await context.pages.live(agent.id) == page:
        await context.pages.take(agent.id, NOBODY, agent.page_seen_at or context.now())


async def page_wanted(context: DeskContext, agent_id: str) -> bool:
    """Whether another page of this agent should take over: the live one was closed, or has gone silent."""
    return not await context.pages.live(agent_id) or _silent(context, await context.records.agents.load(agent_id))


def _silent(context: DeskContext, agent: Agent) -> bool:
    limit_s = min(SILENT_S, context.edition.site.waiting.stale_page_s)
    return agent.page_seen_at is None or context.now() - agent.page_seen_at > timedelta(seconds=limit_s)


async def go_available(context: DeskContext, agent: Agent) -> None:
    """Raises: NotNow."""
    if not agent.phone_registered:
        raise NotNow("Your phone is not registered: switch it on and try again.")
    if not page_alive(agent, context.now(), context.edition.site.waiting):
        raise NotNow("No page of your desk is open: calls are shown there first.")
    await _change(context, agent, AgentEvent.WENT_AVAILABLE)


async def go_not_ready(context: DeskContext, agent: Agent, reason: str, actor: str = "") -> None:
    """Not out of a call or its wrap-up; by themselves unless an actor is named. Raises: NotNow."""
    await _change(context, agent, AgentEvent.WENT_NOT_READY, reason, actor)


async def _change(context: DeskContext, agent: Agent, event: AgentEvent, reason: str = "", actor: str = "") -> None:
    """The audit has no reason: it is kept for ever, and people write about themselves there."""
    if not await context.records.agents.change(agent.id, event, context.now(), reason):
        raise NotNow
    to = leads_to(AGENT_TRANSITIONS, event)
    await context.news.publish("agent", agent=agent.id, state=to)
    await context.audit.note(
        actor or f"agent:{agent.login}", Action.STATE_CHANGED, agent.login, context.now(), {"to": to}
    )


async def own_offer(context: DeskContext, agent: Agent, offer_id: str) -> Offer:
    """An offer of this very agent; anybody else's does not exist for them.

    Raises: NotFound.
    """
    offer = await context.records.offers.load(offer_id)
    if offer.agent_id != agent.id:
        raise NotFound
    return offer


async def seen(context: DeskContext, agent: Agent, offer_id: str, page: str, shown_at: datetime) -> None:
    """The live page shows the call.

    Raises: NotFound, NotNow.
    """
    offer = await own_offer(context, agent, offer_id)
    if await context.pages.live(agent.id) != page:
        raise NotNow("Another page of yours is the live one.")
    await show(context.records, context.news, offer, agent, shown_at, context.now())


async def wrap_up(
    context: DeskContext, agent: Agent, offer_id: str, disposition: str, note: str, available: bool = True
) -> None:
    """End after-call work, and be available again or not; after its time, complete what was recorded then.

    Raises: NotFound, NotNow.
    """
    offer = await own_offer(context, agent, offer_id)
    if agent.state is not AgentState.AFTER_CALL_WORK:
        if await context.records.wrap_ups.add_note(offer.id, note, agent.id, context.now(), disposition):
            return  # its time ran out meanwhile
        raise NotNow("There is nothing to wrap up now.")
    last = await context.records.offers.last_of_agent(agent.id)
    if last is None or last.id != offer.id:
        raise NotNow("Your after-call work is about another call.")
    await context.records.wrap_ups.wrap_up(offer.id, disposition, note, agent.id, context.now())
    await _change(context, agent, AgentEvent.WRAPPED_UP if available else AgentEvent.WRAPPED_UP_AWAY)


async def move_ticket(
    context: DeskContext, ticket: Ticket, to: Stage, answer: str | None, actor: str, seen: Stage | None = None
) -> None:
    """Move a ticket on; a matter is closed only with the answer that the caller was given.

    Raises: Missing, TransitionRefused, ChangedMeanwhile.
    """
    told = (answer or "").strip() or None
    if to is Stage.CLOSED and not (told or ticket.answer):
        raise Missing("To close this matter, write down the answer that the caller was given.")
    await context.records.tickets.move(ticket.id, to, actor, context.now(), told or ticket.answer, seen)
    await context.news.publish("ticket", ticket=ticket.id)
    await context.audit.note(actor, Action.STAGE_SET, ticket.id, context.now(), {"to": to})


async def set_urgency(context: DeskContext, ticket: Ticket, urgency: str, actor: str, seen: str | None = None) -> None:
    """The promise moves along, while the matter is unfinished. Raises: ChangedMeanwhile."""
    at, promise = context.now(), None
    if ticket.stage in UNFINISHED_STAGES and urgency != ticket.urgency:
        topic = topic_named(ticket.draft.topic, context.edition)
        promise = moved_promise(ticket, urgency, topic, context.wall(), context.edition.site)
    await context.records.tickets.set_urgency(ticket.id, urgency, actor, at, promise, seen)
    await context.news.publish("ticket", ticket=ticket.id)
    await context.audit.note(actor, Action.URGENCY_SET, ticket.id, context.now(), {"to": urgency})


async def keep_draft(context: DeskContext, account: Account, form: str, fields: Mapping[str, str]) -> None:
    """What somebody is typing; of a wrap-up that was recorded meanwhile, it goes to its note at once."""
    offer_id = form.removeprefix(wrap_up_form(""))
    late = offer_id != form and account.agent_id and fields.get("note")
    if late and await context.records.wrap_ups.add_note(
        offer_id, fields["note"], account.agent_id or "", context.now()
    ):
        await context.records.drafts.keep(account.login, form, {}, context.now())
        return
    await context.records.drafts.keep(account.login, form, fields, context.now())
