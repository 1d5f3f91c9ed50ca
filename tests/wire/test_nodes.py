"""Two Asterisks with controllers of their own on one PostgreSQL: each is judged by its own, and a dead one by all.

The controllers' parts are those that follow Asterisk; callers are Local channels, so no phone and no voice is needed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from config.documents import CallbackRules
from config.in_force import EditionInForce
from config.settings import Settings
from controller.agent_phones import AgentPhones
from controller.dialplan_calls import DialplanCalls
from controller.emergency_calls import EmergencyCalls
from controller.emergency_reports import EmergencyReports
from controller.endings import CallEndings
from controller.switchboard import GRACE_S, Switchboard
from controller.talk_calls import TalkCalls
from routing.event_types import EventType
from routing.fake import MemoryNews
from routing.identity import new_id
from routing.lifecycle import AttemptEvent
from routing.model import Attempt, AttemptState, Call, CallerId
from routing.outbound_desk import OutboundDesk
from runtime.clock import now
from store import SqlRecords, open_records
from store.migrate import upgrade
from telephony.ami import Originate
from telephony.ami_client import AmiClient
from telephony.dialling import DialplanExtension
from telephony.instance import AsteriskInstance
from tests.conftest import free_port
from tests.contract.samples import a_callback, opened_ticket
from tests.services import services_over
from tests.unit.ivr.site import edition
from tests.wire.legs.small_asterisk import write_config

pytestmark = pytest.mark.wire
SILENT_S = 20.0  # several beats, also of a busy machine
LIMIT_S = 60.0  # for what takes 10 to 30 s


@dataclass
class Node:
    """An Asterisk, and what a test asks of it."""

    name: str
    asterisk: AsteriskInstance
    ami_port: int

    def client(self) -> AmiClient:
        return AmiClient("127.0.0.1", self.ami_port, "tester", "a-secret")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Node]]:
    root = Settings().asterisk.root
    if not (root / "usr/sbin/asterisk").exists():
        pytest.skip(f"no Asterisk in {root}")
    made = [started(root, tmp_path_factory.mktemp(name), name) for name in ("east", "west")]
    yield made[0], made[1]
    for node in made:
        node.asterisk.stop()


def started(root: Path, folder: Path, name: str) -> Node:
    ami_port = free_port()
    write_config(folder, agi_port=free_port(), ami_port=ami_port, lease=3, node=name)
    asterisk = AsteriskInstance(root, folder)
    asterisk.start()
    return Node(name, asterisk, ami_port)


@pytest.fixture
async def records(postgres_url: str) -> AsyncIterator[SqlRecords]:
    upgrade(postgres_url)
    async with open_records(postgres_url) as opened:
        yield opened


@asynccontextmanager
async def controller(node: Node, records: SqlRecords, name: str = "") -> AsyncIterator[Switchboard]:
    """What follows Asterisk in a controller of the node; `name`: of the node that its settings say."""
    named, news, documents = name or node.name, MemoryNews(), EditionInForce(edition(), {})
    async with node.client() as ami:
        rules = CallbackRules(dial_patterns=("[0-9]+",))
        nobody = cast("Any", None)
        services = services_over(records, news, now)
        outbound = OutboundDesk(services, nobody, lambda: rules, named)
        reports = EmergencyReports(services, documents)
        emergencies = EmergencyCalls(ami, reports, DialplanCalls(services, documents, named), named)
        endings, dialler = CallEndings(services, documents), cast("Any", Registered())
        talks = TalkCalls(ami, services.talks, named)
        board = Switchboard(
            ami, services, outbound, dialler, emergencies, talks, endings, AgentPhones(ami),
            node=named, silent_s=SILENT_S,
        )  # fmt: skip
        running = asyncio.create_task(board.run())
        try:
            yield board
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


class Registered:
    """Stands where the dialler keeps what is registered."""

    registered: frozenset[str] = frozenset()


def quiet(channel_id: str) -> Originate:
    """A channel that stays until somebody ends it."""
    return Originate(channel_id, DialplanExtension("quiet", "caller"), "caller", "quiet", timeout_ms=600_000)


async def calls_at(node: Node, records: SqlRecords) -> Call:
    """A caller who has been on the line for long, as the node's controllers have recorded them."""
    channel_id = f"{node.name}-caller-{new_id()}"
    async with node.client() as ami:
        assert await ami.ready(LIMIT_S)
        await ami.originate(quiet(channel_id))
        await until("the caller is there", lambda: on(ami, channel_id))
    long_ago = now() - timedelta(seconds=GRACE_S + 5)
    call = Call(
        new_id(), "demo", "100", CallerId("204", "204"), long_ago, {}, node=node.name, channel=channel_id
    )  # fmt: skip
    assert await records.calls.open(call)
    return call


