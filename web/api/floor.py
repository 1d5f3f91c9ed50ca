"""The floor's figures for programs: as they stand, and of a day."""

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from routing.capabilities import Capability
from routing.day_figures import DayFigures, Formula
from routing.floor import CrewQueue, FloorFigures, Waiting
from routing.model import NotFound
from web.api.shapes import FromRecord
from web.auth import VisitorDep
from web.context import DeskDep
from web.floor import read_day
from web.rights import needs

router = APIRouter(prefix="/floor", tags=["floor"], dependencies=[needs(Capability.WATCH_FLOOR)])


class WaitingOut(FromRecord):
    live: int = Field(description="on the line")
    callbacks: int = Field(description="to be called back")
    live_since: datetime | None = Field(description="since when the one on the line waits who has waited longest")
    callbacks_since: datetime | None

    @classmethod
    def of(cls, waiting: Waiting) -> "WaitingOut":
        return cls.model_validate(waiting)


class CrewQueueOut(WaitingOut):
    crew: str
    free: int = Field(description="agents who could be offered a call now")
    there: int = Field(description="agents at work, be it in a call")

    @classmethod
    def of_crew(cls, queue: CrewQueue) -> "CrewQueueOut":
        return cls(crew=queue.crew, free=queue.free, there=queue.there, **vars(queue.waiting))


class PromisesOut(FromRecord):
    overdue: int
    soon: int


class CallbacksDueOut(FromRecord):
    due: int
    under_way: int
    later: int
    due_since: datetime | None


class EmergenciesOpenOut(FromRecord):
    untaken: int
    taken: int
    untaken_since: datetime | None


class DayOut(FromRecord):
    """Of those who began to wait for a person on that day; emergencies are none of them."""

    offered: int
    answered: int
    in_time: int
    abandoned: int
    short_abandoned: int
    callbacks: int
    elsewhere: int
    mean_answer_s: int | None
    longest_s: int | None
    service_level: dict[Formula, float | None] = Field(description="shares from 0 to 1; null while nobody was offered")

    @classmethod
    def of(cls, day: DayFigures) -> "DayOut":
        return cls(**vars(day), service_level={formula: day.service_level(formula) for formula in Formula})


class FloorOut(BaseModel):
    waiting: WaitingOut
    queues: list[CrewQueueOut]
    promises: PromisesOut
    callbacks: CallbacksDueOut
    emergencies: EmergenciesOpenOut
    today: DayOut
    last_week: DayOut = Field(description="the same weekday, up to the same time of the day")

    @classmethod
    def of(cls, figures: FloorFigures) -> "FloorOut":
        return cls(
            waiting=WaitingOut.of(figures.waiting), queues=[CrewQueueOut.of_crew(queue) for queue in figures.queues],
            promises=PromisesOut.model_validate(figures.promises),
            callbacks=CallbacksDueOut.model_validate(figures.callbacks),
            emergencies=EmergenciesOpenOut.model_validate(figures.emergencies),
            today=DayOut.of(figures.today), last_week=DayOut.of(figures.last_week),
        )  # fmt: skip


@router.get("")
async def floor_now(who: VisitorDep, context: DeskDep) -> FloorOut:
    """The same figures as the floor's page and the wall."""
    return FloorOut.of((await context.floor.read()).figures)


@router.get("/days/{day}")
async def floor_of_day(day: date, who: VisitorDep, context: DeskDep) -> DayOut:
    """A day at the site's clock; of today, up to now."""
    if not date.min.year < day.year < date.max.year:
        raise NotFound(f"the day {day}")  # it begins or ends beyond what a clock can tell
    return DayOut.of(await read_day(context.records, day, context.edition.site, context.now()))
