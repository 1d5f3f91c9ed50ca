"""The language of the desk's pages and sentences, as its reader has chosen it."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from routing.capabilities import Capability
from routing.corrections import NotOffered
from web.api.shapes import Wanted
from web.auth import VisitorDep
from web.context import DeskContext, DeskDep
from web.logins import LoginsDep
from web.rights import needs

router = APIRouter(prefix="/me/language", tags=["desk"], dependencies=[needs(Capability.OWN_ACCOUNT)])


class LanguageIn(Wanted):
    language: Annotated[str, Field(max_length=20)] | None = Field(description="null: that of the documents")


class LanguageOut(BaseModel):
    language: str = Field(description="of pages, and of the sentences in errors")
    offered: list[str]


@router.get("")
async def mine(who: VisitorDep, context: DeskDep) -> LanguageOut:
    """What I read, and what there is."""
    return _out(context, who.language)


@router.put("")
async def choose(wanted: LanguageIn, who: VisitorDep, context: DeskDep, logins: LoginsDep) -> LanguageOut:
    """From the next page on."""
    await logins.accounts.choose_language(who.account.login, chosen(context, wanted.language))
    account = await logins.accounts.by_login(who.account.login)
    return _out(context, account.language if account else who.language)


def chosen(context: DeskContext, language: str | None) -> str | None:
    """Raises: NotOffered, where the desk has no such language."""
    if language is not None and language not in context.rendering.texts.languages:
        raise NotOffered("language")
    return language


def _out(context: DeskContext, language: str) -> LanguageOut:
    return LanguageOut(language=context.rendering.known(language), offered=list(context.rendering.texts.languages))
