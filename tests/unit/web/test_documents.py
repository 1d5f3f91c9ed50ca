"""Pages go by the documents in force, also when others are published while they are open."""

import httpx

from routing.policy import page_alive
from tests.unit.web.demo import Desk
from web.auth import Visitor
from web.context import DeskContext
from web.panels import Panels
from web.ports import Account


def renamed(desk: Desk) -> None:
    """Other documents are put in force: another name of the hospital, and other rules."""
    site = desk.edition.site
    rules = site.waiting.model_copy(update={"stale_page_s": 1})
    site = site.model_copy(update={"name": {"en": "Saint Martha Hospital"}, "waiting": rules})
    edition = desk.edition.model_copy(update={"site": site})
    line: DeskContext = desk.app.state.context
    line.in_force.switch(edition)


async def test_the_next_page_has_the_new_names(desk: Desk, client: httpx.AsyncClient) -> None:
    assert "Saint Lucas Hospital" in (await client.get("/login")).text
    renamed(desk)
    shown = (await client.get("/login")).text
    assert "Saint Martha Hospital" in shown
    assert "Saint Lucas Hospital" not in shown


async def test_rules_of_the_desk_are_those_in_force(desk: Desk) -> None:
    line: DeskContext = desk.app.state.context
    agent = await line.records.agents.load("agent-anna")
    await line.records.agents.heartbeat(agent.id, desk.at())
    agent = await line.records.agents.load("agent-anna")
    desk.now.pass_s(5)  # type: ignore[attr-defined]
    assert page_alive(agent, line.now(), line.edition.site.waiting)
    renamed(desk)
    assert not page_alive(agent, line.now(), line.edition.site.waiting)


async def test_parts_of_open_pages_are_drawn_anew(desk: Desk) -> None:
    line: DeskContext = desk.app.state.context
    who = Visitor(Account("chen", "Chen Wei", "supervisor", ""), "token")
    panels = Panels(line, who, line.board)
    assert await panels.all()
    assert await panels.all() == []
    renamed(desk)
    assert {panel.name for panel in await panels.all()} == {"emergency", "board", "missed-count", "notices"}
