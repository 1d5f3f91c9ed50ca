"""The desk's cookies. Over https they have names of their own: a browser shares cookies between the ports of a host,
and never lets a page that came in clear replace one that came by https.
"""

from starlette.requests import HTTPConnection
from starlette.responses import Response

SESSION_COOKIE = "onenumber_session"
FORM_COOKIE = "onenumber_form"  # stands in for the session until there is one


def read(connection: HTTPConnection, name: str) -> str:
    """Empty where there is none."""
    return connection.cookies.get(_named(connection, name), "")


def keep(
    connection: HTTPConnection, answer: Response, name: str, token: str, secure: bool, max_age_s: int | None = None
) -> None:
    answer.set_cookie(
        _named(connection, name), token, max_age=max_age_s, httponly=True, samesite="strict",
        secure=secure or _by_https(connection), path=_path(name),
    )  # fmt: skip


def forget(connection: HTTPConnection, answer: Response, name: str) -> None:
    answer.delete_cookie(_named(connection, name), path=_path(name), secure=_by_https(connection))


def _named(connection: HTTPConnection, name: str) -> str:
    return f"__Secure-{name}" if _by_https(connection) else name


def _by_https(connection: HTTPConnection) -> bool:
    return connection.url.scheme in ("https", "wss")


def _path(name: str) -> str:
    return "/login" if name == FORM_COOKIE else "/"
