"""Errors to responses: JSON for programs, a sentence in a page for people."""

from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from routing.corrections import CorrectedMeanwhile
from routing.model import RoutingError
from web.auth import SAFE_METHODS
from web.context import DeskContext
from web.errors import DeskError, ErrorBody, NotLoggedIn, TooManyLogins, body_of, status_of
from web.languages import asked_in
from web.refusals import said_of

CHALLENGE = 'Bearer realm="onenumber"'


def install(app: FastAPI) -> None:
    for kind in (DeskError, RoutingError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)


async def answer(request: Request, error: Exception) -> Response:
    status, _ = status_of(error)
    headers = _headers(error, status)
    if _for_a_program(request):
        return JSONResponse(_body(request, error).model_dump(exclude_none=True), status, headers)
    if isinstance(error, NotLoggedIn):
        return _to_login(request)
    return _page(request, error, status, headers)


def _body(request: Request, error: Exception) -> ErrorBody:
    """In the language of whoever asked."""
    rendering, body = request.app.state.context.rendering, body_of(error)
    body.error.message = said_of(error, rendering, asked_in(request, rendering.texts.languages))
    return body


def _headers(error: Exception, status: int) -> dict[str, str]:
    """What HTTP wants beside a status: RFC 9110, 10.2.3 and 11.6.1, and 15.5.6 by way of the framework."""
    headers = dict(getattr(error, "headers", None) or {})
    if isinstance(error, TooManyLogins):
        headers["Retry-After"] = str(error.wait_s)
    if status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    return headers


def _for_a_program(request: Request) -> bool:
    path = request.url.path
    return path.startswith("/api/") or "text/html" not in request.headers.get("accept", "*/*") + _hx(request)


def _hx(request: Request) -> str:
    return "text/html" if "hx-request" in request.headers else ""


def _to_login(request: Request) -> Response:
    here = urlsplit(request.headers.get("hx-current-url", "") if _hx(request) else str(request.url))
    path = here.path + (f"?{here.query}" if here.query else "")
    to_login = f"/login?next={quote(path, safe='/')}" if path else "/login"
    if _hx(request):
        return Response(status_code=401, headers={"HX-Redirect": to_login, "WWW-Authenticate": CHALLENGE})
    return RedirectResponse(to_login if request.method in SAFE_METHODS else "/login", 303)


def _page(request: Request, error: Exception, status: int, headers: dict[str, str]) -> Response:
    context: DeskContext = request.app.state.context
    template = "parts/refused.html" if _hx(request) else "refused.html"
    ticket = error.ticket if isinstance(error, CorrectedMeanwhile) else None
    language, message = asked_in(request, context.rendering.texts.languages), _body(request, error).error.message
    html = context.rendering.page(template, language, status=status, message=message, ticket=ticket)
    return HTMLResponse(html, status, headers)
