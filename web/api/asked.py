"""What a request may ask: no field that nobody reads, and cursors that are ones."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from web.errors import UnknownFields

UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
Before = Annotated[str | None, Query(pattern=UUID, description="`next` of the page before")]
STREAM_ID = r"^\d{1,20}-\d{1,20}$"


async def only_known_fields(request: Request) -> None:
    """A misspelt filter would otherwise return everything.

    Raises: UnknownFields.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    if unknown := sorted(set(request.query_params) - _read_by(route.dependant)):
        raise UnknownFields([f"query.{name}"[:60] for name in unknown[:10]])


def _read_by(dependant: Dependant) -> set[str]:
    """The query fields of a handler and of what it depends on."""
    return {field.alias for field in dependant.query_params}.union(*map(_read_by, dependant.dependencies))
