"""The login page and logging out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from routing.capabilities import Capability
from web.auth import SESSION_COOKIE, VisitorDep, log_in, log_out, refuse_forgery
from web.context import DeskContext, DeskDep
from web.errors import TooManyLogins, WrongPassword, body_of, status_of
from web.marks import form_mark, new_token, token_hash
from web.ports import SessionEnd
from web.rights import OPEN, needs

router = APIRouter()
EXPLAINED_S = 7 * 86_400  # so long a browser keeps the cookie of a session that is over, to be told why
LOGGED_OUT = "logged_out"
WHY = {LOGGED_OUT, *SessionEnd}
FORM_COOKIE = "onenumber_form"  # stands in for the session until there is one


@router.get("/login", dependencies=[OPEN])
async def login_page(
    request: Request,
    context: DeskDep,
    next: Annotated[str, Query(max_length=500)] = "/",
    why: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """`why` is what the page that sends somebody here was told; without it, the session's cookie is asked."""
    token = request.cookies.get(FORM_COOKIE) or new_token()
    ended = why if why in WHY else await _session_end(request, context)
    answer = HTMLResponse(_page(context, token, next, ended=ended))
    _set_cookie(context, answer, FORM_COOKIE, token)
    return answer


@router.post("/login", dependencies=[OPEN])
async def login(
    request: Request,
    context: DeskDep,
    login: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    form_token = request.cookies.get(FORM_COOKIE, "")
    await refuse_forgery(request, form_token)
    try:
        _, token = await log_in(context, login, password, request.client.host if request.client else "")
    except (WrongPassword, TooManyLogins) as error:
        status, _ = status_of(error)
        return HTMLResponse(_page(context, form_token, next, login, body_of(error).error.message), status)
    answer = RedirectResponse(_inside(next), 303)
    set_session_cookie(context, answer, token)
    answer.delete_cookie(FORM_COOKIE, path="/login")
    return answer


@router.post("/logout", dependencies=[needs(Capability.OWN_ACCOUNT)])
async def logout(who: VisitorDep, context: DeskDep) -> Response:
    await log_out(context, who)
    answer = RedirectResponse(f"/login?why={LOGGED_OUT}", 303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def set_session_cookie(context: DeskContext, answer: Response, token: str) -> None:
    """Kept a while longer than the session, so that its end can be explained."""
    _set_cookie(context, answer, SESSION_COOKIE, token, context.settings.web.session_hours * 3600 + EXPLAINED_S)


async def _session_end(request: Request, context: DeskContext) -> str:
    """Why the session of this browser is over; nothing where there was none, or where it still lasts."""
    token = request.cookies.get(SESSION_COOKIE, "")
    at = context.now()
    if not token or await context.accounts.of_session(token_hash(token), at):
        return ""
    return str(await context.accounts.session_end(token_hash(token), at))


def _page(context: DeskContext, token: str, next: str, login: str = "", problem: str = "", ended: str = "") -> str:
    return context.rendering.page(
        "login.html", mark=form_mark(token), next=_inside(next), login=login, problem=problem, ended=ended,
        hours=context.settings.web.session_hours,
    )  # fmt: skip


def _inside(path: str) -> str:
    """Only a path of this site: a link must not send people elsewhere after they log in."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


def _set_cookie(context: DeskContext, answer: Response, name: str, token: str, max_age_s: int | None = None) -> None:
    answer.set_cookie(
        name, token, max_age=max_age_s, httponly=True, samesite="strict", secure=context.settings.web.secure_cookies,
        path="/login" if name == FORM_COOKIE else "/",
    )  # fmt: skip
