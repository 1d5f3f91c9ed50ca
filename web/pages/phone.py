"""The phone in the browser: a window of its own, so that a talk goes on while its agent goes from page to page."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from routing.capabilities import Capability
from web.auth import MeDep, VisitorDep
from web.context import DeskDep
from web.pages.frame import part
from web.rights import needs

router = APIRouter(dependencies=[needs(Capability.TAKE_CALLS)])


@router.get("/phone")
async def phone(agent: MeDep, who: VisitorDep, context: DeskDep) -> HTMLResponse:
    return part(context, who, "phone.html", agent=agent)