async def on(ami: AmiClient, channel_id: str) -> bool:
    return any(channel.uniqueid == channel_id for channel in await ami.core_show_channels())


async def beats(records: SqlRecords, node: Node) -> int:
    return next((each.beats for each in await records.nodes.all() if each.name == node.name), 0)


async def reconciled(records: SqlRecords, node: Node, times: int = 2) -> None:
    """A controller of the node has read its Asterisk whole, between one beat and the next."""
    before = await beats(records, node)

    async def enough() -> bool:
        return await beats(records, node) >= before + times

    await until(f"{node.name} has reconciled", enough)


async def until(what: str, is_so: Callable[[], Awaitable[bool]]) -> None:
    """Raises: TimeoutError."""
    try:
        async with asyncio.timeout(LIMIT_S):
            while not await is_so():  # noqa: ASYNC110 - what is waited for is in another process
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise TimeoutError(f"waited {LIMIT_S} s: {what}") from None


async def sent(records: SqlRecords, node: Node) -> Attempt:
    """An attempt that the node dialled long enough ago for its channel to be listed."""
    callback = await records.outbound_calls.store(a_callback(await opened_ticket(records)))
    long_ago = now() - timedelta(seconds=60)
    attempt = Attempt(new_id(), callback.id, 1, AttemptState.CLAIMED, long_ago, node=node.name)
    assert await records.outbound_calls.claim_attempt(attempt)
    assert await records.outbound_calls.advance_attempt(attempt.id, AttemptEvent.SENT, long_ago)
    async with node.client() as ami:
        assert await ami.ready(LIMIT_S)
        await ami.originate(quiet(attempt.id))
        await until("the attempt is there", lambda: on(ami, attempt.id))
    return attempt


async def endings(records: SqlRecords, call: Call) -> list[Any]:
    events = await records.calls.timeline(call.id)
    return [event.payload["ending"] for event in events if event.type == EventType.CALL_ENDED]


async def test_calls_and_attempts_of_a_node_live_through_the_reconciliation_of_another(
    two: tuple[Node, Node], records: SqlRecords
) -> None:
    east, west = two
    call, attempt = await calls_at(east, records), await sent(records, east)
    async with controller(east, records), controller(west, records):
        await reconciled(records, west)
        assert (await records.calls.load(call.id)).ended_at is None
        assert (await records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.SENT
        async with east.client() as ami:
            assert await ami.ready(LIMIT_S)
            for channel in await ami.core_show_channels():
                await ami.hangup(channel.name)
        await until("east's own controller ends it", lambda: ended(records, call))  # whose Asterisk lists it no more
        await until("its attempt is over", lambda: no_attempts(records))


async def no_attempts(records: SqlRecords) -> bool:
    return not await records.outbound_calls.open_attempts()


async def ended(records: SqlRecords, call: Call) -> bool:
    return (await records.calls.load(call.id)).ended_at is not None


async def test_a_controller_at_the_wrong_asterisk_makes_nothing_of_what_it_lists(
    two: tuple[Node, Node], records: SqlRecords
) -> None:
    east, west = two
    call = await calls_at(east, records)
    async with controller(west, records, name="east") as wrong:

        async def noticed() -> bool:
            return wrong.other_node == "west"

        await until("it notices", noticed)
        assert await beats(records, east) == 0
    assert not await ended(records, call)


async def test_calls_before_nodes_had_names_are_those_of_whose_asterisk_lists_them(
    two: tuple[Node, Node], records: SqlRecords
) -> None:
    east, west = two
    call = await calls_at(Node("", east.asterisk, east.ami_port), records)
    async with controller(west, records), controller(east, records):
        await until("east takes it for its own", lambda: lives_at(records, call, "east"))
        await reconciled(records, west)
    assert not await ended(records, call)


async def lives_at(records: SqlRecords, call: Call, node: str) -> bool:
    return (await records.calls.load(call.id)).node == node


async def test_calls_of_a_dead_node_end_as_lost_once_and_those_of_others_go_on(
    two: tuple[Node, Node], records: SqlRecords
) -> None:
    east, west = two
    call, lost, attempt = await calls_at(east, records), await calls_at(west, records), await sent(records, west)
    async with AsyncExitStack() as stack:
        for _ in range(2):  # any of them notices
            await stack.enter_async_context(controller(east, records))
        async with controller(west, records):
            await reconciled(records, west)
            await reconciled(records, east)
            assert not await ended(records, lost)
            west.asterisk.kill()
        await until("west's call is lost", lambda: ended(records, lost))
        await reconciled(records, east, times=4)
        assert await endings(records, lost) == ["lost"]
        assert (await records.outbound_calls.load_attempt(attempt.id)).state is AttemptState.LOST
        assert not await ended(records, call)
