"""The records over one database, SQLite or PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from routing.archive import Accounts, Archive, Audit, Pages
from routing.corrections import Corrections
from routing.drafts import Drafts
from routing.floor_records import FloorRecords
from routing.handling import Handling
from routing.missed import MissedCalls
from routing.nodes import Nodes
from routing.ports import (
    Agents,
    Calls,
    Emergencies,
    Legs,
    Offers,
    OutboundCalls,
    Queue,
    Tickets,
    WrapUps,
)
from routing.talks import Talks
from routing.waits import Waits
from routing.work_list import SavedFilters
from store.accounts import SqlAccounts, SqlPages
from store.archive import SqlArchive
from store.audit import SqlAudit
from store.database import Database, connect
from store.drafts import SqlDrafts
from store.records_calls import SqlCalls
from store.records_corrections import SqlCorrections
from store.records_emergencies import SqlEmergencies
from store.records_floor import SqlFloor
from store.records_handling import SqlHandling
from store.records_legs import SqlLegs
from store.records_missed import SqlMissed
from store.records_nodes import SqlNodes
from store.records_offers import SqlOffers, SqlWrapUps
from store.records_outbound_calls import SqlOutboundCalls
from store.records_queue import SqlAgents, SqlQueue
from store.records_talks import SqlTalks
from store.records_tickets import SqlTickets
from store.records_waits import SqlWaits
from store.saved_filters import SqlSavedFilters

WORDS_KEPT = timedelta(days=90)


class SqlRecords:
    """Implements `routing.ports.Records`, and the desk's `accounts`, `pages`, `archive` and `audit`.

    `words_kept` sets `purge_after` of what is private; `audit_key` seals the audit.
    """

    def __init__(
        self, database: Database, site_id: str = "demo", words_kept: timedelta = WORDS_KEPT, audit_key: str = ""
    ) -> None:
        self.database = database
        self.site_id = site_id
        self.calls: Calls = SqlCalls(database, words_kept)
        self.legs: Legs = SqlLegs(database, words_kept)
        self.tickets: Tickets = SqlTickets(database, site_id, words_kept)
        self.corrections: Corrections = SqlCorrections(database, words_kept)
        self.handling: Handling = SqlHandling(database, words_kept)
        self.queue: Queue = SqlQueue(database, site_id)
        self.agents: Agents = SqlAgents(database, site_id, words_kept)
        self.offers: Offers = SqlOffers(database, words_kept)
        self.outbound_calls: OutboundCalls = SqlOutboundCalls(database, site_id, words_kept)
        self.wrap_ups: WrapUps = SqlWrapUps(database, words_kept)
        self.emergencies: Emergencies = SqlEmergencies(database, site_id, words_kept)
        self.talks: Talks = SqlTalks(database, words_kept)
        self.drafts: Drafts = SqlDrafts(database)
        self.nodes: Nodes = SqlNodes(database)
        self.missed: MissedCalls = SqlMissed(database, words_kept)
        self.waits: Waits = SqlWaits(database)
        self.floor: FloorRecords = SqlFloor(database, site_id, words_kept)
        self.filters: SavedFilters = SqlSavedFilters(database)
        self.accounts: Accounts = SqlAccounts(database)
        self.pages: Pages = SqlPages(database)
        self.archive: Archive = SqlArchive(database)
        self.audit: Audit = SqlAudit(database, site_id, audit_key.encode())


@asynccontextmanager
async def open_records(
    database_url: str, site_id: str = "demo", words_kept: timedelta = WORDS_KEPT, audit_key: str = ""
) -> AsyncIterator[SqlRecords]:
    """The records of a migrated database; what was ordered before leaving is finished."""
    database = connect(database_url)
    try:
        yield SqlRecords(database, site_id, words_kept, audit_key)
    finally:
        await database.close()
