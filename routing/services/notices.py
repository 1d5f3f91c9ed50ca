"""Notices: a supervisor tells all desks something until a time; each person puts theirs away."""

from datetime import timedelta

from routing.archive import NO_AUDIT, Action, AuditNotes
from routing.clocks import Clocks
from routing.identity import new_id
from routing.model import Missing, NotNow
from routing.notices import LONGEST, Notice
from routing.ports import News, Records


class NoticeService:
    def __init__(self, records: Records, news: News, clocks: Clocks, audit: AuditNotes = NO_AUDIT) -> None:
        self._records, self._news, self._clocks, self._audit = records, news, clocks, audit

    async def post(self, text: str, minutes: int, actor: str) -> Notice:
        """On every desk from now on, for so long. Raises: Missing."""
        text = " ".join(text.split())[:LONGEST]
        if not text:
            raise Missing("Say in a few words what everybody should know.")
        now = self._clocks.now()
        notice = Notice(new_id(), text, actor, now, now + timedelta(minutes=minutes))
        await self._records.floor.notices.post(notice)
        await self._tell(notice.id)
        detail = {"until": notice.until.isoformat()}
        await self._audit.note(actor, Action.NOTICE_POSTED, notice.id, now, detail)  # without its words: kept for ever
        return notice

    async def withdraw(self, notice_id: str, actor: str) -> None:
        """Raises: NotNow."""
        now = self._clocks.now()
        if not await self._records.floor.notices.withdraw(notice_id, now):
            raise NotNow("This notice does not stand any more.")
        await self._tell(notice_id)
        await self._audit.note(actor, Action.NOTICE_WITHDRAWN, notice_id, now)

    async def dismiss(self, notice_id: str, login: str) -> None:
        """Their pages show it no more."""
        await self._records.floor.notices.dismiss(notice_id, login)
        await self._tell(notice_id)

    async def _tell(self, notice_id: str) -> None:
        await self._news.publish("notice", notice=notice_id)
