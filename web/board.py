"""The queue and the desks as they stand, in the order a person wants to read them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from config.documents import WaitingRules
from routing.expected_wait import SOON_S, estimates, told_minutes
from routing.floor import NOBODY_WAITS, Waiter, Waiting, here_since, waiting_of
from routing.model import Agent, Call, CallerId, OutboundCall, QueueEntry, Ticket
from routing.ports import Records
from routing.services.queue import line_now
from routing.turns import Turn, turns
from web.reading import saw

FRESH_S = 0.25  # many pages ask at once when something changes; they share one reading
SHOWN = 200  # nobody reads more of a queue


@dataclass(frozen=True)
class Row:
    """One who waits."""

    turn: Turn
    caller: CallerId
    ticket: Ticket | None
    number: str | None  # to be called back
    call: Call | None = field(default=None, repr=False)  # no part of what is shown here
    callback: OutboundCall | None = field(default=None, repr=False)
    wait_s: float | None = field(default=None, repr=False)  # from now, as expected; it changes all the time

    @property
    def entry(self) -> QueueEntry:
        return self.turn.entry

    @property
    def wait_min(self) -> int | None:
        """As a caller would be told, too; None where there is nothing to tell, or their turn cannot come yet."""
        if self.wait_s is None or self.wait_s < SOON_S or self.turn.position == 0:
            return None
        return told_minutes(self.wait_s)


@dataclass(frozen=True)
class Board:
    """Queue and agents at one moment."""

    rows: tuple[Row, ...]
    agents: tuple[Agent, ...]
    waiters: tuple[Waiter, ...] = ()  # everybody who waits, in no particular order
    waiting: Waiting = NOBODY_WAITS

    @property
    def hidden(self) -> int:
        """How many wait beyond those that are shown."""
        return len(self.waiters) - len(self.rows)

    @property
    def names(self) -> Mapping[str, str]:
        """Of the agents, by id."""
        return {agent.id: agent.name for agent in self.agents}


@dataclass
class BoardReader:
    """Reads the board at most every `FRESH_S`, whoever asks; `rules` returns those in force now."""

    records: Records
    rules: Callable[[], WaitingRules]
    now: Callable[[], datetime]
    clock: Callable[[], float] = field(default=lambda: asyncio.get_running_loop().time())
    _read_at: float = -1.0
    _board: Board = Board((), ())
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self) -> Board:
        board = await self.counted()
        _noted(board)
        return board

    async def counted(self, anew: bool = False) -> Board:
        """For whoever is shown its numbers and nobody's name; `anew`: after a change of one's own."""
        async with self._lock:
            if anew or self._read_at < 0 or self.clock() - self._read_at > FRESH_S:
                self._board = await read_board(self.records, self.rules(), self.now(), SHOWN)
                self._read_at = self.clock()
            return self._board

    async def whole(self) -> Board:
        """With everybody who waits."""
        board = await read_board(self.records, self.rules(), self.now())
        _noted(board)
        return board


def _noted(board: Board) -> None:
    saw([(row.call, row.ticket, row.callback) for row in board.rows])


async def read_board(records: Records, rules: WaitingRules, now: datetime, shown: int | None = None) -> Board:
    """A handful of readings, however many wait."""
    waiting = await records.queue.waiting()
    line = await line_now(records, now, rules)
    waits = estimates(waiting, line)
    rows = await _rows(records, turns(waiting, now, rules)[:shown], waits)
    agents = tuple(sorted(line.agents, key=lambda agent: agent.name))
    calls = {row.call.id: row.call for row in rows if row.call}
    waiters = tuple(Waiter(entry, here_since(entry, calls.get(entry.call_id or ""))) for entry in waiting)
    return Board(rows, agents, waiters, waiting_of(waiters))


async def _rows(records: Records, shown: Sequence[Turn], waits: Mapping[str, float | None]) -> tuple[Row, ...]:
    """What cannot be found any more is left out: the queue itself is still right."""
    waiting = [turn.entry for turn in shown]
    callbacks = await records.outbound_calls.known({entry.callback_id for entry in waiting if entry.callback_id})
    tickets = await records.tickets.known({entry.ticket_id for entry in waiting if entry.ticket_id})
    calls = await records.calls.known({entry.call_id for entry in waiting if entry.call_id})
    return tuple(
        _row(
            turn, calls.get(turn.entry.call_id or ""), tickets.get(turn.entry.ticket_id or ""),
            callbacks.get(turn.entry.callback_id or ""), waits[turn.entry.id],
        )
        for turn in shown
    )  # fmt: skip


def _row(
    turn: Turn, call: Call | None, ticket: Ticket | None, callback: OutboundCall | None, wait_s: float | None
) -> Row:
    caller = call.caller if call else ticket.draft.reporter if ticket else CallerId()
    return Row(turn, caller, ticket, callback.number if callback else None, call, callback, wait_s)


def board_version(board: Board, alive: Mapping[str, bool]) -> tuple[object, ...]:
    """What a reader would notice; ages count on by themselves."""
    waiting = tuple((row, row.wait_min) for row in board.rows)
    return (waiting, board.hidden, tuple((_noticed(agent), alive[agent.id]) for agent in board.agents))


def _noticed(agent: Agent) -> tuple[object, ...]:
    return (agent.id, agent.name, agent.state, agent.state_since, agent.phone_registered)
