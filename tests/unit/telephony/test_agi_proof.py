"""Only Asterisk brings calls: whoever else speaks AGI reaches no handler."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha1

import pytest

from telephony.agi_proof import AgiProof
from telephony.agi_server import STRANGERS_LIMIT, AgiServer
from telephony.agi_session import AgiSession
from tests.unit.telephony.fake_asterisk import ENVIRONMENT, FakeAsterisk

SECRET = "known to the dialplan and the controller"
UNIQUEID = ENVIRONMENT["uniqueid"]


def digest(text: str) -> str:
    return sha1(text.encode()).hexdigest()


def dialplan(secret: str, uniqueid: str) -> FakeAsterisk:
    """An Asterisk whose dialplan was written with this secret, on a channel with this id."""
    made = FakeAsterisk()
    known = digest(f"{secret}:{uniqueid}:{secret}")

    def evaluate(expression: str) -> str:
        found = re.fullmatch(r"\$\{SHA1\((.*)\)\}", expression)
        assert found, expression
        return digest(found[1].replace("${ON_PASS}", known))

    made.evaluate = evaluate
    return made


@asynccontextmanager
async def served() -> AsyncIterator[tuple[AgiServer, list[str]]]:
    ended: list[str] = []

    async def hangup(session: AgiSession) -> None:
        ended.append(await session.variable("ON_CALL") or "")

    async with AgiServer({"hangup": hangup}, "127.0.0.1", 0, proof=AgiProof(SECRET)) as server:
        yield server, ended


async def told(server: AgiServer, asterisk: FakeAsterisk, **environment: str) -> None:
    asterisk.variables["ON_CALL"] = "a-call"
    await asterisk.call(server.port, "hangup", **environment)
    async with asyncio.timeout(30):
        await asterisk.over()


async def test_asterisk_is_heard() -> None:
    async with served() as (server, ended):
        await told(server, dialplan(SECRET, UNIQUEID))
    assert (ended, server.refused) == (["a-call"], 0)


@pytest.mark.parametrize(
    ("secret", "uniqueid"),
    [("guessed", UNIQUEID), (SECRET, "1700000000.2"), (SECRET, f"{UNIQUEID} "), ("", UNIQUEID)],
)
async def test_who_does_not_know_the_secret_or_is_another_channel_is_refused(secret: str, uniqueid: str) -> None:
    async with served() as (server, ended):
        await told(server, dialplan(secret, uniqueid))
    assert (ended, server.refused) == ([], 1)


async def test_an_answer_seen_before_opens_nothing() -> None:
    async with served() as (server, ended):
        real = dialplan(SECRET, UNIQUEID)
        await told(server, real)
        asked = next(command for command in real.commands if command.startswith("GET FULL"))
        seen = real.evaluate(asked.split('"')[1])
        replay = FakeAsterisk()
        replay.evaluate = lambda expression: seen
        await told(server, replay)
    assert (ended, server.refused) == (["a-call"], 1)


@pytest.mark.parametrize("reply", ["510 Invalid or unknown command\n", "511 Command Not Permitted\n", "200 result=0\n"])
async def test_no_answer_is_no_proof(reply: str) -> None:
    async with served() as (server, ended):
        forger = FakeAsterisk()
        forger.replies["GET"] = reply
        await told(server, forger)
    assert ended == []


async def test_connections_that_never_speak_keep_no_call_out() -> None:
    async with served() as (server, ended):
        silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(STRANGERS_LIMIT + 10)]
        await told(server, dialplan(SECRET, UNIQUEID))
        for _, writer in silent:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
    assert ended == ["a-call"]
    assert not server.strangers


def test_there_is_no_proof_without_a_secret() -> None:
    with pytest.raises(ValueError, match="without a secret"):
        AgiProof("")
