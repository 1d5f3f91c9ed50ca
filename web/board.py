"""The queue and the desks as they stand, in the order a person wants to read them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from routing import policy
from routing.model import Agent, Call, CallerId, OutboundCall, QueueEntry, Ticket
from routing.ports import Records
from web.reading import saw

FRESH_S = 0.25  # many pages ask at once when something changes; they share one reading


@dataclass(frozen=True)
class Row:
    """One who waits."""

    entry: QueueEntry
    caller: CallerId
    ticket: Ticket | None
    number: str | None  # to be called back
    call: Call | None = field(default=None, repr=False)  # no part of what is shown here
    callback: OutboundCall | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Board:
    """Queue and agents at one moment."""

    rows: tuple[Row, ...]
    agents: tuple[Agent, ...]

    @property
    def live(self) -> int:
        return sum(1 for row in self.rows if row.entry.call_id)

    @property
    def callbacks(self) -> int:
        return len(self.rows) - self.live


@dataclass
class BoardReader:
    """Reads the board at most every `FRESH_S`, whoever asks."""

    records: Records
    clock: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    _read_at: float = -1.0
    _board: Board = Board((), ())
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self) -> Board:
        async with self._lock:
            if self._read_at < 0 or self.clock() - self._read_at > FRESH_S:
                self._board = await read_board(self.records)
                self._read_at = self.clock()
        saw([(row.call, row.ticket, row.callback) for row in self._board.rows])
        return self._board


async def read_board(records: Records) -> Board:
    """A handful of readings, however many wait."""
    waiting = in_turn(await records.queue.waiting())
    agents = sorted(await records.agents.all(), key=lambda agent: agent.name)
    return Board(await _rows(records, waiting), tuple(agents))


async def _rows(records: Records, waiting: Sequence[QueueEntry]) -> tuple[Row, ...]:
    """What cannot be found any more is left out: the queue itself is still right."""
    callbacks = await records.outbound_calls.known({entry.callback_id for entry in waiting if entry.callback_id})
    tickets = await records.tickets.known({entry.ticket_id for entry in waiting if entry.ticket_id})
    calls = await records.calls.known({entry.call_id for entry in waiting if entry.call_id})
    return tuple(
        _row(
            entry, calls.get(entry.call_id or ""), tickets.get(entry.ticket_id or ""),
            callbacks.get(entry.callback_id or ""),
        )
        for entry in waiting
    )  # fmt: skip


def in_turn(entries: Iterable[QueueEntry]) -> list[QueueEntry]:
    """Urgency first, then who has waited longest."""
    return sorted(entries, key=policy.place)


def _row(entry: QueueEntry, call: Call | None, ticket: Ticket | None, callback: OutboundCall | None) -> Row:
    caller = call.caller if call else ticket.draft.reporter if ticket else CallerId()
    return Row(entry, caller, ticket, callback.number if callback else None, call, callback)


def board_version(board: Board, alive: Mapping[str, bool]) -> tuple[object, ...]:
    """What a reader would notice; ages count on by themselves."""
    return (board.rows, tuple((_noticed(agent), alive[agent.id]) for agent in board.agents))


def _noticed(agent: Agent) -> tuple[object, ...]:
    return (agent.id, agent.state, agent.state_since, agent.phone_registered)
