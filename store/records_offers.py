"""Offers: an entry held out to exactly one agent, by conditional updates with unique indexes behind them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from routing.lifecycle import CallEvent
from routing.model import (
    LIVE_OFFERS,
    NO_DISPOSITION,
    AgentState,
    NewEvent,
    NotFound,
    Offer,
    OfferState,
    late_note,
    note_events,
    wrap_up_events,
    wrap_up_form,
)
from store.callback_rows import cancel_reached
from store.database import Database
from store.drafts import draft, forget_draft
from store.portable import Lost, insert_unless_there, must_win
from store.queue_rows import leave, move_call
from store.records_queue import HELD, change_agent
from store.rows import agent_of, offer_of
from store.tables_dispatch import LIVE_OFFER, agents, offers, queue_entries, wrap_up_private, wrap_ups
from store.timeline import append_events

STAMPS = {OfferState.SEEN: "seen_at", OfferState.RINGING: "ringing_at", OfferState.ANSWERED: "answered_at"}


class SqlOffers:
    def __init__(self, database: Database, kept_for: timedelta) -> None:
        self._database = database
        self._kept_for = kept_for

    async def claim(self, offer: Offer, events: Sequence[NewEvent] = ()) -> bool:
        def work(connection: Connection) -> None:
            _claim(connection, offer)
            append_events(connection, events, self._kept_for)

        return await self._won(work)

    async def advance(
        self, offer_id: str, expected: Sequence[OfferState], to: OfferState, at: datetime, ending: str | None = None,
        agent_to: AgentState | None = None, reason: str = "", events: Sequence[NewEvent] = (),
    ) -> bool:  # fmt: skip
        def work(connection: Connection) -> None:
            offer = _advance(connection, offer_id, expected, to, at, ending)
            if agent_to is not None:
                held = tuple(AgentState) if agent_to is AgentState.ON_CALL else HELD
                change_agent(connection, offer.agent_id, held, agent_to, at, reason)
            _follow(connection, offer, at)
            append_events(connection, events, self._kept_for)

        return await self._won(work)

    async def _won(self, work: Any) -> bool:
        try:
            await self._database.write(work)
        except Lost:
            return False
        return True

    async def load(self, offer_id: str) -> Offer:
        offer = await self._first(select(offers).where(offers.c.id == offer_id))
        if offer is None:
            raise NotFound(f"offer {offer_id}")
        return offer

    async def live(self) -> Sequence[Offer]:
        query = select(offers).where(LIVE_OFFER).order_by(offers.c.made_at)
        return await self._database.read(lambda connection: [offer_of(row) for row in connection.execute(query)])

    async def of_call(self, call_id: str) -> Offer | None:
        return await self._first(select(offers).where(offers.c.call_id == call_id, LIVE_OFFER))

    async def of_agent(self, agent_id: str) -> Offer | None:
        return await self._first(select(offers).where(offers.c.agent_id == agent_id, LIVE_OFFER))

    async def last_of_agent(self, agent_id: str) -> Offer | None:
        return await self._first(_latest(offers.c.agent_id == agent_id))

    async def last_of_call(self, call_id: str) -> Offer | None:
        return await self._first(_latest(offers.c.call_id == call_id))

    async def _first(self, query: Any) -> Offer | None:
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else offer_of(row)


def _latest(where: Any) -> Any:
    return select(offers).where(where).order_by(offers.c.made_at.desc(), offers.c.id.desc()).limit(1)


def _claim(connection: Connection, offer: Offer) -> None:
    """Raises: Lost."""
    _skip_if_locked(connection, agents, offer.agent_id)
    move_call(connection, offer.call_id, CallEvent.OFFERED_TO_AGENT)
    _skip_if_locked(connection, queue_entries, offer.entry_id)
    free, reserved = (AgentState.AVAILABLE,), AgentState.RESERVED
    must_win(change_agent(connection, offer.agent_id, free, reserved, offer.made_at))
    entry = update(queue_entries).where(queue_entries.c.id == offer.entry_id, queue_entries.c.left_at.is_(None))
    must_win(connection.execute(entry.values(offers=queue_entries.c.offers + 1)).rowcount == 1)
    must_win(insert_unless_there(connection, offers, vars(offer)))


def _skip_if_locked(connection: Connection, table: Any, row_id: str) -> None:
    """Who else holds the row is claiming it: lose at once instead of waiting (SQLite has no row locks).

    Raises: Lost.
    """
    query = select(table.c.id).where(table.c.id == row_id).with_for_update(skip_locked=True, key_share=True)
    must_win(connection.execute(query).first() is not None)


def _advance(
    connection: Connection, offer_id: str, expected: Sequence[OfferState], to: OfferState, at: datetime,
    ending: str | None,
) -> Offer:  # fmt: skip
    """Raises: Lost; IntegrityError never: a lapsed offer is revived only where no other is live."""
    offer = offers.alias("other")
    # Written out, not bound: only so does the database see that the indexes of live offers serve.
    live = offer.c.state.in_(bindparam("live", LIVE_OFFERS, expanding=True, literal_execute=True))
    same = [offer.c[name] == offers.c[name] for name in ("entry_id", "agent_id", "call_id")]
    rival = select(offer.c.id).where(offer.c.id != offers.c.id, live, or_(*same))
    change = update(offers).where(offers.c.id == offer_id, offers.c.state.in_(expected))
    if OfferState.LAPSED in expected:
        change = change.where((offers.c.state != OfferState.LAPSED) | ~rival.exists())
    change = change.values({"state": to, "ending": ending, STAMPS.get(to, "ended_at"): at})
    row = connection.execute(change.returning(*offers.c)).one_or_none()
    must_win(row is not None)
    return offer_of(row)  # type: ignore[arg-type]


def _follow(connection: Connection, offer: Offer, at: datetime) -> None:
    """The entry leaves the queue with the answer, and nobody is called back as well; the call follows the offer."""
    if offer.state is OfferState.ANSWERED:
        move_call(connection, offer.call_id, CallEvent.ANSWERED)
        leave(connection, queue_entries.c.id == offer.entry_id, "answered", at)
        cancel_reached(connection, offer, at)
    elif offer.state is OfferState.LAPSED:
        move_call(connection, offer.call_id, CallEvent.OFFER_LAPSED)
    elif offer.state is OfferState.ENDED:
        move_call(connection, offer.call_id, CallEvent.TALK_ENDED)


class SqlWrapUps:
    def __init__(self, database: Database, kept_for: timedelta) -> None:
        self._database = database
        self._kept_for = kept_for

    async def wrap_up(self, offer_id: str, disposition: str, note: str, agent_id: str, at: datetime) -> bool:
        row = {"offer_id": offer_id, "agent_id": agent_id, "disposition": disposition, "at": at}

        def work(connection: Connection) -> bool:
            offer = _offer(connection, offer_id)
            if not insert_unless_there(connection, wrap_ups, row):
                return False
            agent = agent_of(connection.execute(select(agents).where(agents.c.id == agent_id)).one())
            form = wrap_up_form(offer_id)
            kept = note or draft(connection, agent.login, form).get("note", "")
            forget_draft(connection, agent.login, form)
            if kept:
                self._keep_note(connection, offer_id, kept, at)
            append_events(connection, wrap_up_events(offer, agent, disposition, at, kept), self._kept_for)
            return True

        return await self._database.write(work)

    async def add_note(
        self, offer_id: str, note: str, agent_id: str, at: datetime, disposition: str | None = None
    ) -> bool:
        written = select(wrap_up_private.c.note).where(wrap_up_private.c.offer_id == offer_id)

        def work(connection: Connection) -> bool:
            if not _complete(connection, offer_id, agent_id, disposition):
                return False
            whole = late_note(connection.execute(written).scalar() or "", note)
            if whole is not None:
                self._keep_note(connection, offer_id, whole, at)
            agent = agent_of(connection.execute(select(agents).where(agents.c.id == agent_id)).one())
            late = note_events(_offer(connection, offer_id), agent, whole and note, at, disposition)
            append_events(connection, late, self._kept_for)
            return True

        return await self._database.write(work)

    def _keep_note(self, connection: Connection, offer_id: str, note: str, at: datetime) -> None:
        connection.execute(delete(wrap_up_private).where(wrap_up_private.c.offer_id == offer_id))
        private = {"offer_id": offer_id, "note": note, "purge_after": at + self._kept_for}
        connection.execute(insert(wrap_up_private).values(**private))


def _complete(connection: Connection, offer_id: str, agent_id: str, disposition: str | None) -> bool:
    """Whether this wrap-up of the agent is there to be completed; a disposition is said only once."""
    theirs = (wrap_ups.c.offer_id == offer_id) & (wrap_ups.c.agent_id == agent_id)
    if disposition is None:
        return connection.execute(select(wrap_ups.c.offer_id).where(theirs).with_for_update()).first() is not None
    unsaid = update(wrap_ups).where(theirs, wrap_ups.c.disposition == NO_DISPOSITION)
    return connection.execute(unsaid.values(disposition=disposition)).rowcount == 1


def _offer(connection: Connection, offer_id: str) -> Offer:
    """Raises: NotFound."""
    row = connection.execute(select(offers).where(offers.c.id == offer_id)).one_or_none()
    if row is None:
        raise NotFound(f"offer {offer_id}")
    return offer_of(row)
