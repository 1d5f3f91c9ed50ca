"""The language in which a person reads the desk."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from routing.capabilities import Capability
from web.api.own_language import chosen
from web.auth import VisitorDep
from web.context import DeskDep
from web.logins import LoginsDep
from web.rights import needs

router = APIRouter(dependencies=[needs(Capability.OWN_ACCOUNT)])


@router.post("/language")
async def choose(
    who: VisitorDep, context: DeskDep, logins: LoginsDep, language: Annotated[str, Form(max_length=20)] = ""
) -> Response:
    """Nothing chosen: that of the documents. Raises: NotOffered."""
    await logins.accounts.choose_language(who.account.login, chosen(context, language or None))
    return RedirectResponse("/password", 303)
