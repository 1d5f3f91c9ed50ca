"""What Asterisk did alone becomes one call and one ticket, whenever and however often a controller dies over it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.documents import Edition, load_edition
from config.in_force import EditionInForce
from config.settings import PROJECT
from controller.messages import MessageImport
from ivr.owed import Owed
from routing.fake import MemoryRecords
from routing.model import Call, CallerId, CallState, Intake, IntakeSource
from routing.numbers import Proof
from telephony.spool import SpooledMessage
from tests.services import services_over

AT = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)
KEY = "1795918200.17"


class DiesOnce:
    """A port whose process dies right after a method has done its work, the first time."""

    def __init__(self, port: Any, method: str) -> None:
        self._port = port
        self._method = method

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if name != self._method:
            return real
        self._method = ""

        async def last_act(*arguments: Any) -> None:
            await real(*arguments)
            raise ConnectionError

        return last_act


@pytest.fixture(scope="module")
def edition() -> Edition:
    return load_edition(PROJECT / "config")


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords()


@pytest.fixture
def taking(records: MemoryRecords, edition: Edition, tmp_path: Path) -> MessageImport:
    return MessageImport(
        tmp_path / "spool",
        tmp_path / "recordings",
        services_over(records),
        EditionInForce(edition, {"flows": "f" * 64}),
    )


def a_message(outcome: str, **changes: Any) -> SpooledMessage:
    recording = Path(f"{KEY}.wav") if outcome == "message" else None
    known = SpooledMessage(KEY, AT, outcome, recording, Path(f"{KEY}.txt"), number="204", dnis="100", proof=Proof.PHONE)
    return replace(known, **changes)


def the_call(records: MemoryRecords) -> Call:
    (call,) = records.state.calls.values()
    return call


@pytest.mark.parametrize("outcome", ["message", "talked", "left"])
@pytest.mark.parametrize(
    ("port", "method"), [("calls", "open"), ("tickets", "open"), ("tickets", "add_message"), ("calls", "end")]
)
async def test_a_controller_that_dies_half_way_leaves_nothing_twice(
    records: MemoryRecords, taking: MessageImport, outcome: str, port: str, method: str
) -> None:
    setattr(records, port, DiesOnce(getattr(records, port), method))
    if method != "add_message" or outcome == "message":
        with pytest.raises(ConnectionError):
            await taking.keep(a_message(outcome))
    await taking.keep(a_message(outcome))
    await taking.keep(a_message(outcome))
    call = the_call(records)
    assert call.state is CallState.ENDED
    (ticket,) = await records.tickets.of_call(call.id)
    assert list(records.state.tickets) == [ticket.id]
    assert records.state.messages.get(ticket.id, []) == ([f"{KEY}.wav"] if outcome == "message" else [])
    types = [event.type for event in records.state.events[call.id]]
    assert sorted(set(types)) == sorted(types)
    assert {"call.started", "dialplan.took_over", "ticket.opened", "call.ended"} <= set(types)
    told = IntakeSource.MESSAGE if outcome == "message" else IntakeSource.CALL
    assert ticket.draft.intake == Intake(told, call.caller)


@pytest.mark.parametrize(("outcome", "ending"), [("message", "message_left"), ("talked", "talked")])
async def test_a_caller_the_line_knew_keeps_call_and_matter(
    records: MemoryRecords, taking: MessageImport, outcome: str, ending: str
) -> None:
    await taking.keep(a_message(outcome, call_id="019aa000-0000-7000-8000-000000000001"))
    call = the_call(records)
    assert (call.id, call.ending) == ("019aa000-0000-7000-8000-000000000001", ending)
    assert len(records.state.tickets) == 1


async def test_a_call_that_ended_meanwhile_is_told_once_what_became_of_it(
    records: MemoryRecords, taking: MessageImport
) -> None:
    call = Call("019aa000-0000-7000-8000-000000000001", "demo", "100", CallerId("204", "204"), AT, {})
    await records.calls.open(call)
    await records.calls.end(call.id, "caller_hung_up", AT)
    for _ in range(2):
        await taking.keep(a_message("message", call_id=call.id))
    types = [event.type for event in await records.calls.timeline(call.id)]
    assert types == ["dialplan.took_over", "ticket.opened", "promise.made", "message.recorded"]
    assert len(records.state.tickets) == 1


async def test_a_message_that_the_line_took_reaches_its_ticket_later_and_once(
    records: MemoryRecords, taking: MessageImport
) -> None:
    await taking.keep(a_message("talked"))
    (ticket,) = records.state.tickets.values()
    message = Owed(taking.recordings / "a.wav", ticket.id, AT)
    message.write(b"\0" * 320)
    await taking._settle(before=0)
    assert ticket.id not in records.state.messages  # whoever took it may be about to
    for _ in range(2):
        await taking._settle(before=float("inf"))
    assert records.state.messages[ticket.id] == [str(message.wav)]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("answered", "ending"), [(True, "emergency_answered"), (False, "caller_hung_up")])
async def test_an_emergency_without_a_controller_is_an_emergency_afterwards(
    records: MemoryRecords, taking: MessageImport, known: bool, answered: bool, ending: str
) -> None:
    call_id = "019aa000-0000-7000-8000-000000000001" if known else None
    for _ in range(2):
        await taking.keep(a_message("emergency", call_id=call_id, answered=answered))
    assert the_call(records).ending == ending
    (ticket,) = records.state.tickets.values()
    assert (ticket.draft.topic, ticket.draft.urgency) == ("emergency", "critical")


async def test_two_callers_are_two_calls_in_the_order_they_came(records: MemoryRecords, taking: MessageImport) -> None:
    await taking.keep(a_message("talked", key="1795918201.18", at=AT.replace(second=1)))
    await taking.keep(a_message("talked"))
    later, earlier = records.state.calls.values()
    assert earlier.id < later.id
    assert len(records.state.tickets) == 2


async def test_who_hung_up_and_cannot_be_rung_back_leaves_a_call_alone(
    records: MemoryRecords, taking: MessageImport
) -> None:
    await taking.keep(a_message("left", number=None, withheld=True))
    assert the_call(records).ending == "caller_hung_up"
    assert not records.state.tickets
