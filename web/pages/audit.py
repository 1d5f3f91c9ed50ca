"""Who did and read what, for whoever answers for it: a list with filters, and the same as a file."""

import asyncio
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from routing.capabilities import Capability
from routing.corrections import NotOffered
from routing.model import Missing
from web.api.asked import Before
from web.api.audits import AuditDep
from web.auth import VisitorDep
from web.context import DeskContext, DeskDep
from web.pages.frame import DEFAULT_PAGE_ROWS, framed
from web.ports import Action, AuditEntry, AuditQuery
from web.reading import Readings
from web.rights import needs

router = APIRouter(dependencies=[needs(Capability.WATCH_LINE), needs(Capability.READ_AUDIT)])
EXPORTED = 10_000  # entries of one file: the newest
COLUMNS = ("at", "last_at", "actor", "action", "subject", "detail", "id")
SEPARATORS = {"nl": ";", "sv": ";", "fi": ";"}  # where spreadsheets write numbers with a comma
TYPED = ("who", "about")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet would begin to compute
OF_TICKETS = {
    Action.MESSAGE_HEARD, Action.STAGE_SET, Action.URGENCY_SET, Action.TICKET_CORRECTED, Action.TICKET_TAKEN_IN,
    Action.NOTE_ADDED, Action.TICKET_ASSIGNED, Action.STAGE_TAKEN_BACK, Action.TICKET_REOPENED, Action.TICKET_MERGED,
    Action.MERGE_UNDONE, Action.TICKETS_LINKED, Action.LINK_REMOVED,
}  # fmt: skip
OF_CALLS = {Action.CALLBACK_ORDERED, Action.MISSED_DONE, Action.MISSED_REOPENED}
FormDay = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


@dataclass(frozen=True)
class Chosen:
    """The filters as they were sent."""

    who: str = ""
    action: str = ""
    about: str = ""
    from_day: str = ""
    to_day: str = ""

    @property
    def given(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if value}


def _chosen(
    who: Annotated[str, Query(max_length=100)] = "",
    action: Annotated[str, Query(max_length=64)] = "",
    about: Annotated[str, Query(max_length=100)] = "",
    from_day: FormDay = "",
    to_day: FormDay = "",
) -> Chosen:
    """Raises: NotOffered."""
    if action and action not in set(Action):
        raise NotOffered("action")
    return Chosen(who.strip(), action, about.strip(), from_day, to_day)


ChosenDep = Annotated[Chosen, Depends(_chosen)]


@router.get("/audit")
async def audit_list(
    visitor: VisitorDep, context: DeskDep, audit: AuditDep, chosen: ChosenDep, before: Before = None
) -> HTMLResponse:
    entries = await audit.entries(DEFAULT_PAGE_ROWS + 1, before, await _query(context, chosen))
    older = entries[DEFAULT_PAGE_ROWS - 1].id if len(entries) > DEFAULT_PAGE_ROWS else None
    return await framed(
        context, visitor, "audit.html", entries=entries[:DEFAULT_PAGE_ROWS], chosen=chosen, older=older, begins=before,
        actions=list(Action), about=about,
    )  # fmt: skip


@router.get("/audit.csv")
async def audit_file(
    request: Request, visitor: VisitorDep, context: DeskDep, audit: AuditDep, chosen: ChosenDep
) -> Response:
    """The newest entries of the same filters, for a spreadsheet; taking it along is noted, too.

    What was typed may be somebody's name or number, and the audit is kept for ever: it is noted as a mark.
    """
    entries = await audit.entries(EXPORTED, None, await _query(context, chosen))
    readings: Readings = request.app.state.readings
    asked = {name: readings.mark(typed) if name in TYPED else typed for name, typed in chosen.given.items()}
    detail = asked | {"entries": str(len(entries))}
    await audit.note(visitor.actor, Action.AUDIT_EXPORTED, "audit", context.now(), detail)
    name = f"audit-{context.now().astimezone(_zone(context)):%Y-%m-%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    separator = SEPARATORS.get(context.rendering.known(visitor.language), ",")
    written = await asyncio.to_thread(_as_csv, entries, separator)
    return Response(written, media_type="text/csv; charset=utf-8", headers=headers)


async def _query(context: DeskContext, chosen: Chosen) -> AuditQuery:
    """A ticket is asked for by its number. Raises: Missing."""
    ticket = await context.records.tickets.by_number(chosen.about) if chosen.about.isdigit() else None
    until = _midnight(context, chosen.to_day, days=1)
    return AuditQuery(
        chosen.who, Action(chosen.action) if chosen.action else None, ticket.id if ticket else chosen.about,
        _midnight(context, chosen.from_day), until,
    )  # fmt: skip


def about(entry: AuditEntry) -> list[tuple[str, str]]:
    """What an entry is about, as kind and id, where it is about tickets, calls or callbacks."""
    if entry.action == Action.READ:
        kinds = (each.partition(":") for each in entry.detail.get("shown", "").split())
        return [(kind, id) for kind, _, id in kinds]
    kind = "ticket" if entry.action in OF_TICKETS else "call" if entry.action in OF_CALLS else ""
    return [(kind, entry.subject)] if kind else []


def _midnight(context: DeskContext, day: str, days: int = 0) -> datetime | None:
    """At which the day, or one so many days later, begins, by the site's clock. Raises: Missing."""
    if not day:
        return None
    try:
        begins = datetime.combine(date.fromisoformat(day) + timedelta(days=days), time(), _zone(context))
        return begins.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Missing("Choose a day and a time.") from None


def _zone(context: DeskContext) -> ZoneInfo:
    return ZoneInfo(context.edition.site.zone)


def _as_csv(entries: Sequence[AuditEntry], separator: str) -> str:
    """RFC 4180, with a mark by which spreadsheets know UTF-8; times as they are kept."""
    written = io.StringIO()
    table = csv.writer(written, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for entry in entries:
        last = entry.last_at.isoformat() if entry.last_at else ""
        detail = json.dumps(dict(entry.detail), ensure_ascii=False, sort_keys=True)
        row = (entry.at.isoformat(), last, entry.actor, entry.action, entry.subject, detail, entry.id)
        table.writerow(_harmless(each) for each in row)
    return "\ufeff" + written.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
