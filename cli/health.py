"""What `/readyz` asks: each part answers None when it is well, else one sentence about what is wrong."""

import asyncio

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from cli.addresses import connectable
from config.settings import Settings
from store import SqlRecords
from web.ports import Health

ANSWER_S = 1.0


def of_line(settings: Settings, records: SqlRecords) -> dict[str, Health]:
    """Every part that a line needs to take calls, by name."""
    controller = f"http://{connectable(settings.controller.host)}:{settings.controller.metrics_port}"
    return {
        "database": DatabaseHealth(records),
        "redis": RedisHealth(settings.redis_url),
        "asterisk": AsteriskHealth(connectable(settings.asterisk.host), settings.asterisk.ami_port),
        "controller": HttpHealth("the controller", f"{controller}/healthz"),
    }


class DatabaseHealth:
    def __init__(self, records: SqlRecords) -> None:
        self._records = records

    async def __call__(self) -> str | None:
        def ask(connection: Connection) -> None:
            connection.execute(text("SELECT 1"))

        try:
            async with asyncio.timeout(ANSWER_S):
                await self._records.database.read(ask)
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            return f"the database does not answer: {type(error).__name__}"
        return None


class RedisHealth:
    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S)

    async def __call__(self) -> str | None:
        try:
            await self._redis.ping()
        except (RedisError, OSError) as error:
            return f"Redis does not answer: {type(error).__name__}"
        return None


class AsteriskHealth:
    """By the greeting of its manager: a connection alone would also be made to a hung process."""

    def __init__(self, host: str, ami_port: int) -> None:
        self._address = (host, ami_port)

    async def __call__(self) -> str | None:
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_connection(*self._address)
                greeting = await reader.readline()
                writer.close()
        except (OSError, TimeoutError, ValueError) as error:
            return f"Asterisk's manager does not answer: {type(error).__name__}"
        return None if greeting.startswith(b"Asterisk Call Manager") else "what answers is not Asterisk's manager"


class HttpHealth:
    def __init__(self, who: str, url: str) -> None:
        self._who, self._url = who, url

    async def __call__(self) -> str | None:
        try:
            async with httpx.AsyncClient(timeout=ANSWER_S) as client:
                (await client.get(self._url)).raise_for_status()
        except httpx.HTTPError as error:
            return f"{self._who} does not answer: {type(error).__name__}"
        return None
