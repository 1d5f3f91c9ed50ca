"""The lists of tickets that somebody keeps for themselves."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, status
from pydantic import BaseModel, Field

from routing.capabilities import Capability
from routing.model import Stage
from routing.work_list import LONGEST_NAME, Order, Overview
from web.api.shapes import FromRecord, UrgencyName, Wanted
from web.auth import VisitorDep
from web.context import DeskDep
from web.rights import needs
from web.services import WorkListDep

router = APIRouter(
    prefix="/me/filters", tags=["desk"],
    dependencies=[needs(Capability.OWN_ACCOUNT), needs(Capability.READ_TICKETS)],
)  # fmt: skip
FilterName = Annotated[str, Path(min_length=1, max_length=LONGEST_NAME, description="as its owner calls it")]
Id = Annotated[str | None, Field(max_length=64)]


class FilterIn(Wanted):
    """What the list is asked for; words that are searched for are not kept, as they may name a caller."""

    view: Overview | None = None
    stage: Stage | Literal["any"] | None = None
    urgency: UrgencyName | None = None
    topic: Id = None
    crew: Id = None
    place: Id = None
    assignee: Id = None
    order: Order | None = None


class FilterOut(FromRecord):
    name: str
    fields: dict[str, str]


class FiltersOut(BaseModel):
    items: list[FilterOut]


@router.get("")
async def kept_filters(who: VisitorDep, context: DeskDep) -> FiltersOut:
    """By name."""
    kept = await context.records.filters.of(who.account.login)
    return FiltersOut(items=[FilterOut.model_validate(each) for each in kept])


@router.put("/{name}")
async def keep_filter(name: FilterName, wanted: FilterIn, who: VisitorDep, lists: WorkListDep) -> FilterOut:
    """Keep it under this name; one of that name is another from then on."""
    fields = {key: str(value) for key, value in wanted.model_dump().items() if value is not None}
    return FilterOut.model_validate(await lists.keep(who.account.login, name, fields))


@router.delete("/{name}", status_code=status.HTTP_204_NO_CONTENT)
async def drop_filter(name: FilterName, who: VisitorDep, lists: WorkListDep) -> None:
    await lists.drop(who.account.login, name)
