"""Services of the line, for endpoints: each asks for the one that it needs."""

from typing import Annotated

from fastapi import Depends, Request

from routing.services.agents import AgentService
from routing.services.callbacks import CallbackService
from routing.services.emergencies import EmergencyService
from routing.services.handling import HandlingService
from routing.services.help import HelpService
from routing.services.line import LineServices
from routing.services.merging import MergingService
from routing.services.missed import MissedService
from routing.services.notices import NoticeService
from routing.services.pages import PageService
from routing.services.tickets import TicketService
from routing.services.walls import WallService
from routing.services.work_list import WorkListService


def _services(request: Request) -> LineServices:
    services: LineServices = request.app.state.services
    return services


def _tickets(request: Request) -> TicketService:
    return _services(request).tickets


def _handling(request: Request) -> HandlingService:
    return _services(request).handling


def _merging(request: Request) -> MergingService:
    return _services(request).merging


def _callbacks(request: Request) -> CallbackService:
    return _services(request).callbacks


def _agents(request: Request) -> AgentService:
    return _services(request).agents


def _emergencies(request: Request) -> EmergencyService:
    return _services(request).emergencies


def _missed(request: Request) -> MissedService:
    return _services(request).missed


def _help(request: Request) -> HelpService:
    return _services(request).help


def _notices(request: Request) -> NoticeService:
    return _services(request).notices


def _walls(request: Request) -> WallService:
    return _services(request).walls


def _work_list(request: Request) -> WorkListService:
    return _services(request).work_list


def _pages(request: Request) -> PageService:
    pages: PageService = request.app.state.pages
    return pages


TicketsDep = Annotated[TicketService, Depends(_tickets)]
HandlingDep = Annotated[HandlingService, Depends(_handling)]
MergingDep = Annotated[MergingService, Depends(_merging)]
CallbacksDep = Annotated[CallbackService, Depends(_callbacks)]
AgentsDep = Annotated[AgentService, Depends(_agents)]
EmergenciesDep = Annotated[EmergencyService, Depends(_emergencies)]
MissedDep = Annotated[MissedService, Depends(_missed)]
HelpDep = Annotated[HelpService, Depends(_help)]
NoticesDep = Annotated[NoticeService, Depends(_notices)]
WallsDep = Annotated[WallService, Depends(_walls)]
WorkListDep = Annotated[WorkListService, Depends(_work_list)]
PagesDep = Annotated[PageService, Depends(_pages)]
