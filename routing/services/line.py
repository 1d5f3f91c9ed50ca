"""The services of a line over one database: what a process makes once, for phone, page and program alike."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

from config.documents import Site, WaitingRules
from routing.archive import NO_AUDIT, AuditNotes
from routing.clocks import Clocks
from routing.missed import MissedRules, always
from routing.policy import ALIKE, Skills
from routing.ports import News, Records
from routing.promise import is_open
from routing.services.agents import AgentService
from routing.services.callbacks import CallbackService
from routing.services.calls import CallService
from routing.services.dispatcher import Dispatcher
from routing.services.emergencies import EmergencyService
from routing.services.handling import HandlingService
from routing.services.help import HelpService
from routing.services.merging import MergingService
from routing.services.missed import MissedService
from routing.services.notices import NoticeService
from routing.services.offers import OfferService
from routing.services.queue import QueueService
from routing.services.talks import TalkService
from routing.services.tickets import TicketService
from routing.services.walls import WallService
from routing.services.work_list import WorkListService


@dataclass(frozen=True)
class LineServices:
    """Every change goes through one of them; `records` are there to be read, `news` to be listened to."""

    records: Records
    news: News
    clocks: Clocks
    tickets: TicketService
    handling: HandlingService
    merging: MergingService
    queue: QueueService
    offers: OfferService
    agents: AgentService
    emergencies: EmergencyService
    calls: CallService
    callbacks: CallbackService
    talks: TalkService
    dispatcher: Dispatcher
    missed: MissedService
    help: HelpService
    notices: NoticeService
    walls: WallService
    work_list: WorkListService

    @classmethod
    def over(
        cls, records: Records, news: News, waiting: Callable[[], WaitingRules], clocks: Clocks,
        audit: AuditNotes = NO_AUDIT, site: Callable[[], Site] | None = None,
    ) -> Self:  # fmt: skip
        """`waiting` returns the queue's rules that are in force now, `site` the site; `audit` notes what people do.

        Without a site, it is always open.
        """
        queue, offers = QueueService(records, news, clocks), OfferService(records, news, clocks)
        agents = AgentService(records, news, waiting, clocks, audit)
        emergencies = EmergencyService(records, news, clocks, queue, offers, agents, audit)
        tickets, callbacks = (
            TicketService(records, news, clocks, audit),
            CallbackService(records, news, clocks, queue, audit),
        )
        return cls(
            records, news, clocks, tickets, HandlingService(records, news, clocks, audit),
            MergingService(records, news, audit), queue, offers, agents, emergencies,
            CallService(records, news, clocks, offers, emergencies, partial(_missed_rules, waiting, site)),
            callbacks, TalkService(records, news, clocks),
            Dispatcher(records, queue, offers, agents, waiting, clocks, partial(_skills, site)),
            MissedService(records, news, clocks, tickets, callbacks, audit), HelpService(records, news, clocks, audit),
            NoticeService(records, news, clocks, audit), WallService(records, news, clocks, audit),
            WorkListService(records, clocks),
        )  # fmt: skip


def _skills(site: Callable[[], Site] | None) -> Skills:
    return {agent.login: agent.skills for agent in site().agents if agent.skills} if site else ALIKE


def _missed_rules(waiting: Callable[[], WaitingRules], site: Callable[[], Site] | None) -> MissedRules:
    now = site() if site else None
    return MissedRules(waiting().short_wait_s, (lambda at: is_open(at, now)) if now else always)
