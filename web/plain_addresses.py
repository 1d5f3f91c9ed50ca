"""Addresses that no database could look for are no addresses."""

from fastapi import HTTPException
from starlette.requests import HTTPConnection

NUL = "\0"  # PostgreSQL has no text with it


def plain_address(connection: HTTPConnection) -> None:
    """Raises: HTTPException."""
    if NUL in connection.scope["path"] or any(NUL in value for _, value in connection.query_params.multi_items()):
        raise HTTPException(404, "There is no such page.")
