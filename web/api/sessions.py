"""Logging in and out for programs: a bearer token instead of a cookie."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, status
from pydantic import BaseModel, Field

from routing.capabilities import Capability
from web.api.shapes import Wanted
from web.auth import VisitorDep, log_in, log_out
from web.context import DeskDep
from web.rights import OPEN, needs

router = APIRouter(prefix="/sessions", tags=["sessions"])


class Credentials(Wanted):
    login: Annotated[str, Field(max_length=100)]
    password: Annotated[str, Field(max_length=200)]


class SessionOut(BaseModel):
    token: str
    login: str
    name: str
    role: Literal["agent", "supervisor", "admin"]
    agent_id: str | None


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=[OPEN])
async def open_session(credentials: Credentials, request: Request, context: DeskDep) -> SessionOut:
    """Log in; send the token as `Authorization: Bearer …` from then on."""
    address = request.client.host if request.client else ""
    account, token = await log_in(context, credentials.login, credentials.password, address)
    return SessionOut.model_validate({**vars(account), "token": token})


@router.delete("/current", status_code=status.HTTP_204_NO_CONTENT, dependencies=[needs(Capability.OWN_ACCOUNT)])
async def close_session(who: VisitorDep, context: DeskDep) -> None:
    """Log out: the token is worth nothing afterwards."""
    await log_out(context, who)
