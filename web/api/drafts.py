"""What somebody is typing, kept on the server while they type it."""

from typing import Annotated

from fastapi import APIRouter, Path, status
from pydantic import BaseModel, Field

from routing.capabilities import Capability
from web.api.shapes import Wanted
from web.auth import VisitorDep
from web.context import DeskDep
from web.rights import needs
from web.services import AgentsDep

router = APIRouter(prefix="/me/drafts", tags=["desk"], dependencies=[needs(Capability.OWN_ACCOUNT)])
FormName = Annotated[
    str,
    Path(
        pattern=r"^((wrap-up|answer|note|correct|assign|back|merge|urgency)-[0-9a-f-]{36}|new-ticket)$",
        description="`wrap-up-` and an offer; `answer-`, `note-`, `correct-`, `assign-`, `back-`, `merge-` or "
        "`urgency-` and a ticket; or `new-ticket`",
    ),
]
FieldName = Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")]
Fields = Annotated[dict[FieldName, Annotated[str, Field(max_length=4_000)]], Field(max_length=8)]


class DraftIn(Wanted):
    fields: Fields


class DraftOut(BaseModel):
    fields: dict[str, str]


@router.get("/{form}")
async def draft(form: FormName, who: VisitorDep, context: DeskDep) -> DraftOut:
    """What the visitor typed into a form and has not sent."""
    return DraftOut(fields=dict(await context.records.drafts.of(who.account.login, form)))


@router.put("/{form}", status_code=status.HTTP_204_NO_CONTENT)
async def keep_draft(form: FormName, typed: DraftIn, who: VisitorDep, agents: AgentsDep) -> None:
    """Keep what is typed; with nothing in it, forget. The note of a wrap-up that is over is added to it."""
    await agents.keep_draft(who.account.login, who.account.agent_id, form, typed.fields)
