"""The desk's web application, made from what it is given."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from fastapi import APIRouter, Depends, FastAPI
from fastapi.staticfiles import StaticFiles

from config.in_force import EditionInForce
from config.settings import Settings
from routing.clocks import Clock, Clocks, utc_now
from routing.ports import News, Records
from routing.services.line import LineServices
from routing.services.pages import PageService
from web import answering, auth_pages, desk_stream, own_password, phone_socket, vitals
from web import own_language as language_page
from web.api import (
    agents,
    audits,
    callbacks,
    calls,
    corrections,
    drafts,
    emergencies,
    events,
    filters,
    floor,
    handling,
    intake,
    me,
    merging,
    missed,
    own_language,
    queue,
    sessions,
    tickets,
)
from web.api.asked import only_known_fields
from web.board import BoardReader
from web.context import DeskContext
from web.emergencies import EmergencyReader
from web.errors import RESPONSES
from web.floor import FloorReader
from web.head_requests import HeadRequests
from web.headers import SecurityHeaders
from web.helping import HelpReader
from web.logins import Logins
from web.messages import Recordings
from web.missed import MissedCounter
from web.notices import NoticeReader
from web.offered import OfferedReader
from web.pages import audit as audit_pages
from web.pages import callbacks as callback_pages
from web.pages import calls as call_pages
from web.pages import corrections as correction_pages
from web.pages import desk as desk_pages
from web.pages import emergencies as emergency_pages
from web.pages import floor as floor_pages
from web.pages import handling as handling_pages
from web.pages import helping as helping_pages
from web.pages import intake as intake_pages
from web.pages import merging as merging_pages
from web.pages import missed as missed_pages
from web.pages import notices as notice_pages
from web.pages import phone as phone_pages
from web.pages import tickets as ticket_pages
from web.pages import wall as wall_pages
from web.pages import work_list as work_list_pages
from web.phone_socket import OpenPhones
from web.plain_addresses import plain_address
from web.ports import Accounts, Archive, Audit, Health, Pages, PhoneLine
from web.reading import Readings, ReadingTrace, Watched
from web.rendering import Renderings
from web.rights import describe_rights
from web.told_waits import ToldWaitReader

HERE = Path(__file__).resolve().parent
PAGES = (
    auth_pages,
    own_password,
    language_page,
    desk_stream,
    desk_pages,
    intake_pages,
    work_list_pages,
    ticket_pages,
    correction_pages,
    handling_pages,
    merging_pages,
    call_pages,
    callback_pages,
    emergency_pages,
    missed_pages,
    floor_pages,
    helping_pages,
    notice_pages,
    wall_pages,
    audit_pages,
    phone_pages,
    phone_socket,
)
API = (
    sessions,
    calls,
    tickets,
    corrections,
    handling,
    merging,
    intake,
    callbacks,
    agents,
    queue,
    events,
    me,
    drafts,
    filters,
    own_language,
    audits,
    emergencies,
    missed,
    floor,
)


DESCRIBED: dict[str, Any] = {
    "title": "onenumber", "version": "0.2.0", "openapi_url": "/api/openapi.json", "docs_url": None, "redoc_url": None,
}  # fmt: skip


def create_app(
    records: Records,
    news: News,
    in_force: EditionInForce,
    settings: Settings,
    *,
    accounts: Accounts,
    pages: Pages,
    archive: Archive,
    audit: Audit,
    health: Mapping[str, Health] | None = None,
    phone_line: PhoneLine | None = None,
    now: Clock = utc_now,
    wall: Clock | None = None,
) -> FastAPI:
    """Everything the desk answers; the caller opens and closes what is passed in.

    `now` measures, `wall` is what callers are told by; without it both are one.
    `health` names what `/readyz` asks, for instance `database`, `redis`, `asterisk`. `phone_line` takes the phones of
    browsers; without it there are none.
    """
    app = FastAPI(**DESCRIBED)
    watched = cast("Archive", Watched(archive))
    renderings = Renderings({"templates": HERE / "templates", "texts": HERE / "texts"}, settings.line.language)
    app.state.context = _shown(records, watched, news, in_force, renderings, now)
    app.state.logins = Logins(accounts, audit, settings.web, now)
    app.state.recordings = Recordings(watched, settings.data_dir, audit, now)
    app.state.watch = vitals.Watch(health or {}, settings.metrics_secret.get_secret_value())
    app.state.audit = audit
    clocks = Clocks(now, wall or now)
    read = cast("Records", Watched(records))  # what a service returns is shown to somebody, too
    app.state.services = services = LineServices.over(
        read, news, in_force.waiting, clocks, audit, lambda: in_force.site
    )
    app.state.pages = PageService(records, pages, news, in_force.waiting, clocks, services.offers)
    app.state.phone_line, app.state.open_phones = phone_line, OpenPhones()
    app.state.readings = Readings(audit, settings.audit_secret.get_secret_value().encode())
    _add_rooms(app)
    return app


def _shown(
    records: Records, archive: Archive, news: News, in_force: EditionInForce, renderings: Renderings, now: Clock
) -> DeskContext:
    watched = cast("Records", Watched(records))
    board = BoardReader(records, in_force.waiting, now)  # it says by itself what it shows
    emergencies, missed, told = EmergencyReader(watched), MissedCounter(records), ToldWaitReader(records, now)
    floor = FloorReader(records, board, lambda: in_force.site, now)
    return DeskContext(
        watched, news, archive, in_force, renderings, board, emergencies, missed, told, floor, HelpReader(records),
        NoticeReader(records, now), OfferedReader(records), now,
    )  # fmt: skip


def _add_rooms(app: FastAPI) -> None:
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.router.routes.extend(_rooms().routes)
    answering.install(app)
    app.add_middleware(ReadingTrace)
    app.add_middleware(HeadRequests)
    app.add_middleware(SecurityHeaders)


@cache
def _rooms() -> APIRouter:
    """The API and the vitals describe themselves; the pages are for people. They hold nothing of an application."""
    rooms = APIRouter(dependencies=[Depends(plain_address)])
    rooms.include_router(_api())
    rooms.include_router(vitals.router)
    for module in PAGES:
        rooms.include_router(module.router, include_in_schema=False)
    return rooms


def _api() -> APIRouter:
    api = APIRouter(prefix="/api/v1", responses=RESPONSES, dependencies=[Depends(only_known_fields)])
    for module in API:
        describe_rights(module.router)
        api.include_router(module.router)
    return api
