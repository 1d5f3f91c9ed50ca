"""The login page and logging out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from routing.capabilities import Capability
from web import cookies
from web.auth import VisitorDep, log_in, log_out, refuse_forgery
from web.context import DeskContext, DeskDep
from web.cookies import FORM_COOKIE, SESSION_COOKIE
from web.errors import TooManyLogins, WrongPassword, status_of
from web.languages import asked_in
from web.logins import Logins, LoginsDep
from web.marks import form_mark, new_token, token_hash
from web.ports import SessionEnd
from web.refusals import said_of
from web.rights import OPEN, needs

router = APIRouter()
EXPLAINED_S = 7 * 86_400  # so long a browser keeps the cookie of a session that is over, to be told why
LOGGED_OUT = "logged_out"
WHY = {LOGGED_OUT, *SessionEnd}


@router.get("/login", dependencies=[OPEN])
async def login_page(
    request: Request,
    context: DeskDep,
    logins: LoginsDep,
    next: Annotated[str, Query(max_length=500)] = "/",
    why: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """`why` is what the page that sends somebody here was told; without it, the session's cookie is asked."""
    token = cookies.read(request, FORM_COOKIE) or new_token()
    ended = why if why in WHY else await _session_end(request, logins)
    answer = HTMLResponse(_page(request, context, logins, token, next, ended=ended))
    cookies.keep(request, answer, FORM_COOKIE, token, logins.rules.secure_cookies)
    return answer


@router.post("/login", dependencies=[OPEN])
async def login(
    request: Request,
    context: DeskDep,
    logins: LoginsDep,
    login: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    form_token = cookies.read(request, FORM_COOKIE)
    await refuse_forgery(request, form_token)
    try:
        _, token = await log_in(logins, login, password, request.client.host if request.client else "")
    except (WrongPassword, TooManyLogins) as error:
        status, _ = status_of(error)
        problem = said_of(error, context.rendering, asked_in(request, context.rendering.texts.languages))
        return HTMLResponse(_page(request, context, logins, form_token, next, login, problem), status)
    answer = RedirectResponse(_inside(next), 303)
    set_session_cookie(request, logins, answer, token)
    cookies.forget(request, answer, FORM_COOKIE)
    return answer


@router.post("/logout", dependencies=[needs(Capability.OWN_ACCOUNT)])
async def logout(request: Request, who: VisitorDep, logins: LoginsDep) -> Response:
    await log_out(logins, who)
    answer = RedirectResponse(f"/login?why={LOGGED_OUT}", 303)
    cookies.forget(request, answer, SESSION_COOKIE)
    return answer


def set_session_cookie(request: Request, logins: Logins, answer: Response, token: str) -> None:
    """Kept a while longer than the session, so that its end can be explained."""
    lasts_s = logins.rules.session_hours * 3600 + EXPLAINED_S
    cookies.keep(request, answer, SESSION_COOKIE, token, logins.rules.secure_cookies, lasts_s)


async def _session_end(request: Request, logins: Logins) -> str:
    """Why the session of this browser is over; nothing where there was none, or where it still lasts."""
    token = cookies.read(request, SESSION_COOKIE)
    at = logins.now()
    if not token or await logins.accounts.of_session(token_hash(token), at):
        return ""
    return str(await logins.accounts.session_end(token_hash(token), at))


def _page(
    request: Request, context: DeskContext, logins: Logins, token: str, next: str,
    login: str = "", problem: str = "", ended: str = "",
) -> str:  # fmt: skip
    language = asked_in(request, context.rendering.texts.languages)
    return context.rendering.page(
        "login.html", language, mark=form_mark(token), next=_inside(next), login=login, problem=problem, ended=ended,
        hours=logins.rules.session_hours,
    )  # fmt: skip


def _inside(path: str) -> str:
    """Only a path of this site: a link must not send people elsewhere after they log in."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"
