"""The desk's web application, made from what it is given."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import cast

from fastapi import APIRouter, Depends, FastAPI
from fastapi.staticfiles import StaticFiles

from config.in_force import EditionInForce
from config.settings import Settings
from routing.ports import News, Records
from web import answering, auth_pages, desk_stream, own_password, vitals
from web.api import agents, audits, callbacks, calls, drafts, emergencies, events, me, queue, sessions, tickets
from web.api.asked import only_known_fields
from web.board import BoardReader
from web.context import DeskContext, utc_now
from web.emergencies import EmergencyReader
from web.errors import RESPONSES
from web.head_requests import HeadRequests
from web.headers import SecurityHeaders
from web.pages import calls as call_pages
from web.pages import desk as desk_pages
from web.pages import emergencies as emergency_pages
from web.pages import tickets as ticket_pages
from web.ports import Accounts, Archive, Audit, Health, Pages
from web.reading import Readings, ReadingTrace, Watched
from web.rendering import Renderings
from web.rights import describe_rights

HERE = Path(__file__).resolve().parent
PAGES = (auth_pages, own_password, desk_stream, desk_pages, ticket_pages, call_pages, emergency_pages)
API = (sessions, calls, tickets, callbacks, agents, queue, events, me, drafts, audits, emergencies)


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
    now: Callable[[], datetime] = utc_now,
    wall: Callable[[], datetime] | None = None,
) -> FastAPI:
    """Everything the desk answers; the caller opens and closes what is passed in.

    `now` measures, `wall` is what callers are told by; without it both are one.
    `health` names what `/readyz` asks, for instance `database`, `redis`, `asterisk`.
    """
    renderings = Renderings({"templates": HERE / "templates", "texts": HERE / "texts"}, settings.line.language)
    app = FastAPI(
        title="onenumber", version="0.2.0", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.state.context = DeskContext(
        records=cast("Records", Watched(records)), news=news, accounts=accounts, pages=pages,
        archive=cast("Archive", Watched(archive)), audit=audit, in_force=in_force,
        settings=settings, renderings=renderings, board=BoardReader(records),
        emergencies=EmergencyReader(cast("Records", Watched(records))),
        health=health or {}, now=now, wall=wall or now,
    )  # fmt: skip
    app.state.readings = Readings(audit, settings.audit_secret.get_secret_value().encode())
    _add_rooms(app)
    answering.install(app)
    app.add_middleware(ReadingTrace)
    app.add_middleware(HeadRequests)
    app.add_middleware(SecurityHeaders)
    return app


def _add_rooms(app: FastAPI) -> None:
    """The API and the vitals describe themselves; the pages are for people."""
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.include_router(_api())
    app.include_router(vitals.router)
    for module in PAGES:
        app.include_router(module.router, include_in_schema=False)


def _api() -> APIRouter:
    api = APIRouter(prefix="/api/v1", responses=RESPONSES, dependencies=[Depends(only_known_fields)])
    for module in API:
        describe_rights(module.router)
        api.include_router(module.router)
    return api
