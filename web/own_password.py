"""The page on which a person chooses a password of their own."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from routing.capabilities import Capability
from routing.passwords import weakness
from web.auth import Visitor, VisitorDep, log_in
from web.auth_pages import set_session_cookie
from web.context import DeskContext, DeskDep
from web.errors import TooManyLogins, WrongPassword, status_of
from web.logins import LoginsDep
from web.marks import token_hash
from web.pages.frame import framed
from web.passwords import hashed
from web.ports import Action
from web.refusals import said_of
from web.rights import needs

router = APIRouter(dependencies=[needs(Capability.OWN_ACCOUNT), needs(Capability.WATCH_LINE)])
Typed = Annotated[str, Form(max_length=1_000)]


@router.get("/password")
async def page(who: VisitorDep, context: DeskDep) -> HTMLResponse:
    return await framed(context, who, "password.html", problem="", changed=False)


@router.post("/password")
async def change(
    request: Request,
    who: VisitorDep,
    context: DeskDep,
    logins: LoginsDep,
    current: Typed = "",
    wanted: Typed = "",
    again: Typed = "",
) -> Response:
    """The person goes on in a new session; every other one of theirs has ended."""
    if problem := _problem(who, current, wanted, again):
        return await _refused(context, who, problem, 422)
    address = request.client.host if request.client else ""
    try:
        account, token = await log_in(logins, who.account.login, current, address)
    except WrongPassword as error:
        return await _refused(context, who, "password.wrong", status_of(error)[0])
    except TooManyLogins as error:
        return await _refused(context, who, "", status_of(error)[0], said_of(error, context.rendering, who.language))
    await logins.accounts.set_password(account.login, await hashed(wanted), logins.now(), keep=token_hash(token))
    await logins.audit.note(who.actor, Action.PASSWORD_CHANGED, account.login, logins.now())
    answer = await framed(context, Visitor(account, token), "password.html", problem="", changed=True)
    set_session_cookie(request, logins, answer, token)
    return answer


def _problem(who: Visitor, current: str, wanted: str, again: str) -> str:
    """The key of the sentence that says why not; empty when nothing is wrong with what was typed."""
    if wanted != again:
        return "password.differ"
    if wanted == current:
        return "password.same"
    weak = weakness(wanted, who.account.login, who.account.name)
    return f"password.{weak}" if weak else ""


async def _refused(context: DeskContext, who: Visitor, key: str, status: int, told: str = "") -> HTMLResponse:
    sentence = told or context.rendering.texts.plain(who.language, key)
    answer = await framed(context, who, "password.html", problem=sentence, changed=False)
    answer.status_code = status
    return answer
