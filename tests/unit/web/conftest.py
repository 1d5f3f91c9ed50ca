from collections.abc import AsyncIterator

import httpx
import pytest

from tests.unit.web.demo import Clock, Desk
from tests.unit.web.stand_ins_records import PASSWORD


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(clock: Clock) -> Desk:
    return Desk(clock)


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody in particular."""
    transport = httpx.ASGITransport(desk.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield client


@pytest.fixture
async def anna(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same client, logged in as an agent by bearer token."""
    return await log_in(client, "anna")


async def log_in(client: httpx.AsyncClient, login: str) -> httpx.AsyncClient:
    answer = await client.post("/api/v1/sessions", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return client
