"""Offers: an entry held out to exactly one agent, by conditional updates with unique indexes behind them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from routing.effects import Lost
from routing.model import NewEvent, NotFound, Offer
from routing.rules import claiming
from routing.transitions import OfferTransitions
from routing.wrap_ups import late_note, may_be_completed, note_events, wrap_up_events, wrap_up_form
from store.applying import SqlApplier, apply
from store.database import Database
from store.drafts import draft, forget_draft
from store.portable import insert_unless_there, must_win
from store.queue_rows import NOT_LEFT
from store.rows import agent_of, offer_of
from store.tables_dispatch import LIVE_OFFER, agents, offers, queue_entries, wrap_up_private, wrap_ups
from store.timeline import append_events


class SqlOffers(OfferTransitions):
    def __init__(self, database: Database, kept_for: timedelta) -> None:
        self._database = database
        self._kept_for = kept_for
        self._applier = SqlApplier(database, kept_for)

    async def claim(self, offer: Offer, events: Sequence[NewEvent] = ()) -> bool:
        def work(connection: Connection) -> None:
            _claim(connection, offer)
            append_events(connection, events, self._kept_for)

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
        theirs = select(offers).where(offers.c.agent_id == agent_id)
        return await self._first(theirs.order_by(offers.c.made_at.desc(), offers.c.id.desc()).limit(1))

    async def _first(self, query: Any) -> Offer | None:
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else offer_of(row)


def _claim(connection: Connection, offer: Offer) -> None:
    """Raises: Lost."""
    _skip_if_locked(connection, agents, offer.agent_id)
    held, *follows, made = claiming(offer)
    apply(connection, [held, *follows])  # the call before its place
    _skip_if_locked(connection, queue_entries, offer.entry_id)
    entry = update(queue_entries).where(queue_entries.c.id == offer.entry_id, NOT_LEFT)
    must_win(connection.execute(entry.values(offers=queue_entries.c.offers + 1)).rowcount == 1)
    apply(connection, [made])


def _skip_if_locked(connection: Connection, table: Any, row_id: str) -> None:
    """Who else holds the row is claiming it: lose at once instead of waiting (SQLite has no row locks).

    Raises: Lost.
    """
    query = select(table.c.id).where(table.c.id == row_id).with_for_update(skip_locked=True, key_share=True)
    must_win(connection.execute(query).first() is not None)


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
    """Whether this wrap-up of the agent is there to be completed."""
    theirs = (wrap_ups.c.offer_id == offer_id) & (wrap_ups.c.agent_id == agent_id)
    said = connection.execute(select(wrap_ups.c.disposition).where(theirs).with_for_update()).scalar()
    if said is None or not may_be_completed(said, disposition):
        return False
    if disposition:
        connection.execute(update(wrap_ups).where(theirs).values(disposition=disposition))
    return True


def _offer(connection: Connection, offer_id: str) -> Offer:
    """Raises: NotFound."""
    row = connection.execute(select(offers).where(offers.c.id == offer_id)).one_or_none()
    if row is None:
        raise NotFound(f"offer {offer_id}")
    return offer_of(row)
