"""What can go wrong at the desk, and the one table of status codes."""

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from routing.capabilities import Capability
from routing.corrections import CorrectedMeanwhile, MatterFacts, NotOffered
from routing.model import (
    ChangedMeanwhile,
    Missing,
    NotCallable,
    NotFound,
    NotNow,
    RecordsUnavailable,
    RoutingError,
    TransitionRefused,
)
from routing.work_list import CursorRefused, TooMany


class DeskError(Exception):
    """Something the desk refuses."""


class NotLoggedIn(DeskError):
    """Log in first."""


class WrongPassword(DeskError):
    """Login or password is wrong."""


class TooManyLogins(DeskError):
    """Too many wrong passwords; wait a little."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many wrong passwords; try again in {wait_s} seconds.")
        self.wait_s = wait_s


class NotAllowed(DeskError):
    """Your role lacks a capability that this needs."""

    def __init__(self, capability: Capability) -> None:
        super().__init__(f"Your role may not do this: it lacks the capability {capability}.")
        self.capability = capability


class ForgeryRefused(DeskError):
    """The request carries no valid token of its session; load the page again."""


class NoAgent(DeskError):
    """Your account takes no calls."""


class UnknownFields(DeskError):
    """The request has fields that are not known here."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__()
        self.fields = fields


class MetricsRefused(DeskError):
    """Counts are for who has the token, or asks on this machine without a proxy."""


STATUS: dict[type[Exception], tuple[int, str]] = {
    NotLoggedIn: (401, "not_logged_in"),
    WrongPassword: (401, "wrong_password"),
    TooManyLogins: (429, "too_many_logins"),
    NotAllowed: (403, "not_allowed"),
    ForgeryRefused: (403, "forgery_refused"),
    NoAgent: (409, "no_agent"),
    NotNow: (409, "not_now"),
    Missing: (422, "missing"),
    UnknownFields: (422, "invalid"),
    MetricsRefused: (401, "metrics_refused"),
    ChangedMeanwhile: (409, "changed_meanwhile"),
    NotFound: (404, "not_found"),
    TransitionRefused: (409, "transition_refused"),
    NotCallable: (422, "not_callable"),
    NotOffered: (422, "invalid"),
    CursorRefused: (422, "invalid"),
    TooMany: (409, "too_many"),
    RecordsUnavailable: (503, "records_unavailable"),
    RoutingError: (409, "refused"),
    RequestValidationError: (422, "invalid"),
    Exception: (500, "failed"),
}


class SaysNow(BaseModel):
    """What a ticket says of its matter now; correct it by this version."""

    version: str
    topic: str
    place: str | None
    place_text: str | None
    callback_number: str | None
    urgency: str


class Problem(BaseModel):
    code: str
    message: str
    fields: list[str] = []
    capability: Capability | None = Field(None, description="with `not_allowed` alone: the one that is lacking")
    now: SaysNow | None = Field(None, description="with `changed_meanwhile` of a correction: what it says now")


class ErrorBody(BaseModel):
    """The one shape of every error."""

    error: Problem


def status_of(error: Exception) -> tuple[int, str]:
    """Status and code of the nearest ancestor in the table."""
    if isinstance(error, HTTPException):
        return error.status_code, {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def body_of(error: Exception) -> ErrorBody:
    """Say it without repeating what was sent: messages may be logged and shown."""
    _, code = status_of(error)
    if isinstance(error, RequestValidationError):
        fields = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors()})
        return ErrorBody(
            error=Problem(code=code, message="Some fields are missing or not as they should be.", fields=fields)
        )
    if isinstance(error, HTTPException):
        return ErrorBody(error=Problem(code=code, message=str(error.detail)))
    if not isinstance(error, DeskError | RoutingError):
        return ErrorBody(error=Problem(code=code, message="Something went wrong here; it has been logged. Try again."))
    message = str(error) or (type(error).__doc__ or code).strip()
    fields, capability = list(getattr(error, "fields", ())), getattr(error, "capability", None)
    problem = Problem(code=code, message=message, fields=fields, capability=capability, now=_says_now(error))
    return ErrorBody(error=problem)


def _says_now(error: Exception) -> SaysNow | None:
    if not isinstance(error, CorrectedMeanwhile):
        return None
    facts = MatterFacts.of(error.ticket)
    return SaysNow(version=facts.version, **vars(facts))


RESPONSES: dict[int | str, dict[str, object]] = {
    code: {"model": ErrorBody} for code in sorted({status for status, _ in STATUS.values()})
}
