"""The desk as it runs for real: records in SQLite, news by way of Redis, a dispatcher that pairs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from config.documents import AgentAccount, WaitingRules
from store import open_records
from store.migrate import upgrade
from store.news import RedisNews
from store.seed import seed
from tests.services import services_over
from tests.unit.web.demo import AGENTS, NODE, Desk, real_time
from tests.unit.web.stand_ins import small_edition
from tests.unit.web.stand_ins_records import PASSWORD

AgentOf = tuple[str, str, str]  # login, name, phone
CREWS = ("dispatch", "technical")


@asynccontextmanager
async def stored_desk(database_url: str, redis_url: str, agents: Sequence[AgentOf] = AGENTS) -> AsyncIterator[Desk]:
    edition = small_edition()
    accounts = tuple(AgentAccount(login=login, name=name, phone=phone, crews=CREWS) for login, name, phone in agents)
    patient = WaitingRules(pop_s=30)  # a slow test machine must not look like a frozen desk
    site = edition.site.model_copy(update={"agents": accounts, "waiting": patient})
    edition = edition.model_copy(update={"site": site})
    await asyncio.to_thread(upgrade, database_url)
    await seed(database_url, edition, {login: PASSWORD for login, _, _ in agents})
    async with open_records(database_url) as records, RedisNews(redis_url) as news:
        desk = Desk(real_time, edition)
        desk.serve(records, news, records.accounts, records.pages, records.archive)
        desk.agent_ids = {agent.login: agent.id for agent in await records.agents.all()}
        await records.agents.phones_registered(NODE, {phone: True for _, _, phone in agents})
        dispatching = asyncio.create_task(_dispatch(desk))
        try:
            yield desk
        finally:
            dispatching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await dispatching


async def _dispatch(desk: Desk) -> None:
    services = services_over(desk.records, desk.news, rules=lambda: desk.edition.site.waiting)
    while True:
        await services.dispatcher.tick()
        await asyncio.sleep(0.1)
