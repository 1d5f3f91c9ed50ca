"""Help: an agent asks for it with one key, somebody takes it, and it is over when it came."""

from routing.archive import NO_AUDIT, Action, AuditNotes
from routing.clocks import Clocks
from routing.help_requests import HelpEvent, HelpRequest, HelpState
from routing.identity import new_id
from routing.model import Agent, NotNow
from routing.ports import News, Records


class HelpService:
    def __init__(self, records: Records, news: News, clocks: Clocks, audit: AuditNotes = NO_AUDIT) -> None:
        self._records, self._news, self._clocks, self._audit = records, news, clocks, audit

    async def ask(self, agent: Agent) -> HelpRequest:
        """Loud on the floor from now on. Raises: NotNow."""
        request = HelpRequest(new_id(), agent.id, self._clocks.now())
        if not await self._records.floor.help.ask(request):
            raise NotNow("You have asked for help already.")
        await self._note(request, f"agent:{agent.login}", Action.HELP_ASKED)
        return request

    async def take(self, request_id: str, actor: str) -> None:
        """The agent reads who is coming. Raises: NotFound, NotNow."""
        request = await self._records.floor.help.load(request_id)
        if not await self._records.floor.help.advance(request_id, HelpEvent.TAKEN, self._clocks.now(), actor):
            raise _as_it_is(await self._records.floor.help.load(request_id))
        await self._note(request, actor, Action.HELP_TAKEN)

    async def end(self, request_id: str, actor: str) -> None:
        """It came, or is not needed any more. Raises: NotFound, NotNow."""
        request = await self._records.floor.help.load(request_id)
        if not await self._records.floor.help.advance(request_id, HelpEvent.ENDED, self._clocks.now()):
            raise _as_it_is(request)
        await self._note(request, actor, Action.HELP_ENDED)

    async def end_own(self, agent: Agent) -> None:
        """Raises: NotNow."""
        open_ones = await self._records.floor.help.open()
        mine = next((each for each in open_ones if each.agent_id == agent.id), None)
        if mine is None:
            raise NotNow("You have not asked for help.")
        await self.end(mine.id, f"agent:{agent.login}")

    async def _note(self, request: HelpRequest, actor: str, action: Action) -> None:
        await self._news.publish("help", agent=request.agent_id)
        login = (await self._records.agents.load(request.agent_id)).login
        await self._audit.note(actor, action, login, self._clocks.now())


def _as_it_is(request: HelpRequest) -> NotNow:
    taken = request.state is HelpState.TAKEN
    return NotNow("Somebody has taken this already." if taken else "This help is not needed any more.")
